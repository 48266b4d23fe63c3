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
# # 03 · A convolution is one matrix product
#
# **The question.** The edge of a sleeve is an edge wherever in the picture it lies. How does a layer look for it
# everywhere at once, and what is the derivative of looking?
#
# A dense layer has a weight of its own for every pixel; what it has learned in the top left corner it does not know
# in the bottom right. A convolution slides one small window of weights over the whole image. Thirty-five minutes of
# reading; you need lesson 01.

# %%
import inspect
import os
import time

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data, im2col, layers
from aftt_np.layers import Conv2d, Dense, Flatten, MaxPool2d, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## The formula
#
# First one image $x$ with one channel, and one window (a *kernel* or *filter*) $w$ of $K \times K$ weights. Lay the
# window's corner on pixel $(i, j)$, multiply what lies on top of each other, add up:
#
# $$ y_{ij} = \sum_{a=0}^{K-1} \sum_{b=0}^{K-1} x_{i+a,\,j+b}\; w_{ab}. $$
#
# Two indices for the place, two for the window: four loops. (A mathematician calls this a *correlation*, and turns
# the kernel by 180 degrees before saying convolution. A network learns its kernels, so nobody minds which way up.)


# %%
def convolve(x, w):
    """One image x (H, W), one kernel w (K, K)."""
    K = len(w)
    OH, OW = x.shape[0] - K + 1, x.shape[1] - K + 1
    y = np.zeros((OH, OW))
    for i in range(OH):
        for j in range(OW):
            for a in range(K):
                for b in range(K):
                    y[i, j] += x[i + a, j + b] * w[a, b]
    return y


image = np.array([[0.0, 0.0, 5.0, 5.0],
                  [0.0, 0.0, 5.0, 5.0],
                  [0.0, 0.0, 5.0, 5.0],
                  [1.0, 2.0, 3.0, 4.0]])  # fmt: skip
kernel = np.array([[-1.0, 1.0],
                   [-1.0, 1.0]])  # what is on the right, less what is on the left  # fmt: skip
print(convolve(image, kernel))

# %% [markdown]
# Check one with a pencil: at the bottom left the window lies on 0, 0 and 1, 2, which gives $-0 + 0 - 1 + 2 = 1$. The
# large numbers are in the middle column, where dark turns to bright.
#
# ## How large is the output?
#
# Two settings are usual. With *padding* $P$ the image gets a frame of $P$ zeros first, so that the window may hang
# over the border. With *stride* $S$ the window takes steps of $S$ pixels. Along a side of $H$ pixels the window's
# corner stands at $0, S, 2S, \dots$, and the last window must end within the $H + 2P$ pixels:
#
# $$ S\,(OH - 1) + K \le H + 2P \quad\Longrightarrow\quad
#    OH = \left\lfloor \frac{H + 2P - K}{S} \right\rfloor + 1. $$
#
# In the library this is `out_size`. Here it is against plain counting, for every small case:

# %%
cases = [(H, K, S, P) for H in range(1, 12) for K in range(1, 6) for S in range(1, 5) for P in range(3)]
for H, K, S, P in cases:
    if H + 2 * P >= K:  # the window fits
        assert im2col.out_size(H, K, S, P) == len(range(0, H + 2 * P - K + 1, S))
print("28 pixels, K = 5:              ", im2col.out_size(28, 5, 1, 0))
print("28 pixels, K = 5, P = 2:       ", im2col.out_size(28, 5, 1, 2), " (the size stays)")
print("28 pixels, K = 3, S = 2, P = 1:", im2col.out_size(28, 3, 2, 1), " (the size is halved)")

# %% [markdown]
# ## Patches to rows
#
# Look at one output again: a sum of products over the $K^2$ pixels under the window. That is a row times a column.
# So write down the patch under every position of the window as a row of a matrix, the kernel as a column, and *all*
# outputs are one matrix product. The making of the matrix is called `im2col` in the trade (there a patch is often a
# column; here it is a row).
#
# A batch of colour images adds three indices, and changes nothing. Images are stored *channels last*, with the shape
# `(N, H, W, C)`; a patch is then $K \cdot K \cdot C$ numbers. There are $F$ kernels, one for each channel of the
# output, so `w` has the shape `(K, K, C, F)`, and the product gives all of them at once.


# %%
def to_rows(x, K, S=1, P=0):
    """x (N, H, W, C) -> (N*OH*OW, K*K*C): the patch of every position, in reading order."""
    x = np.pad(x, ((0, 0), (P, P), (P, P), (0, 0)))
    N, H, W, _ = x.shape
    OH, OW = (H - K) // S + 1, (W - K) // S + 1
    return np.array([
        x[n, i * S : i * S + K, j * S : j * S + K].reshape(-1)
        for n in range(N) for i in range(OH) for j in range(OW)
    ])  # fmt: skip


x = image.reshape(1, 4, 4, 1)
rows = to_rows(x, K=2)
print(rows)  # 9 positions, 4 pixels each
print(rows @ kernel.reshape(4))
np.testing.assert_array_equal((rows @ kernel.reshape(4)).reshape(3, 3), convolve(image, kernel))

# %% [markdown]
# In this matrix most pixels stand several times, once for every window that covers them. Numbered, so that one can
# follow them:

# %%
numbers = np.arange(16.0).reshape(1, 4, 4, 1)
fig, axes = plt.subplots(1, 2, figsize=(6, 3.4), layout="constrained")
for panel, matrix in zip(axes, (numbers[0, :, :, 0], to_rows(numbers, K=2)), strict=True):
    panel.imshow(matrix, cmap="viridis", vmin=0, vmax=15)
    for place in np.ndindex(matrix.shape):
        value = int(matrix[place])
        panel.text(*place[::-1], value, ha="center", va="center", color="black" if value > 9 else "white")
    panel.set(xticks=range(matrix.shape[1]), yticks=range(matrix.shape[0]))
axes[0].set(xlabel="column of the image", ylabel="row of the image")
axes[1].set(xlabel="place in the window", ylabel="position of the window", xticklabels=["0,0", "0,1", "1,0", "1,1"])
plt.show()

# %% [markdown]
# *Left the image, right its nine patches of 2 x 2 as rows. Pixel 5 is under four windows and stands in four rows, each
# time in another column; pixel 0 is under one window only.*
#
# ## And back: the adjoint
#
# With `cols = im2col(x)` the layer is `y = cols @ w + b`, a dense layer. Its derivatives are those of lesson 01:
#
# $$ dw = cols^{\mathsf T}\, dy, \qquad db = \sum_{\text{rows}} dy, \qquad dcols = dy\; w^{\mathsf T}. $$
#
# What is left is the way from $dcols$ to $dx$. `im2col` only copies, so it is linear: there is a matrix $A$ of zeros
# and ones with $cols = A\,x$, if $x$ and $cols$ are both unrolled into vectors. Then the chain rule says
# $dx = A^{\mathsf T}\, dcols$. Row $r$ of $A$ has its 1 at the pixel that is copied to $r$; so in $A^{\mathsf T}$
# that pixel *collects* what comes back from all of its copies. No need to store $A$, most of which is zeros: walk over
# the windows again, and add instead of copying. This is `col2im`.


# %%
def add_rows(cols, x_shape, K, S=1, P=0):
    """cols (N*OH*OW, K*K*C) -> (N, H, W, C): every row added back to where it was taken from."""
    N, H, W, C = x_shape
    x = np.zeros((N, H + 2 * P, W + 2 * P, C))
    OH, OW = (H + 2 * P - K) // S + 1, (W + 2 * P - K) // S + 1
    patches = iter(cols.reshape(-1, K, K, C))
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                x[n, i * S : i * S + K, j * S : j * S + K] += next(patches)
    return x[:, P : P + H, P : P + W]  # what was added to the frame of zeros concerns nobody


print(add_rows(np.ones((9, 4)), (1, 4, 4, 1), K=2)[0, :, :, 0])  # how many windows each pixel is under

# %% [markdown]
# Is it really the transpose? The matrix $A$ of the 4 x 4 image is small enough to be written out: its columns are what
# `to_rows` makes of the sixteen images that have a single pixel lit.

# %%
lit = np.eye(16).reshape(16, 1, 4, 4, 1)  # sixteen batches of one image
A = np.array([to_rows(x, K=2).ravel() for x in lit]).T  # (36, 16)
rng = np.random.default_rng(0)
c = rng.standard_normal((9, 4))
np.testing.assert_allclose(A @ image.ravel(), to_rows(image.reshape(1, 4, 4, 1), K=2).ravel())
np.testing.assert_allclose(A.T @ c.ravel(), add_rows(c, (1, 4, 4, 1), K=2).ravel())

fig, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
axes.imshow(A.T, cmap="Greys")
axes.set(xlabel="place in the patches (9 windows of 4 pixels)", ylabel="pixel", yticks=range(0, 16, 5))
axes.set_xticks(np.arange(-0.5, 36, 4), minor=True)
axes.grid(axis="x", which="minor", color=BLUE, linewidth=0.6)
plt.show()

# %% [markdown]
# *The transposed matrix; a black cell is a 1, and blue lines part the windows. Every column has exactly one black cell,
# since every place in a patch is copied from one pixel. A row has as many as the pixel has copies: one for pixels 0, 3,
# 12 and 15, the corners, four in the middle of the image.*
#
# For other sizes nobody wants to write $A$ out. The transpose has a test that needs no matrix: $A^{\mathsf T}$ is the
# only one with $\langle A x,\, c \rangle = \langle x,\, A^{\mathsf T} c \rangle$ for all $x$ and $c$, where
# $\langle\cdot,\cdot\rangle$ multiplies entry by entry and adds up. (Let $x$ and $c$ have a single 1 each: either side
# is then one entry of its matrix.) Such a map is called the *adjoint*. So: draw two arrays, compare two numbers.

# %%
for K, S, P in ((1, 1, 0), (2, 1, 0), (3, 2, 1), (3, 4, 2)):  # the last jumps over pixels: they collect nothing
    x = rng.standard_normal((2, 6, 7, 3))
    cols = to_rows(x, K, S, P)
    c = rng.standard_normal(cols.shape)
    left, right = (cols * c).sum(), (x * add_rows(c, x.shape, K, S, P)).sum()
    print(f"K = {K}, S = {S}, P = {P}: <im2col(x), c> = {left:+.10f}   <x, col2im(c)> = {right:+.10f}")
    assert abs(left - right) < 1e-9

# %% [markdown]
# ## The whole layer, and its check
#
# A dense layer on patches, with `add_rows` behind it on the way back. Checked as in lesson 01, along one random
# direction for each of the three arrays.


# %%
def conv_forward(x, w, b, S, P):
    N, H, W, _ = x.shape
    K, _, _, F = w.shape
    OH, OW = (H + 2 * P - K) // S + 1, (W + 2 * P - K) // S + 1
    cols = to_rows(x, K, S, P)
    return (cols @ w.reshape(-1, F) + b).reshape(N, OH, OW, F), cols


def conv_backward(dy, x_shape, cols, w, S, P):
    K, _, _, F = w.shape
    dy = dy.reshape(-1, F)  # (N*OH*OW, F)
    dw = (cols.T @ dy).reshape(w.shape)
    dx = add_rows(dy @ w.reshape(-1, F).T, x_shape, K, S, P)
    return dx, dw, dy.sum(axis=0)


S, P, h = 2, 1, 1e-6
x, w, b = (rng.standard_normal(shape) for shape in ((2, 6, 7, 3), (3, 3, 3, 4), (4,)))
y, cols = conv_forward(x, w, b, S, P)
dy = rng.standard_normal(y.shape)
derivatives = conv_backward(dy, x.shape, cols, w, S, P)
for place, (name, derivative) in enumerate(zip(("dx", "dw", "db"), derivatives, strict=True)):
    v = rng.standard_normal(derivative.shape)
    ahead, behind = ([p + step * v if k == place else p for k, p in enumerate((x, w, b))] for step in (h, -h))
    slope = ((conv_forward(*ahead, S, P)[0] - conv_forward(*behind, S, P)[0]) * dy).sum() / (2 * h)
    print(f"{name} along a direction: {(derivative * v).sum():+.6f}, by finite differences {slope:+.6f}")
    assert abs((derivative * v).sum() - slope) < 1e-6

# %% [markdown]
# ## The library's `im2col`
#
# Ours still loops over positions in Python. NumPy can do without any loop, by a trick with *strides*. An array in
# memory is a plain row of numbers; `x.strides` says how many bytes lie between neighbours along each axis. All
# windows at once are just another reading of the same row: a window one pixel lower begins as many bytes further as the
# next line within a window. Such a view has five axes and costs nothing; pixels stand in it several times without
# having been copied.

# %%
print(inspect.getsource(im2col.windows))
print(inspect.getsource(im2col.im2col))
x = np.arange(16.0).reshape(1, 4, 4, 1)
view = im2col.windows(x, 2, 1)
print("the image:  ", x.shape, "with strides", x.strides)
print("its windows:", view.shape, "with strides", view.strides, " the same memory:", np.shares_memory(view, x))

# %% [markdown]
# (`SHORT` is about speed: where a patch is made of short runs, the matrix is stored by columns. It is the same matrix.)
#
# Backwards `col2im` adds into such a view, and here is a trap: where windows overlap, one number of memory stands in
# several places of the view. `view += cols` may read all of them before it writes the first; then one of the sums stays
# and the others are lost. (NumPy promises nothing here.) The library adds in several rounds, each of windows that do
# not overlap:

# %%
print(inspect.getsource(im2col.col2im))
trap = np.zeros((1, 4, 4, 1))
overlapping = im2col.windows(trap, 2, 1)
overlapping += 1  # every window, all at once
print(trap[0, :, :, 0], " all windows at once\n")
print(im2col.col2im(np.ones((9, 4)), (1, 4, 4, 1), K=2)[0, :, :, 0], " col2im: the number of windows, as above")

# %% [markdown]
# ## The library's layer
#
# `forward`, `backward` and `gradients` each call one of three products. These go through the batch sixteen images at a
# time: the matrix of patches is up to $K^2$ times as large as the images, and is best used and forgotten while it is
# still in the processor's cache.

# %%
print(inspect.getsource(Conv2d))
for product in (layers.gather, layers.spread, layers.outer):
    print(inspect.getsource(product))

# %% [markdown]
# Ours and the library's agree, for several windows, strides and paddings:

# %%
for K, S, P in ((1, 1, 0), (3, 1, 1), (3, 2, 1), (5, 1, 0), (2, 3, 1)):
    x, w, b = (rng.standard_normal(shape) for shape in ((2, 8, 7, 3), (K, K, 3, 4), (4,)))
    layer = Conv2d(3, 4, K, S, P).with_params({"w": w, "b": b})
    y, cache = layer.forward(x)
    our_y, cols = conv_forward(x, w, b, S, P)
    dy = rng.standard_normal(y.shape)
    dx, dw, db = conv_backward(dy, x.shape, cols, w, S, P)
    grads = layer.gradients(dy, cache)
    np.testing.assert_allclose(y, our_y, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(layer.backward(dy, cache), dx, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(grads["w"], dw, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(grads["b"], db, rtol=1e-9, atol=1e-12)
print("forward, backward and gradients agree")

# %% [markdown]
# ## Was it worth it?
#
# The multiplications are the same ones: $2\,C K^2\,OH\,OW\,F$ operations an image, as the paper counts them in its
# section on complexity. Only now they are done by the processor's best routine and not by Python. Four loops for
# a few pairs of image and kernel, against the layer for all pairs of a batch:

# %%
images = data.load("fashion-mini")
x = data.to_unit(images.x_train[:64])  # (64, 28, 28, 1)
layer = Conv2d(1, 20, K=5)  # the first layer of the paper's convolutional network
w = rng.standard_normal((5, 5, 1, 20)).astype(np.float32)
layer = layer.with_params({"w": w, "b": np.zeros(20, np.float32)})
pairs = [(n, f) for n in range(1 if FAST else 4) for f in range(3)]

layer.forward(x)  # the first call warms up
started = time.perf_counter()
y, _ = layer.forward(x)
by_product = (time.perf_counter() - started) / (64 * 20)
started = time.perf_counter()
for n, f in pairs:
    np.testing.assert_allclose(convolve(x[n, :, :, 0], w[:, :, 0, f]), y[n, :, :, f], atol=1e-4)
by_loops = (time.perf_counter() - started) / len(pairs)
print(f"{2 * 25 * 24 * 24:,} operations for an image and a kernel")
print(f"the matrix product is {by_loops / by_product:.0f} times as fast as the four loops, this time")
assert by_loops > 10 * by_product

# %% [markdown]
# Hundreds or thousands of times; it depends on the machine, and on who else is using it.
#
# ## Edges by hand
#
# Before a network learns kernels, three that people have used for decades. The first two take the difference of
# neighbours, smoothed a little across (Prewitt's operator); the third that of a pixel and the mean of the four
# around it.

# %%
across = np.array([[-1, 0, 1]] * 3) / 3
kernels = np.stack([across, across.T, np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]]) / 4], axis=-1)
edges = Conv2d(1, 3, K=3, P=1).with_params({"w": kernels.reshape(3, 3, 1, 3), "b": np.zeros(3)})
chosen = [np.flatnonzero(images.y_test == kind)[0] for kind in (0, 1, 2, 5, 8)]
x = data.to_unit(images.x_test[chosen])
y, _ = edges.forward(x.astype(float))

fig, axes = plt.subplots(4, 5, figsize=(7, 5.6), layout="constrained")
labels = ("image", "right\nless left", "below\nless above", "pixel\nless mean")
for row, label in zip(axes, labels, strict=True):
    row[0].set_ylabel(label)
for column, garment, maps in zip(axes.T, x, y, strict=True):
    column[0].imshow(garment[:, :, 0], cmap="gray", interpolation="nearest")
    for panel, f in zip(column[1:], range(3), strict=True):
        shown = panel.imshow(maps[:, :, f], cmap="RdBu_r", vmin=-1, vmax=1, interpolation="nearest")
for panel in axes.flat:
    panel.set(xticks=[], yticks=[])
fig.colorbar(shown, ax=axes[1:], label="response of the kernel", shrink=0.7)
plt.show()

# %% [markdown]
# *In the second row the left sides are red (it gets brighter) and the right sides blue; in the third the same from top
# to bottom. Areas of one brightness, in the garment or in the background, are white: the kernels' weights add up to 0.
# The last row draws outlines and seams, faintly, from whatever side.*
#
# That the same kernel works everywhere can be said exactly: move the image, and the output moves with it. (Away from
# the border, that is: what has been pushed out of the picture is gone.) A dense layer can say nothing of the kind.

# %%
moved, _ = edges.forward(np.roll(x.astype(float), 2, axis=2))  # two pixels to the right
np.testing.assert_allclose(moved[:, :, 4:-1], y[:, :, 2:-3], atol=1e-12)
print("the output of the moved image is the moved output")

# %% [markdown]
# ## Kernels that a network has learned
#
# One layer of eight 5 x 5 kernels, a 2 x 2 pool that keeps the largest of four neighbours, ReLU (which puts a 0 where
# there is a negative number), and a dense layer on top. A `Network` is layers in a row: `forward` hands the output of
# each to the next and keeps all caches, the *tape*; `backward` goes over the tape in reverse and collects the gradients
# by name. (Both give the work to `_forward` and `_backward`, for a large batch in several parts side by side. `rng` is
# for layers that draw random numbers; ours do not.)

# %%
for function in (Network.forward, Network._forward, Network.backward, Network._backward):
    print(inspect.getsource(function))

# %% [markdown]
# The images come in random order, fifty at a time (a *batch*), and after each batch every weight takes a step. That is
# *stochastic* gradient descent, since each step sees a random few of the images; one pass through all of them is an
# *epoch*. Adam decides how far each weight goes; lesson 05 is about it. Our kernels start ten times as small as the
# library's, so that what is to be seen in them afterwards was learned, not drawn.

# %%
table = {
    "conv": Conv2d(1, 8, K=5), "pool": MaxPool2d(2), "relu": ReLU(),  # 28 -> 24 -> 12
    "flatten": Flatten(), "dense": Dense(12 * 12 * 8, 10),
}  # fmt: skip
net = initialise(Network(table), seed=0)
net.params["conv.w"][...] *= 0.1
at_first = net.params["conv.w"].copy()
x_train, y_train, x_test = images.x_train, images.y_train, data.to_unit(images.x_test)
if FAST:
    x_train, y_train = x_train[:1000], y_train[:1000]

adam, seen = Adam(net.params, rate=2e-3), []
for epoch in range(1 if FAST else 5):
    for x, labels in data.epoch_batches(x_train, y_train, 50, Stream("order", 0, epoch)):
        logits, tape = net.forward(x)
        loss, dlogits = softmax_cross_entropy(logits, labels)
        _, grads = net.backward(dlogits, tape, need_dx=False)
        adam.step(net.params, grads)
    seen.append((net.forward(x_test)[0].argmax(axis=1) == images.y_test).mean())
print("test accuracy after each epoch:", ", ".join(f"{accuracy:.1%}" for accuracy in seen))
for name, p in net.params.items():
    print(f"{name:8} {p.shape!s:14} {p.size:6,} numbers")
print(f"a dense layer to as many outputs as the convolution has: {(784 + 1) * 24 * 24 * 8:,} numbers")

# %%
w = net.params["conv.w"][:, :, 0]  # (5, 5, 8)
fig, axes = plt.subplots(2, 8, figsize=(8, 2.4), layout="constrained")
reach = abs(w).max()
for row, kernels, label in zip(axes, (at_first[:, :, 0], w), ("drawn", "learned"), strict=True):
    row[0].set_ylabel(label)
    for f, panel in enumerate(row):
        shown = panel.imshow(kernels[:, :, f], cmap="RdBu_r", vmin=-reach, vmax=reach)
        panel.set(xticks=[], yticks=[])
for f, panel in enumerate(axes[-1]):
    panel.set_xlabel(f)
fig.colorbar(shown, ax=axes, label="weight")
plt.show()

# %% [markdown]
# *Nearly white at first, red and blue afterwards. Three kernels (1, 2, 7) have become edge detectors, red on one side
# and blue on the other, and each for another direction; 7 wants light above and to the left. Kernel 5 is red, blue,
# red: it looks for a dark stripe. The others are paler and mostly of one sign: they take a mean, more or less, that is,
# they blur. Nobody told them to.*

# %%
y, _ = net.part(0, 1).forward(x_test[chosen])  # of the convolution alone, (5, 24, 24, 8)
fig, axes = plt.subplots(5, 9, figsize=(8, 4.5), layout="constrained")
reach = abs(y).max()
for row, garment, maps in zip(axes, x_test[chosen], y, strict=True):
    row[0].imshow(garment[:, :, 0], cmap="gray", interpolation="nearest")
    for f, panel in enumerate(row[1:]):
        shown = panel.imshow(maps[:, :, f], cmap="RdBu_r", vmin=-reach, vmax=reach, interpolation="nearest")
for panel in axes.flat:
    panel.set(xticks=[], yticks=[])
for panel, label in zip(axes[-1], ("image", *range(8)), strict=True):
    panel.set_xlabel(label)
fig.colorbar(shown, ax=axes, label="feature map, before ReLU", shrink=0.7)
plt.show()

# %% [markdown]
# *What each of the eight makes of five garments. The blurring kernels give the garment once more, and much alike. The
# edge detectors light up along one side and turn blue along the opposite one: 7 draws under sides red, those of the
# sleeves, of the sandal and of the strap.*
#
# Mind what a single weight means here. It is used at each of 576 positions, so its derivative `dw` is a sum over all
# of them, and if it breaks, all of them are wrong. What if a whole kernel does, with its bias, and gives nothing but
# zeros?

# %%
report = f"all eight: {seen[-1]:.1%} of the test images right"
for lost in (*range(8), [0, 1, 2, 3], [4, 5, 6, 7]):
    broken = {name: net.params[name].copy() for name in ("conv.w", "conv.b")}
    for p in broken.values():
        p[..., lost] = 0
    logits, _ = net.with_params(broken).forward(x_test)
    report += f"\nwithout {lost}: {(logits.argmax(axis=1) == images.y_test).mean():.1%}"
print(report)

# %% [markdown]
# One kernel of eight gone, and at most two points are lost; four gone, and it is about four. How much may be lost
# before a network goes blind, and how to train it so that it bears more, is what this course is about.
#
# ## Exercises
#
# 1. How much of the image does one number deep in a network see? Each layer is a pair $(K, S)$. Start at the image:
#    after the first layer a number sees $K$ pixels a side, and its neighbour's view begins $S$ pixels further. Go on
#    from there. (`receptive_field`)
# 2. A convolution that does not mix channels: each channel has one $K \times K$ kernel of its own. One call of the
#    library's `im2col` will do, if you reshape with care. (`depthwise`)
# 3. The derivative of a convolution is a convolution. At stride 1 the library's `col2im(dy @ w.T)` is the same as
#    `im2col` of `dy` times *another* matrix. Which pixels of $y$ does the pixel $x_{pq}$ touch, and with which
#    weights? (`backward_by_convolution`)
#
# The stubs are in `exercises/ex03.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex03

look_at(ex03)
