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
# # 08 · Game one: the decoder
#
# **The question.** Which features should an extractor find in an image, if nobody says what the image shows?
#
# Step (1) of the paper's Algorithm 1 answers: such features that another network, which sees nothing else, can paint
# the image again. No label is needed; the image is the answer. Thirty minutes of reading; you need the dense layer of
# lesson 01, Adam, and the faults of lesson 07.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import data, faults, games, models
from aftt_np.layers import Dense
from aftt_np.losses import squared_error
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## The formula
#
# The *extractor* $q$ turns an image $x$ into features $z$, the *decoder* $p$ turns features into an image $x'$, and
# both are to make the squared error small (lines 4, 5 and 7 of the algorithm, eq. 11), on average over a batch of
# $N$:
#
# $$ z = q(x), \qquad x' = p(z), \qquad L_R = \frac1N \sum_{n=1}^{N} \lVert x_n - x'_n \rVert^2 . $$
#
# In the code they are `x`, `z`, `x_hat` and `loss`. There would be an easy way out, $z = x$, if there were room for
# it. So the features should be fewer than the pixels: a bottleneck.
#
# The paper says that the two players have "conflicting objectives". Look at the formula: there is one loss, and both
# descend it. This is a game as a duet is a game. The quarrel begins in lesson 09.
#
# ## The smallest one
#
# Images of two pixels, one feature, no biases, nothing bent: $z = x\,u$ and $x' = z\,v$, where `u` is a column of
# two weights and `v` a row of two. Backwards the chain rule walks the same way in reverse. The decoder is asked
# first; with its own gradient $dv$ it finds $dz$, and hands that to the extractor:
#
# $$ dx' = \tfrac2N (x' - x), \qquad dv = z^{\mathsf T} dx', \qquad dz = dx'\, v^{\mathsf T}, \qquad
#    du = x^{\mathsf T} dz . $$


# %%
def autoencoder(x, u, v):
    z = x @ u  # (N, 2) @ (2, 1) -> (N, 1)
    x_hat = z @ v  # (N, 1) @ (1, 2) -> (N, 2)
    loss = ((x_hat - x) ** 2).sum() / len(x)
    dx_hat = 2 * (x_hat - x) / len(x)
    dv = z.T @ dx_hat  # (1, 2)
    dz = dx_hat @ v.T  # (N, 1): all that the extractor ever hears of the decoder
    du = x.T @ dz  # (2, 1)
    return x_hat, loss, du, dv


x = np.array([[2.0, 1.0]])
u = np.array([[1.0], [0.0]])  # the feature is the first pixel
v = np.array([[1.0, 1.0]])  # and both pixels are painted with it
x_hat, loss, du, dv = autoencoder(x, u, v)
print("x_hat =", x_hat, " loss =", loss)
print("dv =", dv, " du =", du.T)

# %% [markdown]
# With a pencil: $z = 2$, $x' = (2, 2)$, and the second pixel is too bright by 1, so $dx' = (0, 2)$. Then $dv =
# 2\cdot(0, 2)$, $dz = 0\cdot 1 + 2\cdot 1 = 2$ and $du = 2\cdot(2, 1)$. On many points, against finite differences:

# %%
rng = np.random.default_rng(8)
x = rng.standard_normal((200, 2)) @ np.array([[1.5, 0.9], [0.0, 0.4]])
x -= x.mean(axis=0)  # centred, so that we need no biases
u, v = rng.standard_normal((2, 1)), rng.standard_normal((1, 2))
_, loss, du, dv = autoencoder(x, u, v)
for name, derivative, p in (("du", du, u), ("dv", dv, v)):
    for place in np.ndindex(p.shape):
        before, h, ends = p[place], 1e-6, []
        for step in (h, -h):
            p[place] = before + step
            ends.append(autoencoder(x, u, v)[1])
        p[place] = before
        assert abs((ends[0] - ends[1]) / (2 * h) - derivative[place]) < 1e-7, name
print("du and dv agree with finite differences")

# %% [markdown]
# ## What it finds
#
# One feature can only paint points on a line. Say it runs along $d$, $|d| = 1$. A point $x$ is painted best at the
# foot of its perpendicular, $(x\cdot d)\,d$; what is lost is $|x|^2 - (x\cdot d)^2$, by Pythagoras. So the best
# direction makes $\sum_n (x_n\cdot d)^2$ largest. It is called the first *principal component* of the points. We find
# it by turning $d = (\cos a, \sin a)$ through half a circle:

# %%
a = np.linspace(0, np.pi, 3601)
sums = ((x @ np.stack([np.cos(a), np.sin(a)])) ** 2).sum(axis=0)  # (200, 2) @ (2, 3601), then over the points
best = np.array([np.cos(a[sums.argmax()]), np.sin(a[sums.argmax()])])
lowest = ((x**2).sum() - sums.max()) / len(x)
print(f"the best direction is {best.round(3)}, the lowest loss {lowest:.6f}")

# %% [markdown]
# Now descend, and look at where the points are painted.

# %%
first, losses = autoencoder(x, u, v)[0], []
for _ in range(2000):
    x_hat, loss, du, dv = autoencoder(x, u, v)
    u -= 0.05 * du
    v -= 0.05 * dv
    losses.append(loss)

fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained", sharex=True, sharey=True)
for panel, painted, when in zip(axes, (first, x_hat), ("before the first step", "after 2,000 steps"), strict=True):
    panel.plot(*np.stack([x, painted], axis=1).T[:, :, ::4], color=GREY, linewidth=0.6, alpha=0.7)
    panel.plot(*x.T, ".", color=BLUE, markersize=3, label="$x$")
    panel.plot(*painted.T, ".", color=ORANGE, markersize=3, label="$x'$")
    panel.axline((0, 0), best, color=GREEN, linestyle="--", linewidth=1, label="principal component")
    panel.set(xlabel=f"first pixel, {when}", aspect="equal")
axes[0].set_ylabel("second pixel")
axes[1].legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# *At first it is any line; in the end it is the one along which the cloud is longest, and every point is painted at
# the foot of its perpendicular.* Have we arrived at the lowest loss? We ask our scan, and also the *singular value
# decomposition*, which finds such directions for any number of pixels: the best first, each at right angles to those
# before. The squares of its `sizes` are the sums.

# %%
_, sizes, directions = np.linalg.svd(x, full_matrices=False)
np.testing.assert_allclose((sizes[0] ** 2, abs(directions[0] @ best)), (sums.max(), 1), rtol=1e-5)
along = v[0] / np.linalg.norm(v)
print(f"loss {losses[0]:.4f} -> {losses[-1]:.6f}; the lowest there is {lowest:.6f}")
print(f"cosine of the angle between v and the principal component: {abs(along @ best):.6f}")
print(f"u v = {(v @ u).item():.4f}, |u| = {np.linalg.norm(u):.3f}, |v| = {np.linalg.norm(v):.3f}")
assert abs(losses[-1] - lowest) < 1e-3 * lowest and abs(along @ best) > 0.999

# %% [markdown]
# With $D$ features what is lost at best is the sum of the squares of all sizes but the first $D$. That no other $D$
# directions do better is a theorem (Eckart and Young, 1936), which we only use.
#
# Only the product is settled: with $10\,u$ and $v/10$ the loss would be the same. The decoder does not mind how
# large a feature is, nor where it is centred, nor which sign it has. Remember that; lesson 09 is about somebody who
# does.
#
# ## The game of the library
#
# The same lines with networks in place of matrices. (`faults` is empty until the end of this lesson; then `faulty`
# gives the extractor back as it is.)

# %%
print(inspect.getsource(games.reconstruct))

# %% [markdown]
# All that this function wants of its `adam` is a method `step`. So let somebody sit there who moves nobody and writes
# everything down, and compare what arrives with our four lines.


# %%
class Clerk:
    """Sits where Adam sits, moves nobody, and writes down who would have moved and how."""

    def step(self, params, grads):
        self.names, self.grads = sorted(params), grads


extractor = Network({"extractor/dense1": Dense(2, 1)}).with_params(
    {"extractor/dense1.w": u + 0.5, "extractor/dense1.b": np.zeros(1)}
)
decoder = Network({"decoder/dense1": Dense(1, 2)}).with_params(
    {"decoder/dense1.w": v - 0.2, "decoder/dense1.b": np.zeros(2)}
)
clerk = Clerk()
loss = games.reconstruct(extractor, decoder, x, clerk)
_, ours, du, dv = autoencoder(x, u + 0.5, v - 0.2)
np.testing.assert_allclose(loss, ours, rtol=1e-12)
np.testing.assert_allclose(clerk.grads["extractor/dense1.w"], du, rtol=1e-12)
np.testing.assert_allclose(clerk.grads["decoder/dense1.w"], dv, rtol=1e-12)
print("asked to move:", ", ".join(clerk.names))

# %% [markdown]
# ## Who moves
#
# Now the paper's network A1 for Fashion-MNIST (section VI-B): an extractor of 512, 1024 and 512 units, a decoder of
# 512, 512 and 784. `models.build` makes all four players at once. A forgotten step, or one too many, is the
# commonest mistake in such games, and it does not crash. So ask after every move: who moved?

# %%
images = data.load("fashion-mini")
players = models.build("A1", images.image_shape, classes=10, seed=0)
before = {name: p.copy() for name, p in players.params.items()}
adam = Adam(players.extractor.params | players.decoder.params, rate=1e-3)
x = data.to_unit(images.x_train[:128])
print("loss", games.reconstruct(players.extractor, players.decoder, x, adam))

moved = {}
for role, network in players._asdict().items():
    moved[role] = max(abs(p - before[name]).max() for name, p in network.params.items())
    print(f"{role:13} {sum(p.size for p in network.params.values()):9,} parameters, moved by at most {moved[role]:.0e}")
assert moved["extractor"] > 0 and moved["decoder"] > 0
assert moved["discriminator"] == 0 and moved["classifier"] == 0

# %% [markdown]
# Adam's first step is as long as its rate, however small the gradient. Two players moved; the other two were not
# even asked.
#
# And what is it that goes from player to player? `decoder.backward` returns two things: `dz`, the derivative of the
# loss by the features, which is handed on, and the decoder's own gradients. The extractor need not hand anything on:
# behind it are the pixels, and nobody learns there (`need_dx=False`). Check `dz` along one random direction, in
# double precision:

# %%
decoder = players.decoder.with_params({name: p.astype(np.float64) for name, p in players.decoder.params.items()})
z = players.extractor.forward(x)[0].astype(np.float64)
x_hat, tape = decoder.forward(z)
loss, dx_hat = squared_error(x_hat, x)
dz, decoder_grads = decoder.backward(dx_hat, tape)
print("x", x.shape, " z", z.shape, " x_hat", x_hat.shape, " dz", dz.shape)

direction, h = rng.standard_normal(z.shape), 1e-7  # small: the ReLUs have kinks
ends = [squared_error(decoder.forward(z + step * direction)[0], x)[0] for step in (h, -h)]
along_direction, promised = (ends[0] - ends[1]) / (2 * h), (dz * direction).sum()
print(along_direction, promised)
np.testing.assert_allclose(along_direction, promised, rtol=1e-3)

# %% [markdown]
# ## A few epochs
#
# Five passes over 6,000 images, and every time the test images: has anybody learnt to paint what was never shown?
# `train` can break the extractor in every step; we shall need that later, and until then `wanted` is empty.


# %%
def train(players, epochs, wanted=()):
    """Game one for some epochs; yields the reconstructions of the test images before the first and after each."""
    adam = Adam(players.extractor.params | players.decoder.params, rate=1e-3)
    deployed = players.extractor + players.classifier  # what faults hit
    n, step = 1000 if FAST else 6000, 0
    for epoch in range(epochs + 1):
        z, _ = players.extractor.forward(x_test)
        yield players.decoder.forward(z)[0]
        if epoch < epochs:
            order = Stream("order", 0, epoch)
            for x, _ in data.epoch_batches(images.x_train[:n], images.y_train[:n], 128, order):
                broken = faults.train_faults(deployed, wanted, Stream("faults", 0, step))
                games.reconstruct(players.extractor, players.decoder, x, adam, broken)
                step += 1


epochs = 1 if FAST else 5
x_test = data.to_unit(images.x_test[:500])
players = models.build("A1", images.image_shape, classes=10, seed=0)
painted = list(train(players, epochs))
for epoch, x_hat in enumerate(painted):
    print(f"epoch {epoch}: squared error {squared_error(x_hat, x_test)[0]:6.1f} per test image")

# %%
_, shown = np.unique(images.y_test[:500], return_index=True)  # the first test image of each class


def gallery(rows):
    """Rows of images (N, H, W, 1), {label: images}, one below the other."""
    _, axes = plt.subplots(len(rows), 1, figsize=(6.6, 0.62 * len(rows)), layout="constrained")
    for panel, (label, row) in zip(axes, rows.items(), strict=True):
        strip = np.concatenate(list(row[..., 0]), axis=1)  # side by side
        panel.imshow(strip, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        panel.set(xticks=[], yticks=[])
        panel.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)


kept = sorted({0, 1, 2, epochs} & set(range(epochs + 1)))
gallery({"test image": x_test[shown]} | {f"epoch {epoch}": painted[epoch][shown] for epoch in kept})
plt.show()

# %% [markdown]
# *Before the first step the decoder paints noise. After one epoch every garment is a grainy shadow of its kind, after
# five it has its outline and its shade of grey. Stripes, print and straps have not come yet; the sandal is a wedge.*
#
# Is that good? For linear players the principal components know the answer. `eigh` finds the same directions from
# `x.T @ x`, which is all that the sums need: $\sum_n (x_n\cdot d)^2 = d^{\mathsf T} x^{\mathsf T} x\, d$. The mean
# image is taken off first, since biases can paint that.

# %%
x_train = data.to_unit(images.x_train).reshape(-1, 784).astype(np.float64)
mean = x_train.mean(axis=0)
_, components = np.linalg.eigh((x_train - mean).T @ (x_train - mean))  # the largest comes last
parts = ((x_test.reshape(-1, 784) - mean) @ components[:, ::-1]) ** 2  # (N, 784): squared length along each component
left = parts.sum(axis=1).mean() - np.cumsum(parts.mean(axis=0))  # squared error with 1, 2, ... 784 of them
ours = squared_error(painted[-1], x_test)[0]
print(f"painting the mean image each time: {parts.sum(axis=1).mean():.1f}")
for D in (1, 10, 20, 50, 512):
    print(f"the best linear autoencoder with {D:3} features: {left[D - 1]:.1f}")
print(f"A1, 512 features, after {epochs} epochs: {ours:.1f}, as good as {(left > ours).sum()} principal components")

# %% [markdown]
# A sobering line, and a useful one. 512 features for 784 pixels are hardly a bottleneck: a linear map with so many
# would lose next to nothing. After a few epochs our players are as good as some twenty principal components. So what
# keeps them from simply copying is not the width of the features. It may be the time we give them; the paper plays for
# 2,000 epochs (section VI-B).
#
# ## Why the features end before their activation
#
# The paper's extractor ends in a ReLU, and its features are to look like samples of a normal distribution (line 10).
# Both at once cannot be: a ReLU gives no negative number, and half of all normal ones are. So here the extractor
# ends in its last product, and the ReLU is the first layer of the classifier. What is deployed stays the paper's
# network, activation for activation:

# %%
other = models.build("A1", images.image_shape, classes=10, seed=0, activation="extractor")
fresh = models.build("A1", images.image_shape, classes=10, seed=0)
for name, build in (("before", fresh), ("after", other)):
    z = build.extractor.forward(x_test)[0]
    print(f"features end {name} their activation: smallest {z.min():5.2f}, negative {(z < 0).mean():.0%}")
one, two = ((build.extractor + build.classifier).forward(x_test)[0] for build in (fresh, other))
np.testing.assert_array_equal(one, two)
print("extractor + classifier: the same scores")

# %% [markdown]
# The decoder, too, may gain by it: it is told how negative a feature is, where a ReLU would have said 0 and no more.
# (We have not trained it the other way.)
#
# ## When features die
#
# Now break the extractor, with lesson 07's faults: every hidden unit is stuck at 0 with probability `rate`. Faults
# hit what is deployed, which is extractor and classifier; the decoder is a teacher and stays whole. First only among
# the 512 features, then in all hidden layers at once.


# %%
def broken_error(players, rate, only=None, patterns=2 if FAST else 4):
    """The squared error per test image through a broken extractor, mean over fault patterns."""
    deployed, errors = players.extractor + players.classifier, []
    for number in range(patterns):
        u = faults.pattern(deployed, "nodes", fault_seed=1907, number=number, only=only)
        broken = faults.faulty(players.extractor, faults.stuck("nodes", u, rate))
        x_hat, _ = players.decoder.forward(broken.forward(x_test)[0])
        errors.append(squared_error(x_hat, x_test)[0])
    return np.mean(errors)


rates = (0, 0.2, 0.4, 0.68)
for rate in rates:
    features, everything = broken_error(players, rate, only=["extractor/dense3"]), broken_error(players, rate)
    print(f"{rate:4.0%} dead: squared error {features:5.1f} if among the features, {everything:5.1f} if in all layers")

# %% [markdown]
# With two thirds of the features gone there is much less error than in painting the mean image each time: every
# pixel hears of many features, and every feature of many pixels. With two thirds of *all* hidden units gone there is
# more. The paper calls features that can be painted again "robust" (section V-A). Against its own faults they are
# not, by themselves: nobody had asked the extractor to be tolerant.
#
# So ask. `reconstruct` takes faults: fresh ones in every step, at a rate drawn from 0 to 0.68. The forward pass goes
# through the broken copy, and the gradient of what was stuck is 0 (`faults.pullback`). All else is as it was.

# %%
tolerant = models.build("A1", images.image_shape, classes=10, seed=0)
list(train(tolerant, epochs, wanted=[("nodes", 0.0, 0.68)]))

curves = {"trained without faults": (players, BLUE, "o"), "trained with faults": (tolerant, ORANGE, "^")}
fig, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
for label, (who, colour, marker) in curves.items():
    errors = [broken_error(who, rate) for rate in rates]
    axes.plot([100 * rate for rate in rates], errors, color=colour, marker=marker, label=label)
    print(f"{label:23}", " ".join(f"{error:6.1f}" for error in errors))
axes.axhline(parts.sum(axis=1).mean(), color=GREY, linestyle="--", linewidth=1, label="the mean image each time")
axes.set(xlabel="hidden units stuck at 0 (%)", ylabel="squared error per test image", ylim=(0, None))
axes.legend(frameon=False, fontsize=8)
plt.show()

# %% [markdown]
# *The one trained without faults paints better as long as all is well, and then gets worse fast, past the point
# where it would have done better not to look at the image. The other one pays in advance, and hardly notices up to
# 40 %.*

# %%
u = faults.pattern(players.extractor + players.classifier, "nodes", fault_seed=1907, number=0)
rows = {"test image": x_test[shown]}
for label, (who, _, _) in curves.items():
    for rate in (0, 0.68):
        z, _ = faults.faulty(who.extractor, faults.stuck("nodes", u, rate)).forward(x_test[shown])
        rows[f"{label},\n{rate:.0%} dead"] = who.decoder.forward(z)[0]
gallery(rows)
plt.show()

# %% [markdown]
# *With 68 % dead, the first extractor leaves one grey cloud for everything. The second still tells narrow from wide,
# and a shoe from both. Its price is in the row above: with no faults at all its pictures are coarse and dappled,
# perhaps because its units speak up for others who were dead in many steps of the training and are alive here.*
#
# ## Between two garments
#
# A feature vector is a place. What is half-way between two of them? Walk from one to the other in a straight line,
# and let the decoder paint what it meets; below it the same walk among the pixels.

# %%
first, last = shown[[1, 8]]
t = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
z, _ = players.extractor.forward(x_test[[first, last]])
walk, _ = players.decoder.forward((1 - t) * z[0] + t * z[1])
t = t[:, :, None, None]  # (9, 1) -> (9, 1, 1, 1)
gallery({"features": walk, "pixels": (1 - t) * painted[-1][first] + t * painted[-1][last]})
plt.show()

# %% [markdown]
# *The pixels show both garments at once, one fading into the other. The features go their own way: the trousers grow
# dim up to about the middle, and then there is a bag. What lies between is no garment that anybody could wear.*
#
# And why should it be? Game one asks about places where training images lie, and about nothing in between. Lesson 09
# asks the features to follow a given distribution, the *prior*, "to ensure that there are no gaps in the feature space"
# (section V-A).
#
# ## Exercises
#
# 1. Extractor and decoder may share their weights: $x' = (x\,w)\,w^{\mathsf T}$, a *tied* autoencoder. One array,
#    used twice: what is its gradient? (`tied_autoencoder`)
# 2. A linear autoencoder with biases and $D$ features plays game one to its end. What is the loss then? Say it
#    without training anybody. (`lowest_loss`)
#
# The stubs are in `exercises/ex08.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex08

look_at(ex08)
