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
# # 06 · Learning by heart: overfitting, Lasso and Tikhonov
#
# **The question.** A network calls 97 of 100 garments by their names that it has learned from, and 84 of 100 others.
# What has it learned that is of no use? And does it help to make large weights cost something?
#
# The paper builds on this (section IV): regularised networks generalise better, and so they stand more faults. Here
# we look at the first half of that sentence, reproduce the paper's Table I and Figure 2, and leave the "and so" for
# later. Thirty-five minutes of reading; you need lesson 05.

# %%
import inspect
import os
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import campaign, data, findings, losses, paper, plans
from aftt_np.finetune import finetune
from aftt_np.layers import Dense, Flatten, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREY, ORANGE
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## Four numbers and a difference
#
# What we would like to know of a network $f$ is its expected loss on any image that it may ever meet (eq. 5). What we
# can compute is a mean over images that we have, those it has learned from ($D$) or others (eq. 6 and 7):
#
# $$ E_{pop} = \mathbb{E}_{(x,y)}\,l(f(x), y), \qquad E_{train} = \frac{1}{|D|}\sum_{(x,y)\in D} l(f(x), y), \qquad
#    E_{test} = \frac{1}{|D_{test}|}\sum_{(x,y)\in D_{test}} l(f(x), y). $$
#
# With $R$ for the accuracy, the share of right answers, the paper measures overfitting by the **generalisation
# error** (eq. 8),
#
# $$ G_{error} = R_{train} - R_{test}, $$
#
# in percentage points. Note the change on the way: eq. 5 to 7 are means of a *loss*, eq. 8 is a difference of
# *accuracies*. These two can tell different stories, as we shall see. By hand, four images each of two classes; all
# we need is the probability that the network gives to the right one, and `E` is the cross-entropy:

# %%
p_train = np.array([0.9, 0.8, 0.9, 0.6])
p_test = np.array([0.9, 0.02, 0.7, 0.3])
for name, p in (("train", p_train), ("test", p_test)):
    print(f"{name:5}  E = {-np.log(p).mean():.2f} nats,  R = {100 * (p > 0.5).mean():.0f} %")
print(f"G_error = {100 * ((p_train > 0.5).mean() - (p_test > 0.5).mean()):.0f} points")

# %% [markdown]
# Two wrong answers count the same in $R$; in $E$ the one that was sure of itself (0.02) costs three times what the
# other does.
#
# How near is $E_{test}$, or $R_{test}$, to that of all images? The paper gives the limit for a large number $n$ of
# test images. For a finite one: each answer is right with some probability $R$, independently, so the share of right
# ones has the standard error $\sqrt{R(1-R)/n}$. Let a network be right with probability 0.84 and examine it a
# thousand times:

# %%
rng = np.random.default_rng(0)
for n in (100, 1000, 10_000):
    shares = rng.binomial(n, 0.84, size=1000) / n
    law = np.sqrt(0.84 * 0.16 / n)
    print(f"{n:6,} test images: measured as 84 % +- {100 * shares.std():.2f} points; by the formula {100 * law:.2f}")
    assert abs(shares.std() / law - 1) < 0.1

# %% [markdown]
# Our 1,000 test images cannot tell 83 % from 84 %. Keep that in mind when somebody, this lesson included, makes much
# of half a point.
#
# ## Watch it happen
#
# A network with two hidden layers of 96 units, trained on all 6,000 images for thirty epochs with the supervised step
# of the library (lesson 10; what it does is lesson 05). After every epoch we look at all four numbers.

# %%
images = data.load("fashion-mini")
N_train, N_test, EPOCHS = (1000, 300, 4) if FAST else (6000, 1000, 30)
x_train, y_train = images.x_train[:N_train], images.y_train[:N_train]
x_test, y_test = images.x_test[:N_test], images.y_test[:N_test]
LAYERS = {"flatten": Flatten(), "dense1": Dense(784, 96), "relu1": ReLU(), "dense2": Dense(96, 96), "relu2": ReLU(),
          "dense3": Dense(96, 10)}  # fmt: skip


def look(network, x, labels):
    """E in nats per image, R in percent, and how sure the network is of its wrong answers, in percent."""
    logits = campaign.outputs(network, x)
    wrong = logits.argmax(axis=1) != labels
    sure = np.exp(logits.max(axis=1) - np.logaddexp.reduce(logits, axis=1))  # softmax of the answer given
    return softmax_cross_entropy(logits, labels)[0], 100 * (1 - wrong.mean()), 100 * sure[wrong].mean()


def train(penalty=None, history=None, method=Adam, rate=2e-3):
    """A trained network; what `look` says after every epoch, of the training and the test images, goes to history."""
    network = initialise(Network(LAYERS), seed=0)
    walker = method(network.params, rate)
    for epoch in range(EPOCHS):
        walker.rate = rate * (1 - epoch / EPOCHS)  # down to 0 in a line
        for x, labels in data.epoch_batches(x_train, y_train, 100, Stream("order", 0, epoch)):
            finetune(network.part(0, -1), network.part(-1), x, labels, softmax_cross_entropy, walker, penalty)
        if history is not None:
            history.append((look(network, x_train, y_train), look(network, x_test, y_test)))
    return network


# %%
history = []
nets = {"none": train(history=history)}
E_train, R_train, _, E_test, R_test, sure = np.array(history).reshape(EPOCHS, 6).T
lowest = E_test.argmin()
for epoch in (lowest, EPOCHS - 1):
    print(f"after {epoch + 1:2} epochs: R_train {R_train[epoch]:.1f} %, R_test {R_test[epoch]:.1f} %, E_test "
          f"{E_test[epoch]:.2f}; of its wrong answers on test images it is sure to {sure[epoch]:.0f} %")  # fmt: skip
print(f"G_error in the end: {R_train[-1] - R_test[-1]:.1f} points")

# %%
fig, axes = plt.subplots(1, 2, figsize=(6.8, 2.7), layout="constrained")
epochs = np.arange(1, EPOCHS + 1)
for panel, of_train, of_test in ((axes[0], R_train, R_test), (axes[1], E_train, E_test)):
    panel.plot(epochs, of_train, color=BLUE, marker="o", markersize=3, label="training images")
    panel.plot(epochs, of_test, color=ORANGE, marker="^", markersize=3, label="test images")
axes[0].set(xlabel="epoch", ylabel="accuracy R (%)")
axes[1].set(xlabel="epoch", ylabel="loss E (nats per image)", ylim=(0, None))
axes[0].fill_between(epochs, R_test, R_train, color=GREY, alpha=0.15, linewidth=0)
axes[0].legend(frameon=False, loc="upper left")
plt.show()

# %% [markdown]
# *Left: the training accuracy climbs on while the test accuracy stands still; the grey gap between them is the
# generalisation error. Right: the loss on test images falls for some epochs and then creeps up again, although no
# fewer answers are right.*
#
# That is the other story, and the printed lines say what happened: about as many garments are called by wrong names,
# but the network has become surer of these names, and cross-entropy makes it pay. $R_{test}$ sees nothing of this.
# $G_{error}$ doubles, but only because $R_{train}$ rises; how sure the wrong answers are is not in it. For a machine
# that should know when it does not know, that would be the more important of the two.
#
# ## One weight, two penalties
#
# Both of the paper's remedies add a price for large weights to the loss, with a strength $\lambda$:
#
# $$ \text{Lasso (eq. 9):}\;\; \lambda\sum_j |w_j|, \qquad\qquad \text{Tikhonov (eq. 10):}\;\; \lambda\sum_j w_j^2 . $$
#
# What does the price do? Take one weight, and near its best value $a$ let the loss be a parabola, $\frac12
# h\,(w-a)^2$. The curvature $h > 0$ says how much the data insist on $a$. With Tikhonov the sum is lowest where its
# derivative vanishes:
#
# $$ h\,(w-a) + 2\lambda w = 0 \quad\Longrightarrow\quad w = \frac{h}{h+2\lambda}\;a. $$
#
# Every weight keeps a *share* of what it would be, and none becomes 0. With Lasso we need a case for each sign. For
# $w>0$ the derivative is $h\,(w-a)+\lambda$, which vanishes at $w = a-\lambda/h$; that is a solution only if it is
# positive. For $w<0$ it is $a+\lambda/h$, if that is negative. And if $|a|\le\lambda/h$, the cost rises to both sides
# of 0:
#
# $$ w = \mathrm{sign}(a)\,\max\!\big(|a| - \lambda/h,\; 0\big). $$
#
# Every weight loses the same *amount*, and those that have no more than that are exactly 0. (This is called the soft
# threshold.) In the code $\lambda$ is `strength`, and both are a line:


# %%
def tikhonov_minimum(a, h, strength):
    return a * h / (h + 2 * strength)


def lasso_minimum(a, h, strength):
    return np.sign(a) * np.maximum(abs(a) - strength / h, 0)


grid = np.linspace(-1, 1, 200_001)
for a, h, strength in ((0.6, 1.0, 0.4), (0.3, 1.0, 0.4), (-0.6, 2.0, 0.4), (-0.1, 0.5, 0.1)):
    data_loss = h * (grid - a) ** 2 / 2
    by_looking = [grid[(data_loss + strength * price).argmin()] for price in (abs(grid), grid**2)]
    by_formula = lasso_minimum(a, h, strength), tikhonov_minimum(a, h, strength)
    np.testing.assert_allclose(by_looking, by_formula, atol=1e-5)
    print(f"a {a:4}, h {h}: Lasso {by_formula[0] + 0:7.4f}, Tikhonov {by_formula[1]:7.4f}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(6.8, 2.7), layout="constrained")
w, a, strength = np.linspace(-1, 1, 401), 0.3, 0.4
costs = {"no penalty": 0 * w, "Lasso": strength * abs(w), "Tikhonov": strength * w**2}
minima = {"no penalty": lambda a: a, "Lasso": partial(lasso_minimum, h=1.0, strength=strength),
          "Tikhonov": partial(tikhonov_minimum, h=1.0, strength=strength)}  # fmt: skip
for (name, price), colour, line in zip(costs.items(), (GREY, ORANGE, BLUE), (":", "-", "--"), strict=True):
    cost, lowest = (w - a) ** 2 / 2 + price, minima[name](a)
    axes[0].plot(w, cost, color=colour, linestyle=line, label=name)
    axes[0].plot(lowest, cost[abs(w - lowest).argmin()], color=colour, marker="o")
    axes[1].plot(w, minima[name](w), color=colour, linestyle=line, label=name)
axes[0].set(xlabel="weight w", ylabel="cost, for a = 0.3", ylim=(0, 0.6))
axes[1].set(xlabel="a, where the data want the weight", ylabel="w, where it ends")
axes[1].legend(frameon=False)
plt.show()

# %% [markdown]
# *Left: Lasso puts a corner at 0, and here the lowest point lies in it; Tikhonov's cost is round everywhere. Right:
# the soft threshold is flat in the middle and parallel to the dotted line outside; Tikhonov's line only turns.*
#
# Look at $h$ once more. Where the data insist, neither penalty achieves much; where they do not care, $h\to0$, both
# take all. The penalties do not know which weights are of use. The data do.
#
# ### Why biases are left out
#
# Let three images have the feature $x=-1, 0, 1$ and the target $y = 100 + 2x$. The mean loss
# $\frac13\sum\frac12(xw+b-y)^2$ falls apart into one parabola for $w$, with $a=2$ and $h=\frac23$, and one for $b$,
# with $a=100$ and $h=1$:

# %%
w, b = tikhonov_minimum(2.0, 2 / 3, 0.1), tikhonov_minimum(100.0, 1.0, 0.1)
print(f"only w pays:  y = {w:.2f} x + 100.0\nboth pay:     y = {w:.2f} x + {b:.1f}")

# %% [markdown]
# A large weight makes an answer depend wildly on its input. A large bias does not; it says where the zero of the
# scale is. To make it pay only means to be wrong by 17 everywhere. The paper does not say what it did with biases.
#
# ### A sum or a mean?
#
# In eq. 9 and 10 the loss is a *sum* over the data set. (As printed, $\sum_i (y_i - f(x_i))$, it has no lowest value
# at all; surely a square or a cross-entropy was meant.) With $N$ times as many images like ours the curvature of a
# sum is $N$ times as large, that of a mean stays. So what a given $\lambda$ does to a sum depends on how many images
# there are:

# %%
for N in (10, 1000, 60_000):
    of_sum, of_mean = tikhonov_minimum(1.0, N * 1.0, 0.1), tikhonov_minimum(1.0, 1.0, 0.1)
    assert np.isclose(tikhonov_minimum(1.0, N * 1.0, N * 0.1), of_mean)  # lambda of a sum: N times
    print(f"{N:6,} images, lambda 0.1: a weight of 1 becomes {of_sum:.6f} beside a sum, {of_mean:.3f} beside a mean")

# %% [markdown]
# The library adds the penalty to the *mean* over the batch (README, "Where the paper is silent or cannot be right").
# We shall see that the paper's Table I is hard to understand in any other way.
#
# ## The slope, and its check
#
# To descend, a network needs the derivatives: $\lambda\,\mathrm{sign}(w)$ and $2\lambda w$. Here they are behind a
# small dense layer with a squared error, and beside them finite differences. At $w=0$ the slope of Lasso is anything
# from $-\lambda$ to $\lambda$; `np.sign(0)` chooses 0.


# %%
def penalised(w, x, y, kind, strength):
    """Half the squared error, mean over images, and a penalty: the cost and its derivative by w."""
    error = x @ w - y  # (N, M)
    price, slope = (abs(w).sum(), np.sign(w)) if kind == "lasso" else ((w**2).sum(), 2 * w)
    return (error**2).sum() / 2 / len(x) + strength * price, x.T @ error / len(x) + strength * slope


x, w, y = (rng.standard_normal(shape) for shape in ((5, 3), (3, 2), (5, 2)))
for kind in ("lasso", "tikhonov"):
    _, dw = penalised(w, x, y, kind, 0.1)
    for place in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[place] = 1e-6
        above, below = (penalised(w + s * step, x, y, kind, 0.1)[0] for s in (1, -1))
        assert abs((above - below) / 2e-6 - dw[place]) < 1e-8, (kind, place)
    print(f"{kind}: all {w.size} derivatives agree")

# %% [markdown]
# The library's own take all parameters of a network by name and leave out what does not end in `.w`:

# %%
for function in (losses.lasso, losses.tikhonov, losses.only_weights):
    print(inspect.getsource(function))
for kind, penalty in losses.PENALTIES.items():
    price, dprice = penalty({"layer.w": w, "layer.b": np.ones(2)}, 0.1)
    cost, dw = penalised(w, x, y, kind, 0.1)
    bare, dbare = penalised(w, x, y, kind, 0.0)
    np.testing.assert_allclose(price, cost - bare, rtol=1e-12)
    np.testing.assert_allclose(dprice["layer.w"], dw - dbare, atol=1e-12)
    assert dprice.keys() == {"layer.w"}
print("ours and the library's agree")

# %% [markdown]
# ## Exact zeros
#
# One dense layer from pixels to classes, as in lesson 01, three times: with Tikhonov, with Lasso by its slope, and
# with Lasso by the soft threshold. That last one takes a step down the loss alone, $v = w - \eta\,dw$, and then asks:
# what minimises $\frac1{2\eta}(w-v)^2 + \lambda|w|$? That is our parabola with $a=v$ and $h=1/\eta$.

# %%
x_few, y_few = data.to_unit(x_train[:2000]).reshape(-1, 784), y_train[:2000]
x_new = data.to_unit(x_test).reshape(-1, 784)
rate, single = np.float32(0.1), {}
for name, strength in (("Tikhonov", 2e-2), ("Lasso, slope", 2e-3), ("Lasso, threshold", 2e-3)):
    w = np.random.default_rng(0).normal(0, 0.01, (784, 10)).astype(np.float32)
    b, strength = np.zeros(10, np.float32), np.float32(strength)
    for _ in range(20 if FAST else 300):
        _, dlogits = softmax_cross_entropy(x_few @ w + b, y_few)
        slope = {"Tikhonov": 2 * w, "Lasso, slope": np.sign(w), "Lasso, threshold": 0 * w}[name]
        w = w - rate * (x_few.T @ dlogits + strength * slope)
        b = b - rate * dlogits.sum(axis=0)
        if name == "Lasso, threshold":
            w = lasso_minimum(w, 1 / rate, strength)
    single[name] = w
    right = 100 * ((x_new @ w + b).argmax(axis=1) == y_test).mean()
    print(f"{name:17} {right:.1f} % of test images right; exactly 0: {(w == 0).mean():5.1%} of the weights, "
          f"below 0.001: {(abs(w) < 1e-3).mean():5.1%}")  # fmt: skip

# %%
names = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
colours = plt.get_cmap("RdBu_r", 13).with_extremes(bad="0.75")
fig, axes = plt.subplots(3, 6, figsize=(6.2, 3.1), layout="constrained")
for row, (label, w) in zip(axes, single.items(), strict=True):
    reach = abs(w).max()
    for panel, column in zip(row, (0, 1, 3, 5, 7, 9), strict=True):
        strokes = np.ma.masked_equal(w[:, column].reshape(28, 28), 0)
        shown = panel.imshow(strokes, cmap=colours, vmin=-reach, vmax=reach, interpolation="nearest")
        panel.set(xticks=[], yticks=[], title=names[column] if label == "Tikhonov" else "")
    row[0].set_ylabel(label.replace(", ", ",\n"), fontsize=9)
    fig.colorbar(shown, ax=row, label="weight")
plt.show()

# %% [markdown]
# *The weights of six classes, red for and blue against; grey is exactly 0. Tikhonov leaves a soft drawing that covers
# everything. Lasso leaves about two in five weights, in strokes: sleeves, a gap between legs, a heel. By its slope the
# rest is nearly white, by the threshold it is grey, gone.*
#
# The two Lassos are as accurate as each other and keep the same strokes. But a program that counts zeros would call
# the first one dense: its small weights step over 0 and back, by $\eta\lambda$ each time (lesson 05), and never stop
# on it. So beware of counting `w == 0`. Beware, too, of what the other kind of zero may be worth to us: where Lasso
# has left a single stroke, a single fault can take it.
#
# ## Networks that pay
#
# Back to the network that we watched, and six more with the same first weights and the same batches: Tikhonov with
# the three strengths of the paper's Table I and one between, and Lasso with two.

# %%
TIKHONOV, LASSO = (1e-4, 1e-3, 1e-2, 1e-1), (1e-5, 1e-4)
for strength in TIKHONOV:
    nets[f"tikhonov {strength:g}"] = train(partial(losses.tikhonov, strength=strength))
for strength in LASSO:
    nets[f"lasso {strength:g}"] = train(partial(losses.lasso, strength=strength))

weights = {name: np.concatenate([p.ravel() for p in losses.only_weights(net.params).values()])
           for name, net in nets.items()}  # fmt: skip
table = {name: [look(net, *some)[1] for some in ((x_train, y_train), (x_test, y_test))] for name, net in nets.items()}
print("               R_train  R_test  G_error  std of weights  |w| < 0.001  w == 0")
for name, (of_train, of_test) in table.items():
    w = weights[name]
    print(f"{name:14}{of_train:8.2f}{of_test:8.2f}{of_train - of_test:9.2f}{w.std():16.4f}"
          f"{(abs(w) < 1e-3).mean():13.1%}{(w == 0).sum():8}")  # fmt: skip

# %% [markdown]
# Two things to see. $G_{error}$ shrinks from row to row with Tikhonov, and it does so because $R_{train}$ falls. Up
# to $\lambda=10^{-3}$ the test accuracy stays within what 1,000 images can tell; then it falls, too. The row with the
# smallest generalisation error of all belongs to the network that knows least. A network that guesses has one of
# about zero.
#
# And the last column: if there are exact zeros at all, they are not Lasso's, the very opposite of theory. We know why
# Lasso's are missing. Where do the others come from?
#
# ## What became of the units
#
# Here are the weights of six units of the first layer, in four of the networks. They began as the same random
# numbers.

# %%
fig, axes = plt.subplots(4, 6, figsize=(5.8, 3.7), layout="constrained")
for row, name in zip(axes, ("none", "tikhonov 0.001", "tikhonov 0.01", "lasso 0.0001"), strict=True):
    w = nets[name].params["dense1.w"]
    reach = np.quantile(abs(w), 0.998)
    for panel, unit in zip(row, (0, 1, 2, 4, 5, 7), strict=True):
        picture = w[:, unit].reshape(28, 28)
        shown = panel.imshow(picture, cmap=colours, vmin=-reach, vmax=reach, interpolation="nearest")
        panel.set(xticks=[], yticks=[])
    row[0].set_ylabel(name.replace(" ", "\n"), rotation=0, ha="right", va="center", fontsize=9)
    fig.colorbar(shown, ax=row, label="weight")
plt.show()

# %% [markdown]
# *Above, mostly noise. The stronger the penalty, the more of it is gone; in the third row one can see what some units
# look for: a coat, a dress, the slope of a boot, in whole areas. Lasso keeps mostly single pixels. And some pictures
# are empty.*
#
# The edges of the pictures deserve a second look, since the eye sees little there. Pixels at the edge are hardly ever
# lit, so the data have next to nothing to say about their weights. But Adam divides by the size of the gradients, so
# a weight that is seldom moved is then moved as far as any other, and nothing brings it back. Beside it, plain
# gradient descent (lesson 05):


# %%
class Descent:
    """Plain gradient descent, in Adam's place."""

    def __init__(self, params, rate):
        self.rate = rate

    def step(self, params, grads):
        for name, p in params.items():
            p -= np.float32(self.rate) * grads[name]


compared = {"before training": initialise(Network(LAYERS), seed=0), "none, no Adam": train(method=Descent, rate=0.1)}
compared |= nets
x = data.to_unit(x_train).reshape(-1, 784)
silent = {name: (np.maximum(x @ net.params["dense1.w"] + net.params["dense1.b"], 0) == 0).all(axis=0)
          for name, net in compared.items()}  # 0 for every training image  # fmt: skip
lit = (x_train > 0).reshape(N_train, 784).sum(axis=0)
dark = lit.argsort()[:20]
print(f"the 20 darkest pixels are lit in {lit[dark].max()} of {N_train:,} training images, or in fewer")
print("root mean square of weights   at these pixels   at all   silent units of 96, of these silent in 'none'")
for name, net in compared.items():
    w = net.params["dense1.w"]
    print(f"{name:26}{(w[dark] ** 2).mean() ** 0.5:16.4f}{(w**2).mean() ** 0.5:11.4f}{silent[name].sum():14}"
          f"{(silent[name] & silent['none']).sum():14}")  # fmt: skip

# %%
w = nets["none"].params["dense1.w"].copy()
w[dark] = 0
blind = campaign.score(nets["none"].with_params({"dense1.w": w}), x_test, y_test).accuracy
print(f"none: {table['none'][1]:.1f} % of test images right; with the weights of these pixels set to 0 {blind:.1f} %")

# %% [markdown]
# Without a penalty these weights have doubled, and the rest has not grown as much. With plain gradient descent they
# stay as they were: it is Adam's division. On the test images it does no harm that we could measure, and even the
# weakest penalty removes it.
#
# ### Whole units
#
# A unit that is 0 for all images gets no derivative from them (lesson 02). Without a penalty there are nine of these,
# and their weights stay; a penalty has nobody against it there. But Tikhonov also silences units that work without it,
# five at $10^{-3}$ (two are the empty pictures above) and nine at $10^{-2}$. (At $10^{-1}$ all weights are small, and
# few units vanish.) That is a surprise, since we have derived that it only takes shares. It spares single weights, yet
# it silences whole units. The derivation held one layer fixed; a unit has weights on two sides. Let $\alpha$ be the
# size (root of the sum of squares) of those that come in and $\beta$ of those that go out. A ReLU unit with $\alpha$
# ten times as large and $\beta$ a tenth computes the same function, so of the two sizes the loss knows only the
# product $c=\alpha\beta$, and the penalty will choose the cheapest way to make it:
#
# $$ \min_{\alpha\beta=c} \big(\alpha^2+\beta^2\big) = 2c, \qquad\text{at } \alpha=\beta=\sqrt c . $$
#
# So what a unit pays for its strength $c$ is $2\lambda c$ and not $\lambda c^2$: for whole units Tikhonov *is* a
# Lasso, corner and all. (The unit's bias is not charged and goes along.) Let us see whether training has found
# $\alpha=\beta$:

# %%
fig, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for name, colour, marker in (("none", GREY, "o"), ("tikhonov 0.001", BLUE, "s")):
    params = nets[name].params
    alpha, beta = (((params["dense1.w"] ** 2).sum(axis=0)) ** 0.5, ((params["dense2.w"] ** 2).sum(axis=1)) ** 0.5)
    axes.plot(alpha, beta, marker, color=colour, markersize=4, linestyle="", label=name)
axes.axline((0, 0), slope=1, color=GREY, linewidth=0.8)
axes.set_aspect("equal")
axes.set(xlabel=r"size of the weights that come in, $\alpha$", ylabel=r"of those that go out, $\beta$")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *A dot for each of the 96 units of the first layer. Without a penalty they are a cloud below the diagonal (the silent
# ones are still near it, where they began). Tikhonov has pulled them down towards it, and a good many of them all the
# way to 0.*
#
# That is where the exact zeros come from: the weights of a silent unit lose their share for ever, until single
# precision has no smaller number.
#
# The paper says of regularisation that it will "uniformly distribute the information across all the nodes and
# synapses", so that others can take over when some fail (section IV). Half of that is right: among the *weights of a
# unit* Tikhonov prefers many small ones to one large. Among the *units* of this network it has cleared away a part of
# the spare ones.
#
# ## Figure 2: the distribution of the weights
#
# The paper trains 784-512-512-10 with and without regularisation and finds that with it the parameters "have similar
# values": the standard deviation falls. Ours is in the table above. Beside it stand the networks of a larger study:
# the paper's architecture A1 (784-512-1024-512-512-10), all 60,000 training images and 10,000 test images of
# Fashion-MNIST, twenty epochs, five training seeds. Here we only read what was found by
#
# `python -m aftt_np.study lessons/plans/lambda-A1.toml --results lessons/results/lambda-A1`

# %%
PLAN = plans.read(Path("plans/lambda-A1.toml"))
study = findings.read(Path("results/lambda-A1"), PLAN.methods, PLAN.methods)
print("on 60,000 images  R_train  R_test  G_error  std of weights (means of the seeds)")
for method in study.methods:
    of_train, of_test = (np.mean(list(of[method].values())) for of in (study.train, study.test))
    std = np.mean([std for std, _ in study.weights[method].values()])
    print(f"{method:17}{of_train:8.2f}{of_test:8.2f}{of_train - of_test:9.2f}{std:16.4f}")

# %%
fig, axes = plt.subplots(1, 2, figsize=(6.8, 2.8), layout="constrained")
bins = np.linspace(-0.5, 0.5, 61)
live = {name: (w.std(), np.histogram(w, bins)[0]) for name, w in weights.items()}
full = {method: study.weights[method][0] for method in study.methods}
for panel, found, edges, shown in (
    (axes[0], live, bins, ("none", "tikhonov 0.001", "lasso 0.0001")),
    (axes[1], full, findings.WEIGHT_BINS, ("none", "tikhonov 1e-3", "lasso 1e-4")),
):
    middle = (edges[1:] + edges[:-1]) / 2
    for name, colour, line in zip(shown, (GREY, BLUE, ORANGE), ("-", "--", "-"), strict=True):
        std, counts = found[name]
        panel.plot(middle, np.array(counts) / (sum(counts) * np.diff(edges)), color=colour, linestyle=line, label=name)
    std = found["none"][0]
    normal = np.exp(-((middle / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))
    panel.plot(middle, normal, color=GREY, linestyle=":", label="normal, same std as none")
    panel.set(xlabel="weight", yscale="log", ylim=(1e-3, 1e5))
    panel.legend(frameon=False, fontsize=8, loc="upper right")
axes[0].set_ylabel("density (logarithmic)")
plt.show()

# %% [markdown]
# *Left our small networks, right those of the study. Both penalties narrow the distribution and pile most of it up in
# a sharp peak at 0, with long tails to both sides. A normal distribution would be a parabola on this axis (dotted).
# Without a penalty the right network is near it; the regularised ones are not.*
#
# So the paper's observation stands: the standard deviation falls. Its reading of the picture, a "Gaussian
# distribution" with all weights of "similar values", needs a second look. A sharp peak with long tails means that
# most weights are next to nothing and a few are far larger than the rest.
#
# ## Table I
#
# Now the paper's Table I, beside both of ours. (The paper does not say on which images and which network it was made.)

# %%
ours = {0.0: "none"} | {strength: f"tikhonov {strength:g}" for strength in TIKHONOV}
larger = {
    strength: tuple(np.mean(list(of[method].values())) for of in (study.train, study.test))
    for strength, method in PLAN.strengths()["tikhonov"].items()
}
columns = {
    "the paper": paper.TABLE_1,
    "60,000 images, A1": larger,
    f"{N_train:,} images, small": {strength: table[name] for strength, name in ours.items()},
}
print("lambda  " + "".join(f"{name:>28}" for name in columns))
for strength in sorted(set().union(*columns.values())):
    cells = [column.get(strength) for column in columns.values()]
    said = [f"{cell[0]:6.2f} - {cell[1]:.2f} = {cell[0] - cell[1]:5.2f}" if cell else "" for cell in cells]
    print(f"{strength:<8g}" + "".join(f"{text:>28}" for text in said))

# %%
fig, axes = plt.subplots(1, 3, figsize=(7, 2.7), sharey=True, layout="constrained")
for panel, (name, column) in zip(axes, columns.items(), strict=True):
    strengths = sorted(column)
    places, both = range(len(strengths)), np.array([column[strength] for strength in strengths]).T
    panel.fill_between(places, *both, color=GREY, alpha=0.2, linewidth=0)
    for values, colour, marker, label in zip(both, (BLUE, ORANGE), "o^", ("training", "held out"), strict=True):
        panel.plot(places, values, color=colour, marker=marker, label=label)
    panel.set(xlabel=r"strength $\lambda$ of Tikhonov", title=name, xticks=places)
    panel.set_xticklabels([f"{strength:g}" for strength in strengths], fontsize=8)
    panel.title.set_fontsize(10)
axes[0].set_ylabel("accuracy (%)")
axes[0].legend(frameon=False, loc="lower left")
plt.show()

# %% [markdown]
# *The grey band is the generalisation error: in all three panels it closes to the right, and in all three it closes
# from above. At the end of ours the lines have crossed: the network is a little better on images that it has not seen,
# by chance or because these are a little easier.*
#
# So the trade-off of Table I is there: less overfitting, and in the end less accuracy. With $10^{-4}$ and $10^{-3}$ the
# training accuracies of the study are within a point of the paper's. What we do not find is that a little Tikhonov
# makes the *test* accuracy a whole point better than none. In the study the three rows from 0 to $10^{-4}$ lie within
# a seventh of a point, and the standard error with 10,000 images and 90 % is 0.3 points.
#
# The table also answers the question of the sum and the mean. Were the paper's loss a sum over 60,000 images, its
# $\lambda=0.1$ would be $0.1/60{,}000$ beside a mean, less than a fifth of the weakest strength in the middle panel,
# where the accuracies have not moved yet. But in the paper's last row the network has forgotten a third of what it
# knew, and ours, with a mean, almost half. That speaks for a mean. (Nobody can be sure: the data set, the network, step
# sizes, batches and epochs are not given.)
#
# One more thing about such tables. Their best row is found by *looking at the test images*, and those who choose the
# best of ten strengths by them report a number that is a little too good. So the strengths that this course compares
# with other methods, $10^{-5}$ of Lasso and $10^{-4}$ of Tikhonov, were chosen on 10,000 validation images, by the area
# under the curve of dead nodes (`results/search-A1`; for Lasso it was a matter of a quarter of a point). This table
# chooses nothing. The paper tuned with a grid search (section VI-C) and does not say on which images.
#
# ## Which garments?
#
# Last, the images themselves. The overfitted network and the one with $\lambda=10^{-3}$ are about as accurate; do
# they make the same mistakes?

# %%
plain, calm = (campaign.outputs(nets[name], x_test).argmax(axis=1) for name in ("none", "tikhonov 0.001"))
only_plain = np.flatnonzero((plain != y_test) & (calm == y_test))
only_calm = np.flatnonzero((plain == y_test) & (calm != y_test))
print(f"wrong: both {((plain != y_test) & (calm != y_test)).sum()}, only the overfitted one {len(only_plain)}, "
      f"only the regularised one {len(only_calm)}")  # fmt: skip
logits = campaign.outputs(nets["none"], x_test[only_plain])
sure = np.exp(logits.max(axis=1) - np.logaddexp.reduce(logits, axis=1))
fig, axes = plt.subplots(2, 5, figsize=(6, 3), layout="constrained")
for panel in axes.flat:
    panel.axis("off")
for panel, place in zip(axes.flat, (-sure).argsort(), strict=False):
    garment = only_plain[place]
    panel.imshow(x_test[garment], cmap="gray")
    panel.set_title(f"{names[y_test[garment]]}\nnot {names[plain[garment]]} ({sure[place]:.0%})", fontsize=8)
plt.show()

# %% [markdown]
# *Garments that only the overfitted network gets wrong: the true name above, its own below, and how sure it was.*
# Most are quarrels among neighbours, T-shirts with shirts and sneakers with boots. It would be a fine illustration of
# what overfitting does, and a dishonest one without the printed line: the regularised network has about as many that
# only it gets wrong. Whoever shows you a gallery like this should show you both counts. (Is a split like this more
# than a coin's? Exercise 3.)
#
# ## And faults?
#
# The paper goes on: "A higher generalisation error percent [...] indicates more overfitting and the model is prone to
# significant performance degradation in presence of faults", and below its Table II, "Generalisation error is used as
# a measure of fault tolerance". That is a **claim**, and in this lesson we have not broken anything. We have seen
# some reasons for it: smaller weights, and many that share a task. We have also seen some against taking it for
# granted. The smallest generalisation error was that of a network which had learned little; and Tikhonov removes
# spare units. Lesson 07 breaks networks, lesson 11 says how to do so fairly, and lesson 12 puts the claim to the
# test.
#
# ## Exercises
#
# 1. The paper mentions combinations of both penalties. Find the minimum of $\frac12 h(w-a)^2 + \lambda_1|w| +
#    \lambda_2 w^2$. (`elastic_net`) In which order do the two act?
# 2. Leave out the hidden units that are 0 for every image you have. (`pruned`) Do it to the first two layers of
#    `nets["none"]` with the training images: are the numbers for the test images still the same?
# 3. Two networks, the same images. Count where only one of them is right, and say how often coins would split as
#    unevenly or more. (`only_one_is_right`) Try it on `plain` and `calm`. Why do images that both get right not come
#    into it?
#
# The stubs are in `exercises/ex06.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex06

look_at(ex06)
