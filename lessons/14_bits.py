# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 14 · What a bit is worth
#
# **The question.** A weight is not lost as a whole: one of its 32 bits is read wrongly. Most such accidents nobody
# will ever notice. One kind of them brings the whole network down. Which one, and why?
#
# Up to here a fault was a weight that is 0. That is how the paper has it, and it is a mild kind of fault. Memories
# hold bits, and a bit that flips can do anything from nothing at all to infinity. Later papers on the subject, such as
# *FT-ClipAct* (arXiv:1912.00941), start here. Thirty minutes of reading; you need lessons 07 and 11, and what binary
# numbers are.

# %%
import inspect
import math
import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from aftt_np import campaign, data, memory
from aftt_np.finetune import finetune
from aftt_np.layers import Dense, Flatten, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.memory import FORMATS, Memory
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE, PINK
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps and images, for the tests of this course; the cells are the same

# %% [markdown]
# ## 32 bits
#
# A weight of type `float32` is 32 bits, numbered from 0, the lowest, to 31: a **sign** $s$ (bit 31), an **exponent**
# $e$ of 8 bits (30 to 23) and a **fraction** $f$ of 23 bits (22 to 0). Read as whole numbers they mean
#
# $$ w = (-1)^s \; 2^{\,e-127} \left(1 + \frac{f}{2^{23}}\right) \qquad\text{for } 1 \le e \le 254. $$
#
# Two exponents are set apart. $e = 0$ is for 0 and what is next to it: $2^{-126} f/2^{23}$. $e = 255$ is no number:
# infinity if $f = 0$, and otherwise *not a number*, NaN. With 5 bits of exponent, 10 of fraction and 15 for 127 the
# same rule gives `float16`. In the code the 32 bits, read as one whole number, are `code`.
#
# By hand: $0.15625 = 0.00101_2 = 2^{-3}\,(1 + \tfrac14)$. So $s = 0$, $e = 124 = 01111100_2$, $f = 2^{21}$.


# %%
def read_float(code, exponent_bits=8, fraction_bits=23):
    """The number that a code stands for: IEEE 754, with arithmetic alone."""
    s = code >> (exponent_bits + fraction_bits)
    e = code >> fraction_bits & (2**exponent_bits - 1)
    f = (code & (2**fraction_bits - 1)) / 2**fraction_bits
    bias = 2 ** (exponent_bits - 1) - 1  # 127, or 15
    if e == 2**exponent_bits - 1:
        size = math.nan if f else math.inf
    elif e == 0:
        size = 2.0 ** (1 - bias) * f
    else:
        size = 2.0 ** (e - bias) * (1 + f)
    return -size if s else size


code = 124 << 23 | 1 << 21
print(f"{code:032b} is {read_float(code)}")
codes = np.arange(2**16, dtype=np.uint16)  # all there are with 16 bits
by_hand = np.array([read_float(int(code), 5, 10) for code in codes])
np.testing.assert_array_equal(by_hand, codes.view(np.float16))
codes = np.random.default_rng(0).integers(0, 2**32, 2000, dtype=np.uint32)
np.testing.assert_array_equal([read_float(int(code)) for code in codes], codes.view(np.float32))
print("agrees with NumPy: all of 16 bits, 2,000 of 32")

# %% [markdown]
# ### A view, not a cast
#
# How does one get at the bits of a weight? NumPy has two ways to make integers of floats, and only one of them is
# meant here. `astype` converts the *number*: 0.5 becomes 0. `view` leaves every bit where it is and only *reads* them
# differently: 0.5 becomes 1,056,964,608. So a bit is flipped by a view there, an exclusive or, and a view back. A view
# shares its memory with the array it looks at: to write to it is to write to the weights, so we copy first.

# %%
half = np.float32([0.5])
print("astype:", half.astype(np.uint32), " view:", half.view(np.uint32), f"= {half.view(np.uint32)[0]:032b}")
flipped = (half.view(np.uint32) ^ np.uint32(1 << 30)).view(np.float32)
print(f"0.5 with bit 30 flipped: {flipped[0]:.4g} = 2^{math.log2(flipped[0]):.0f}")
assert flipped[0] == 2.0**127

# %%
CASES = ((0.5, None), (0.5, 22), (0.5, 31), (0.5, 27), (0.5, 30), (0.0, 30), (1.0, 30), (1.5, 30))
field = [to_rgb(PINK)] + 8 * [to_rgb(ORANGE)] + 23 * [to_rgb(BLUE)]  # sign, exponent, fraction: bit 31 first
fig, axes = plt.subplots(figsize=(8, 3), layout="constrained")
for row, (value, bit) in enumerate(CASES):
    code = np.float32([value]).view(np.uint32) ^ np.uint32(0 if bit is None else 1 << bit)
    bits = np.array([int(digit) for digit in f"{code[0]:032b}"])
    shade = np.where(bits == 1, 0.85, 0.15)[:, None]  # ones are dark
    axes.imshow((1 - shade * (1 - np.array(field)))[None], extent=(31.5, -0.5, row + 0.4, row - 0.4))
    for place, digit in zip(range(31, -1, -1), bits, strict=True):
        axes.text(place, row, digit, ha="center", va="center", fontsize=7, color="white" if digit else "black")
    if bit is not None:
        axes.add_patch(plt.Rectangle((bit - 0.5, row - 0.4), 1, 0.8, fill=False, linewidth=1.5))
    axes.text(-1.2, row, f"{code.view(np.float32)[0]:.3g}", va="center", fontsize=9)
names = [f"{value}" if bit is None else f"{value}, bit {bit}" for value, bit in CASES]
axes.set(xlim=(31.8, -7), ylim=(len(CASES) - 0.5, -0.5), yticks=range(len(CASES)), yticklabels=names, aspect="auto",
         xticks=(31, 23, 15, 7, 0), xlabel="bit")  # fmt: skip
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# *Pink: sign, orange: exponent, blue: fraction; dark is 1. In the frame the bit that was flipped, at the right what is
# read then. The top bit of the fraction makes a half three quarters, the sign makes it minus a half, bit 27 nearly
# nothing; and bit 30 makes it $2^{127}$.*
#
# Bit 30 is the top one of the exponent. Where it is 0, $e$ is at most 127, and the weight is smaller than 2. Where it
# is 1, $e$ is at least 128, and the weight is at least 2. Trained weights are seldom as large as 2 (ours, further down,
# never), so their bit 30 is 0. Set to 1, it adds 128 to $e$: the weight is multiplied by $2^{128}$, unless $e$ becomes
# 255. That is what happens to 1, which becomes infinite, and to 1.5, which becomes no number. And 0, whose $e$ is 0,
# becomes $2^{128-127} = 2$.
#
# Turn it around and there is a theorem. **If $|w| < 2$, no flip of any other single bit can make it 2 or more**, since
# bit 30 stays 0. Of 32 flips there is one that is not bounded:

# %%
rng = np.random.default_rng(0)
w = rng.normal(0, 0.5, 10_000).clip(-1.99, 1.99).astype(np.float32)
largest = {bit: abs((w.view(np.uint32) ^ np.uint32(1 << bit)).view(np.float32)) for bit in range(32)}
others = np.array([largest[bit] for bit in range(32) if bit != 30])
print(f"31 bits: at most {others.max():.6f}.  bit 30: at least {np.nanmin(largest[30]):.3g}, "
      f"{np.isnan(largest[30]).sum()} of 10,000 not a number")  # fmt: skip
assert others.max() < 2 and np.nanmin(largest[30]) > 1e30

# %% [markdown]
# ## Four formats
#
# A weight need not have 32 bits. The library has four formats; each can *write* weights as codes and *read*
# codes as weights:
#
# | format | bits | what a code means | what a flip of bit $b$ does |
# |---|---|---|---|
# | `float32` | 32 | see above | depends on the field |
# | `float16` | 16 | the same with 5 and 10 bits; at most 65,504 | depends on the field |
# | `q2.5` | 8 | *two's complement*: $w = c/32$ with $-128 \le c \le 127$ | adds or takes away $2^b/32$ |
# | `int8` | 8 | *affine*: $w = \text{low} + c\,\Delta$ with $0 \le c \le 255$ | adds or takes away $2^b \Delta$ |
#
# In `q2.5` there are a sign, 2 bits before the binary point and 5 behind it. Negative numbers are stored as $c + 256$,
# so that bit 7 is worth $-128$ and all others what they always are. In `int8` the smallest and the largest weight of an
# array, low and high, get the codes 0 and 255, and $\Delta = (\text{high} - \text{low})/255$. By hand: 0.7 in `q2.5` is
# $22.4/32$, so $c = 22 = 00010110_2$, read as 0.6875. And $-0.7$ is $c = -22$, stored as $234 = 11101010_2$.


# %%
def write_q25(w):
    return np.clip(np.round(w * 32), -128, 127) % 256  # as 0 to 255


def read_q25(codes):
    return (codes - 256 * (codes >= 128)) / 32


def write_int8(w):
    step = (w.max() - w.min()) / 255
    return np.round((w - w.min()) / step), w.min(), step


some = np.float32([0.7, -0.7, 0.02, 5.0, -0.5])
print("q2.5: ", [f"{int(code):08b}" for code in write_q25(some)], "->", read_q25(write_q25(some)))
codes, low, step = write_int8(some)
print("int8: ", [f"{int(code):08b}" for code in codes], "->", (low + codes * step).round(3), f"in steps of {step:.4f}")
print("float16:", some.astype(np.float16))

some = rng.normal(0, 0.5, (20, 30)).astype(np.float32)
codes, low, step = write_int8(some)
for name, by_hand, read in (("q2.5", write_q25(some), read_q25(write_q25(some))), ("int8", codes, low + codes * step),
                            ("float16", None, some.astype(np.float16)), ("float32", None, some)):  # fmt: skip
    written, known = FORMATS[name].write(some)
    assert by_hand is None or (written == by_hand).all()
    np.testing.assert_allclose(FORMATS[name].read(written, known), read, rtol=1e-5, atol=1e-6)
print("the library agrees in all four")

# %% [markdown]
# The 5 became 3.96875, the largest number `q2.5` has. (A campaign refuses a network with weights that do not fit.) And
# it spoils `int8` for all others: one large weight, and the steps are coarse for everybody. The formats of the library,
# with views in their proper places:

# %%
for form in (memory.Float, memory.Fixed, memory.Affine):
    print(inspect.getsource(form))

# %% [markdown]
# ## A fault for each bit
#
# The model: every bit is hit with probability $p$, independently of all others. `p` is the *bit error rate*, the `rate`
# of a campaign. A hit bit is flipped (`bits`), or it is 0 whatever was written (`bits-at-0`), or 1 (`bits-at-1`). A
# weight of $B$ bits is spared if all of them are, so
#
# $$ P(\text{a weight is hit}) = 1 - (1-p)^B \approx B\,p . $$
#
# At the same rate a `float32` is hit four times as often as an `int8`: it is four times as large a target.
#
# Lesson 07 drew a uniform number for every weight. A network with 1.5 million weights has nearly 50 million bits, and
# rates of interest are like $10^{-6}$: 50 million numbers for 50 hits. Instead, walk along the bits and ask how far it
# is to the next one that is hit. The gap is $k$ if $k-1$ bits are spared and the one behind them is hit:
#
# $$ P(\text{gap} = k) = (1-p)^{k-1}\,p, \qquad P(\text{gap} > m) = (1-p)^m . $$
#
# This is the *geometric* distribution; since bits are independent, so are gaps. To draw one, take $v$ uniform in
# $(0, 1]$ and let the gap be $1 + \lfloor \log v / \log(1-p) \rfloor$: it exceeds $m$ if $\log v/\log(1-p) \ge m$, that
# is, if $v \le (1-p)^m$. Gaps of 3, 1 and 4 hit the places 2, 3 and 7.


# %%
def gaps(p, size, rng):
    v = 1 - rng.random(size)  # in (0, 1]: log(0) is not wanted
    return 1 + np.floor(np.log(v) / np.log1p(-p)).astype(int)


def hit_places(bits, p, rng):
    """The places of those bits, 0 to bits - 1, that are hit, in rising order; and how many numbers that took."""
    parts, last = [], -1  # one before the first place
    while last < bits:
        parts.append(last + gaps(p, 100, rng).cumsum())
        last = parts[-1][-1]
    places = np.concatenate(parts)
    return places[places < bits], len(places)


print("gaps 3, 1, 4:", -1 + np.cumsum([3, 1, 4]))
places, drawn = hit_places(50_000_000, 1e-6, np.random.default_rng(0))
print(f"50 million bits at 1e-6: {len(places)} hits, {drawn} numbers drawn; the first: {places[:4]}")

# %% [markdown]
# Is it the same as a field of uniforms? Two checks: how many of 1,000 bits are hit (binomial, lesson 07), and how the
# gaps are distributed.

# %%
p, n, repeats = 0.02, 1000, 300 if FAST else 3000
rng = np.random.default_rng(1)
fields = {"a number for each bit": [np.flatnonzero(rng.random(n) < p) for _ in range(repeats)],
          "gaps": [hit_places(n, p, rng)[0] for _ in range(repeats)]}  # fmt: skip
k = np.arange(1, 151)
fig, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
for (name, found), colour, marker in zip(fields.items(), (BLUE, ORANGE), "o^", strict=True):
    hits = np.array([len(places) for places in found])
    first = np.array([places[0] + 1 if len(places) else n for places in found])  # from -1 to the first one
    between = np.concatenate([np.diff(places) for places in found])
    print(f"{name:>21}: {hits.mean():.2f} hits, variance {hits.var():.1f}; first gap {first.mean():.1f}")
    assert abs(hits.mean() - n * p) < 5 * math.sqrt(n * p * (1 - p) / repeats)
    assert abs(hits.var() / (n * p * (1 - p)) - 1) < 5 * math.sqrt(2 / repeats)
    assert abs(first.mean() - 1 / p) < 5 / p / math.sqrt(repeats)
    share = np.bincount(between, minlength=151)[1:151] / len(between)
    axes.plot(k[::6], share[::6], marker, color=colour, markersize=4, label=name)
axes.plot(k, (1 - p) ** (k - 1) * p, color=GREY, label="$(1-p)^{k-1}\\,p$", zorder=0)
axes.set(xlabel="gap $k$ between two hits (bits)", ylabel="share of gaps", ylim=(0, None))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Both ways of drawing follow the grey law. The printed means should be 20 hits, a variance of 19.6, and 50 for the
# first gap.*
#
# The library wants more than one rate, and nested rates (lesson 07): what is hit at $10^{-6}$ is hit at $10^{-5}$, too.
# So it walks once at the highest rate it allows, `CEILING` = 5 %, and gives each place it stops at a number $u$,
# uniform in $[0, 0.05)$; at rate $r$ a place is hit if $u < r$. Nothing is lost: a bit whose $u$, uniform in $[0, 1)$,
# lies below 0.05 has a $u$ that is uniform there, and no other bit can ever be hit. Then `strike` makes one mask for
# each code, and changes the bits of all hit codes at once:

# %%
print(inspect.getsource(memory.below))
print(inspect.getsource(Memory.strike))

# %%
bits = 2_000_000
places, u = memory.below(memory.CEILING, bits, Stream("lesson", 14))
for rate in (1e-4, 1e-3, 1e-2):
    hit = (u < rate).sum()
    print(f"rate {rate:.0e}: {hit:6,} bits hit, {bits * rate:,.0f} on average")
    assert abs(hit - bits * rate) < 5 * math.sqrt(bits * rate)
assert set(places[u < 1e-4]) < set(places[u < 1e-3])

codes = np.random.default_rng(0).integers(0, 256, 1000).astype(np.uint8)
chosen = places[places < 8 * len(codes)]  # bit `place % 8` of code `place // 8`
by_hand = codes.copy()
for place in chosen:
    by_hand[place // 8] ^= 1 << (place % 8)
np.testing.assert_array_equal(Memory("int8", "bits").strike(codes, chosen), by_hand)
share = len(set(chosen // 8)) / len(codes)
print(f"at 5 % per bit {share:.0%} of the 8-bit codes are hit; 1 - 0.95^8 is {1 - 0.95**8:.0%}")
assert abs(share - (1 - 0.95**8)) < 0.08

# %% [markdown]
# ## Bit by bit
#
# A patient again: 784-64-64-10, trained for a second or so, with cross-entropy.

# %%
images = data.load("fashion-mini")
x_test, y_test = (a[: 200 if FAST else 1000] for a in (images.x_test, images.y_test))
epochs, PATTERNS = (1, 2) if FAST else (6, 8)
net = initialise(Network({
    "flatten": Flatten(), "dense1": Dense(784, 64), "relu1": ReLU(), "dense2": Dense(64, 64), "relu2": ReLU(),
    "out": Dense(64, 10),
}), 0)  # fmt: skip
adam = Adam(net.params, rate=2e-3)
for epoch in range(epochs):
    adam.rate = 2e-3 * (1 - epoch / epochs)
    for x, labels in data.epoch_batches(images.x_train, images.y_train, 64, Stream("order", 0, epoch)):
        finetune(net.part(0, -1), net.part(-1), x, labels, softmax_cross_entropy, adam, None)
weights = np.concatenate([w.ravel() for name, w in net.params.items() if name.endswith(".w")])
clean = campaign.score(net, x_test, y_test).accuracy
print(f"{clean:.1f} % without faults; {len(weights):,} weights, from {weights.min():.2f} to {weights.max():.2f}")
assert abs(weights).max() < 2


def broken(kind, rates):
    """Of each pattern and rate: accuracy in percent, and the share of images without a finite answer in percent."""
    with np.errstate(over="ignore", invalid="ignore"):  # infinity is what we came to see
        rows = list(campaign.run(net, x_test, y_test, kind, rates, range(PATTERNS), fault_seed=0))
    found = np.array([(row.accuracy, 100 * row.non_finite / len(x_test)) for row in rows])
    return found.reshape(PATTERNS, len(rates), 2).transpose(2, 0, 1)  # 2 times (patterns, rates)


# %% [markdown]
# Now the experiment of this lesson. Choose one position, say bit 12, and flip that bit in 1 % of all weights; then the
# next position. In a campaign this is the kind `"bits:float32:12"`. Beside it, what such a flip does to a weight: the
# mean of $|w' - w|$, over all weights, where $w'$ is what is read.

# %%
worth, accuracy = {}, {}
for name, form in FORMATS.items():
    written = [form.write(w) for key, w in net.params.items() if key.endswith(".w")]
    changes = [[abs(form.read(codes ^ codes.dtype.type(1 << bit), known).astype(float) - form.read(codes, known))
                for codes, known in written] for bit in range(form.bits)]  # fmt: skip
    worth[name] = [np.concatenate([layer.ravel() for layer in of_bit]).mean() for of_bit in changes]
    accuracy[name] = np.array([broken(f"bits:{name}:{bit}", [0.01])[0][:, 0] for bit in range(form.bits)])
np.testing.assert_allclose(worth["q2.5"], 2.0 ** np.arange(8) / 32, rtol=1e-6)
top = {name: int(np.argmax(values)) for name, values in worth.items()}
print("the bit that changes a weight most:", top)

fields = {"float32": (23, 8, 1), "float16": (10, 5, 1), "q2.5": (5, 2, 1), "int8": (8, 0, 0)}
fig, axes = plt.subplots(2, 4, figsize=(8, 4), sharey="row", width_ratios=(32, 18, 11, 11), layout="constrained")
for (upper, lower), (name, form) in zip(axes.T, FORMATS.items(), strict=True):
    colours = [colour for colour, n in zip((BLUE, ORANGE, PINK), fields[name], strict=True) for _ in range(n)]
    place = np.arange(form.bits)
    upper.scatter(place, worth[name], c=colours, s=14)
    upper.set(yscale="log", title=name, xlim=(form.bits - 0.3, -0.7), xticks=[], ylim=(1e-10, 1e6))
    lower.bar(place, accuracy[name].mean(axis=1), color=colours, width=0.8)
    lower.plot(place, accuracy[name], ".", color="black", markersize=1.5)
    lower.axhline(10, color=GREY, linestyle=":", linewidth=1)
    lower.set(xlabel="bit", xlim=upper.get_xlim(), xticks=[*range(0, form.bits - 4, 8), form.bits - 1])
axes[0, 0].annotate(f"bit 30: {worth['float32'][30]:.0e}", (30, 1e6), (27, 3e3), arrowprops={"arrowstyle": "->"})
axes[0, 0].set_ylabel("mean change of a weight")
axes[1, 0].set_ylabel("accuracy (%)")
plt.show()

# %% [markdown]
# *Above, what a flip changes; below, the accuracy with that bit flipped in 1 % of the weights (bars: means, dots:
# patterns, dotted: guessing). Blue: fraction, or all of `int8`; orange: exponent, or before the point; pink: sign. Most
# bits of `float32` are worth nothing, two or three in the midst of the exponent something, and bit 30, off the scale,
# everything. In the 8-bit formats a bit is worth twice the one below it, and accuracy goes down like a staircase.*
#
# Look at the exponent of `float32` more closely. From $2^{-15}$ up to 2, $e$ begins with 0111, and so do the exponents
# of nearly all our weights. Bits 29, 28 and 27 are 1 there; to flip one is to divide by at least $2^{16}$. That is a
# *dead weight*, the fault of lesson 07, and as harmless. Bits 26 and below depend on the weight: where bit 25 is 0,
# as it is from $2^{-7}$ up to $2^{-3}$, a flip multiplies by 16. So the dip in the middle of the orange bars is where
# there is room left to grow below 2.

# %%
old = weights.view(np.uint32)
for bit in range(23, 31):
    ratio = (old ^ np.uint32(1 << bit)).view(np.float32)[weights != 0].astype(float) / weights[weights != 0]
    least, most = np.log2([ratio.min(), ratio.max()])
    print(f"bit {bit}: times 2^{least:.0f} to 2^{most:.0f}; {(ratio > 1).mean():.2%} of the weights grow")

# %% [markdown]
# ## One bit against one weight
#
# So far 1 % of the weights were hit. What does *one* do? Take a single weight; kill it, as in lesson 07, or flip its
# bit 30. Nothing else in the network is touched.

# %%
layers, draws, found = ("dense1", "dense2", "out"), 8 if FAST else 150, {}
rng = np.random.default_rng(0)
fig, axes = plt.subplots(1, 3, figsize=(8, 2.8), sharey=True, layout="constrained")
flip = Memory("float32", "bits", 30)
for panel, layer in zip(axes, layers, strict=True):
    w = net.params[f"{layer}.w"]
    chosen = rng.choice(w.size, draws, replace=False)
    dead, flipped = np.zeros(draws), np.zeros(draws)
    for i, place in enumerate(chosen):
        without, struck = w.copy(), flip.strike(w.view(np.uint32), np.array([place])).view(np.float32)
        without.flat[place] = 0
        with np.errstate(over="ignore", invalid="ignore"):
            dead[i], flipped[i] = (
                campaign.score(net.with_params({f"{layer}.w": other}), x_test, y_test).accuracy
                for other in (without, struck)
            )
    value = w.flat[chosen]
    found[layer] = chosen, value, flipped
    panel.scatter(value, flipped, color=ORANGE, marker="^", s=9, alpha=0.8, label="bit 30 flipped")
    panel.scatter(value, dead, color=BLUE, s=5, label="weight dead")
    panel.set(xlabel="the weight before", title=layer, ylim=(-3, 100))
    print(f"{layer}: one dead weight costs at most {clean - dead.min():.1f} points; one flip costs "
          f"{(clean - flipped[value > 0]).mean():.0f} on average if w > 0, "
          f"{(clean - flipped[value < 0]).mean():.0f} if w < 0")  # fmt: skip
axes[0].set_ylabel("accuracy (%)")
fig.legend(*axes[0].get_legend_handles_labels(), frameon=False, ncols=2, loc="outside lower center")
plt.show()

# %% [markdown]
# *One dot a network with a single fault. Dead weights are a line: one of them is hardly missed. A flipped bit 30 is
# hardly worse than that where the weight was negative and a ReLU follows, and anything down to nearly zero where it was
# positive.*
#
# The picture can be read like a diagram of the network. A huge *positive* weight makes its unit huge for every image
# that has something at its input; all that is behind it sees only this one unit. A huge *negative* weight makes the
# unit huge and negative, ReLU makes 0 of that, and the unit is merely dead. Behind `out` there is no ReLU. There a
# negative flip silences one class, about a tenth of the answers; and where the weight was large as well it does worse,
# for a reason that comes next. ReLU is half a defence: it cuts off on one side. The next lesson cuts off on the other.
#
# What of the positive weights of `dense1` that do little? They begin at pixels that are dark in most images, where
# there is nothing to be multiplied. If that is all, accuracy must fall with the share of images whose pixel is lit:

# %%
chosen, value, flipped = found["dense1"]
lit = (x_test.reshape(len(x_test), -1)[:, chosen // 64] > 0).mean(axis=0)  # weight number i begins at pixel i // 64
print(f"correlation over positive weights: {np.corrcoef(lit[value > 0], flipped[value > 0])[0, 1]:.2f}")

# %% [markdown]
# ## Not a number, and 0 %
#
# Why does accuracy fall *below* guessing? A network that gives the same answer to everybody is right for 10 % of our
# test images. But $2^{127}$ is nearly the largest `float32`. Two such weights on one path, and the product is infinite;
# $\infty - \infty$ and $0\cdot\infty$ are not a number. What then is the answer?

# %%
hurt = {name: flip.strike(w.view(np.uint32), np.arange(0, w.size, 100)).view(np.float32)
        for name, w in net.params.items() if name.endswith(".w")}  # fmt: skip
with np.errstate(over="ignore", invalid="ignore"):
    logits = campaign.outputs(net.with_params(hurt), x_test)
    said = campaign.score(net.with_params(hurt), x_test, y_test)
finite = np.isfinite(logits).all(axis=1)
answers = logits.argmax(axis=1)
print("the logits of one image:", logits[0])
print("argmax:", np.bincount(answers, minlength=10), f"which is right for {(answers == y_test).mean():.1%}")
print(f"images with ten finite logits: {finite.sum()} of {len(x_test)};  the campaign says {said.accuracy:.1f} %")
assert said.non_finite == (~finite).sum() and said.accuracy <= 100 * finite.mean()

# %% [markdown]
# `argmax` has no way to say "I do not know". To NumPy a NaN is larger than everything, and it returns the place of the
# first one: an answer like any other, and right for the images of that class. A chip that looks at its outputs at all
# would notice. So this library counts an answer as right only if all of its logits are finite, and counts the others
# apart, as `non_finite`. Hence the 0 %: not worse luck than guessing, but no answer.
#
# ## Stuck bits
#
# A bit that is stuck at 1 does nothing to a bit that is 1. What do weights hold? Here is the share of ones in each
# position of our `float32` weights; and what happens if bits anywhere are stuck.

# %%
ones = np.array([(old >> np.uint32(bit) & 1).mean() for bit in range(32)])
assert ones[30] == 0
rates = np.array([0, *10.0 ** np.arange(-6, -1.4, 1 if FAST else 0.5)])  # up to 3 %
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
axes[0].bar(np.arange(32), 100 * ones, color=23 * [BLUE] + 8 * [ORANGE] + [PINK], width=0.8)
axes[0].set(xlabel="bit of float32", ylabel="weights where it is 1 (%)", xlim=(31.7, -0.7), xticks=(31, 23, 15, 7, 0))
for kind, colour, marker in (("bits-at-0", BLUE, "o"), ("bits-at-1", ORANGE, "^"), ("bits", GREY, "s")):
    of_kind = broken(f"{kind}:float32", rates)[0].mean(axis=0)
    label = {"bits": "flipped", "bits-at-0": "stuck at 0", "bits-at-1": "stuck at 1"}[kind]
    axes[1].semilogx(rates[1:], of_kind[1:], color=colour, marker=marker, markersize=6 if kind == "bits" else 4,
                     label=label, zorder=1 if kind == "bits" else 2)  # fmt: skip
    print(f"{label:>10}:", " ".join(f"{value:5.1f}" for value in of_kind), "%")
axes[1].set(xlabel="rate per bit (float32)", ylabel="accuracy (%)", ylim=(0, 100))
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# *Left: the fraction is a coin toss, the exponent is not; bit 30 is 0 in every weight. Right: bits stuck at 0 do next
# to nothing up to a rate of a few in a thousand. Bits stuck at 1 do what flipped ones do: the two lines are one.*
#
# There is a reason, and it is exact. Read as whole numbers, the lower 31 bits of a float are in the order of its size:
# that is how the format was built. To clear one of them makes this whole number smaller, and the weight with it. So
# **a bit stuck at 0 never makes a weight larger**. At worst it makes it 0, the fault of the paper again; or, if it is
# the sign, $-w$ of a negative $w$. And what makes flips terrible is one bit that is 0 everywhere: to flip it and to be
# stuck at 1 is the same.

# %%
rng = np.random.default_rng(0)
for bit in range(31):
    cleared = (old & ~np.uint32(1 << bit)).view(np.float32)
    assert (abs(cleared) <= abs(weights)).all()
order = abs(weights).argsort(kind="stable")
assert (np.diff((old & np.uint32(2**31 - 1))[order].astype(np.int64)) >= 0).all()  # codes rise with sizes
print("no weight grows when a bit is cleared")

# %% [markdown]
# ## Four memories
#
# Now the usual figure of the subject: accuracy against bit error rate, with a logarithmic axis, for the four formats.
# Rates are no fair scale if one format has four times the bits of another. So draw it twice: over the rate per bit,
# and over the share of *weights* that are hit, $1-(1-p)^B$. On the second axis there is room for lesson 07's faults as
# well.

# %%
styles = {"float32": (ORANGE, "^"), "float16": (PINK, "s"), "q2.5": (GREEN, "D"), "int8": (BLUE, "o")}
formats = {name: broken(f"bits:{name}", rates) for name in FORMATS}
shares = np.array([0.01, 0.05, 0.2, 0.4] if FAST else [1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5])
dead = broken("weights", shares)[0].mean(axis=0)

fig, axes = plt.subplots(1, 2, figsize=(8, 3.3), sharey=True, layout="constrained")
for name, (colour, marker) in styles.items():
    found, hit_share = formats[name][0].mean(axis=0), 1 - (1 - rates) ** FORMATS[name].bits
    for panel, at in zip(axes, (rates, hit_share), strict=True):
        panel.semilogx(at[1:], found[1:], color=colour, marker=marker, markersize=4, label=name)
    falls = campaign.falls_at(rates, found, 5.0, "bits") or math.nan
    print(f"{name:>8}:", " ".join(f"{value:5.1f}" for value in found), f"%;  5 points are lost at {falls:.0e} per bit")
axes[1].semilogx(shares, dead, color="black", linestyle="--", label="dead weights (lesson 07)")
axes[0].axhline(10, color=GREY, linestyle=":", linewidth=1)
axes[1].axhline(10, color=GREY, linestyle=":", linewidth=1)
axes[0].set(xlabel="bits flipped (rate per bit)", ylabel="accuracy (%)", ylim=(0, 100))
axes[1].set(xlabel="weights with a flipped bit, or dead (share)")
fig.legend(*axes[1].get_legend_handles_labels(), frameon=False, fontsize=9, ncols=5, loc="outside lower center")
plt.show()

# %% [markdown]
# *The same curves over two axes; dotted: guessing. The most precise format is the first to fall, and ends at 0 %;
# `float16` begins a little later. `int8` stands until the rate is a thousand times that or so, and `q2.5` is between.
# At the right `int8` keeps company with the dead weights up to one weight in a hundred, and is not far from them
# after that.*
#
# Three things decide. *The largest number that can be read*: $10^{38}$, 65,504, 4, and for `int8` the largest weight
# there is, which no fault can exceed. *How much of the format is in use*: all weights lie within $\pm 0.8$ or so, and
# `q2.5` reaches from $-4$ to 4. Its top two bits say nothing a smaller format could not say, and they are the most
# expensive to lose. And *how many bits there are to be hit*, the least of the three, as the right panel shows.
# Precision, for which one pays in memory, is not among them: without faults all four are as good as each other.
#
# What of lesson 11? A mean over patterns hides something here. At a low rate a `float32` network is either untouched
# or badly hurt, and the mean describes neither:

# %%
column = int(np.flatnonzero(np.isclose(rates, 1e-5))[0])
for name in ("float32", "int8"):
    values, lost = formats[name][0][:, column], formats[name][1][:, column]
    print(f"{name} at {rates[column]:.0e}: mean {values.mean():.1f} %; patterns {np.sort(values).round(1).tolist()}")
for name in FORMATS:
    print(f"{name:>8}: answers that are not finite, rate by rate:",
          " ".join(f"{value:.0f}" for value in formats[name][1].mean(axis=0)), "%")  # fmt: skip
chance = 1 - (1 - rates[column]) ** len(weights)
print(f"some bit 30 of {len(weights):,} is hit with probability {chance:.0%}")

# %% [markdown]
# With $n$ weights, $1-(1-p)^n$ is the probability that at least one bit 30 is hit, and about half of these hits do
# little, since the weight was negative. A network with a thousand times the weights meets it at a thousandth of the
# rate: larger networks are not safer here. And `float16` rests at guessing for a while, since its numbers are too small
# to become infinite on their way; one has to be read as infinity, which takes
# at least two flips in one exponent.
#
# So this is what a bit is worth: what it can change, times what is behind it. Two ways out follow. Bound what is
# behind it, so that a huge activation cannot pass (lesson 15); or bound what a bit can change, in the way weights are
# written (lesson 16).
#
# ## Exercises
#
# 1. All weights of a network are smaller than 2, and you know it. Read a memory with faults so that no weight is 2 or
#    more and a flip of bit 30 is *undone*, at the price of one line. (`mended`)
# 2. Eight bits in two's complement, but how many behind the point? Find the most that a set of weights allows: the
#    more there are, the less is the top bit worth. (`fraction_bits`)
# 3. The rate per bit at which the first of $n$ weights has its bit 30 hit with a given probability. A data centre has
#    many weights, so mind the rounding: $1 - 10^{-18}$ is 1. (`rate_for`)
#
# The stubs are in `exercises/ex14.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex14

look_at(ex14)
