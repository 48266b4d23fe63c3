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
# # 09 · Game two: the discriminator
#
# **The question.** How do you make 512 numbers look as if they were drawn from a normal distribution?
#
# One could write down what "look as if" means, and would forget something. Steps (2) and (3) of Algorithm 1 employ a
# critic instead, a network whose only pleasure it is to tell the two apart, and let the extractor learn from its
# verdicts. Forty minutes of reading; you need the binary cross-entropy of lesson 05 and the extractor of lesson 08.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data, games, models
from aftt_np.layers import Dense, Flatten, LeakyReLU, ReLU, Reshape, Sigmoid
from aftt_np.losses import binary_cross_entropy
from aftt_np.models import Players, initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE, PINK
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## The formula
#
# The *discriminator* sees a feature vector and says with which probability it is a sample of the prior,
# $D(z)=1/(1+e^{-s(z)})$, where the score $s$ (`logit` in the code) is the output of its last dense layer. It is
# shown features $z$ of $m$ images, and $m$ samples $z'$ of the *prior* $N(0, I)$, of which every number is normal with
# mean 0 and variance 1, whatever the others are (in the code `z` and `z_prior`), and descends
#
# $$ L_D = -\frac1m \sum_{k=1}^m \log D(z'_k) \;-\; \frac1m \sum_{k=1}^m \log\bigl(1 - D(z_k)\bigr), $$
#
# while the extractor, which made the $z$, descends
#
# $$ L_G = -\frac1m \sum_{k=1}^m \log D(z_k) : $$
#
# it wants its features to be taken for samples of the prior. Now these two do quarrel about the same $D(z)$.
#
# If you compare this with the paper, you will find that it prints something else, and more than once:
#
# | the paper | the trouble |
# |---|---|
# | eq. 2 and 16: $1 - \log D$ | eq. 3, and the last line of eq. 16, say $\log(1 - D)$ |
# | eq. 12 and line 13 have a minus, line 12 *ascends* | together they would teach the discriminator to be wrong |
# | eq. 17: $q_\phi(z \mid x)$ | one image has one $z$; only their distribution over all images can equal $p(z)$ |
# | line 10: $N(\mu, \Sigma)$ | neither is given; here $N(0, I)$ |
# | after eq. 13: the discriminator, too, is updated with $L_G$ | lines 15 to 17 update the extractor only |
#
# The formulas above are what is left when all of this is put right. The first line deserves a picture.
#
# ## Two places
#
# Suppose features can only be in two places, left and right. Of the prior's samples $3/4$ fall on the left, of
# the features $1/4$. What should $D$ say on the left? Write $p = 3/4$, $q = 1/4$; the left contributes
# $-p \log D - q \log(1 - D)$ to the loss. Its derivative is $-p/D + q/(1-D)$, which is 0 where
#
# $$ D^* = \frac{p}{p + q} = \frac34 . $$
#
# That is eq. 17. On the right it is $1/4$. The derivative by the score is simpler still, since $dD/ds = D(1-D)$:
# $\;-p(1-D) + qD$.


# %%
def place(D, p, q):
    """What one place adds to the loss of the discriminator, and its derivative by the score."""
    return -p * np.log(D) - q * np.log(1 - D), -p * (1 - D) + q * D


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


D = np.linspace(0.01, 0.99, 99)
for p, q in ((0.75, 0.25), (0.5, 0.5), (0.25, 0.75)):
    loss, dscore = place(D, p, q)
    best = D[loss.argmin()]
    print(f"p = {p}, q = {q}: the best of 99 answers is {best:.2f}, the formula says {p / (p + q):.2f}")
    assert abs(best - p / (p + q)) < 1e-6
    s, h = np.log(D / (1 - D)), 1e-5
    difference = (place(sigmoid(s + h), p, q)[0] - place(sigmoid(s - h), p, q)[0]) / (2 * h)
    np.testing.assert_allclose(dscore, difference, atol=1e-8)

# %% [markdown]
# And what if it were $1 - \log D$, as in eq. 2? Then a place gives the discriminator, who now maximises,
# $p \log D + q\,(1 - \log D) = (p - q) \log D + q$.

# %%
fig, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for p, colour, style in ((0.75, BLUE, "-"), (0.5, GREY, "--"), (0.25, ORANGE, ":")):
    q = 1 - p
    label = f"p = {p}, q = {q}"
    axes[0].plot(D, p * np.log(D) + q * np.log(1 - D), color=colour, linestyle=style, label=label)
    axes[0].plot(p, p * np.log(p) + q * np.log(q), "o", color=colour)
    axes[1].plot(D, p * np.log(D) + q * (1 - np.log(D)), color=colour, linestyle=style, label=label)
axes[0].set(xlabel="$D$", ylabel="gain with $\\log(1 - D)$ (nats)", ylim=(-3.5, 0))
axes[1].set(xlabel="$D$", ylabel="gain with $1 - \\log D$ (nats)")
axes[1].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# *With $\log(1 - D)$ every place has one best answer, and it tells how much likelier the prior is there. With
# $1-\log D$ the best answer is "certainly" or a gain without end, and where both are as likely every answer is as
# good as any other. Only the left one is a game.*
#
# ## The library's discriminator
#
# Line 11's features come in as numbers: nobody goes back to the extractor from here ("keeping Feature Extractor
# fixed", says line 8). `rng` is for the dropout of the paper's discriminator (section VI-B): in every move a part of
# its units, drawn anew, is silent.

# %%
print(inspect.getsource(games.discriminate))

# %% [markdown]
# Let it learn in one dimension, where we know the answer. The prior is $N(0, 1)$, the features are $N(2, 1/2^2)$ and
# have learnt nothing yet. First our formula against the returned loss, then the gradients along one random
# direction. As in lesson 08 a clerk sits where Adam would.


# %%
class Clerk:
    """Sits where Adam sits, moves nobody, and writes down who would have moved and how."""

    def step(self, params, grads):
        self.names, self.grads = sorted(params), grads


def critic(D, H, seed=0):
    """A small discriminator for D features, with two hidden layers of H units."""
    layers = {"dense1": Dense(D, H), "leaky1": LeakyReLU(0.2), "dense2": Dense(H, H), "leaky2": LeakyReLU(0.2)}
    layers["dense3"] = Dense(H, 1)
    return initialise(Network({f"discriminator/{name}": layer for name, layer in layers.items()}), seed)


rng = np.random.default_rng(9)
z, z_prior = rng.normal(2, 0.5, (64, 1)), rng.standard_normal((64, 1))
start = critic(1, 16)
start = start.with_params({name: w.astype(np.float64) for name, w in start.params.items()})


def loss_of(network):
    D_prior, D = (sigmoid(network.forward(points)[0]) for points in (z_prior, z))
    return -np.log(D_prior).mean() - np.log(1 - D).mean()


# %%
clerk = Clerk()
np.testing.assert_allclose(games.discriminate(start, z, z_prior, clerk), loss_of(start), rtol=1e-12)

v, h = {name: rng.standard_normal(w.shape) for name, w in start.params.items()}, 1e-6
ends = [loss_of(start.with_params({name: w + step * v[name] for name, w in start.params.items()})) for step in (h, -h)]
promised = sum((clerk.grads[name] * v[name]).sum() for name in v)
print((ends[0] - ends[1]) / (2 * h), promised)
np.testing.assert_allclose((ends[0] - ends[1]) / (2 * h), promised, rtol=1e-4)

# %% [markdown]
# Now with Adam, and new samples in every move.


# %%
def density(x, mean, std):
    return np.exp(-(((x - mean) / std) ** 2) / 2) / (std * np.sqrt(2 * np.pi))


judge = critic(1, 16)
adam = Adam(judge.params, 5e-3)
for _ in range(300 if FAST else 1500):
    z, z_prior = rng.normal(2, 0.5, (256, 1)), rng.standard_normal((256, 1))
    games.discriminate(judge, z.astype(np.float32), z_prior.astype(np.float32), adam)

x = np.linspace(-3, 4.5, 301)
p, q = density(x, 0, 1), density(x, 2, 0.5)
learned = sigmoid(judge.forward(x[:, None].astype(np.float32))[0][:, 0])
fig, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
axes.fill_between(x, p, color=BLUE, alpha=0.25, linewidth=0, label="prior $p$, N(0, 1)")
axes.fill_between(x, q, color=ORANGE, alpha=0.25, linewidth=0, label="features $q$, N(2, 1/4)")
axes.plot(x, p / (p + q), color=GREY, linestyle="--", label="$D^* = p / (p + q)$")
axes.plot(x, learned, color=GREEN, label="$D$, learned")
axes.set(xlabel="z", ylabel="density, or probability $D$", ylim=(0, 1.05))
axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 0.3))
plt.show()

often = p + q > 0.05  # where samples come by
print(f"largest distance from D* where samples come by: {abs(learned - p / (p + q))[often].max():.2f}")
assert abs(learned - p / (p + q))[often].max() < (0.4 if FAST else 0.15)
for point in (-1, 0, 1, 2, 2.5, 4.5):
    score = judge.forward(np.array([[point]], np.float32))[0].item()
    ratio = density(point, 0, 1) / density(point, 2, 0.5)
    print(f"z = {point:4}: score {score:5.1f}, log p - log q = {np.log(ratio):5.1f}")

# %% [markdown]
# *The learned discriminator lies on eq. 17 wherever there is much to learn from. Beyond 3 samples are rare (2.3 % of
# the features, 0.1 % of the prior), and it has not noticed that $D^*$ rises again there, for the prior is the wider.*
#
# The score of eq. 17 is $\log p - \log q$: a network that was only ever asked "prior or not?" has found the ratio of
# two densities, where both occur. Where one of them is missing it has no more than the side, and at 4.5 not even that.
#
# ## One half
#
# When the features are distributed as the prior is, $D^* = 1/2$ everywhere. A discriminator that has nothing to say
# has the score 0, and then both losses are known in advance:

# %%
nothing = np.zeros((5, 1))
L_D = binary_cross_entropy(nothing, 1)[0] + binary_cross_entropy(nothing, 0)[0]
L_G = binary_cross_entropy(nothing, 1)[0]
print(f"L_D = {L_D:.4f} = 2 ln 2, L_G = {L_G:.4f} = ln 2")
assert abs(L_D - 2 * np.log(2)) < 1e-12 and abs(L_G - np.log(2)) < 1e-12

x, dx = np.linspace(-12, 12, 4801, retstep=True)
for mean in (0, 0.5, 1, 2, 4):
    p, q = density(x, 0, 1), density(x, mean, 1)
    best = -(p * np.log(p / (p + q)) + q * np.log(q / (p + q))).sum() * dx
    print(f"features N({mean}, 1): the best discriminator's loss is {best:.4f}")

# %% [markdown]
# $2 \ln 2$ is the most that the *best* discriminator can lose: always to answer $1/2$ costs as much, so the best costs
# no more. And only equal distributions make it lose so much: in each place $D^*$ is the only best answer, so it must be
# $1/2$ everywhere, that is, $p = q$. Mind the adjective; we come back to it. The exercises make a distance of it.
#
# ## The extractor's move

# %%
print(inspect.getsource(games.confuse))

# %% [markdown]
# The derivative walks from the loss through the whole discriminator to `dz`, and on into the extractor. On its way
# it passes every weight of the discriminator, and changes none: `need_grads=False`. The discriminator declines its
# gradients (they are not even computed), because descending $L_G$ would teach it to be fooled. Who moved?

# %%
images = data.load("fashion-mini")
players = models.build("A1", images.image_shape, classes=10, seed=0)
before = {name: w.copy() for name, w in players.params.items()}
x = data.to_unit(images.x_train[:128])
z, tape = players.extractor.forward(x)


def who_moved():
    moved = {role: any((w != before[name]).any() for name, w in network.params.items())
             for role, network in players._asdict().items()}  # fmt: skip
    before.update({name: w.copy() for name, w in players.params.items()})
    return [role for role in moved if moved[role]]


z_prior = games.sample_prior(z, Stream("lesson"))
games.discriminate(players.discriminator, z, z_prior, Adam(players.discriminator.params, 5e-5))
print("after step (2):", moved := who_moved())
assert moved == ["discriminator"]
games.confuse(players.extractor, players.discriminator, (z, tape), Adam(players.extractor.params, 1e-4))
print("after step (3):", moved := who_moved())
assert moved == ["extractor"]

logits, tape = players.discriminator.forward(z)
dz, grads = players.discriminator.backward(binary_cross_entropy(logits, 1)[1], tape, need_grads=False)
print("handed on:", dz.shape, " the discriminator's gradients:", grads)
assert grads is None

# %% [markdown]
# ## Why not simply the opposite?
#
# In eq. 3 the extractor minimises what the discriminator maximises, which is $\log(1 - D(z))$. In line 17 it descends
# $-\log D(z)$ instead. (So it does in eq. 2 as printed: $1 - \log D$ has the same slope.) Both want $D(z)$ to be large.
# But look at how hard they push. With $dD/ds = D(1-D)$:
#
# $$ \frac{d}{ds} \log(1 - D) = -D, \qquad\qquad \frac{d}{ds} \bigl(-\log D\bigr) = D - 1 . $$

# %%
s = np.linspace(-8, 8, 161)[:, None]
saturating = -sigmoid(s)
loss, dlogits = binary_cross_entropy(s, 1)
np.testing.assert_allclose(dlogits * len(s), sigmoid(s) - 1, rtol=1e-12)  # times N: of one image, not of the mean
h = 1e-5
for f, slope in ((lambda s: np.log(1 - sigmoid(s)), saturating), (lambda s: -np.log(sigmoid(s)), dlogits * len(s))):
    np.testing.assert_allclose((f(s + h) - f(s - h)) / (2 * h), slope, atol=1e-6)

fig, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.semilogy(s, abs(saturating), color=ORANGE, linestyle="--", label="$\\log(1 - D)$, eq. 3: $|ds| = D$")
axes.semilogy(s, abs(dlogits * len(s)), color=BLUE, label="$-\\log D$, line 17: $|ds| = 1 - D$")
axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
axes.annotate("found out", (-7.9, 1.4), fontsize=8, color=GREY)
axes.annotate("passed for the prior", (4.4, 1.4), fontsize=8, color=GREY)
axes.set(xlabel="score s of a feature vector", ylabel="size of the derivative", ylim=(1e-4, 4))
axes.legend(frameon=False, fontsize=8, loc="lower center")
plt.show()

# %% [markdown]
# *Features that have been found out (left) get the full push from line 17 and next to none from eq. 3; it is the
# other way round for those that already pass (right). A loss should be loud where there is something to learn.*
#
# This is the "vanishing gradient" of section VI-F. It belongs to eq. 3, not to line 17.
#
# ## A game to watch
#
# Two features can be drawn. So take a small extractor (784, 64, 2), a decoder that mirrors it, and a small
# discriminator, and play: `games.play` is both games on one minibatch, `games.compete` the second alone. Its `k` is
# that of line 9, "for k steps": the discriminator's moves for one of the extractor, here 1. `alive` is 1 everywhere
# as long as nothing is broken. And `Adams.make` wants the rates of steps (1), (2) and (3), in this order.


# %%
print(inspect.getsource(games.compete))


# %%
def small_players(D, seed=0):
    """Extractor, decoder and discriminator for Fashion-MNIST and D features; no classifier yet."""
    extractor = {"flatten": Flatten(), "dense1": Dense(784, 64), "relu1": ReLU(), "dense2": Dense(64, D)}
    decoder = {"dense1": Dense(D, 64), "relu1": ReLU(), "dense2": Dense(64, 784), "sigmoid": Sigmoid(),
               "reshape": Reshape((28, 28, 1))}  # fmt: skip
    networks = [
        initialise(Network({f"{role}/{name}": layer for name, layer in table.items()}), seed)
        for role, table in (("extractor", extractor), ("decoder", decoder))
    ]
    return Players(*networks, critic(D, 64, seed), Network({}))


# %%
def batches(epoch, n):
    for x, _ in data.epoch_batches(images.x_train[:n], images.y_train[:n], 128, Stream("order", 0, epoch)):
        yield x


x_test = data.to_unit(images.x_test[: 400 if FAST else 1000])
n, epochs = (640, 3) if FAST else (6000, 12)
seen = {}
for who in ("decoder alone", "discriminator alone", "both"):
    players, step = small_players(2), 0
    adams = games.Adams.make(players, rates=(2e-3, 3e-3, 1e-3))
    seen[who] = [players.extractor.forward(x_test)[0]]
    for epoch in range(epochs):
        for x in batches(epoch, n):
            if who != "discriminator alone":
                games.reconstruct(players.extractor, players.decoder, x, adams.reconstruct)
            if who != "decoder alone":
                games.compete(players, x, adams, k=1, rng=Stream("noise", 0, step))
            step += 1
        seen[who].append(players.extractor.forward(x_test)[0])

# %%
shown = [0, 1, epochs // 3, epochs]
fig, axes = plt.subplots(3, 4, figsize=(7, 5.4), layout="constrained", sharex=True, sharey=True)
for row, (who, clouds) in zip(axes, seen.items(), strict=True):
    for panel, epoch in zip(row, shown, strict=True):
        z = clouds[epoch][:300]
        panel.scatter(*z.T, c=images.y_test[:300], cmap="tab10", s=3, marker="s", linewidth=0, antialiased=False)
        for radius in (1, 2):  # 1 - exp(-radius**2 / 2) of the prior's samples lie inside
            panel.add_patch(plt.Circle((0, 0), radius, fill=False, color=GREY, linewidth=0.7))
        panel.set(xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), xticks=(-4, -2, 0, 2, 4), aspect="equal")
    row[0].set_ylabel(f"{who}\nsecond feature", fontsize=8)
for panel, epoch in zip(axes[-1], shown, strict=True):
    panel.set_xlabel(f"first feature\nafter epoch {epoch}", fontsize=8)
plt.show()
for who, clouds in seen.items():
    z = clouds[-1]
    inside = (np.linalg.norm(z, axis=1) < 2).mean()
    print(f"{who:19} mean {z.mean(axis=0).round(1)}, std {z.std(axis=0).round(1)}, in the outer circle {inside:.0%}")

# %% [markdown]
# *Each colour is a class of garment, which none of the players knows; the circles hold 39 % and 86 % of the prior
# ($\int_0^r t\,e^{-t^2/2} dt = 1 - e^{-r^2/2}$ within the radius $r$). The decoder alone sorts the garments, and does
# not mind how far out it puts them. The discriminator alone keeps chasing a thread or a dot of features from place to
# place, all garments in one. Both together give a cloud of about the prior's size, and it is sorted.*
#
# The second row deserves a thought. With nobody to ask that features tell images apart, the extractor runs to
# wherever the discriminator believes in the prior just now; the discriminator follows; and so on. That is the
# oscillation of section VI-F. The reconstruction loss is the anchor: to be painted again, images have to stay apart.
#
# ## How it goes wrong
#
# "Highly sensitive to selection of hyperparameters", warns section VI-F. Let us select badly. The games are looked
# at with `games.health`, in which nobody moves, and judged by `games.warnings`. Sixteen features now, the second
# game alone, and four pairs of learning rates.

# %%
print(inspect.getsource(games.health))

# %%
runs = {  # learning rates of the discriminator and of the extractor
    "like to like": (1e-3, 3e-4, BLUE, "o"),
    "discriminator too fast": (1e-2, 1e-6, ORANGE, "^"),
    "extractor too fast": (1e-3, 3e-1, GREEN, "s"),
    "discriminator asleep": (1e-5, 3e-2, PINK, "D"),
}
histories = {}
for name, (rate_discriminate, rate_confuse, _, _) in runs.items():
    players, step = small_players(16), 0
    adams = games.Adams.make(players, (0, rate_discriminate, rate_confuse))
    histories[name] = [games.health(players, x_test, Stream("health", 0))]
    for epoch in range(3 if FAST else 6):
        for x in batches(epoch, 6000):
            games.compete(players, x, adams, k=1, rng=Stream("noise", 0, step))
            step += 1
        histories[name].append(games.health(players, x_test, Stream("health", epoch + 1)))
    print(f"{name}: {games.warnings(histories[name]) or 'no warning'}")
assert "won" in games.warnings(histories["discriminator too fast"])

# %%
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3), layout="constrained")
for name, (_, _, colour, marker) in runs.items():
    accuracy, gradient, spread = zip(*histories[name], strict=True)
    for panel, values in zip(axes, (accuracy, gradient, spread), strict=True):
        panel.plot(values, color=colour, marker=marker, markersize=4, label=name)
axes[0].axhline(0.5, color=GREY, linestyle="--", linewidth=1)
axes[2].axhline(1, color=GREY, linestyle="--", linewidth=1)
axes[2].set(yscale="log")
labels = ("accuracy of discriminator", "gradient at a feature vector", "spread of features")
for panel, label in zip(axes, labels, strict=True):
    panel.set(xlabel="epoch", ylabel=label)
fig.legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize=8, loc="outside lower center", ncols=4)
plt.show()

# %% [markdown]
# *Above one half and rising: the discriminator gains, slowly where the rates are alike, at once where its own is ten
# thousand times the extractor's. Far below one half, it is wrong more often than a coin: the features have been
# flung out to where it expects the prior most. (The green run comes by one half once, on the way from one extreme to
# another.) The third panel shows how far the features of images lie apart: tens of units in the pink run, a thousand
# in the green one, where then all images share a single point.*
#
# Three things to note. The gradient of the run that the discriminator has won has not vanished, it is the largest of
# all: line 17 at work, as drawn above. An extractor as slow as this one does nothing with it. The green run has
# *collapsed* (another word is mode collapse): every image has the same features. And the pink run is as ill as any,
# but the library, which knows two illnesses, has nothing to say. A warning that is not given proves nothing; look at
# the numbers.
#
# ## Figure 5
#
# Now the paper's network A1, both games, and the learning rates of the preset `quick` (the paper gives one of the
# three, 5e-5 for the discriminator). The paper's figure 5 shows the three losses over its epochs; these are ours,
# for a run that is short by a factor of several hundred.

# %%
players = models.build("A1", images.image_shape, classes=10, seed=0)
adams = games.Adams.make(players, rates=(1e-3, 5e-5, 1e-4))
z_first, n, rows, step = players.extractor.forward(x_test)[0], 384 if FAST else 3000, [], 0
for epoch in range(3 if FAST else 6):
    losses = []
    for x in batches(epoch, n):
        losses.append(games.play(players, x, adams, k=1, rng=Stream("noise", 1, step)))
        step += 1
    rows.append(np.mean(losses, axis=0))

L_R, L_D, L_G = np.transpose(rows)
counted = np.arange(1, len(rows) + 1)
fig, axes = plt.subplots(1, 2, figsize=(7.2, 2.8), layout="constrained")
axes[0].plot(counted, L_R, color=BLUE, marker="o", markersize=4)
for loss, half, colour, marker, label in (
    (L_D, 2 * np.log(2), ORANGE, "^", "$L_D$; dashed: 2 ln 2"),
    (L_G, np.log(2), GREEN, "s", "$L_G$; dashed: ln 2"),
):
    axes[1].plot(counted, loss, color=colour, marker=marker, markersize=4, label=label)
    axes[1].axhline(half, color=colour, linestyle="--", linewidth=1)
axes[0].set(xlabel="epoch", ylabel="$L_R$, squared error per image", ylim=(0, None))
axes[1].set(xlabel="epoch", ylabel="nats per image", ylim=(0, None))
axes[1].legend(frameon=False, fontsize=8)
plt.show()
print(f"in the last epoch L_D = {L_D[-1]:.2f}, L_G = {L_G[-1]:.2f}")

# %% [markdown]
# *The reconstruction improves as in lesson 08. The discriminator begins with a loss larger than a coin's, learns,
# and arrives near $2 \ln 2$; the extractor's loss, small while nobody could catch it, rises past $\ln 2$.*
#
# $L_G$ at 1.03 says that something is amiss. But who looks at $L_D$ only, or at how often the discriminator is right,
# might take this for the equilibrium. Look at the features themselves. A run of the library draws all of them in one
# histogram (`plots.features`); let us add two single ones, those of the lowest and of the highest mean.

# %%
z = players.extractor.forward(x_test)[0]
fig, axes = plt.subplots(1, 2, figsize=(7.2, 2.8), layout="constrained", sharey=True)
grid = np.linspace(-4, 4, 121)
for panel, features, when in zip(axes, (z_first, z), ("before the games", "after them"), strict=True):
    panel.hist(features.ravel(), bins=grid, density=True, color=BLUE, alpha=0.6, label="all features of all images")
    means = features.mean(axis=0)
    for d, colour, which in ((means.argmin(), GREEN, "lowest"), (means.argmax(), PINK, "highest")):
        panel.hist(features[:, d], bins=grid[::3], density=True, histtype="step", color=colour, label=f"the {which}")
    panel.plot(grid, density(grid, 0, 1), color=ORANGE, label="prior N(0, 1)")
    panel.set(xlabel=f"value of a feature, {when}", xlim=(-4, 4), ylim=(0, 1.15))
axes[0].set_ylabel("density")
axes[0].legend(frameon=False, fontsize=8)
plt.show()
print(f"std of all numbers together: {z.std():.2f}")
print(f"std of one feature between images, mean over features: {z.std(axis=0).mean():.2f}")

# %% [markdown]
# *All together have become wider and come nearer to the prior, though still narrower (0.76 instead of 1). But the
# width deceives: single features sit at places of their own, on either side.*
#
# Between two images a feature differs by less than half of what the prior asks for (the second number); most of the
# width is between features. Not at the equilibrium, then, by far. Why does the discriminator not say so? Ask it to
# try harder: let it learn for fifty moves at twenty times its rate, while the extractor stands still.

# %%
before = games.health(players, x_test, Stream("look")).discriminator_accuracy
print(f"as it comes out of the games, the discriminator is right in {before:.0%}")
adam = Adam(players.discriminator.params, 1e-3)
z_train, _ = players.extractor.forward(data.to_unit(images.x_train[:n]))
for move in range(50):
    z = z_train[rng.integers(0, n, 128)]
    z_prior = games.sample_prior(z, Stream("probe", move))
    games.discriminate(players.discriminator, z, z_prior, adam, Stream("noise", 2, move))
after = games.health(players, x_test, Stream("look")).discriminator_accuracy
print(f"after 50 moves that nobody answered it is right in {after:.0%}")
assert after > 0.95

# %% [markdown]
# It was not that there was nothing to see. At 5e-5 a step the discriminator had not seen it yet. "$D = 1/2$ at the
# equilibrium" is a statement about the best discriminator (eq. 17); a discriminator that guesses means good features
# *or* a poor discriminator, and neither its accuracy nor its loss can tell which. A probe can: a critic,
# well trained, on features that stand still. (The paper plays for 2,000 epochs; ours were six, and say nothing about
# where those end.)
#
# ## Exercises
#
# 1. Prior and features live in $K$ places, with shares $p$ and $q$. Give the best discriminator; somewhere there may
#    be neither. (`best_discriminator`)
# 2. Make a distance of its loss: $(2 \ln 2 - L_D)/2$, known as the *Jensen-Shannon divergence*. It is 0 for equal
#    distributions and never larger than $\ln 2$. (`jensen_shannon`)
# 3. Write the extractor's loss of eq. 3, $\log(1 - D)$, on scores, with its derivative, so that no score however
#    large makes it infinite. (`saturating_loss`)
#
# The stubs are in `exercises/ex09.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex09

look_at(ex09)
