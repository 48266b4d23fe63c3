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
# # 02 · Activations: what stands between two matrices
#
# **The question.** Between two dense layers a network bends every number with the same simple function. What would
# be lost without it, and what does it do to a unit that is dead?
#
# Thirty minutes of reading; you need lesson 01, and the derivative of a quotient.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data, layers
from aftt_np.layers import Flatten, LeakyReLU, MaxPool2d, ReLU, Sigmoid
from aftt_np.losses import softmax_cross_entropy
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## Two layers that are one
#
# Put two dense layers in a row and multiply out:
#
# $$ (x\,w_1 + b_1)\,w_2 + b_2 \;=\; x\,(w_1 w_2) + (b_1 w_2 + b_2). $$
#
# That is a dense layer again, with the weights $w_1 w_2$ and the bias $b_1 w_2 + b_2$. A hundred layers are one
# layer, computed the long way round.

# %%
rng = np.random.default_rng(0)
x, w1, b1, w2, b2 = (rng.standard_normal(shape) for shape in ((5, 4), (4, 6), (6,), (6, 3), (3,)))
two = (x @ w1 + b1) @ w2 + b2
one = x @ (w1 @ w2) + (b1 @ w2 + b2)
np.testing.assert_allclose(two, one, rtol=1e-12)
print("largest difference:", f"{abs(two - one).max():.0e}")

# %% [markdown]
# And one layer cannot do much. Take two switches and the question whether exactly one of them is on (XOR). For every
# $f(x) = x_1 w_1 + x_2 w_2 + b$ we have $f(0,0) + f(1,1) = f(0,1) + f(1,0)$, since both sides are $w_1 + w_2 + 2b$.
# So $f$ cannot be low on the left side's two inputs and high on the right side's.
#
# Now cut off what is negative, $\max(x, 0)$, between the layers. Two units are enough, and the sums can be done by
# hand: $\max(x_1 + x_2,\, 0) - 2\max(x_1 + x_2 - 1,\, 0)$.

# %%
switches = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
hidden = np.maximum(switches @ np.array([[1, 1], [1, 1]]) + np.array([0, -1]), 0)  # (4, 2)
xor = hidden @ np.array([1, -2])
for inputs, between, output in zip(switches, hidden, xor, strict=True):
    print(inputs, "->", between, "->", output)
assert xor.tolist() == [0, 1, 1, 0]

# %% [markdown]
# (The paper says in section II-A that the activation "restricts the activation values from growing too large". Of
# the three that the library has, that is true of one. What all three do is to not be linear.)
#
# ## Three bends and their slopes
#
# An activation works on each number alone: $x$ goes in, the *pre-activation*, and $y = f(x)$ comes out. The chain
# rule is as short as it can be, $dx = dy\, f'(x)$, entry by entry.
#
# $$ \begin{aligned}
# \text{ReLU:}\quad & y = \max(x, 0) & f'(x) &= 1 \text{ if } x > 0, \text{ else } 0 \\
# \text{LeakyReLU:}\quad & y = \max(x, s\,x) & f'(x) &= 1 \text{ if } x > 0, \text{ else } s \\
# \text{sigmoid:}\quad & y = \frac{1}{1 + e^{-x}} & f'(x) &= \frac{e^{-x}}{(1 + e^{-x})^2} = y\,(1 - y)
# \end{aligned} $$
#
# The slope $s$ of the leaky one is called `slope`; it lies between 0 and 1. For the last step of the sigmoid write
# $e^{-x}/(1+e^{-x})$ as $1 - y$.
#
# All three slopes can be had **from the output** alone: $y > 0$ exactly where $x > 0$, and the sigmoid's formula has
# only $y$ in it. That is thrifty. The output is kept anyway, because the next layer needs it for its own gradient;
# the pre-activation can be forgotten.


# %%
def relu(x):
    return np.maximum(x, 0)


def relu_backward(dy, y):
    return dy * (y > 0)


def leaky_relu(x, slope=0.1):
    return np.maximum(x, slope * x)


def leaky_relu_backward(dy, y, slope=0.1):
    return dy * np.where(y > 0, 1, slope)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_backward(dy, y):
    return dy * y * (1 - y)


OURS = {"ReLU": (relu, relu_backward), "LeakyReLU": (leaky_relu, leaky_relu_backward),
        "sigmoid": (sigmoid, sigmoid_backward)}  # fmt: skip
x, dy = np.array([-2.0, 0.0, 3.0]), np.array([10.0, 10.0, 10.0])
for name, (f, backward) in OURS.items():
    print(f"{name:9}  y = {f(x).round(3)}   dx = {backward(dy, f(x)).round(3)}")

# %% [markdown]
# Each can be checked by moving $x$ a little to both sides, as in lesson 01. Every entry stands for itself, so one
# pair of calls does for a whole array.


# %%
def central_difference(f, x, h=1e-6):
    return (f(x + h) - f(x - h)) / (2 * h)


x, dy = rng.standard_normal(1000), rng.standard_normal(1000)
for name, (f, backward) in OURS.items():
    error = abs(backward(dy, f(x)) - dy * central_difference(f, x)).max()
    print(f"{name:9}  largest difference {error:.1e}")
    assert error < 1e-8

# %%
grid = np.linspace(-4, 4, 801)
fig, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2.9), layout="constrained")
for (name, (f, backward)), colour, style in zip(OURS.items(), (BLUE, ORANGE, GREEN), ("-", "--", "-."), strict=True):
    left.plot(grid, f(grid), style, color=colour, label=name)
    right.plot(grid, backward(np.ones_like(grid), f(grid)), style, color=colour, label=name)
left.set(xlabel="x", ylabel="y = f(x)", ylim=(-0.6, 3))
right.set(xlabel="x", ylabel="slope f'(x)", ylim=(-0.1, 1.1))
left.legend(frameon=False)
plt.show()

# %% [markdown]
# *Left the functions, right their slopes. Those of ReLU and its leaky sister jump at 0; the sigmoid's slope is 1/4 at
# its best, and next to nothing at both ends.*
#
# ## At the kink
#
# At $x = 0$ ReLU has no derivative: the slope is 0 on one side and 1 on the other. The library says 0, and for
# LeakyReLU it says $s$, the slope of the left side. Any number between the two would do; what matters is to know
# which one it is. Finite differences have an opinion of their own:

# %%
zero = np.array([0.0])
for name, f, backward in (("ReLU", relu, relu_backward), ("LeakyReLU", leaky_relu, leaky_relu_backward)):
    print(f"{name:9}  backward {backward(1.0, f(zero))[0]:.2f}   central {central_difference(f, zero)[0]:.2f}")
np.testing.assert_allclose(central_difference(relu, zero), 0.5)  # the mean of both sides
np.testing.assert_allclose(central_difference(leaky_relu, zero), 0.55)

# %%
h = 0.1
grid = np.linspace(-3 * h, 3 * h, 601)
fig, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for side, label in ((grid[grid <= 0], "backward"), (grid[grid > 0], None)):
    axes.plot(side, relu_backward(1.0, relu(side)), color=BLUE, label=label)
axes.plot([0], [0], "o", color=BLUE)  # this is the library's
axes.plot([0], [1], "o", color=BLUE, markerfacecolor="white")
axes.plot(grid, central_difference(relu, grid, h), "--", color=ORANGE, label="central difference")
axes.set(xlabel="x", ylabel="slope of ReLU", xticks=[-2 * h, -h, 0, h, 2 * h])
axes.set_xticklabels(["-2h", "-h", "0", "h", "2h"])
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Within one step $h$ of the kink the central difference climbs from 0 to 1 in a straight line, and is the slope of
# nothing. With a small $h$ a random number rarely falls there; with a coarse one, or with an exact 0, a check of a
# right gradient fails.*
#
# And exact zeros are common: a blank pixel is 0, a bias begins as 0, and a unit whose weights are all broken adds up
# to exactly 0. So choose the inputs of a gradient check away from the kink, say with $|x| > 2h$.

# %%
for h in (1e-6, 1e-3, 1e-1):
    wrong = abs(central_difference(relu, x, h) - relu_backward(1.0, relu(x))) > 1e-6
    assert not wrong[abs(x) > 2 * h].any()
    print(f"h = {h:g}: wrong at {wrong.sum()} of {len(x)} random numbers, all of them within h of 0")

# %% [markdown]
# ## A sigmoid that does not overflow
#
# For very negative $x$ our sigmoid computes an $e^{-x}$ beyond the largest floating-point number: in single precision
# from about $x = -89$ on. The result happens to be right, $1/\infty = 0$; the often seen $e^x/(1+e^x)$ fails on the
# other side with $\infty/\infty$. The library uses that the sigmoid is a tanh, twice as wide and half as high:
#
# $$ \tanh\left(\tfrac{x}{2}\right) = \frac{e^{x/2} - e^{-x/2}}{e^{x/2} + e^{-x/2}} = \frac{1 - e^{-x}}{1 + e^{-x}}
#    = \frac{2}{1+e^{-x}} - 1, \qquad\text{so}\qquad
#    \frac{1}{1+e^{-x}} = \tfrac12 \tanh\left(\tfrac{x}{2}\right) + \tfrac12, $$
#
# and tanh is quietly $-1$ or $1$ where it can be nothing else.

# %%
print(inspect.getsource(layers.sigmoid))
x = np.array([-100, -1, 0, 1, 100], np.float32)
with np.errstate(all="ignore"):  # no warnings here: we look at the damage itself
    for name, f in (
        ("1 / (1 + e^-x)", sigmoid),
        ("e^x / (1 + e^x)", lambda x: np.exp(x) / (1 + np.exp(x))),
        ("the library's", layers.sigmoid),
    ):
        print(f"{name:16} {f(x)}")

# %% [markdown]
# One thing the tanh cannot do: far out on the left it says 0, where the truth is small but positive. Whoever takes
# the logarithm of that gets $-\infty$. This is why losses that need $\log y$ start from $x$ (lesson 05).
#
# ## The layers of the library
#
# Activations are layers without parameters. What `forward` hands to `backward` is the output, as above.

# %%
for layer in (ReLU, LeakyReLU, Sigmoid):
    print(inspect.getsource(layer))

# %%
x, dy = rng.standard_normal((4, 5)), rng.standard_normal((4, 5))
x[0] = 0.0  # the kink, too
for layer, (f, backward) in zip((ReLU(), LeakyReLU(0.1), Sigmoid()), OURS.values(), strict=True):
    y, cache = layer.forward(x)
    np.testing.assert_allclose(y, f(x), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(dy, cache), backward(dy, f(x)), rtol=1e-12)
    print(f"{layer}: forward and backward agree, at 0, too")

# %% [markdown]
# ## Slopes multiply
#
# The derivative on its way back meets the slope of every activation it passes. A sigmoid's slope is at most 1/4, and
# twenty of them are at most $4^{-20} \approx 10^{-12}$. Whether the weights make up for it is a question for an
# experiment: twenty layers of 128 units, weights from $N(0, 2/128)$ as in the library's networks, a random
# derivative at the top.


# %%
def sizes_going_back(activation, depth=20, width=128, N=64):
    """The root mean square of the derivative after each layer on the way back, the top being 1."""
    rng = np.random.default_rng(1)
    ws = rng.standard_normal((depth, width, width)) * np.sqrt(2 / width)
    x, caches = rng.standard_normal((N, width)), []
    for w in ws:
        x, cache = activation.forward(x @ w)
        caches.append(cache)
    dx, sizes = rng.standard_normal((N, width)), []
    for w, cache in zip(ws[::-1], caches[::-1], strict=True):
        dx = activation.backward(dx, cache) @ w.T
        sizes.append(np.sqrt((dx**2).mean()))
    return sizes


fig, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
for (name, layer), colour, marker in zip(
    {"ReLU": ReLU(), "LeakyReLU": LeakyReLU(0.1), "sigmoid": Sigmoid()}.items(),
    (BLUE, ORANGE, GREEN), "ox^", strict=True,
):  # fmt: skip
    sizes = sizes_going_back(layer)
    axes.semilogy(range(1, 21), sizes, color=colour, marker=marker, markersize=6, fillstyle="none", label=name)
    print(f"{name:9}  after 20 layers {sizes[-1]:.1g} of the derivative at the top")
axes.set(xlabel="layers passed on the way back", ylabel="size of the derivative", xticks=range(0, 21, 5))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Each sigmoid leaves about a third of the derivative, so that next to nothing reaches the first layers: with plain
# gradient descent they would hardly move (Adam, lesson 05, divides such a factor out). ReLU stops half of the numbers
# and lets the other half through whole. Weights of variance 2/128 make up for that: of the 128 products in a sum half
# are 0, and the others have 64 · 2/128 = 1 times the variance of before. The size hardly changes.*
#
# In the library's networks sigmoid layers stand only at the very end of a decoder, where pixels lie between 0 and 1.
#
# ## What ReLUs carve out of a plane
#
# With two inputs we can see what a hidden layer does. Every unit is silent on one side of a straight line and grows
# on the other. Below, eight units learn to tell two half moons apart: the same forward and backward passes as above,
# put together in one function that we shall use twice. Its loss is explained in lesson 05.


# %%
def start(D, hidden, M, seed=0):
    """Weights of a network D -> hidden -> M: w1, b1, w2, b2."""
    rng = np.random.default_rng(seed)
    w1 = rng.standard_normal((D, hidden)).astype(np.float32) * np.float32(np.sqrt(2 / D))
    w2 = rng.standard_normal((hidden, M)).astype(np.float32) * np.float32(np.sqrt(2 / hidden))
    return w1, np.zeros(hidden, np.float32), w2, np.zeros(M, np.float32)


def train(params, x, labels, activation, rate, steps, batch=128, seed=0):
    """The parameters after `steps` steps down the loss, each of them on a batch of random examples."""
    rng = np.random.default_rng(seed)
    w1, b1, w2, b2 = (p.copy() for p in params)
    for _ in range(steps):
        rows = rng.integers(len(x), size=batch)
        y, cache = activation.forward(x[rows] @ w1 + b1)
        _, dscores = softmax_cross_entropy(y @ w2 + b2, labels[rows])
        dx = activation.backward(dscores @ w2.T, cache)  # the derivative by the pre-activation
        grads = (x[rows].T @ dx, dx.sum(axis=0), y.T @ dscores, dscores.sum(axis=0))
        for p, dp in zip((w1, b1, w2, b2), grads, strict=True):
            p -= rate * dp
    return w1, b1, w2, b2


def scores_of(params, x, activation=relu):
    w1, b1, w2, b2 = params
    return activation(x @ w1 + b1) @ w2 + b2


# %%
angle = rng.uniform(0, np.pi, (2, 200))
moons = np.concatenate([
    np.stack([np.cos(angle[0]), np.sin(angle[0])], axis=1),
    np.stack([1 - np.cos(angle[1]), 0.5 - np.sin(angle[1])], axis=1),
]) + 0.1 * rng.standard_normal((400, 2))  # fmt: skip
moons = (moons - moons.mean(axis=0)).astype(np.float32)
which = np.repeat([0, 1], 200)
moon_params = train(start(2, 8, 2), moons, which, ReLU(), rate=0.5, steps=300 if FAST else 3000)
right = (scores_of(moon_params, moons).argmax(axis=1) == which).mean()
print(f"{right:.1%} of the points on the right side")


# %%
def stuck(params, unit):
    """The same network with one hidden unit dead: its column of w1 and its bias are 0."""
    w1, b1, w2, b2 = (p.copy() for p in params)
    w1[:, unit], b1[unit] = 0.0, 0.0
    return w1, b1, w2, b2


accuracies = [(scores_of(stuck(moon_params, unit), moons).argmax(axis=1) == which).mean() for unit in range(8)]
_, _, _, _, middling, *_, worst = np.argsort(accuracies)[::-1]
print("accuracy with one unit dead, unit by unit:", " ".join(f"{accuracy:.0%}" for accuracy in accuracies))

# %%
plane = np.stack(np.meshgrid(np.linspace(-2, 2, 200), np.linspace(-1.5, 1.5, 150)), axis=-1).astype(np.float32)
before = plane @ moon_params[0] + moon_params[1]  # (150, 200, 8) pre-activations
xs, ys = plane[..., 0], plane[..., 1]
fig, panels = plt.subplots(1, 4, figsize=(8, 2), layout="constrained")
panels[0].contourf(xs, ys, (before > 0).sum(axis=-1), levels=np.arange(-0.5, 9), cmap="Greys", vmax=16)
for unit in range(8):
    panels[0].contour(xs, ys, before[..., unit], levels=[0], colors=GREY, linewidths=0.7)
panels[0].set(xlabel="units at work (grey)\nand their kinks")
for panel, params, text in (
    (panels[1], moon_params, "all 8 units"),
    (panels[2], stuck(moon_params, middling), "a middling\nunit dead"),
    (panels[3], stuck(moon_params, worst), "the most important\nunit dead"),
):
    scores = scores_of(params, plane)
    panel.contourf(xs, ys, scores[..., 1] > scores[..., 0], levels=[-0.5, 0.5, 1.5], colors=["#cfe3f1", "#f6d9c8"])
    panel.set(xlabel=text)
for panel in panels:
    for label, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "^")):
        panel.plot(*moons[which == label].T, marker, color=colour, markersize=1.5)
    panel.set(xticks=[], yticks=[])
plt.show()

# %% [markdown]
# *First panel: eight lines cut the plane into pieces; on each piece the scores are those of one dense layer. Second:
# the border between the classes is a chain of straight bits with corners on those lines. Third and fourth: what is left
# of it when one unit is dead.*
#
# Some units carry little, one carries a great deal. Regularisation, says the paper, is "to uniformly distribute the
# information across all the nodes" (section IV); here nobody has asked for that.
#
# ## Zero stays zero
#
# Those last panels were drawn with a hidden unit "dead". What does that mean? The paper multiplies activations with a
# mask of ones and zeros: the *output* of a dead unit is 0. We have put zeros in a column of `w1` and in one entry of
# `b1`, which makes the *pre-activation* 0. For ReLU and LeakyReLU that is the same thing, since both map 0 to 0. For
# the sigmoid it is not: its 0 is a half.

# %%
alive = np.array([1, 0, 1, 1])  # one of four hidden units is stuck at 0
x, w1, w2 = (rng.standard_normal(shape) for shape in ((5, 3), (3, 4), (4, 2)))
b1 = np.array([0.5, 1.0, -0.5, 0.2])
for name, (f, _) in OURS.items():
    masked_output = (f(x @ w1 + b1) * alive) @ w2  # as the paper says it
    masked_column = f(x @ (w1 * alive) + b1 * alive) @ w2  # as the library does it
    without_bias = f(x @ (w1 * alive) + b1) @ w2  # the column alone is not enough
    print(f"{name:9}  column and bias: off by {abs(masked_column - masked_output).max():.2f}"
          f"   column only: off by {abs(without_bias - masked_output).max():.2f}")  # fmt: skip
    assert np.allclose(masked_column, masked_output) == (f(zero) == 0)

# %% [markdown]
# So faults in units need no second mechanism beside faults in weights: both are masks on parameters, and the forward
# pass does not know about either. Every layer of the library says whether it keeps a zero, and a campaign that kills
# units refuses a network with a layer that does not:

# %%
print({type(layer).__name__: layer.keeps_zero for layer in (ReLU(), LeakyReLU(), MaxPool2d(), Flatten(), Sigmoid())})

# %% [markdown]
# There is a second property of that kind. ReLU does not know units of measurement: for every $s > 0$
#
# $$ \mathrm{ReLU}(s\,x) = s\,\mathrm{ReLU}(x), $$
#
# and for LeakyReLU likewise (*positive homogeneity*). Multiply a unit's column and bias by $s$, divide its row in
# the next layer by $s$, and nobody notices. One network has many sets of weights; in the exercises you look for the
# best one.

# %%
s = np.array([4.0, 0.5, 2.0, 0.125])  # powers of two, one for each unit: no rounding
for name, (f, _) in OURS.items():
    usual, scaled = f(x @ w1 + b1) @ w2, f(x @ (w1 * s) + b1 * s) @ (w2 / s[:, None])
    print(f"{name:9}  off by {abs(scaled - usual).max():.2f}")
    assert (name == "sigmoid") != np.allclose(scaled, usual, rtol=1e-12)

# %% [markdown]
# ## Hidden activations of real images
#
# Now 784 pixels, 64 hidden ReLUs, 10 classes. Which units does a garment wake?

# %%
images = data.load("fashion-mini")
x_train, x_test = (data.to_unit(part).reshape(-1, 784) for part in (images.x_train, images.x_test))
params = train(start(784, 64, 10), x_train, images.y_train, ReLU(), rate=0.1, steps=60 if FAST else 1500)
right = (scores_of(params, x_test).argmax(axis=1) == images.y_test).mean()
y = relu(x_test @ params[0] + params[1])  # (1000, 64)
print(f"{right:.0%} of the test images right; {(y == 0).mean():.0%} of all activations are exactly 0")

on = (y > 0).astype(float)
agree = (on @ on.T + (1 - on) @ (1 - on).T) / 64  # (1000, 1000): the share of units both images wake, or neither
same = images.y_test[:, None] == images.y_test
pair = ~np.eye(len(same), dtype=bool)  # an image always agrees with itself
print(f"two images of one class agree on {agree[same & pair].mean():.0%} of the units,")
print(f"two images of different classes on {agree[~same].mean():.0%}")

# %%
fig, panels = plt.subplots(2, 6, figsize=(8, 3), layout="constrained")
chosen = [np.flatnonzero(images.y_test == label)[place] for label in (1, 7, 9) for place in (0, 1)]
for (top, bottom), n in zip(panels.T, chosen, strict=True):
    top.imshow(images.x_test[n, :, :, 0], cmap="gray_r")
    shown = bottom.imshow(np.ma.masked_equal(y[n].reshape(8, 8), 0), cmap="viridis", vmin=0, vmax=y[chosen].max())
    bottom.set_facecolor("white")
    for panel in (top, bottom):
        panel.set(xticks=[], yticks=[])
panels[0, 0].set_ylabel("image")
panels[1, 0].set_ylabel("64 units")
fig.colorbar(shown, ax=panels[1], label="activation", shrink=0.9)
plt.show()

# %% [markdown]
# *Two pairs of trousers, two sneakers, two boots, and the 64 activations of each as an 8 x 8 square; white is
# exactly 0. Alike garments wake alike units, and a good part of every square is white.*
#
# A white field is good news for fault tolerance: a unit that is silent anyway can be stuck at 0, and for this image
# nothing changes at all.
#
# ## Dead without a fault
#
# A unit can be silent for *every* image. Then $y = 0$ everywhere, the slope is 0 everywhere, and its weights get no
# derivative: it never learns again. No hardware has failed; one step was too long and has pushed its pre-activation
# below zero for all of them.

# %%
rates = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
fig, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for seed, marker in enumerate("os^"):
    silent = []
    for rate in rates:
        w1, b1, *_ = train(start(784, 64, 10, seed), x_train, images.y_train, ReLU(), rate, steps=30, seed=seed)
        silent.append((relu(x_train @ w1 + b1) == 0).all(axis=0).mean())
    print(f"seed {seed}: at a rate of {rate} {silent[-1]:.0%} of the units are silent for all images")
    axes.plot(rates, silent, color=BLUE, marker=marker, markersize=4, alpha=0.8, label=f"seed {seed}")
axes.set(xlabel="learning rate", ylabel="silent for all 6,000 images")
axes.yaxis.set_major_formatter("{x:.0%}")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Thirty short steps kill nobody. Thirty long ones silence about half of the layer, and not the same share each time.*
#
# Train such a network on with a sensible rate, and the dead stay dead to the last bit. LeakyReLU has a slope
# everywhere: in its hands the same weights move.

# %%
hurt = train(start(784, 64, 10), x_train, images.y_train, ReLU(), rate=0.6, steps=30)
dead = (relu(x_train @ hurt[0] + hurt[1]) == 0).all(axis=0)
for layer in (ReLU(), LeakyReLU(0.1)):
    later = train(hurt, x_train, images.y_train, layer, rate=0.05, steps=20 if FAST else 300)
    moved = (later[0] != hurt[0]).any(axis=0)
    print(f"{layer}: {dead.sum()} dead units, of which {moved[dead].sum()} have moved since")
    assert moved[dead].all() if isinstance(layer, LeakyReLU) else not moved[dead].any()
for unit in np.flatnonzero(dead):  # what would a fault do to them?
    np.testing.assert_allclose(scores_of(stuck(hurt, unit), x_train), scores_of(hurt, x_train), atol=1e-5)
print("stuck at 0, a dead unit changes no score of any training image")

# %% [markdown]
# A dead unit is a fault that has already happened. Lesson 07 makes them on purpose.
#
# ## Exercises
#
# 1. ReLU lets a number grow without bound. Write the backward pass of $y = \min(\max(x, 0),\, c)$ from the output
#    alone; the slope at both kinks is 0. (`clipped_relu_backward`)
# 2. Is a unit dead for the images we have, or for every image there can be? Write the largest pre-activation that each
#    unit can reach when every pixel lies between 0 and 1. (`highest`)
# 3. Rescale every hidden unit, as above, so that the network does the same and $\sum w^2$ over all weights is as small
#    as can be. The penalty of lesson 05 would like that; a unit stuck at 0 hurts as much as before. (`balance`)
#
# The stubs are in `exercises/ex02.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex02

look_at(ex02)
