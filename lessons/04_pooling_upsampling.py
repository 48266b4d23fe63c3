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
# # 04 · Pooling and upsampling: smaller, and larger again
#
# **The question.** On its way through a network an image becomes smaller, and a decoder has to make it larger again.
# Four pixels become one: which of the four is to blame for an error? One pixel becomes four: who tells it?
#
# Twenty-five minutes of reading; you need lesson 03.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data
from aftt_np.layers import Conv2d, LeakyReLU, MaxPool2d, ReLU, Upsample2d
from aftt_np.plots import BLUE, GREY, ORANGE

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer images, for the tests of this course; the cells are the same
images = data.load("fashion-mini")
x_train = data.to_unit(images.x_train[: 500 if FAST else 6000])  # (N, 28, 28, 1), from 0 to 1

# %% [markdown]
# ## The largest of four
#
# Cut the image into windows of $K \times K$ pixels, side by side, and keep the largest number of each:
#
# $$ y_{ij} = \max_{0 \le a, b < K} x_{Ki + a,\; Kj + b}. $$
#
# In the code a batch of images is `x` with shape `(N, H, W, C)`, `N` images of `H` times `W` pixels with `C`
# channels, and every channel is pooled by itself. Splitting each of the two axes into (window, place in the window)
# makes the maximum one line. By hand:


# %%
def max_pool_forward(x, K=2):
    N, H, W, C = x.shape
    return x.reshape(N, H // K, K, W // K, K, C).max(axis=(2, 4))  # (N, H, W, C) -> (N, H/K, W/K, C)


x = np.array([[1.0, 5.0, 2.0, 0.0],
              [3.0, 4.0, 1.0, 6.0],
              [0.0, 0.0, 7.0, 7.0],
              [0.0, 0.0, 2.0, 7.0]]).reshape(1, 4, 4, 1)  # fmt: skip
print(max_pool_forward(x)[0, :, :, 0])

# %% [markdown]
# ## Backwards
#
# Move a pixel that is not the largest of its window, and nothing happens. Move the largest by $h$, and $y$ moves by
# $h$. So the derivative goes, whole, to the pixel that won, and all others get 0. If several are largest, one of them
# has to be chosen: `argmax` takes the first, in the order in which one reads.


# %%
def max_pool_backward(dy, x, K=2):
    N, H, W, C = x.shape
    windows = x.reshape(N, H // K, K, W // K, K, C).transpose(0, 1, 3, 5, 2, 4)  # (N, H/K, W/K, C, K, K)
    winner = windows.reshape(*dy.shape, K * K).argmax(axis=-1)  # the first of the largest
    dx = np.zeros((*dy.shape, K * K))
    np.put_along_axis(dx, winner[..., None], dy[..., None], axis=-1)
    dx = dx.reshape(windows.shape).transpose(0, 1, 4, 2, 5, 3)  # (N, H/K, K, W/K, K, C)
    return dx.reshape(x.shape)


dy = np.array([[10.0, 20.0], [30.0, 40.0]]).reshape(1, 2, 2, 1)
print(max_pool_backward(dy, x)[0, :, :, 0])

# %% [markdown]
# Against the definition of a derivative, on random numbers, of which no two are the same:


# %%
def finite_difference(f, p, h=1e-6):
    """The derivative of the number f(p) by every entry of the array p."""
    dp = np.zeros_like(p)
    for place in np.ndindex(p.shape):
        step = np.zeros_like(p)
        step[place] = h
        dp[place] = (f(p + step) - f(p - step)) / (2 * h)
    return dp


rng = np.random.default_rng(0)
p, dp = rng.standard_normal((2, 6, 6, 3)), rng.standard_normal((2, 3, 3, 3))
error = abs(max_pool_backward(dp, p) - finite_difference(lambda p: (max_pool_forward(p) * dp).sum(), p)).max()
print(f"largest difference {error:.1e}")
assert error < 1e-8

# %% [markdown]
# ## Ties
#
# Two windows of our example had more than one winner: the four zeros, and the three sevens. There $\max$ has a kink,
# like ReLU at 0, and finite differences give half a derivative to each of the winners (raise one and $y$ rises; lower
# it and another one stands in for it):

# %%
print(finite_difference(lambda p: (max_pool_forward(p) * dy).sum(), x)[0, :, :, 0].round(2))

# %% [markdown]
# Three sevens with half of 40 each make 60. That cannot be right: if *all* pixels of a window rise by $h$, the
# maximum rises by $h$, and so the derivatives of a window have to add up to that of $y$. All to the first is one way
# to do that; equal shares would be another. What is often written is neither: the mask `x == y`, which gives the
# whole derivative to *every* winner. Are ties frequent enough to matter?


# %%
def every_winner(dy, x, K=2):
    """A backward pass with a bug: the derivative is handed out once to every maximum of a window."""

    def grown(y):
        return y.repeat(K, axis=1).repeat(K, axis=2)

    return grown(dy) * (x == grown(max_pool_forward(x, K)))


def tied(x):
    """The share of windows with more than one winner."""
    winners = every_winner(np.ones_like(max_pool_forward(x)), x)  # 1 at every maximum
    N, H, W, C = x.shape
    return (winners.reshape(N, H // 2, 2, W // 2, 2, C).sum(axis=(2, 4)) > 1).mean()


conv = Conv2d(1, 20, K=5)  # the first layer of the paper's A2 for Fashion-MNIST, with random weights
conv = conv.with_params({"w": rng.standard_normal((5, 5, 1, 20)).astype(np.float32) / 5, "b": np.zeros(20, np.float32)})
before, _ = conv.forward(x_train[:200])  # (200, 24, 24, 20)
after, _ = ReLU().forward(before)
for what, numbers in (("random numbers", p), ("images", x_train), ("after a convolution", before), ("and ReLU", after)):
    print(f"{what:20} {tied(numbers):5.1%} of the windows have several winners")

# %% [markdown]
# Random numbers, on which one tests, have no ties; images are full of them. Most of a garment's background is exactly
# 0; what a kernel makes of one blank patch it makes of all; and ReLU turns whole windows into zeros. Look at what the
# bug does to an image if every window gets a derivative of 1.

# %%
boot = x_train[images.y_train[: len(x_train)] == 9][:1]  # (1, 28, 28, 1)
ones = np.ones((1, 14, 14, 1))
fig, panels = plt.subplots(1, 3, figsize=(7.5, 2.7), layout="constrained")
shown = (boot, max_pool_backward(ones, boot), every_winner(ones, boot))
for panel, picture, text in zip(panels, shown, ("image", "dx: the first winner", "dx: every winner"), strict=True):
    panel.imshow(picture[0, :, :, 0], cmap="gray_r", vmin=0, vmax=1)
    total = "" if picture is boot else f", sum {picture.sum():.0f}"
    panel.set(xticks=[], yticks=[], xlabel=text + total)
plt.show()

# %% [markdown]
# *Where the derivative goes (black: 1). In the middle one pixel of each window, in the blank background always the
# first of the four. On the right all four of them: the sum should be 196, one for each window.*
#
# A blank pixel cannot learn, so does it matter? The layer before the pool has a bias, and its derivative is the sum
# over all pixels:

# %%
dy_pool = np.ones((200, 12, 12, 20))
right, wrong = (backward(dy_pool, before).sum() for backward in (max_pool_backward, every_winner))
print(f"the derivatives of the biases, summed: {wrong / right:.2f} times what they should be")
assert right == dy_pool.sum() < wrong

# %% [markdown]
# ## The layer of the library
#
# It needs no `argmax` and moves no axes about. The four places of a window are four views of the same array, every
# second pixel of every second row, and the maximum is taken view by view.

# %%
print(inspect.getsource(MaxPool2d))

# %% [markdown]
# In `backward`, `open_` says which windows still wait for their first winner. Where a place holds the maximum and the
# window is open, it gets the derivative and the window is closed.

# %%
layer = MaxPool2d(2)
for numbers, derivative in ((p, dp), (x, dy), (boot, rng.standard_normal((1, 14, 14, 1)).astype(np.float32))):
    y, cache = layer.forward(numbers)
    np.testing.assert_array_equal(y, max_pool_forward(numbers))
    np.testing.assert_array_equal(layer.backward(derivative, cache), max_pool_backward(derivative, numbers))
print("forward and backward agree, with ties and without")

# %% [markdown]
# ## ReLU first, or the pool?
#
# It does not matter. If $f$ never falls, the largest $x$ of a window also has the largest $f(x)$, so
#
# $$ \max_k f(x_k) = f\big(\max_k x_k\big). $$
#
# And the derivatives? If the maximum is positive, both orders give it to the same pixel, the first winner. If it is
# not, ReLU lets nothing through: behind the pool it stops the derivative before it gets there, in front of the pool
# the first of four zeros gets it and ReLU's slope there is 0. So all ties that ReLU made are harmless.

# %%
relu, dy_pool = ReLU(), rng.standard_normal((200, 12, 12, 20)).astype(np.float32)
y1, cache1 = layer.forward(before)
y1, cache1_relu = relu.forward(y1)
dx1 = layer.backward(relu.backward(dy_pool, cache1_relu), cache1)  # the pool, then ReLU

y2, cache2_relu = relu.forward(before)
y2, cache2 = layer.forward(y2)
dx2 = relu.backward(layer.backward(dy_pool, cache2), cache2_relu)  # ReLU, then the pool

assert np.array_equal(y1, y2) and np.array_equal(dx1, dx2)
print(f"pool first: {y1[0].size:,} numbers an image go through ReLU; ReLU first: {before[0].size:,}")
leaky = LeakyReLU(0.1)
assert np.array_equal(leaky.forward(layer.forward(before)[0])[0], layer.forward(leaky.forward(before)[0])[0])
assert not np.array_equal(abs(layer.forward(before)[0]), layer.forward(abs(before))[0])  # |x| falls, for x < 0

# %% [markdown]
# The same bits for a quarter of ReLU's work. The paper does not say which order its A2 has; the library pools first.
#
# ## A pool has spare parts
#
# Let single pixels be stuck at 0, each with probability $r$, as if single cells of a memory could not be read.
# Without a pool a share $r$ of the brightness is lost, and a pool that takes the *mean* of each window loses just as
# much. A maximum is hurt only if the winner is hit, and then the largest of those that still work takes its place.
# (Pixels are never negative. In a window of negative numbers a 0 would become the largest; but ReLU behind the pool
# makes a 0 of such a window anyway.)

# %%
rates = np.linspace(0, 0.9, 10)
lost = {"no pool": [], "mean of 2 x 2": [], "largest of 2 x 2": []}
some = x_train[:500]
for rate in rates:
    broken = some * (rng.random(some.shape) >= rate)
    for name, pool in (
        ("no pool", lambda x: x),
        ("mean of 2 x 2", lambda x: x.reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4))),
        ("largest of 2 x 2", max_pool_forward),
    ):
        lost[name].append((pool(some) - pool(broken)).sum() / pool(some).sum())

fig, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
for (name, shares), colour, marker in zip(lost.items(), (GREY, ORANGE, BLUE), "oxs", strict=True):
    axes.plot(rates, shares, color=colour, marker=marker, markersize=6, fillstyle="none", label=name)
axes.set(xlabel="share of pixels stuck at 0", ylabel="share of the brightness lost")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Without a pool, and behind a mean, what is stuck is lost. Behind a maximum much less is lost: neighbouring pixels
# are much alike, and stand in for each other.*

# %%
broken = boot * (rng.random(boot.shape) >= 0.3)
fig, panels = plt.subplots(1, 4, figsize=(8, 2.4), layout="constrained")
for panel, (text, picture) in zip(
    panels,
    {"image": boot, "30 % stuck at 0": broken, "the image, pooled": max_pool_forward(boot),
     "the broken one, pooled": max_pool_forward(broken)}.items(),
    strict=True,
):  # fmt: skip
    panel.imshow(picture[0, :, :, 0], cmap="gray_r", vmin=0, vmax=1)
    panel.set(xticks=[], yticks=[], xlabel=text)
plt.show()

# %% [markdown]
# *A boot with three pixels in ten missing, and what the pool makes of it: hardly a hole is left.*
#
# Do not expect too much of it. Where a whole channel is dead, as in the library's faults of the kinds `filters` and
# `nodes`, all four numbers of every window are 0, and there is nobody to stand in.
#
# ## Twice as large
#
# A decoder goes the other way. For CIFAR-10 the paper's has upsampling layers "with a bilinear scaling factor of 2"
# (section VI-B). Along one axis: $2H$ new pixels share the width of $H$ old ones, so the centres of the new ones lie
# a quarter of a pixel to the left and to the right of the old centres, and linear interpolation between neighbours
# gives
#
# $$ y_{2i} = \tfrac34\, x_i + \tfrac14\, x_{i-1}, \qquad y_{2i+1} = \tfrac34\, x_i + \tfrac14\, x_{i+1}. $$
#
# At the border the neighbour that is missing is replaced by the pixel itself. Every $y$ is a weighted sum of the $x$,
# so all this is a matrix, $y = U x$:


# %%
def upsample_matrix(H):
    U = np.zeros((2 * H, H))
    for i in range(H):
        for new, neighbour in ((2 * i, max(i - 1, 0)), (2 * i + 1, min(i + 1, H - 1))):
            U[new, i] += 0.75
            U[new, neighbour] += 0.25
    return U


U, x = upsample_matrix(3), np.array([1.0, 4.0, 2.0])
print(U)
print("y =", U @ x)

# %%
fig, axes = plt.subplots(figsize=(6, 2.8), layout="constrained")
axes.plot(range(3), x, "o-", color=GREY, markersize=9, label="x, and the lines between")
axes.plot((np.arange(6) + 0.5) / 2 - 0.5, U @ x, "s", color=BLUE, markersize=6, label="y = U x")
axes.set(xlabel="place, in old pixels", ylabel="value", xticks=range(3), ylim=(0, 4.9))
axes.legend(frameon=False, ncols=2, loc="upper center")
plt.show()

# %% [markdown]
# *Six new pixels on the lines between three old ones, at quarters and three quarters; the outermost two repeat the
# border. The peak of 4 itself is not among them.*
#
# Each row of $U$ adds up to 1: a grey area stays as grey as it was. An image has two axes, so it is multiplied from
# both sides, $Y = U_H\, X\, U_W^{\mathsf T}$ for each channel: four neighbours with the weights 9/16, 3/16, 3/16 and
# 1/16.
#
# ## And its backward pass
#
# Take $L = \langle y, dy\rangle = \sum_k y_k\, dy_k$ with a fixed `dy`, as in lesson 01. With $y = Ux$ it is
#
# $$ \langle U x,\, dy \rangle = x^{\mathsf T} U^{\mathsf T} dy = \langle x,\, U^{\mathsf T} dy \rangle
#    \quad\Longrightarrow\quad dx = U^{\mathsf T}\, dy. $$
#
# The backward pass of a linear layer is its transpose, and the equation in the middle is a test of it that needs no
# derivative at all: **draw any $x$ and any $y$, and compare $\langle U x, y\rangle$ with $\langle x, U^{\mathsf T}
# y\rangle$.** It is called the adjoint test, adjoint being another word for transposed.


# %%
def upsample_forward(x):
    """x: (H, W), one channel of one image  ->  (2H, 2W)"""
    return upsample_matrix(x.shape[0]) @ x @ upsample_matrix(x.shape[1]).T


def upsample_backward(dy):
    """dy: (2H, 2W)  ->  (H, W)"""
    return upsample_matrix(dy.shape[0] // 2).T @ dy @ upsample_matrix(dy.shape[1] // 2)


x, dy = rng.standard_normal((3, 4)), rng.standard_normal((6, 8))
print((upsample_forward(x) * dy).sum(), (x * upsample_backward(dy)).sum())
np.testing.assert_allclose((upsample_forward(x) * dy).sum(), (x * upsample_backward(dy)).sum(), rtol=1e-9)
error = abs(upsample_backward(dy) - finite_difference(lambda x: (upsample_forward(x) * dy).sum(), x)).max()
print(f"largest difference from finite differences {error:.1e}")
assert error < 1e-8

# %% [markdown]
# Transposed is not inverted: $U^{\mathsf T}$ does not undo $U$. It asks each new pixel how it would like the old ones
# to move, and every old pixel hears from four new ones along each axis (from three at a border).

# %%
print(U.T @ U)
print("what each of three old pixels hears if all new ones say 1:", U.T @ np.ones(6))

# %% [markdown]
# ## The layer of the library
#
# The same for a batch with channels: one product along the height, one along the width, and `transpose` for the way
# back.

# %%
print(inspect.getsource(Upsample2d))

# %%
layer = Upsample2d()
x, dy = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((2, 6, 8, 5))
y, cache = layer.forward(x)
dx = layer.backward(dy, cache)
for n in range(2):
    for c in range(5):
        np.testing.assert_allclose(y[n, :, :, c], upsample_forward(x[n, :, :, c]), rtol=1e-12)
        np.testing.assert_allclose(dx[n, :, :, c], upsample_backward(dy[n, :, :, c]), rtol=1e-12)
np.testing.assert_allclose((y * dy).sum(), (x * dx).sum(), rtol=1e-9)
print("forward and backward agree, and are each other's transpose")

# %% [markdown]
# A max-pool is not linear, but once it is known who wins, it only picks pixels out: $y = S x$ with a matrix $S$ that
# has a single 1 in each row. So its backward pass is a transpose, too, and has to pass the same test, for the $x$
# that $S$ was made from. The bug from above does not:

# %%
pool, dy = MaxPool2d(2), rng.random((len(x_train), 14, 14, 1)) + 1
raised = x_train + 0.5  # or the blank windows, being 0, would hide what they do
y, cache = pool.forward(raised)
for name, dx in (("the library's", pool.backward(dy, cache)), ("every winner", every_winner(dy, raised))):
    print(f"{name:14} <x, dx> / <y, dy> = {(raised * dx).sum() / (y * dy).sum():.3f}")
np.testing.assert_allclose((raised * pool.backward(dy, cache)).sum(), (y * dy).sum(), rtol=1e-6)

# %% [markdown]
# ## There and back again
#
# Pool a garment twice and make it large again twice. What is left?

# %%
garments = x_train[[np.flatnonzero(images.y_train == label)[0] for label in (0, 5, 8)]]
once, twice = pool.forward(garments)[0], pool.forward(pool.forward(garments)[0])[0]
up, upup = layer.forward(twice)[0], layer.forward(layer.forward(twice)[0])[0]
fig, panels = plt.subplots(3, 5, figsize=(7.5, 4.8), layout="constrained")
stages = {"28 x 28": garments, "14 x 14": once, "7 x 7": twice, "14 x 14 again": up, "28 x 28 again": upup}
for column, (text, pictures) in zip(panels.T, stages.items(), strict=True):
    for panel, picture in zip(column, pictures[..., 0], strict=True):
        panel.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        panel.set(xticks=[], yticks=[])
    column[-1].set_xlabel(text)
plt.show()
print("mean brightness:", ", ".join(f"{text} {pictures.mean():.2f}" for text, pictures in stages.items()))

# %% [markdown]
# *After two pools one number stands for sixteen pixels, and large numbers (drawn dark) have grown at the cost of
# small ones. The way back brings the size, smoothly, but not the detail: the sandal's heel and straps stay one thick
# stroke.*
#
# Upsampling keeps the mean brightness (every old pixel gives 2 along each axis, to twice as many pixels); pooling
# raises it each time, since the largest of four is never below their mean. Neither knows what a sandal looks like. In
# the paper's decoder that is left to the convolutions between the upsamplings.
#
# ## Exercises
#
# 1. A layer that takes the *mean* of each $K \times K$ window. Write its backward pass. (`average_pool_backward`)
# 2. Write the backward pass of a max-pool in which all winners of a window share its derivative equally.
#    (`max_pool_shared_backward`)
# 3. Write the test with two random arrays for any pair of functions: how far apart are $\langle f(x), y\rangle$ and
#    $\langle x, g(y)\rangle$? Then try it on your first answer. (`adjoint_gap`)
#
# The stubs are in `exercises/ex04.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex04

look_at(ex04)
