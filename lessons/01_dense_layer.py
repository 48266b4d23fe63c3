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
# # 01 · A dense layer, forwards and backwards
#
# **The question.** A layer has made an error. Which of its weights is to blame, and by how much?
#
# Everything in this course rests on the answer: a network learns by it, and later on we will break weights one
# by one and ask how much each of them mattered. Twenty-five minutes of reading; you need matrix products and the
# chain rule.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data, layers
from aftt_np.layers import Dense
from aftt_np.losses import softmax_cross_entropy
from aftt_np.plots import BLUE, ORANGE

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## The formula
#
# A dense layer with $D$ inputs and $M$ outputs adds up its inputs with weights, and a bias. For image $n$ of a
# batch of $N$:
#
# $$ y_{nm} = \sum_{d=1}^{D} x_{nd}\, w_{dm} + b_m \qquad\text{or, all at once,}\qquad y = x\,w + b. $$
#
# In the code $x$ is `x` with shape `(N, D)`, $w$ is `w` with shape `(D, M)`, $b$ is `b` with shape `(M,)`, and $y$ is
# `y` with shape `(N, M)`. A batch is a matrix with an image in each row, so one matrix product serves them all.
#
# By hand: one image with two features, three outputs.

# %%
x = np.array([[1.0, 2.0]])  # (1, 2)
w = np.array([[1.0, 0.0, -1.0],
              [3.0, 1.0, 2.0]])  # (2, 3)  # fmt: skip
b = np.array([0.5, 0.0, 0.0])
print(x @ w + b)  # 1*1 + 2*3 + 0.5,   1*0 + 2*1,   1*(-1) + 2*2

# %% [markdown]
# ## Backwards
#
# At the end of the network stands one number, the loss $L$. Suppose somebody hands us the derivative of $L$ by
# every output of this layer, $\partial L/\partial y_{nm}$. We call that array `dy`; it has the shape of `y`. (In this
# library `d<name>` is always the derivative of the loss by `<name>`, and has its shape.)
#
# The weight $w_{dm}$ is used once for every image, in $y_{nm}$, where it is multiplied by $x_{nd}$. The chain rule adds
# up what it does in all places:
#
# $$ \frac{\partial L}{\partial w_{dm}}
#    = \sum_n \frac{\partial L}{\partial y_{nm}} \frac{\partial y_{nm}}{\partial w_{dm}}
#    = \sum_n x_{nd}\; dy_{nm} \quad\Longrightarrow\quad dw = x^{\mathsf T}\, dy. $$
#
# The same question for the bias, which is multiplied by 1, and for the input, which meets every output $m$ through
# $w_{dm}$:
#
# $$ db_m = \sum_n dy_{nm}, \qquad dx_{nd} = \sum_m dy_{nm}\, w_{dm} \;\Longrightarrow\; dx = dy\, w^{\mathsf T}. $$
#
# There is no need to remember which matrix is transposed: only one order of the factors has the right shape.


# %%
def dense_forward(x, w, b):
    return x @ w + b  # (N, D) @ (D, M) -> (N, M)


def dense_backward(dy, x, w):
    dw = x.T @ dy  # (D, N) @ (N, M) -> (D, M)
    db = dy.sum(axis=0)  # (M,)
    dx = dy @ w.T  # (N, M) @ (M, D) -> (N, D)
    return dx, dw, db


dx, dw, db = dense_backward(np.array([[1.0, 0.0, 2.0]]), x, w)
print("dw =\n", dw)  # row d, column m: x[d] * dy[m]
print("db =", db)
print("dx =", dx)  # 1*1 + 0*0 + 2*(-1),   1*3 + 0*1 + 2*2

# %% [markdown]
# Check two of them with a pencil: `dw[1, 2]` is $x_2\,dy_3 = 2\cdot 2$; `dx[0, 0]` is $1\cdot1 + 0\cdot0 + 2\cdot(-1)$.
#
# ## How to know that it is right
#
# A wrong gradient does not crash. The network learns a little worse, and nobody ever finds out why. So every
# backward pass is compared with the definition of a derivative. For the loss take any function of the output that
# we can differentiate in our heads, $L = \sum_{nm} y_{nm}\,dy_{nm}$ with a fixed `dy`: its derivative by $y$ is that
# `dy`. Then move one weight by a small $h$ to both sides and look at what the loss does:
#
# $$ \frac{\partial L}{\partial w_{dm}} \approx \frac{L(w_{dm}+h) - L(w_{dm}-h)}{2h}. $$


# %%
def finite_difference(f, p, h=1e-6):
    """The derivative of the number f() by every entry of the array p, which f reads."""
    dp = np.zeros_like(p)
    for place in np.ndindex(p.shape):
        before = p[place]
        p[place] = before + h
        above = f()
        p[place] = before - h
        below = f()
        p[place] = before
        dp[place] = (above - below) / (2 * h)
    return dp


rng = np.random.default_rng(0)
x, w, b, dy = (rng.standard_normal(shape) for shape in ((4, 3), (3, 2), (2,), (4, 2)))


def loss():
    return (dense_forward(x, w, b) * dy).sum()


dx, dw, db = dense_backward(dy, x, w)
for name, derivative, p in (("dx", dx, x), ("dw", dw, w), ("db", db, b)):
    error = abs(derivative - finite_difference(loss, p)).max()
    print(f"{name}: largest difference {error:.1e}")
    assert error < 1e-8

# %% [markdown]
# ## How small should $h$ be?
#
# The smaller the better, says mathematics; floating-point numbers disagree. Write $f(p \pm h) = f \pm h f' +
# h^2 f''/2 \pm h^3 f'''/6 + \dots$: in the difference the even terms cancel, and divided by $2h$ it is $f'$, wrong by
# about $h^2 f'''/6$. Rounding adds about $\epsilon\,|f|/h$, where $\epsilon$ is $10^{-16}$ in double precision and
# $10^{-7}$ in single. To see it we need a function with a third derivative; our layer with a cube behind it will do.

# %%
steps = 10.0 ** np.arange(-12, 0.1, 0.5)
fig, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
for dtype, colour, marker in ((np.float64, BLUE, "o"), (np.float32, ORANGE, "^")):
    errors = []
    for h in steps:
        p = w.astype(dtype)

        def cubed(p=p, dtype=dtype):
            return (dense_forward(x.astype(dtype), p, b.astype(dtype)) ** 3).sum()

        y = dense_forward(x, w, b)
        exact = x.T @ (3 * y**2)  # the chain rule: dy = 3 y^2
        errors.append(abs(finite_difference(cubed, p, dtype(h)) - exact).max() / abs(exact).max())
    axes.loglog(steps, errors, color=colour, marker=marker, markersize=4, label=np.dtype(dtype).name)
axes.set(xlabel="step h", ylabel="relative error of dw")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Read from right to left, both curves fall with $h^2$ and then rise like $1/h$. The orange one ends at 1: there
# $w + h$ is $w$ in single precision, and the difference 0. In single precision no step gives more than four or five
# digits: gradients are checked in double precision.*
#
# ## The layer of the library
#
# This is the code itself, not a copy of it: `inspect.getsource` reads the file that Python has loaded. A layer keeps
# nothing of what it has seen. What the backward pass needs comes back from `forward` as a second value, `cache`; for a
# dense layer that is `x`.

# %%
print(inspect.getsource(Dense))
print(inspect.getsource(layers.sum_rows))

# %% [markdown]
# The bias gradient is a product with a row of ones, which adds up columns just as `sum(axis=0)` does. Ours and the
# library's agree:

# %%
layer = Dense(3, 2).with_params({"w": w, "b": b})
y, cache = layer.forward(x)
grads = layer.gradients(dy, cache)
np.testing.assert_allclose(y, dense_forward(x, w, b), rtol=1e-12)
np.testing.assert_allclose(layer.backward(dy, cache), dx, rtol=1e-12)
np.testing.assert_allclose(grads["w"], dw, rtol=1e-12)
np.testing.assert_allclose(grads["b"], db, rtol=1e-12)
print("forward, backward and gradients agree")

# %% [markdown]
# The library's own tests are thriftier than we were. To check all of $dw$ at once they move $w$ in one random
# direction $v$ and compare $\big(L(w+hv)-L(w-hv)\big)/2h$ with $\sum_{dm} dw_{dm}\,v_{dm}$: two forward passes in
# place of two for every weight. If $dw$ is wrong by $e$, the two numbers differ by $\sum_{dm} e_{dm}\,v_{dm}$. That is
# 0 only for $v$ in one plane; for a random $v$ it is nearly always of the size of $e$, so that an error far above the
# tolerance is found.

# %%
v, h = rng.standard_normal(w.shape), 1e-6
along_v = ((dense_forward(x, w + h * v, b) - dense_forward(x, w - h * v, b)) * dy).sum() / (2 * h)
print(along_v, (dw * v).sum())
assert abs(along_v - (dw * v).sum()) < 1e-8

# %% [markdown]
# ## What a single layer can see
#
# One dense layer from 784 pixels to 10 classes is already a classifier. Move each weight a little against its
# derivative, here by 0.1 times it (0.1 is the *learning rate*), and the loss falls; do that again and again. This is
# *gradient descent*. We descend the loss of the scores (lesson 05 explains it) 300 times, and look at the weights of
# each class as a picture.

# %%
images = data.load("fashion-mini")
names = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
x_train = data.to_unit(images.x_train).reshape(-1, 784)  # (6000, 28, 28, 1) -> (6000, 784)
x_test = data.to_unit(images.x_test).reshape(-1, 784)
w, b = np.zeros((784, 10), np.float32), np.zeros(10, np.float32)

losses = []
for _ in range(20 if FAST else 300):
    scores = dense_forward(x_train, w, b)
    loss_now, dscores = softmax_cross_entropy(scores, images.y_train)
    _, dw, db = dense_backward(dscores, x_train, w)
    w -= 0.1 * dw
    b -= 0.1 * db
    losses.append(loss_now)

right = (dense_forward(x_test, w, b).argmax(axis=1) == images.y_test).mean()
print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}; {right:.1%} of {len(x_test):,} test images right")

# %%
fig, axes = plt.subplots(2, 5, figsize=(8, 3.6), layout="constrained")
reach = abs(w).max()
for panel, column, name in zip(axes.flat, w.T, names, strict=True):
    shown = panel.imshow(column.reshape(28, 28), cmap="RdBu_r", vmin=-reach, vmax=reach)
    panel.set(title=name, xticks=[], yticks=[])
fig.colorbar(shown, ax=axes, label="weight", shrink=0.8)
plt.show()

# %% [markdown]
# *Red pixels speak for a class, blue ones against it. Trousers are two legs with a blue gap, a sneaker is low and has
# nothing above it. Every weight has a place and a meaning here: set one of them to zero and a little of one class is
# lost. In lesson 07 we do just that.*
#
# ## Exercises
#
# 1. A layer without a bias whose outputs are scaled, $y = s\,(x\,w)$ with a number $s$ that is learned, too. Write its
#    backward pass. (`dense_scaled_backward`)
# 2. Write the check along one random direction for any function. (`along_a_direction`)
#
# The stubs are in `exercises/ex01.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex01

look_at(ex01)
