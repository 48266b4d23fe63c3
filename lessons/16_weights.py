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
# # 16 · Saturated and scaled weights
#
# **The question.** A bit flips in the memory, and a weight of 0.1 is read as $3\cdot10^{37}$. Lesson 15 waited until
# the harm reached an activation. Could it not be stopped where it enters, when the weight is read?
#
# A weight need not be stored as the number that it is used as. We look at two ways to make use of that: read it through
# a function that cannot become large, or store it so that a flip is worth little. Thirty minutes; you need lesson 14
# (formats and flips), and Squash from lesson 15. Recall that a float32 weight below 2 has a 0 in bit 30, and that a
# number of q2.5 is a whole number of steps of 1/32 from $-4$ to $3.97$, with 8 bits.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import campaign, data, defences, defend, statistics
from aftt_np.defences import SATURATIONS, defended, mapped
from aftt_np.finetune import finetune
from aftt_np.layers import Dense, Flatten, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.memory import FORMATS
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE, PINK
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer images and patterns, for the tests of this course; same cells
PATTERNS = 3 if FAST else 12
images = data.load("fashion-mini")
x_train, y_train = (part[: 2000 if FAST else 6000] for part in (images.x_train, images.y_train))
x_test, y_test = images.x_test[: 200 if FAST else 500], images.y_test[: 200 if FAST else 500]

# %% [markdown]
# ## Read through a function that saturates
#
# Fuengfusin and Tamukoh (arXiv:2411.19027) train a network whose layers use $w = \tau(v)$, where $v$ is what is stored
# and $\tau$ a function that saturates. Faults hit $v$; whatever becomes of it, $w$ stays small.
#
# | | $\tau(v)$ | lies in | $\tau'(v)$ | $\tau(1)$ | $\tau'(1)$ |
# |---|---|---|---|---|---|
# | tanh | $\tanh v$ | $(-1, 1)$ | $1-\tanh^2 v$ | 0.762 | 0.420 |
# | arctan | $\arctan v$ | $(-\pi/2, \pi/2)$ | $1/(1+v^2)$ | 0.785 | 0.5 |
# | softsign | $v/(1+\lvert v\rvert)$ | $(-1, 1)$ | $1/(1+\lvert v\rvert)^2$ | 0.5 | 0.25 |
#
# (The paper has a fourth, a modified tanh. Its formula we have not seen, so it is left out.)
#
# All three have $\tau(v)\approx v$ near 0, where weights live, so training can begin with the same initial values as
# always.

# %%
v = np.linspace(-6, 6, 241)
fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.8), layout="constrained")
for (name, through), colour, line in zip(SATURATIONS.items(), (BLUE, ORANGE, GREEN), ("-", "--", "-."), strict=True):
    axes[0].plot(v, through(v), color=colour, linestyle=line, label=name)
    axes[1].plot(v, through.slope(v), color=colour, linestyle=line)
axes[0].plot([-1.7, 1.7], [-1.7, 1.7], color=GREY, linewidth=1, linestyle=":", label="w = v")
axes[0].set(xlabel="what is stored, v", ylabel="what is used, w")
axes[1].set(xlabel="what is stored, v", ylabel="dw/dv", ylim=(0, 1.05))
axes[0].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# *Left: near 0 all three follow the dotted line; far out nothing happens any more. Right: the slopes, by which
# gradients are multiplied. Softsign leaves the line first and arrives last.*
#
# To train $v$ takes one more factor of the chain rule. The layer computes $y = x\,\tau(v) + b$; a dense layer's
# $\partial L/\partial w$ is $dw = x^{\mathsf T} dy$ (lesson 01), and $v_{dm}$ is used in $w_{dm}$ only:
#
# $$ \frac{\partial L}{\partial v_{dm}} = \tau'(v_{dm})\; dw_{dm}. $$


# %%
def tanh_dense(dy, x, v, b):
    """y, dx, dv, db of y = x @ tanh(v) + b."""
    w = np.tanh(v)
    dw = x.T @ dy
    return x @ w + b, dy @ w.T, dw * (1 - w**2), dy.sum(axis=0)


rng = np.random.default_rng(0)
x, v, b, dy = (rng.standard_normal(shape) for shape in ((4, 3), (3, 2), (2,), (4, 2)))
y, dx, dv, db = tanh_dense(dy, x, v, b)
for name, through in SATURATIONS.items():
    dw = x.T @ dy
    for place in np.ndindex(v.shape):
        step = np.zeros_like(v)
        step[place] = 1e-6
        above, below = (((x @ through(v + s * step) + b) * dy).sum() for s in (1, -1))
        assert abs((above - below) / 2e-6 - (dw * through.slope(v))[place]) < 1e-8, name
np.testing.assert_allclose(dv, x.T @ dy * SATURATIONS["tanh"].slope(v), rtol=1e-12)
print("all three agree with finite differences")

# %% [markdown]
# In the library a layer is told through what it reads its weights. It makes a plain layer with the weights that are
# used, lets it compute, and puts the slope behind its gradient:

# %%
for thing in (defences.Tanh, defences.Arctan, defences.Softsign, defences.Mapped, defences.MappedDense):
    print(inspect.getsource(thing))

# %%
layer = mapped(Dense(3, 2), SATURATIONS["tanh"]).with_params({"w": v, "b": b})
y_library, cache = layer.forward(x)
np.testing.assert_allclose(y_library, y, rtol=1e-12)
np.testing.assert_allclose(layer.backward(dy, cache), dx, rtol=1e-12)
np.testing.assert_allclose(layer.gradients(dy, cache)["w"], dv, rtol=1e-12)
np.testing.assert_allclose(layer.gradients(dy, cache)["b"], db, rtol=1e-12)

stored = np.array([[0.1, 3.4e37, -np.inf, np.nan]], np.float32)
for name, through in SATURATIONS.items():
    layer = mapped(Dense(1, 4), through).with_params({"w": stored, "b": np.zeros(4, np.float32)})
    print(f"{name:>8}: {stored[0]} is used as {layer.forward(np.ones((1, 1), np.float32))[0][0]}")

# %% [markdown]
# The last entry is a decision. A flip can make a float that is *not a number*, and no saturation knows where to put
# that. Here it is 0: a weight that is not there.
#
# ## Trained through tanh
#
# Four networks, 784-64-64-10, from the same initial values, with the same images in the same order, and as many steps.


# %%
def trained(through=None, seed=0, epochs=4, rate=2e-3):
    """A network whose weights are read through a function, or as they are."""
    layers = {
        "flatten": Flatten(), "dense1": Dense(784, 64), "relu1": ReLU(), "dense2": Dense(64, 64), "relu2": ReLU(),
        "out": Dense(64, 10),
    }  # fmt: skip
    if through:
        layers = {name: mapped(layer, through) if layer.params else layer for name, layer in layers.items()}
    network = initialise(Network(layers), seed)
    adam = Adam(network.params, rate)
    for epoch in range(epochs):
        for x, labels in data.epoch_batches(x_train, y_train, 64, Stream("order", seed, epoch)):
            finetune(network.part(0, -1), network.part(-1), x, labels, softmax_cross_entropy, adam)
    return network


DENSE = ("dense1", "dense2", "out")
plain = trained()
saturated = {name: trained(through) for name, through in SATURATIONS.items()}
for name, network in {"plain": plain, **saturated}.items():
    sizes = ", ".join(f"{abs(network.params[f'{layer}.w']).max():.2f}" for layer in DENSE)
    clean = campaign.score(network, images.x_test, images.y_test).accuracy
    print(f"{name:>8}: {clean:.1f} %, largest |stored|: {sizes}")

# %% [markdown]
# Without faults there is little between them; which one is ahead is a matter of the training seed as well (lesson 11),
# and we have one.
#
# What is a flip worth? Every weight of the network in turn, each of its 32 bits: by how much does the weight that is
# *used* change?


# %%
@np.errstate(all="ignore")
def worth(network, through, bits=32):
    """|change of the weight that is used|, of all weights, for each bit: (bits, weights)."""
    v = np.concatenate([network.params[f"{layer}.w"].ravel() for layer in DENSE])
    flipped = (v.view(np.uint32) ^ np.uint32(1) << np.arange(bits, dtype=np.uint32)[:, None]).view(np.float32)
    w = through(flipped.astype(np.float64))
    return abs(np.where(np.isfinite(w), w, 0) - through(v.astype(np.float64)))


of_plain, of_tanh = worth(plain, lambda v: v), worth(saturated["tanh"], np.tanh)
assert of_tanh.max() <= 2
print(f"largest change: plain {of_plain.max():.1e}, read through tanh {of_tanh.max():.2f}")

fig, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
for found, colour, marker, name in ((of_plain, GREY, "o", "plain"), (of_tanh, BLUE, "^", "tanh")):
    axes.plot(found.max(axis=1), color=colour, marker=marker, markersize=5, label=f"{name}, largest")
    axes.plot(np.median(found, axis=1), color=colour, marker=marker, markersize=3, linestyle=":", linewidth=1,
              label=f"{name}, median")  # fmt: skip
axes.axvspan(22.5, 30.5, color=ORANGE, alpha=0.12, linewidth=0)
axes.axhline(1, color="black", linewidth=0.5)
axes.set(yscale="log", xlabel="bit that flips (shaded: the exponent; 31: the sign)", ylabel="change of the weight",
         xticks=range(0, 32, 2), yticks=10.0 ** np.arange(-10, 41, 10))  # fmt: skip
axes.legend(frameon=False, loc="upper left")
plt.show()

# %% [markdown]
# *One bit stands out by 37 orders of magnitude, and it alone is what tanh takes away. All others are worth about the
# same in both networks, about 2 at most.* A weight of size 1 where there was one of 0.05 is no small thing; but one
# such weight more or less is something that a network survives.


# %%
@np.errstate(all="ignore")
def curves(network, kind, rates, patterns=PATTERNS, fault_seed=1):
    """Accuracies (patterns, rates) in percent, on test images."""
    rows = campaign.run(network, x_test, y_test, kind, rates, range(patterns), fault_seed)
    return np.array([row.accuracy for row in rows]).reshape(patterns, -1)


def band(axes, rates, table, colour, marker, name):
    """The mean over patterns, and its 95 % interval."""
    mean, low, high = np.array([statistics.interval(column) for column in table.T]).T
    axes.plot(rates, mean, color=colour, marker=marker, markersize=4, label=name)
    axes.fill_between(rates, low, high, color=colour, alpha=0.2, linewidth=0)


bits = range(20, 32, 5 if FAST else 1)
rates = np.geomspace(1e-6, 1e-3, 4 if FAST else 7)
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
for (name, network), colour, marker in zip({"plain": plain, **saturated}.items(), (GREY, BLUE, ORANGE, GREEN), "o^sD",
                                           strict=True):  # fmt: skip
    band(axes[1], rates, curves(network, "bits:float32", rates), colour, marker, name)
    if name in ("plain", "tanh"):
        by_bit = [curves(network, f"bits:float32:{bit}", [3e-3], 4).mean() for bit in bits]
        axes[0].plot(bits, by_bit, color=colour, marker=marker, markersize=4)
axes[0].set(xlabel="bit, flipped in 0.3 % of the weights", ylabel="accuracy (%)", ylim=(0, 100))
axes[1].set(xscale="log", xlabel="bit error rate, all bits of float32")
axes[1].legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# *Left: with bit 30 flipped in 0.3 % of its weights the plain network is below guessing, and the one that reads through
# tanh has lost a few points. Right: all bits, bands are 95 % intervals over patterns. All three saturations end far
# above plain weights.* (Below guessing: answers that are not finite count as wrong.)
#
# ## It is the reading
#
# What is it that helps: that the network was *trained* with tanh, that its weights are small, or that faults happen in
# front of tanh? Two more networks tell these apart. One is the plain network, read through tanh after all, without any
# training. The other is the one that was trained with tanh; but what is stored is $\tanh(v)$, and it is used as it is
# read.

# %%
with_maps = {name: mapped(layer, SATURATIONS["tanh"]) if layer.params else layer
             for name, layer in plain.layers.items()}  # fmt: skip
afterwards = Network(with_maps)
small = {f"{name}.w": np.tanh(saturated["tanh"].params[f"{name}.w"]) for name in DENSE}
in_front = plain.with_params(saturated["tanh"].params | small)
np.testing.assert_allclose(
    campaign.outputs(in_front, x_test), campaign.outputs(saturated["tanh"], x_test), rtol=1e-4, atol=1e-4
)
kinds = {"plain": plain, "trained through tanh": saturated["tanh"], "plain, read through tanh": afterwards,
         "tanh(v) stored": in_front}  # fmt: skip
reading = {name: curves(network, "bits:float32", (0, 1e-5, 1e-4, 1e-3)).mean(axis=0) for name, network in kinds.items()}
for name, means in reading.items():
    print(f"{name:>25}: without faults {means[0]:.1f} %, at 1e-5, 1e-4, 1e-3: {means[1:].round(1)}")
assert reading["plain, read through tanh"][2] > reading["plain"][2] + 10
assert reading["tanh(v) stored"][2] < reading["trained through tanh"][2] - 10

# %% [markdown]
# It is the reading. `tanh(v) stored` computes the same answers as the network next to it in the list and falls like
# plain weights. The plain network read through tanh stands, and has lost next to nothing for it, since
# $\tanh(w)\approx w$ for weights as small as these; with larger ones somebody would have to train.
#
# ## In other formats
#
# float32 has absurd numbers to offer. The 8-bit formats of lesson 14 have not. What is left for a saturation to do? For
# comparison a plain network of another seed, which no method has helped.

# %%
others = {**saturated, "another seed": trained(seed=1)}
memories = {"float16": (1e-4, 1e-3), "q2.5": (3e-3, 1e-2), "int8": (3e-3, 1e-2)}
for form, its_rates in memories.items():
    base = curves(plain, f"bits:{form}", its_rates)
    for name, network in others.items():
        gain = curves(network, f"bits:{form}", its_rates) - base
        said = ["{:+.1f} ({:+.1f} to {:+.1f})".format(*statistics.interval(column)) for column in gain.T]
        print(f"{form:>8}, {name:>12} - plain, at {its_rates}: {', '.join(said)}")

# %% [markdown]
# float16 is like float32. In `q2.5` there *is* something to gain: a plain weight with its top bit flipped is off by 4,
# and $\tanh(-4) = -0.999$, so read through tanh it is off by hardly more than 1. It is not the format that decides, but
# how far its range reaches beyond the weights. In `int8` the range goes from the smallest weight of a tensor to its
# largest. No flip makes a number that is larger than the weights already are, so there is nothing to cut. Some
# intervals there do not contain 0; but look at the last line. Another seed of *plain* training gains as much, from luck
# alone. These intervals are over patterns, of given networks, and a few points between two networks are no news about
# methods.
#
# ## Scaled weights
#
# The second idea leaves the function away and moves the weights. (Fuengfusin and Tamukoh, arXiv:2411.18993, "Harden
# Deep Neural Networks Against Fault Injections Through Weight Scaling". What they scale up to we have not seen; what is
# taken here is derived below.) Store $v = c\,w$, and use $w = v / c$. Let a fault change what is stored by $\Delta$;
# then
#
# $$ \frac{c\,w + \Delta}{c} = w + \frac{\Delta}{c}. $$
#
# In fixed point, $\Delta$ does not depend on what is stored: bit $i$ is worth $2^{i-5}$ in q2.5, the top one 4. So with
# $c = 8$ it is worth $4/8$. Scaling helps as much as there is room: $c\,w$ must not be larger than what can be written.
#
# And it need not cost anything. For $c = 2^k$ multiplying changes nothing but the exponent of a float, and dividing
# changes it back. In the library $c$ is `by`, one for each layer, the largest power of 2 for which all weights have
# room:

# %%
print(inspect.getsource(defend.scaling))
print("the largest that is stored:", defend.TOP)


def scaled_by(network, factors):
    """What `defended` makes of a network whose layers are stored times so much."""
    how = {"with": "scaling", "by": factors}
    stored = {f"{name}.w": network.params[f"{name}.w"] * np.float32(by) for name, by in factors.items()}
    return Network(defended(network.layers, how)).with_params(stored)


for_memory = {}
for form in ("q2.5", "float32"):
    how, stored = defend.scaling(plain, form)
    for_memory[form] = Network(defended(plain.layers, how)).with_params(stored)
    by_hand = scaled_by(plain, how["by"])
    assert all(np.array_equal(p, for_memory[form].params[name]) for name, p in by_hand.params.items())
    print(f"{form:>8}: by", {name: f"2^{np.log2(by):.0f}" for name, by in how["by"].items()})
    assert campaign.outputs(for_memory[form], x_test).tobytes() == campaign.outputs(plain, x_test).tobytes()
print("all logits are the same, bit for bit")

# %% [markdown]
# (One could even divide only once, at the end. ReLU lets a positive factor through, $\max(0, c\,x) = c\max(0, x)$, so
# factors can be collected on the way: exercise 2.)
#
# ### In q2.5: more of the ruler
#
# By hand. A weight of 0.05 is 1.6 steps of 1/32. It is stored as 2, read as 0.0625, a quarter too large, before
# anything has broken. Stored eight times as large it is 12.8 steps, stored as 13, read as $13/32/8 = 0.0508$.

# %%
for by in (1, 8):
    codes, _ = FORMATS["q2.5"].write(np.array([0.05 * by]))
    top = FORMATS["q2.5"].read(codes ^ np.uint8(128), ())[0] / by
    print(f"by {by}: code {codes[0]:>2}, read {FORMATS['q2.5'].read(codes, ())[0] / by:.4f}, top bit flipped {top:.4f}")

factor = defend.scaling(plain, "q2.5")[0]["by"]["dense1"]
fig, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
for by, colour, name in ((factor, BLUE, f"stored times {factor:.0f}"), (1, GREY, "stored as they are")):
    codes, _ = FORMATS["q2.5"].write(by * plain.params["dense1.w"])
    axes.hist(codes.view(np.int8).ravel(), bins=np.arange(-128.5, 128), color=colour, alpha=0.8, label=name)
axes.set(yscale="log", xlabel="code (steps of 1/32)", ylabel="weights of dense1", xlim=(-128, 128))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Of 256 codes the first layer uses about twenty, grey. A flip of the top bit throws a weight 128 codes to the side,
# far from all others. Stored larger, blue, they use more than half of the ruler, and 128 codes are no further than the
# outermost weights lie apart.*

# %%
rates = np.geomspace(1e-4, 3e-2, 4 if FAST else 7)
fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
q25 = {"plain": plain, "tanh": saturated["tanh"], "scaled": for_memory["q2.5"]}
for (name, network), colour, marker in zip(q25.items(), (GREY, BLUE, PINK), "o^s", strict=True):
    by_bit = [curves(network, f"bits:q2.5:{bit}", [1e-2], 4).mean() for bit in range(8)]
    axes[0].plot(range(8), by_bit, color=colour, marker=marker, markersize=4)
    band(axes[1], rates, curves(network, "bits:q2.5", rates), colour, marker, name)
axes[0].set(xlabel="bit, flipped in 1 % of the weights", ylabel="accuracy (%)", ylim=(0, 100))
axes[1].set(xscale="log", xlabel="bit error rate, all bits of q2.5")
axes[1].legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# *q2.5. Left: what flips cost by their position; scaled weights lose least at every high bit. Right: all bits. Scaling
# moves the curve to the right, by about an order of magnitude, and needs no training. Tanh lies between.*
#
# ### In float32: the bit that is set already
#
# A float has no fixed worth of a bit: a flip in the exponent *multiplies*. Here is by what, for weights from $0.75$
# downwards, as they are and scaled up to where `scaling` puts them.

# %%
below = np.arange(0, 12, 2)
powers = {"stored as it is": -1 - below, "stored times 2^127": 126 - below}
fig, axes = plt.subplots(1, 2, figsize=(7.5, 2.4), sharey=True, layout="constrained")
for panel, (name, power) in zip(axes, powers.items(), strict=True):
    stored = np.float32(1.5) * np.float32(2.0) ** power.astype(np.float32)
    with np.errstate(all="ignore"):
        masks = np.uint32(1) << np.arange(23, 31, dtype=np.uint32)
        flipped = (stored.view(np.uint32)[:, None] ^ masks).view(np.float32)  # (weights, bits)
        times = np.log2(flipped.astype(np.float64) / stored[:, None])
    finite = np.isfinite(flipped) & np.isfinite(times)
    panel.imshow(np.where(finite, times, 0), cmap="RdBu_r", vmin=-24, vmax=24, aspect="auto")
    for (row, column), value in np.ndenumerate(times):
        text = f"{value:+.0f}" if finite[row, column] else "none"
        dark = finite[row, column] and abs(value) > 14
        panel.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    panel.set(xticks=range(8), xlabel=f"bit that flips; {name}")
    panel.set_xticklabels(range(23, 31))
    panel.set_yticks(range(len(below)), [f"{0.75 / 2**j:.2g}" for j in below])
axes[0].set_ylabel("weight")
plt.show()

# %% [markdown]
# *A flip multiplies the weight by 2 to the power that is written there; red makes it larger, blue smaller. Left: bit 30
# is 0 in all of them, and setting it is a factor $2^{128}$. Right: bits 30 to 27 are set in all of them, so flipping
# one makes a weight vanish, which is a dead weight. What red is left multiplies small weights, and nothing that is read
# can be 2 or larger: there are no floats of $2^{128}$. "none": no number comes out, and is read as 0.*
#
# What if we scale by less? We try some powers of 2, the same for all layers, and print the exponent with which a weight
# of 0.1 is stored.

# %%
float_rates = (1e-5, 1e-4, 1e-3)
for power in (0, 6, 60, 119, 124, 127):
    network = scaled_by(plain, dict.fromkeys(DENSE, 2.0**power))
    assert campaign.outputs(network, x_test).tobytes() == campaign.outputs(plain, x_test).tobytes()
    code = (np.float32([0.1]) * np.float32(2.0**power)).view(np.uint32)[0] >> np.uint32(23)
    found = curves(network, "bits:float32", float_rates).mean(axis=0)
    print(f"times 2^{power:<3}: exponent {code:08b}; at 1e-5, 1e-4, 1e-3: {found.round(1)} %")

# %% [markdown]
# All of these networks compute the same, bit for bit. Each 0 in one of the upper places of the exponent is a flip that
# makes a weight enormous, by $2^{128}$, $2^{64}$, $2^{32}$, $2^{16}$ from the left. As they are, weights have one such
# place. Just above 2 it is filled, and those behind it have become free: scaling by $2^6$ is worse than nothing. Only
# at the very top, where they are all taken, is it worth its name; there it needs no training and costs one division a
# weight.
#
# ## Stuck at 0, once more
#
# A whole weight that is stuck at 0 is read as $0/c = 0$, whatever $c$ was. So the scaled network with stuck weights
# *is* the plain network with stuck weights. Nothing can be gained, not even by chance:

# %%
stuck_rates = (0.2, 0.4, 0.6)
for kind in ("weights", "nodes"):
    as_it_is, as_scaled = curves(plain, kind, stuck_rates), curves(for_memory["q2.5"], kind, stuck_rates)
    np.testing.assert_array_equal(as_it_is, as_scaled)
    print(f"{kind} stuck at 0: equal in all {as_it_is.size} rows, mean {as_it_is.mean(axis=0).round(1)} %")

# %% [markdown]
# A saturation has $\tau(0) = 0$, so it has no answer to them either. A network that was trained through tanh is another
# network than the plain one, though, and may do a little better or worse, as another seed may.
#
# ## What helped against what
#
# All of it in one table, Squash of lesson 15 included (limits: the largest activations on training images). A cell is a
# gain in accuracy over the plain network, in points, at one rate for each kind of fault. `scaled` is scaled for the
# memory that is hit; for int8 the library changes nothing.

# %%
largest = {name: float(high.max()) for name, (_, high) in defend.ranges(plain, x_train[:2000]).items()}
squash = {"with": "clipact", "limits": largest}
faults = {"flips\nfloat32": ("bits:float32", 1e-4), "stuck at 1\nfloat32": ("bits-at-1:float32", 1e-4),
          "stuck at 0\nfloat32": ("bits-at-0:float32", 1e-3), "flips\nq2.5": ("bits:q2.5", 3e-3),
          "flips\nint8": ("bits:int8", 1e-2), "weights\nat 0": ("weights", 0.4)}  # fmt: skip
rows = ("tanh", "scaled", "Squash", "scaled, Squash")
gains = {}
for fault, (kind, rate) in faults.items():
    form = kind.partition(":")[2]
    scaled = plain if form == "int8" else for_memory[form or "float32"]
    clipped, both = (Network(defended(network.layers, squash)) for network in (plain, scaled))
    base = curves(plain, kind, [rate])[:, 0]
    for row, network in zip(rows, (saturated["tanh"], scaled, clipped, both), strict=True):
        gains[row, fault] = curves(network, kind, [rate])[:, 0] - base
for rate in (1e-4, 1e-3):
    alone, both = (curves(Network(defended(network.layers, squash)), "bits:float32", [rate])[:, 0]
                   for network in (plain, for_memory["float32"]))  # fmt: skip
    mean, low, high = statistics.interval(both - alone)
    print(f"flips in float32 at {rate:g}: Squash with scaling - Squash alone {mean:+.1f} ({low:+.1f} to {high:+.1f})")

# %%
table = np.array([[gains[row, fault].mean() for fault in faults] for row in rows])
fig, axes = plt.subplots(figsize=(7.5, 2.9), layout="constrained")
shown = axes.imshow(table, cmap="RdBu", vmin=-60, vmax=60, aspect="auto")
for (i, row), (j, fault) in ((a, b) for a in enumerate(rows) for b in enumerate(faults)):
    mean, low, high = statistics.interval(gains[row, fault])
    clear = low > 0 or high < 0
    axes.text(j, i, f"{round(mean):+d}\n({round(low):+d} to {round(high):+d})", ha="center", va="center", fontsize=8,
              weight="bold" if clear else "normal", color="white" if abs(mean) > 42 else "black")  # fmt: skip
axes.set(xticks=range(len(faults)), yticks=range(len(rows)))
axes.set_xticklabels([f"{fault}\n{rate:g}" for fault, (_, rate) in faults.items()])
axes.set_yticklabels(rows)
fig.colorbar(shown, ax=axes, label="gain (points)")
plt.show()

# %% [markdown]
# *Gains over the plain network and their 95 % intervals over patterns; bold where 0 is outside. Below each kind of
# fault: its rate. Large gains are against faults that make large numbers; int8 and the columns with stuck-at-0 faults
# are nearly white.*
#
# How to read it, carefully. It is about one plain network, one seed, a few patterns, a rate for each fault that we
# picked so that there is something to see; 24 cells are 24 chances to be surprised (lesson 11). What does not hang on
# any of this are the reasons: against numbers that became too large it helps to bound them, where they are read or
# behind the activation; against a worth of bits that is fixed, to store larger numbers; against numbers that are
# missing none of it can help. A defence is made for a kind of fault, and a claim about a defence that does not name the
# fault says nothing.
#
# And two defences are worth what the better one leaves to the other. At 1e-4 scaled weights lose next to nothing, and
# Squash behind them finds nothing to do; at 1e-3, where Squash alone comes too late, scaling brings most of it back
# (the two lines above the picture).
#
# ## Exercises
#
# 1. The hardest saturation: $w = \min(\max(v, -1), 1)$, and 0 for what is no number. Forward and backward.
#    (`hard_limit`)
# 2. Divide once. Store all weights times their $c$; find the biases that go with them, and the one number by which the
#    logits have to be divided. (`one_division`)
# 3. The largest power of 2 for which all weights have room. (`power_of_2`)
#
# The stubs are in `exercises/ex16.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex16

look_at(ex16)
