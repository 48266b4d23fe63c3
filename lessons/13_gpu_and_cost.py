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
# # 13 · The same code on a GPU, and what a step costs
#
# **The question.** What has to change in code written for NumPy before it runs on a GPU? And where does the time of a
# training step go, on any machine?
#
# The first answer is: one line, and some manners. The second is: with large batches mostly where the arithmetic is, in
# the products; but what has little arithmetic and much to fetch (Adam) takes many times its share, and with few images
# the most of all. Thirty minutes of reading; you need lessons 03, 05 and 10, and no GPU. If you have one, this notebook
# finds it. The library's CuPy path has run on a stand-in for CuPy only, never on a GPU: what is said of GPUs here is
# CuPy's documentation and a model, not a measurement.

# %%
import inspect
import json
import os
import time

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import backend, bench, layers, models, parallel, train
from aftt_np.finetune import finetune
from aftt_np.layers import Conv2d, Dense
from aftt_np.losses import softmax_cross_entropy
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## One line
#
# CuPy is NumPy again, written for NVIDIA's GPUs: the same names, the same shapes, the same operators, only that its
# arrays lie in the memory of the GPU. What a method or an operator can do, an array does where it is: `x @ w`,
# `x.max(axis=1)`, `x > 0`. For the rest there are functions, and a function belongs to a library. So ask the array
# whose it is.


# %%
def softmax(x):
    xp = backend.array_module(x)  # numpy for an array here, cupy for an array there
    e = xp.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


print(softmax(np.log([[1.0, 2.0, 5.0]])))  # by hand: 1/8, 2/8, 5/8

# %% [markdown]
# That is all there is to it. Here is the library's whole backend, but for the part that finds out why there is no GPU:

# %%
for function in (backend.array_module, backend.to_device, backend.to_host, backend.choose):
    print(inspect.getsource(function))

# %% [markdown]
# `array_module` does not import CuPy. If nobody has imported it, nobody can have made a CuPy array, and NumPy is the
# only answer; so the library works where CuPy is not installed. Arrays move in two places only: `to_device`,
# `to_host`.
#
# What is there on this machine?

# %%
xp = backend.choose("auto")
print(backend.describe(xp))
x = backend.to_device(np.log([[1.0, 2.0, 5.0]]), xp)
np.testing.assert_allclose(backend.to_host(softmax(x)), [[1 / 8, 2 / 8, 5 / 8]])


# %% [markdown]
# A whole supervised step (lesson 10) on whatever was found, beside NumPy. If no GPU was found, this compares NumPy
# with itself, and we are glad that they agree. Weights are drawn on the processor and then moved, so both begin alike;
# sums are taken in another order on a GPU, so they agree to rounding and not to the bit.


# %%
class TakesNotes:
    def step(self, params, grads):
        self.grads = grads


def step_on(xp):
    players = models.build("A1", (28, 28, 1), 10, seed=0, xp=xp)
    rng = np.random.default_rng(0)
    x = backend.to_device(rng.random((32, 28, 28, 1), dtype=np.float32), xp)
    labels, notes = backend.to_device(rng.integers(0, 10, 32), xp), TakesNotes()
    loss = finetune(players.extractor, players.classifier, x, labels, softmax_cross_entropy, notes)
    return backend.to_host(loss), {name: backend.to_host(g) for name, g in notes.grads.items()}


(loss, grads), (loss_there, grads_there) = step_on(np), step_on(xp)
np.testing.assert_allclose(loss_there, loss, rtol=1e-4)
for name, g in grads.items():
    np.testing.assert_allclose(grads_there[name], g, rtol=1e-2, atol=1e-3 * abs(g).max())
print(f"loss {loss:.4f} and {loss_there:.4f}; {len(grads)} gradients agree")

# %% [markdown]
# ## Some manners
#
# A GPU is a second machine with a letter-box. The Python line `a @ b` does not multiply: it posts an order and goes on
# to the next line. The GPU works through its post in order. That is good, since both work at once, as long as nobody
# asks *what came out*: `float(loss)`, `print(loss)`, `if loss > 3`. Then Python has to stand at the door until all
# that was ordered is done; and while it stands there it posts nothing, so the GPU has nothing to do next.
#
# A model small enough for a pencil. Python takes 2 µs to post an order, the device 3 µs to carry it out.


# %%
def run_queue(orders, posting, working, read_after=lambda number: False):
    """When the device is done with all, and when Python and the device were busy: lists of (from, how long)."""
    python, device = 0, 0  # the time at which each is free
    posts, works = [], []
    for number in range(orders):
        posts.append((python, posting))
        python += posting
        begin = max(python, device)  # the order has to be there, and the device free
        works.append((begin, working))
        device = begin + working
        if read_after(number):
            python = device  # stands at the door
    return device, posts, works


free, reading = run_queue(8, 2, 3), run_queue(8, 2, 3, read_after=lambda number: True)
print("never asked:", free[0], "µs; asked after each order:", reading[0], "µs")
assert free[0] == 2 + 8 * 3  # the first order, then the device never waits
assert reading[0] == 8 * (2 + 3)  # one after the other
assert run_queue(8, 2, 1)[0] == 8 * 2 + 1  # small orders: the device waits for the post, whatever we do

# %%
fig, axes = plt.subplots(2, 1, figsize=(7, 3), layout="constrained", sharex=True)
for panel, (end, posts, works), label in zip(axes, (free, reading), ("never asked", "asked each time"), strict=True):
    panel.broken_barh(posts, (0.6, 0.8), color=BLUE, edgecolor="white")
    panel.broken_barh(works, (-0.4, 0.8), color=ORANGE, edgecolor="white")
    panel.axvline(end, color=GREY, linestyle="--", linewidth=1)
    panel.set(yticks=[0, 1], yticklabels=["device", "Python"], ylim=(-0.6, 1.6))
    panel.set_title(label, fontsize=9, loc="left")
axes[-1].set_xlabel("time (µs)")
plt.show()

# %% [markdown]
# *Above, Python runs ahead, and the device works without a gap. Below, each waits for the other all the time.* Nothing
# was computed that is not computed above; somebody only wanted to know.
#
# Hence the rules of this library, which its tests check with a stand-in for CuPy that counts how often it is read:
#
# - A loss is returned as the library's own 0-d array, never as a Python number. Nothing *inside* a step reads a value.
# - The training loop adds losses up on the device and looks at the sum now and then. Here it decides how often:

# %%
loop = inspect.getsource(train.Run._take_steps).splitlines()
print("\n".join(line for line in loop if "look_every" in line or "still on the device" in line))

# %% [markdown]
# - A decision is written as arithmetic: `dy * (y > 0)`, not a loop with an `if`. The second exercise is one of those.
# - Everything small that must be known to Python, such as the order of the batches or the rate of the faults, is drawn
#   on the processor in the first place. Large noise is drawn where it is used.
# - No array of one library meets one of the other. To mix them somebody would have to carry one over, by a slow road
#   and without telling you; CuPy refuses, with a TypeError. That is a favour.
#
# From `run_queue(8, 2, 1)` comes a warning, too. Where an order takes less time than posting it, the device waits:
# small networks with small batches may be better off at home.
#
# ## What has to be stored
#
# Section VI-E of the paper counts. A dense layer from $n$ to $k$ nodes has (eq. 18), and $k$ kernels of $w\times h$ on
# $c$ channels have (eq. 22) so many elements:
#
# $$ |w| = (n+1)\,k, \qquad\qquad |w| = (c\,w\,h + 1)\,k . $$


# %%
def dense_elements(n, k):  # eq. 18
    return (n + 1) * k


def conv_elements(c, w, h, k):  # eq. 22
    return (c * w * h + 1) * k


checked = 0
for arch in ("A1", "A2"):
    for player in models.build(arch, (28, 28, 1), 10, seed=0):
        for layer in player.layers.values():
            size = sum(p.size for p in layer.params.values())
            if isinstance(layer, Dense):
                assert size == dense_elements(layer.D, layer.M)
                checked += 1
            elif isinstance(layer, Conv2d):
                assert size == conv_elements(layer.C, layer.K, layer.K, layer.F)
                checked += 1
print(f"both formulas hold for the arrays of {checked} layers")

# %% [markdown]
# Next the paper gives each parameter $p$ bits and writes (eq. 19)
#
# $$ |w| = (n+1)\,k\,p \ \text{bytes}. $$
#
# Elements times bits are **bits**; bytes are an eighth of that. `float32` has $p = 32$:

# %%
layer = Dense(784, 512)
eq_19 = dense_elements(784, 512) * 32
stored = sum(p.nbytes for p in layer.params.values())
print(f"eq. 19: {eq_19:,}; the arrays have {stored:,} bytes, {8 * stored:,} bits")
assert eq_19 == 8 * stored

# %% [markdown]
# In training a layer needs more. The paper has, in elements, for a dense layer (eq. 20) and for a convolution of an
# image $M\times N$ at stride 1 (eq. 23):
#
# $$ |w| + |\nabla w| + 2n + 2k, \qquad c\,M N + k\,(c\,w\,h+1) + 2k\,(M-w+1)(N-h+1). $$
#
# Take them with care. They are for *one* image; a batch has all but the weights and their gradients once an image.
# Eq. 20 counts the gradient, eq. 23 forgets it. Neither has what the optimiser keeps, two more arrays as large as the
# weights for Adam. And how much must be kept between forward and backward is up to the programmer: our ReLU needs only
# its output, which the next layer keeps anyway, so each number is stored once, not twice. Count what is really there:


# %%
def kept(tape):
    """Elements that a forward pass keeps for the backward pass; an array that two layers keep is one array."""
    _, _, [caches] = tape  # one shard
    arrays = {id(array): array for cache in caches
              for array in (cache if isinstance(cache, tuple) else (cache,)) if hasattr(array, "nbytes")}  # fmt: skip
    return sum(array.size for array in arrays.values())


N = 128
players = models.build("A1", (28, 28, 1), 10, seed=0)
network = players.extractor + players.classifier
_, tape = network.forward(np.zeros((N, 28, 28, 1), np.float32))
assert kept(tape) == N * (784 + 512 + 1024 + 512 + 512)  # the input of every dense layer, once
dense = [layer for layer in network.layers.values() if isinstance(layer, Dense)]
eq_20 = sum(2 * dense_elements(layer.D, layer.M) + N * (2 * layer.D + 2 * layer.M) for layer in dense)
weights = sum(p.size for p in network.params.values())
print(f"A1, {N} images: eq. 20 says {4e-6 * eq_20:.1f} MB; here {4e-6 * (4 * weights + kept(tape)):.1f} MB:")
print(f"weights, gradients, m and v {4e-6 * 4 * weights:.1f} MB, kept for the backward pass {4e-6 * kept(tape):.1f} MB")

# %% [markdown]
# For a convolution there are also the patches of im2col (lesson 03), of which the formula says nothing. They are much
# larger than the images themselves; that is why the library makes them a few images at a time, and makes them again in
# the backward pass:

# %%
conv = Conv2d(20, 50, K=5)  # the second of A2, on images of 12 x 12
y, _ = conv.forward(np.zeros((1, 12, 12, 20), np.float32))
assert y.size == 50 * (12 - 5 + 1) ** 2  # the k (M - w + 1)(N - h + 1) of eq. 23
patches = 5 * 5 * 20 * (12 - 5 + 1) ** 2
print(f"an image has {12 * 12 * 20:,} elements, its patches {patches:,}: {patches / (12 * 12 * 20):.0f} times as many")
print(f"a batch of {N}: {4e-6 * N * patches:.1f} MB; {layers.PIECE} at a time: {4e-6 * layers.PIECE * patches:.1f} MB")

# %% [markdown]
# ## What has to be computed
#
# The paper: $2nk$ operations for a dense layer, $2\,c\,w\,h\,(M-w+1)(N-h+1)\,k$ for a convolution; half are
# multiplications, half additions. Is that exact, or about right? Count. The sums begin with the bias, so each product
# is followed by one addition.


# %%
def counted_conv(x, w, b):
    """A convolution by loops, x (M, N, c), w (w, h, c, k), b (k,): the result and the number of operations."""
    (M, N, c), (width, height, _, k) = x.shape, w.shape
    y, operations = np.zeros((M - width + 1, N - height + 1, k)), 0
    for i, j, m in np.ndindex(y.shape):
        total = b[m]
        for di, dj, channel in np.ndindex(width, height, c):
            total = total + x[i + di, j + dj, channel] * w[di, dj, channel, m]
            operations += 2
        y[i, j, m] = total
    return y, operations


rng = np.random.default_rng(0)
x, w, b = (rng.standard_normal(shape) for shape in ((5, 6, 2), (3, 3, 2, 4), (4,)))
y, operations = counted_conv(x, w, b)
layer = Conv2d(2, 4, K=3).with_params({"w": w, "b": b})
np.testing.assert_allclose(layer.forward(x[None])[0][0], y, rtol=1e-12)
assert operations == 2 * 2 * 3 * 3 * (5 - 3 + 1) * (6 - 3 + 1) * 4 == bench.operations(layer, (1, 5, 6, 2))

w, b = rng.standard_normal((1, 1, 7, 4)), rng.standard_normal(4)  # a dense layer is a 1 x 1 convolution of one pixel
_, dense_operations = counted_conv(rng.standard_normal((1, 1, 7)), w, b)
assert dense_operations == 2 * 7 * 4
print(f"exact: {operations:,} operations for the convolution, {dense_operations} for a dense layer from 7 to 4")

# %% [markdown]
# The library counts in the same way, with stride and padding, too:

# %%
print(inspect.getsource(bench.operations))

# %% [markdown]
# And a step? A layer multiplies three times (lesson 01): $y = xw$, $dw = x^{\mathsf T}dy$ and $dx = dy\,w^{\mathsf T}$.
# Each has the same three sizes, so each costs the same; only the first layer's $dx$ is wanted by nobody. A round of
# the games trains three networks, and asks the extractor and the discriminator more than once.

# %%
shares = {}
for arch in ("A1", "A2"):
    players = models.build(arch, (28, 28, 1), 10, seed=0)
    network = players.extractor + players.classifier
    forward = bench.forward_operations(network, (28, 28, 1))
    step = 3 * sum(forward) - forward[0]
    assert 128 * step == bench.step_operations(bench.Work("supervised", "fashion", arch, 128), players)
    game = bench.step_operations(bench.Work("games", "fashion", arch, 128), players) / 128
    learning = {name: layer for name, layer in network.layers.items() if layer.params}
    sizes = [sum(p.size for p in layer.params.values()) for layer in learning.values()]
    shares[arch] = list(learning), sizes, forward
    print(f"{arch}: {sum(sizes) / 1e6:.2f} million parameters; MFLOP an image: {sum(forward) / 1e6:.2f} forward, "
          f"{step / 1e6:.2f} a step, {game / 1e6:.2f} a round of games: {game / step:.1f} times")  # fmt: skip

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
for panel, (arch, (names, sizes, forward)) in zip(axes, shares.items(), strict=True):
    place = np.arange(len(names))
    panel.barh(place - 0.2, 100 * np.array(sizes) / sum(sizes), 0.4, color=BLUE, label="parameters")
    panel.barh(place + 0.2, 100 * np.array(forward) / sum(forward), 0.4, color=ORANGE, label="operations")
    panel.set(yticks=place, yticklabels=names, xlabel=f"share of {arch} (%)")
    panel.invert_yaxis()
axes[1].legend(frameon=False, loc="lower right")
plt.show()

# %% [markdown]
# *In A1 the bars are alike: a dense layer uses each weight once for an image. In A2 the second convolution has few of
# the parameters and most of the operations, since a kernel is used again at every place.* A weight fault in a kernel
# is used again at every place, too.
#
# ## Arithmetic is cheap, fetching is not
#
# Adam (lesson 05) takes about 10 operations for a parameter, once a *batch*. Beside the products that is next to
# nothing:

# %%
players = models.build("A1", (28, 28, 1), 10, seed=0)
weights = sum(p.size for p in (players.extractor + players.classifier).params.values())
products = bench.step_operations(bench.Work("supervised", "fashion", "A1", 128), players)
print(f"A1, 128 images: products {products / 1e6:,.0f} MFLOP, Adam {10 * weights / 1e6:.0f} MFLOP")

# %% [markdown]
# Remember that share. Next to nothing of the time? A processor has to *fetch* its numbers, and what counts is how many
# operations it gets to do for every byte that it fetches, the **intensity**. A product of two $n\times n$ matrices of
# 4-byte numbers: $2n^3$ operations, three matrices to read or write, so at best
#
# $$ \frac{2n^3}{3\cdot 4\,n^2} = \frac{n}{6} \ \text{operations a byte.} $$
#
# Adam reads $p$, $g$, $m$, $v$ and writes $p$, $m$, $v$: $10/28$ of an operation a byte, however many parameters there
# are. With $F$ operations and $B$ bytes a second, no program can do more than $\min(F, \text{intensity}\cdot B)$
# operations a second. That line is called the *roofline*. We measure on one core and take the best of several times.
# Memory that was freed stays with the process, as it does in training (`keep_memory`); otherwise we would time the
# operating system.


# %%
parallel.keep_memory()
clock = time.thread_time if os.name == "posix" else time.perf_counter  # Windows counts the former in coarse ticks


def seconds(work, least=5, budget=0.0 if FAST else 0.25):
    """The shortest time for which `work()` has a core to itself; other programs can only make it longer."""
    with parallel.use(1):
        work()  # once unmeasured, to warm up
        found = []
        while len(found) < least or sum(found) < budget:
            begin = clock()
            work()
            found.append(clock() - begin)
    return min(found)


large = 2**20 if FAST else 2**23  # numbers; more than most caches hold, in full
a, b = np.ones(large, np.float32), np.ones(large, np.float32)
B = 12 * large / seconds(lambda: np.add(a, b, out=b)) / 1e9  # GB/s: of each number two are read, one is written

params, grads = {"p": a}, {"p": b}
adam = Adam(params, rate=1e-3)
adam_rate = 10 * large / seconds(lambda: adam.step(params, grads)) / 1e9  # GFLOP/s


# %%
def product_rate(n):
    a, c = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
    again = max(1, 2**21 // n**3)  # small ones many times, so that the clock can see them
    return 2e-9 * n**3 * again / seconds(lambda: [np.matmul(a, a, out=c) for _ in range(again)])


sizes = [8, 16, 32, 64, 128] if FAST else [8, 16, 32, 64, 128, 256, 512]
product_rates = [product_rate(n) for n in sizes]  # GFLOP/s

# %%
fig, axes = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
intensity = np.logspace(-1, 2.4, 200)
axes.loglog(intensity, np.minimum(max(product_rates), intensity * B), color=GREY, label="roofline")
axes.loglog(np.array(sizes) / 6, product_rates, color=BLUE, marker="o", label="a @ a, n x n")
for n, rate in zip(sizes, product_rates, strict=True):
    axes.annotate(f"{n}", (n / 6, rate), xytext=(4, -11), textcoords="offset points", fontsize=8, color=BLUE)
axes.loglog(10 / 28, adam_rate, color=ORANGE, marker="^", linestyle="", markersize=8, label="Adam")
axes.set(xlabel="operations for each byte fetched, at best", ylabel="GFLOP/s")
axes.legend(frameon=False, loc="lower right")
plt.show()
assert max(product_rates) > 0 and adam_rate > 0
print(f"a large product does {max(product_rates) / adam_rate:.0f} times as many operations a second as Adam")

# %% [markdown]
# *Products climb with their size and then stay about level: that is what the processor can do. Adam sits far below, at
# the left, under the slope.* Even a perfect Adam, which fetches each number once, could not pass the slope: it would
# wait for memory. Ours does not reach it, since ten calls of NumPy walk over the numbers ten times, in the cache, and
# two of the ten are a square root and a division, which take longer than a sum. Small products stay under the roof,
# too: there most of the time goes into calling NumPy.
#
# ## Where the time of a step goes
#
# Forward, backward, Adam, each timed by itself, for batches of 1 to 128 images.


# %%
def parts_of_step(arch, N):
    """Seconds for the forward pass, the backward pass and Adam, for a batch of N images."""
    players = models.build(arch, (28, 28, 1), 10, seed=0)
    network = players.extractor + players.classifier
    adam = Adam(network.params, rate=1e-3)
    rng = np.random.default_rng(0)
    x, labels = rng.random((N, 28, 28, 1), dtype=np.float32), rng.integers(0, 10, N)
    y, tape = network.forward(x)
    _, dy = softmax_cross_entropy(y, labels)
    _, grads = network.backward(dy, tape, need_dx=False)
    forward = seconds(lambda: network.forward(x))
    backward = seconds(lambda: network.backward(dy, tape, need_dx=False))
    return forward, backward, seconds(lambda: adam.step(network.params, grads))


batches = [1, 8, 64] if FAST else [1, 2, 4, 8, 16, 32, 64, 128]
found = np.array([parts_of_step("A1", N) for N in batches])  # (batches, 3)
per_image = 1e3 * found / np.array(batches)[:, None]

# %%
fig, axes = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for column, (label, colour, marker) in enumerate(
    (("forward", BLUE, "o"), ("backward", GREEN, "s"), ("Adam", ORANGE, "^"))
):
    axes.loglog(batches, per_image[:, column], color=colour, marker=marker, markersize=4, label=label)
axes.loglog(batches, per_image.sum(axis=1), color=GREY, linewidth=1, linestyle="--", label="all three")
axes.set(xlabel="images in a batch", ylabel="ms per image", xticks=batches, xticklabels=batches)
axes.minorticks_off()
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Adam's line falls with $1/N$: it moves all parameters once a batch, however many images there are. The other two are
# dear for few images, since each weight is fetched for so few, and get cheaper more and more slowly. Only the forward
# pass of a single image is cheaper than of two: NumPy has a routine of its own for a vector times a matrix.* With one
# image at a time the network is trained by the memory; with many, by the arithmetic.
#
# Large batches are thus cheap by the image. Whether they *learn* as much by the image is another question, and not one
# for a clock.

# %%
N = 32 if FAST else 128
bars = {f"{arch}, time": np.array(parts_of_step(arch, N)) for arch in ("A1", "A2")}
for arch, (_, sizes, forward) in shares.items():
    bars[f"{arch}, operations"] = np.array([sum(forward), 2 * sum(forward) - forward[0], 10 * sum(sizes) / N])
fig, axes = plt.subplots(figsize=(7, 2.6), layout="constrained")
for label in sorted(bars, reverse=True):
    parts, left = 100 * bars[label] / bars[label].sum(), 0
    for part, colour, name in zip(parts, (BLUE, GREEN, ORANGE), ("forward", "backward", "Adam"), strict=True):
        axes.barh(label, part, left=left, color=colour, label=name if label == "A1, operations" else None)
        left += part
    print(f"{label}: Adam {parts[-1]:.1f} %")
axes.set(xlabel=f"share of a supervised step on {N} images, one core (%)", xlim=(0, 100))
fig.legend(frameon=False, ncols=3, loc="outside upper center")
plt.show()
assert all((part > 0).all() for part in bars.values())

# %% [markdown]
# *By operations Adam hardly shows. By the clock it takes several times its share, and more in A1 than in A2, which has
# fewer parameters and more operations. The backward pass takes the largest part: two products for one, and more to
# write.*
#
# This is why the library moves parameters in pieces that fit into the cache, in place, on all cores (`optim.py`): not
# to calculate less, but to fetch less. Look at lesson 05's Adam again with that in mind.
#
# ## Beside a library that is made for speed
#
# `python -m aftt_np.bench --against torch` times our steps, rounds of games and fault campaigns beside the same
# networks in PyTorch, in turns. The README says on which machine these rows were measured, and how.

# %%
with open("results/bench.json", encoding="utf-8") as file:
    rows = json.load(file)
fig, axes = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
colours = {"supervised": BLUE, "games": GREEN, "campaign": ORANGE}
labels = [f"{row['data']} {row['arch']}, {row['batch']} images" + (f", {row['fault']}" if row["fault"] else "")
          for row in rows]  # fmt: skip
for work, colour in colours.items():
    mine = [place for place, row in enumerate(rows) if row["work"] == work]
    ratio, low, high = (np.array([rows[i][key] for i in mine]) for key in ("ratio", "ratio_low", "ratio_high"))
    axes.errorbar(ratio, mine, xerr=(ratio - low, high - ratio), color=colour, marker="o", linestyle="", label=work)
axes.axvline(1, color=GREY, linestyle="--", linewidth=1)
axes.set(yticks=range(len(rows)), xlabel="PyTorch's time / ours (dot: median, line: lowest to highest)", xscale="log")
axes.set(xticks=[0.8, 1, 2, 4], xticklabels=["0.8", "1", "2", "4"])
axes.set_yticklabels(labels, fontsize=8)
axes.minorticks_off()
axes.invert_yaxis()
axes.legend(frameon=False, loc="upper right")
plt.show()

# %% [markdown]
# *Steps and rounds of the games lie around the dashed line, where both take as long; campaigns lie to the right of
# it.* NumPy calls the same kind of product as PyTorch does, and the products are most of the work. (PyTorch is in its
# usual memory format, channels first; in ours, channels last, its convolutions are faster, as the README says.)
# Campaigns on nodes and filters are ahead for another reason: what is dead is left out, and what broken networks share
# is computed once. Those on weights have nothing to leave out. The fastest operation is still the one that is not
# needed.
#
# ## Exercises
#
# 1. How much memory does it take to train a network of dense layers with Adam? Write it as a formula of its widths and
#    the batch. (`training_bytes`)
# 2. When the gradients together are longer than a limit, scale them down to it: `if norm > largest` reads a number and
#    waits. Do it without asking, in whichever library the gradients are. (`clip_gradients`)
# 3. From which $n$ on is a product of two $n\times n$ matrices bound by arithmetic rather than by memory? Find it from
#    the roofline. (`break_even`)
#
# The stubs are in `exercises/ex13.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex13

look_at(ex13)
