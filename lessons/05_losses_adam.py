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
# # 05 · How wrong, and how far to step: losses and Adam
#
# **The question.** A network has given ten numbers for an image. How wrong is that, as one number? And if we know for
# every weight which way is down: how far should it go?
#
# The first half is about losses, the number that is to become small; the second about Adam, which does the walking in
# all of this library. Forty minutes of reading; you need lesson 01.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data, losses
from aftt_np.layers import Dense, ReLU
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## Squared error
#
# The oldest measure: subtract what should have come out, square, add up. For outputs $\hat y$ and targets $y$, both of
# shape $(N, M)$, summed over an image's numbers and averaged over the $N$ images of the batch:
#
# $$ L = \frac1N \sum_{n,m} (\hat y_{nm} - y_{nm})^2, \qquad
#    \frac{\partial L}{\partial \hat y_{nm}} = \frac2N\,(\hat y_{nm} - y_{nm}). $$
#
# The paper measures reconstructed images by it (eq. 11). In the library a loss returns two things, the number and its
# derivative; that derivative is the `dy` with which the backward pass begins.

# %%
print(inspect.getsource(losses.squared_error))
loss, dy_hat = losses.squared_error(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 0.0]]))
print("loss", loss, " derivative", dy_hat.tolist())  # (1 + 4 + 9) / 2

# %% [markdown]
# ## Which class? Softmax and cross-entropy
#
# For a choice among $M$ classes the network gives scores $z_1, \dots, z_M$ (*logits*), any numbers at all. *Softmax*
# makes probabilities of them, which are positive and add up to 1:
#
# $$ p_m = \frac{e^{z_m}}{\sum_k e^{z_k}}. $$
#
# If $c$ is the right class, the loss is $-\log p_c$, the *cross-entropy*: 0 if the network was sure and right,
# $\log M$ if it gave every class the same chance, and without bound if it was sure and wrong. (With the natural
# logarithm, as here, its unit is called a *nat*.) Put $p_c$ in:
#
# $$ L = -\log \frac{e^{z_c}}{\sum_k e^{z_k}} = \log \sum_k e^{z_k} - z_c. $$
#
# Differentiate by the score $z_m$. The logarithm gives 1 over the sum, the sum gives $e^{z_m}$, and the last term gives
# $-1$ if $m$ is the right class, else nothing:
#
# $$ \frac{\partial L}{\partial z_m} = \frac{e^{z_m}}{\sum_k e^{z_k}} - [m = c] = p_m - [m = c]. $$
#
# Softmax minus one-hot (1 at the right class, 0 at the others): *what you said, less what is true*. Written down as it
# stands:


# %%
def cross_entropy_as_written(z, c):
    """z (N, M), labels c (N,)"""
    exp = np.exp(z)
    p = exp / exp.sum(axis=1, keepdims=True)
    onehot = np.arange(z.shape[1]) == c[:, None]  # (N, M)
    return -np.log(p[onehot]).mean(), (p - onehot) / len(z)


loss, dz = cross_entropy_as_written(np.log([[1.0, 3.0]]), np.array([0]))
print(f"loss {loss:.4f} = log 4 = {np.log(4):.4f},  derivative {dz}")  # p = 1/4, 3/4

with np.errstate(all="ignore"):  # no warnings here: we look at the damage itself
    print("scores 80 and 90:", cross_entropy_as_written(np.array([[80.0, 90.0]], np.float32), np.array([0])))

# %% [markdown]
# The largest number of single precision is about $3\cdot10^{38}$, and $e^{89}$ is larger. The remedy costs one line.
# Softmax does not change if the same number is subtracted from all scores (it cancels in the fraction), so subtract the
# largest one. Then the largest exponent is 0, nothing can overflow, and the sum is at least 1, so its logarithm is
# harmless.

# %%
print(inspect.getsource(losses.softmax_cross_entropy))
print(inspect.getsource(losses.one_hot))
print(inspect.getsource(losses.squared_error_to_labels))  # see the next section
print("scores 80 and 90:", losses.softmax_cross_entropy(np.array([[80.0, 90.0]], np.float32), np.array([0])))

# %% [markdown]
# Against ours where ours works, and both derivatives against finite differences along a random direction (lesson 01):


# %%
def slope_along(f, p, v, h=1e-6):
    return (f(p + h * v) - f(p - h * v)) / (2 * h)


rng = np.random.default_rng(0)
z, y, v = (rng.standard_normal((5, 4)) for _ in range(3))
labels = rng.integers(0, 4, 5)
np.testing.assert_allclose(losses.softmax_cross_entropy(z, labels)[0], cross_entropy_as_written(z, labels)[0])
np.testing.assert_allclose(losses.softmax_cross_entropy(z, labels)[1], cross_entropy_as_written(z, labels)[1])
for loss, target in (
    (losses.squared_error, y), (losses.softmax_cross_entropy, labels), (losses.squared_error_to_labels, labels)
):  # fmt: skip
    by_derivative = (loss(z, target)[1] * v).sum()
    by_difference = slope_along(lambda z, loss=loss, target=target: loss(z, target)[0], z, v)
    print(f"{loss.__name__:23} {by_derivative:+.8f} {by_difference:+.8f}")
    assert abs(by_derivative - by_difference) < 1e-8

# %% [markdown]
# ## Which of the two for classes?
#
# The paper takes squared error for classes, too (eq. 15: the network's raw outputs against one-hot labels). What do
# the two losses say to a score that is already right? Ten classes, the wrong ones with score 0, the right one with
# score $z$:

# %%
scores = np.linspace(-4, 6, 101)
curves = {"cross-entropy": [], "squared error": []}
for score in scores:
    logits = np.zeros((1, 10))
    logits[0, 3] = score
    for name, loss in zip(curves, (losses.softmax_cross_entropy, losses.squared_error_to_labels), strict=True):
        value, dlogits = loss(logits, np.array([3]))
        curves[name].append((value, dlogits[0, 3]))
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.2), layout="constrained")
for (name, values), colour, style in zip(curves.items(), (BLUE, ORANGE), ("-", "--"), strict=True):
    for panel, curve in zip(axes, np.array(values).T, strict=True):
        panel.plot(scores, curve, color=colour, linestyle=style, label=name)
for panel, label, limits in zip(axes, ("loss", "derivative by that score"), ((0, 8), (-4, 4)), strict=True):
    panel.axhline(0, color=GREY, linewidth=0.8)
    panel.set(xlabel="score of the right class", ylabel=label, ylim=limits)
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# *Cross-entropy falls the more the right score leads, and its push fades out. Squared error has its minimum at a score
# of exactly 1 and then rises again: from there on it pushes a right answer back.* Does that matter when weights break?
# Lesson 07 tries both losses. The library's default is cross-entropy; with `--loss mse` one gets the paper's.
#
# ## Yes or no: binary cross-entropy, on logits
#
# Later on a *discriminator* will have to say whether features are real ($t = 1$) or fake ($t = 0$). It has one score
# $x$ and the probability $D = \sigma(x) = 1/(1 + e^{-x})$ of "real". The loss is again minus the logarithm of the
# probability of what is true (eq. 12 and 13): $-\log D$ or $-\log(1 - D)$. As written, in single precision:


# %%
def sigmoid_as_written(x):
    return 1 / (1 + np.exp(-x))


with np.errstate(all="ignore"):
    print("score x     -log(1 - D), fake     -log D of -x, real    what both should be")
    for x in np.float32([1, 10, 15, 20, 80, 90]):
        fake, real = -np.log(1 - sigmoid_as_written(x)), -np.log(sigmoid_as_written(-x))
        print(f"{x:7.0f}     {fake:17.6f}     {real:17.6f}    {np.logaddexp(0, np.float64(x)):19.6f}")

# %% [markdown]
# In the left column $D$ is rounded to exactly 1 from a score of about 17 on ($e^{-17}$ is less than $2^{-24}$, half the
# distance from 1 to the next number), and $\log 0$ is $-\infty$; the digits go earlier. In the middle $e^{90}$
# overflows, so $D$ is 0. (No cleverer sigmoid would help for long: below a score of about $-104$ the nearest number in
# single precision *is* 0, since $e^{-104}$ is less than $2^{-150}$, half the smallest number.) By symmetry the two
# should agree. And these are not exotic numbers: a discriminator that is sure of itself is just the one which others
# have to learn from.
#
# So do not go through $D$ at all. Put the sigmoid in, with $1 - \sigma(x) = e^{-x}/(1 + e^{-x}) = 1/(1 + e^x)$, and
# differentiate what is left:
#
# $$ \begin{aligned}
# t = 1:\quad & -\log \sigma(x) = \log(1 + e^{-x}), & \frac{\partial L}{\partial x} &= \frac{-e^{-x}}{1 + e^{-x}}
#    = \sigma(x) - 1 \\
# t = 0:\quad & -\log(1 - \sigma(x)) = \log(1 + e^{x}), & \frac{\partial L}{\partial x} &= \frac{e^{x}}{1 + e^{x}}
#    = \sigma(x)
# \end{aligned} $$
#
# NumPy has `logaddexp(a, b)` $= \log(e^a + e^b)$, which subtracts the larger exponent first, as we did with softmax;
# with $a = 0$ it is what we need. The derivative is $\sigma(x) - t$, once more what was said, less what is true. It
# divides by nothing: on the way through $D$ there would be a $1/D$.

# %%
print(inspect.getsource(losses.binary_cross_entropy))
x, v = rng.standard_normal((5, 1)), rng.standard_normal((5, 1))
for target in (0, 1):
    value, dx = losses.binary_cross_entropy(x, target)
    slope = slope_along(lambda x, target=target: losses.binary_cross_entropy(x, target)[0], x, v)
    assert abs((dx * v).sum() - slope) < 1e-8
    two = np.hstack([np.zeros_like(x), x])  # two classes, "fake" with the score 0 and "real" with the score x
    value_of_two, dtwo = losses.softmax_cross_entropy(two, np.full(5, target))
    np.testing.assert_allclose([value], [value_of_two])
    np.testing.assert_allclose(dx[:, 0], dtwo[:, 1])
far = np.float32([[-1000.0], [1000.0]])
print("scores -1000 and 1000, both fake:", losses.binary_cross_entropy(far, 0)[0])

# %% [markdown]
# The loop has also shown that this is nothing new: it is softmax with two classes, one of which always has the score 0.
#
# ## Penalties: Lasso and Tikhonov
#
# Networks with small weights lose less when something breaks, the paper finds (section IV), and it compares itself with
# two old ways to keep them small. Both add a term to the loss, with a strength $\lambda$:
#
# $$ \text{Lasso (eq. 9):}\quad \lambda \sum_j |w_j|, \;\text{derivative}\; \lambda\,\mathrm{sign}(w_j);
#    \qquad \text{Tikhonov (eq. 10):}\quad \lambda \sum_j w_j^2, \;\text{derivative}\; 2\lambda w_j. $$
#
# The paper adds this to the loss summed over the data set, so that its $\lambda$ depends on how many images there are;
# the library adds it to the mean over the batch. Biases are left out, as is usual (the paper does not say).

# %%
print(inspect.getsource(losses.lasso))
print(inspect.getsource(losses.tikhonov))
w = {"layer.w": np.array([[2.0, -1.0], [0.5, 3.0]])}
for penalty in (losses.lasso, losses.tikhonov):
    value, grads = penalty(w | {"layer.b": np.ones(2)}, 0.1)
    v = rng.standard_normal((2, 2))
    by_difference = slope_along(lambda p, penalty=penalty: penalty({"layer.w": p}, 0.1)[0], w["layer.w"], v)
    assert grads.keys() == w.keys() and abs((grads["layer.w"] * v).sum() - by_difference) < 1e-8
    print(f"{penalty.__name__:8} {value:.3f}, derivative {grads['layer.w'].tolist()}")

# %% [markdown]
# One derivative knows only the sign of a weight, the other its size. Leave three weights alone with each of them, with
# no data that would need them, and descend in steps of $0.1$ times the derivative:

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3.1), layout="constrained", sharey=True)
for panel, penalty in zip(axes, (losses.lasso, losses.tikhonov), strict=True):
    w, path = np.array([1.0, 0.6, 0.2]), []
    for _ in range(60):
        path.append(w)
        w = w - 0.1 * penalty({"w.w": w}, 0.29)[1]["w.w"]
    panel.axhline(0, color=GREY, linewidth=0.8)
    for weights, colour, style in zip(np.array(path).T, (BLUE, ORANGE, GREEN), ("-", "--", "-."), strict=True):
        panel.plot(weights, color=colour, linestyle=style)
    panel.set(xlabel="step", title=penalty.__name__)
axes[0].set_ylabel("weight")
plt.show()

# %% [markdown]
# *Lasso takes the same from each weight at every step, until it crosses zero; there it trembles, since the sign
# flips at every step. Tikhonov takes the same share: a large weight loses much, a small one next to nothing, and none
# ever arrives.*
#
# There is a second difference. Two weights with the same input need only have the right sum, say 1. Two halves cost
# Tikhonov $\frac14 + \frac14$, half of what a 1 and a 0 cost; to Lasso they cost the same. So Tikhonov spreads a task
# over many weights, and Lasso clears away what it can. Before you read on, guess which of the two networks you would
# rather see damaged. (The paper's section VI-D, with 68 % of the nodes dead: 78.51 % of the images right with Tikhonov,
# 51.09 % with Lasso.)
#
# ## Down
#
# Now we can say how wrong, and differentiate it. The rest of the lesson is about the step. Take a valley that is easy
# to see: 100 times as steep across as along,
#
# $$ f(p) = \tfrac12\,(p_1^2 + 100\,p_2^2), \qquad g = (p_1,\; 100\,p_2). $$
#
# **Gradient descent** goes straight down, $p \leftarrow p - r\,g$ with a *rate* $r$. Here each coordinate is just
# multiplied, at every step: $p_1$ by $1 - r$ and $p_2$ by $1 - 100\,r$. Above $r = 0.02$ the second factor is below
# $-1$, and the walk ends in infinity. The steep direction dictates the rate, and the flat one has to make do with it.
#
# **Momentum** keeps a running sum of gradients and follows that, like a heavy ball:
# $m \leftarrow \beta m + g$, $\;p \leftarrow p - r\,m$. What points to and fro cancels; what points the same way adds
# up, in the end to $1/(1 - \beta)$ times as much.
#
# ## Adam, line by line
#
# **Adam** (Kingma and Ba, 2015) adds a second idea: measure how large the gradients of each single weight are, and
# divide by it. Algorithm 1 of its paper, for step $t = 1, 2, \dots$:
#
# | | | |
# |---|---|---|
# | $m \leftarrow \beta_1 m + (1-\beta_1)\, g$ | running mean of the gradient | $\beta_1 = 0.9$, about 10 steps |
# | $v \leftarrow \beta_2 v + (1-\beta_2)\, g^2$ | and of its square | $\beta_2 = 0.999$, about 1,000 steps |
# | $\hat m = m / (1 - \beta_1^t)$ | bias correction, see below | |
# | $\hat v = v / (1 - \beta_2^t)$ | | |
# | $p \leftarrow p - r\,\hat m / (\sqrt{\hat v} + \epsilon)$ | the step | $\epsilon = 10^{-8}$, against $0/0$ |


# %%
def adam(p, g, m, v, t, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return p - rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


p, m, v = 0.0, 0.0, 0.0
print("gradient always 3;  t      m   m_hat        v    v_hat    p (rate 0.1)")
for t in range(1, 6):
    p, m, v = adam(p, 3.0, m, v, t, rate=0.1)
    print(f"{t:21} {m:7.4f} {m / (1 - 0.9**t):6.4f} {v:9.6f} {v / (1 - 0.999**t):7.4f} {p:10.4f}")

# %% [markdown]
# Why the correction? Both means start at 0, and for a while they remember mostly that. Write out the recursion:
#
# $$ m_t = (1-\beta_1) \sum_{k=1}^{t} \beta_1^{\,t-k}\, g_k, \qquad
#    (1-\beta_1) \sum_{k=1}^{t} \beta_1^{\,t-k} = 1 - \beta_1^t. $$
#
# The weights of this "mean" do not add up to 1 but to $1 - \beta_1^t$ (a geometric series); divide by that and it is
# a mean. In the table $\hat m$ is 3 and $\hat v$ is 9 from the first step on, while $m$ and $v$ creep up. And the
# step is the rate: with a gradient that stays the same $\hat m/\sqrt{\hat v} = \pm 1$, *whatever its size*. A rate of
# Adam is a length in the units of the weights; a rate of gradient descent is not.
#
# Without the correction the two errors do not cancel, since $v$ lags behind far longer than $m$:

# %%
t = np.arange(1, 5001)
uncorrected = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)  # m / sqrt(v) for a constant gradient
fig, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.semilogx(t, uncorrected, color=ORANGE, linestyle="--", label="without the correction")
axes.semilogx(t, np.ones(len(t)), color=BLUE, label="with it")
axes.set(xlabel="step t", ylabel="step, in rates", ylim=(0, 7.5))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Uncorrected, the first thousand steps are too long, up to about six and a half times, and just when the network
# knows least. It takes a few thousand steps to come down to what was ordered.*
#
# ## The library's Adam
#
# The library computes the same in another order. Every operation on a large array is a walk through memory, and two
# of them can be saved: keep $\tilde m = m/(1-\beta_1)$ and $\tilde v = v/(1-\beta_2)$ instead. Divide the two
# recursions:
#
# $$ \tilde m \leftarrow \beta_1 \tilde m + g, \qquad \tilde v \leftarrow \beta_2 \tilde v + g^2. $$
#
# The factors come back in the step, where they are mere numbers. With $s = \sqrt{(1-\beta_2)/(1-\beta_2^t)}$ we have
# $\sqrt{\hat v} = s\sqrt{\tilde v}$, so
#
# $$ r\,\frac{\hat m}{\sqrt{\hat v} + \epsilon}
#    = r\,\frac{1-\beta_1}{1-\beta_1^t}\,\frac{\tilde m}{s\sqrt{\tilde v} + \epsilon}
#    = \frac rs \cdot \frac{1-\beta_1}{1-\beta_1^t} \cdot \frac{\tilde m}{\sqrt{\tilde v} + \epsilon/s}. $$

# %%
print(inspect.getdoc(Adam))
print(inspect.getsource(Adam.step))
print(inspect.getsource(Adam._update))

# %% [markdown]
# Equal, says algebra; up to rounding, says the machine. A hundred steps, with gradients that differ in size by many
# orders of magnitude (some are exactly 0, where $\epsilon$ alone stands below the fraction):

# %%
p = rng.standard_normal(1000)
theirs, m, v = {"p": p.copy()}, np.zeros(1000), np.zeros(1000)
library = Adam(theirs, rate=0.01)
sizes = 10.0 ** rng.uniform(-10, 4, 1000) * (rng.random(1000) < 0.9)
for t in range(1, 101):
    g = sizes * rng.standard_normal(1000)
    p, m, v = adam(p, g, m, v, t, rate=0.01)
    library.step(theirs, {"p": g})
    np.testing.assert_allclose(theirs["p"], p, rtol=0, atol=1e-13)
np.testing.assert_allclose(library.m["p"] * (1 - 0.9), m, rtol=1e-12)
np.testing.assert_allclose(library.v["p"] * (1 - 0.999), v, rtol=1e-12)
print(f"after 100 steps the weights differ by {abs(theirs['p'] - p).max():.0e} at most")

# %% [markdown]
# ## Three ways down a valley
#
# One start, sixty steps. The second valley is the first one turned by 45 degrees. So that nobody is cheated, each
# method gets the rate that takes it deepest in the first valley, out of nineteen.


# %%
def walk(method, rate, H, p, steps=60):
    """The path from p down the valley p H p / 2."""
    m, v, path = np.zeros(2), np.zeros(2), [p]
    for t in range(1, steps + 1):
        g = H @ p
        if method == "Adam":
            p, m, v = adam(p, g, m, v, t, rate)
        else:
            m = (0.9 if method == "momentum" else 0) * m + g
            p = p - rate * m
        path.append(p)
    return np.array(path)


def depth(path, H):
    return (path @ H * path).sum(axis=1) / 2


start, turn = np.array([-4.0, 1.0]), np.array([[1, -1], [1, 1]]) / np.sqrt(2)
steep = np.diag([1.0, 100.0])
valleys = {"along the axes": (steep, start), "turned by 45°": (turn @ steep @ turn.T, turn @ start)}
rates = {method: min(10 ** np.linspace(-3, 0, 19), key=lambda rate: depth(walk(method, rate, steep, start), steep)[-1])
         for method in ("gradient descent", "momentum", "Adam")}  # fmt: skip
for valley, (H, start) in valleys.items():
    for method, rate in rates.items():
        f = depth(walk(method, rate, H, start), H)
        print(f"{valley:15} {method:17} rate {rate:.3f}: f = {f[0]:.1f}, after 30 steps {f[30]:.4f}, 60 {f[60]:.4f}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3.9), layout="constrained")
grid = np.stack(np.meshgrid(np.linspace(-5, 2.5, 101), np.linspace(-4.5, 3, 101)), axis=-1)
for panel, (valley, (H, start)) in zip(axes, valleys.items(), strict=True):
    levels = depth(grid.reshape(-1, 2), H).reshape(101, 101)
    panel.contour(grid[..., 0], grid[..., 1], levels, levels=[0.5, 2, 8, 32, 128], colors="0.85")
    for (method, rate), colour, marker in zip(rates.items(), (GREY, ORANGE, BLUE), ("s", "^", "o"), strict=True):
        path = walk(method, rate, H, start)
        panel.plot(*path.T, color=colour, marker=marker, markersize=2.5, linewidth=1, label=f"{method}, r = {rate:.3f}")
    panel.plot(0, 0, color="black", marker="+", markersize=10)
    panel.set(xlabel="$p_1$", ylabel="$p_2$", aspect="equal", xlim=(-5, 2.5), ylim=(-4.5, 3), title=valley)
axes[0].legend(frameon=False, fontsize=8, loc="lower left")
plt.show()

# %% [markdown]
# *Gradient descent falls to the floor of the valley in a few steps and then crawls along it. Momentum swings from
# wall to wall, less each time, and gets there. Adam sets out diagonally, equally fast in both coordinates, overshoots
# and comes back. In the turned valley the first two do what they did before, turned; Adam zigzags as well now, and
# stops about where gradient descent does.*
#
# Adam measures each weight by itself. If the valley runs along an axis, that levels it; if it runs across, both
# coordinates see the same large gradients, and there is nothing to level. In the table the first two methods have the
# same numbers in both valleys. So Adam is no better by some law; it has to be tried.
#
# ## And on images?
#
# A network with one hidden layer, 64 units wide; the same first weights and the same batches for all. Gradient
# descent and Adam, each with three rates a factor of ten apart.


# %%
images = data.load("fashion-mini")
epochs, batch = (1, 300) if FAST else (6, 60)


def train(step_of, scale=1.0):
    """The losses of all batches; step_of(params) makes the function that moves the params by their gradients."""
    net = initialise(Network({"dense1": Dense(784, 64), "relu": ReLU(), "dense2": Dense(64, 10)}), seed=0)
    step, seen = step_of(net.params), []
    for epoch in range(epochs):
        for x, labels in data.epoch_batches(images.x_train, images.y_train, batch, Stream("order", 0, epoch)):
            logits, tape = net.forward(x.reshape(len(x), 784))
            loss, dlogits = losses.softmax_cross_entropy(logits, labels)
            _, grads = net.backward(np.float32(scale) * dlogits, tape, need_dx=False)
            step(net.params, grads)
            seen.append(loss)
    return np.array(seen)


# %%
def descent(rate):
    def step(params, grads):
        for name, p in params.items():
            p -= np.float32(rate) * grads[name]

    return lambda params: step


def library_adam(rate):
    return lambda params: Adam(params, rate).step


curves = {("gradient descent", rate): train(descent(rate)) for rate in (0.01, 0.1, 1.0)}
curves |= {("Adam", rate): train(library_adam(rate)) for rate in (1e-4, 1e-3, 1e-2)}

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3.3), layout="constrained", sharey=True)
styles = [(BLUE, "o"), (ORANGE, "^"), (GREEN, "s")] * 2
for ((method, rate), losses_seen), (colour, marker) in zip(curves.items(), styles, strict=True):
    panel = axes[0 if method == "gradient descent" else 1]
    means = losses_seen.reshape(-1, 20).mean(axis=1)  # of 20 batches
    steps = 20 * np.arange(len(means)) + 10
    panel.plot(steps, means, color=colour, marker=marker, markersize=3, label=f"rate {rate:g}")
    panel.set(xlabel="step", title=method, ylim=(0, 2.7))
    panel.legend(frameon=False)
for panel in axes:
    panel.axhline(np.log(10), color=GREY, linewidth=0.8, zorder=0)
axes[0].set_ylabel("loss, nats per image")
plt.show()

# %% [markdown]
# *With gradient descent the largest rate has ruined the network at once: it stays at the grey line, $\log 10$, the
# loss of somebody who gives every class the same chance. The middle rate is good, the smallest slow. Adam learns with
# all three, and its two larger rates are hard to tell apart in the end.*
#
# With a good rate, then, plain gradient descent comes close: 0.506 against 0.428 in the last twenty batches, as printed
# below. The difference is what one has to know beforehand. Make all derivatives 100 times as small, as a loss in other
# units would:

# %%
weak = {("gradient descent", 0.1): train(descent(0.1), scale=0.01),
        ("Adam", 1e-3): train(library_adam(1e-3), scale=0.01)}  # fmt: skip
for (method, rate), seen in weak.items():
    before, after = curves[method, rate][-20:].mean(), seen[-20:].mean()
    print(f"{method:17} rate {rate:5g}: last losses {before:.3f}; with derivatives 100 times as small {after:.3f}")
assert abs(weak["Adam", 1e-3] - curves["Adam", 1e-3]).mean() < 0.05

# %% [markdown]
# Adam divides the factor out again and takes almost the same path ($\epsilon$ makes the only difference, and rounding).
# In the games ahead one network is moved by the error of 784 pixels and by the verdict of a discriminator, in turns;
# nobody knows in advance which derivatives are larger, and the paper, which uses stochastic gradient descent, does
# not give its step sizes (but for the discriminator's). Here every player gets an Adam, and one that takes part in two
# games gets two, so that each knows one kind of gradient.
#
# ## Exercises
#
# 1. Some trainers do not ask for certainty: they take a share $a$ of the truth from the right class and deal it out
#    evenly to all $M$ (*label smoothing*). Write the loss and its derivative, safe for large scores.
#    (`smoothed_cross_entropy`)
# 2. Lasso trembles about zero since its derivative jumps there. Minimise $\frac12 |p - w|^2 + s \sum |p_j|$ over $p$
#    exactly, in place of a step down the derivative: then weights become exactly 0 and stay there. Do it for one number
#    first, with a case for each sign. (`shrink`)
# 3. Add Tikhonov's $2 \lambda w$ to the gradient, and Adam will divide that, too, by $\sqrt{\hat v}$: a weight with
#    large gradients is hardly pulled at all. *AdamW* (Loshchilov and Hutter, 2019) gives Adam the gradient of
#    the loss alone, and takes the same share, here $r\,d$, off every weight besides. (`adamw`)
#
# The stubs are in `exercises/ex05.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex05

look_at(ex05)
