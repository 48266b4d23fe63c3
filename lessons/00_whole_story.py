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
# # 00 · The whole story on one page
#
# **The question.** A machine has learned what clothes look like. Then a part of its memory dies. What does it still
# know?
#
# On a laptop one buys new memory. In a satellite nobody comes to change it, and a car that has just lost some should
# still see the pedestrian. This page trains a network, breaks it, watches it fail, and trains another that fails
# later. A quarter of an hour of reading. You need a little NumPy; every idea here comes back in a lesson of its own.

# %%
import inspect
import os

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import campaign, data
from aftt_np.faults import NO_FAULTS, faulty, pattern, stuck, train_faults
from aftt_np.finetune import finetune
from aftt_np.layers import Dense, Flatten, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same

# %% [markdown]
# ## Ten kinds of garment
#
# Our pictures are 28 by 28 grey pixels each, 6,000 of them to learn from and 1,000 others to be examined with. They
# are a part of a collection called Fashion-MNIST, and they come with this library.

# %%
images = data.load("fashion-mini")
names = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
first = [np.flatnonzero(images.y_test == label)[0] for label in range(10)]  # one of each kind

fig, axes = plt.subplots(2, 5, figsize=(6.5, 3), layout="constrained")
for panel, garment, name in zip(axes.flat, first, names, strict=True):
    panel.imshow(images.x_test[garment], cmap="gray")
    panel.set(title=name, xticks=[], yticks=[])
plt.show()

# %% [markdown]
# *One garment of each kind. What sets a shirt apart from a T-shirt, a pullover or a coat is not always plain, not
# even to us.*
#
# ## A network that learns
#
# Ours has two hidden layers of 128 *units*. A unit, or node, is a humble thing: it adds up its inputs, each
# multiplied by a *weight* of its own, and hands the sum on if it is positive, otherwise 0. The last layer has ten
# units, one for each kind of garment, and the largest sum is the network's answer. To learn is to move every weight a
# little in the direction that makes the answers better, almost two thousand times. (How one finds that direction is
# lesson 01.)


# %%
def train(faults_for=lambda network, step: NO_FAULTS, epochs=2 if FAST else 30):
    """A network that has seen every image `epochs` times; faults_for(network, step) breaks it for that one step."""
    layers = {"flatten": Flatten(), "dense1": Dense(784, 128), "relu1": ReLU(), "dense2": Dense(128, 128),
              "relu2": ReLU(), "answer": Dense(128, 10)}  # fmt: skip
    network, step = initialise(Network(layers), seed=0), 0
    adam = Adam(network.params, rate=2e-3)
    for epoch in range(epochs):
        adam.rate = 2e-3 * (1 - epoch / epochs)  # ever smaller steps
        for x, labels in data.epoch_batches(images.x_train, images.y_train, 100, Stream("order", 0, epoch)):
            body, head = network.part(0, -1), network.part(-1)
            finetune(body, head, x, labels, softmax_cross_entropy, adam, faults=faults_for(network, step))
            step += 1
    return network


network = train()
weights = sum(p.size for name, p in network.params.items() if name.endswith(".w"))
right = campaign.score(network, images.x_test, images.y_test).accuracy
print(f"{weights:,} weights; of the garments that it has never seen, {right:.1f} % are called by their names")

# %% [markdown]
# ## Break it
#
# The weights lie in some chip's memory. Suppose that cells of it die and read 0 from now on: they are **stuck at 0**.
# Which ones is chance. So every weight draws a number $u$ between 0 and 1, and dies if
#
# $$ u < \text{rate}. $$
#
# That is the only formula on this page. With a rate of 0.3, three in ten die on average. By hand, on eight weights:

# %%
w = np.array([0.5, -1.2, 0.3, 2.0, -0.7, 1.1, 0.9, -0.4])
u = np.array([0.81, 0.12, 0.45, 0.29, 0.96, 0.63, 0.30, 0.07])
print("dead: ", u < 0.3)
print("left: ", np.where(u < 0.3, 0, w))  # 0.30 is not below 0.3: that one has survived

# %% [markdown]
# Each weight keeps its $u$. At a rate of 0.4 the same ones are dead and some more, as in a chip that grows old.
#
# A dead *node* is more than a dead weight: the whole unit falls silent, with all of its weights. In the library
# `pattern` draws the $u$, `stuck` finds out who is dead, and `faulty` makes a broken copy of the network; the
# original stays whole. This is `stuck`, the code itself; what it calls a mask has a 1 where a cell works:

# %%
print(inspect.getsource(stuck))
mask = stuck("weights", {"by hand": u}, 0.3).masks["by hand.w"]
np.testing.assert_array_equal(mask * w, np.where(u < 0.3, 0, w))  # ours and the library's agree

# %% [markdown]
# Here is what a broken copy says of our ten garments as more and more of its hidden nodes die.


# %%
def answers(network, x, rate, kind="nodes", number=0):
    """What a broken copy of the network takes the images x for; `number` tells accidents apart."""
    u = pattern(network, kind, fault_seed=0, number=number)
    return campaign.outputs(faulty(network, stuck(kind, u, rate)), x).argmax(axis=1)


def wardrobe(rows, garments):
    """Draw the garments in a row and, below each of them, what it is taken for; rows: (label, answers)."""
    _, axes = plt.subplots(figsize=(8, 0.75 + 0.22 * len(rows)), layout="constrained")
    strip = np.concatenate(list(images.x_test[garments, :, :, 0]), axis=1)  # (28, 28 * garments)
    axes.imshow(strip, cmap="gray", extent=(0, len(garments), 0, 1))
    for line, (label, said) in enumerate(rows):
        height = -0.2 - 0.3 * line
        axes.text(-0.1, height, label, ha="right", va="center", fontsize=8)
        for place, (answer, truth) in enumerate(zip(said, images.y_test[garments], strict=True)):
            style = {"color": GREEN} if answer == truth else {"color": ORANGE, "weight": "bold"}
            axes.text(place + 0.5, height, names[answer], ha="center", va="center", fontsize=8, **style)
    axes.set(xlim=(-1.2, len(garments)), ylim=(-0.1 - 0.3 * len(rows), 1))
    axes.axis("off")


# %%
whole = answers(network, images.x_test, 0)
known = np.concatenate([np.flatnonzero((images.y_test == label) & (whole == label))[:1] for label in range(10)])
rows = [(f"{rate:.0%} dead", answers(network, images.x_test[known], rate)) for rate in (0, 0.2, 0.4, 0.6, 0.8)]
wardrobe(rows, known)
plt.show()

# %% [markdown]
# *Ten garments that the whole network gets right, and what it takes them for (green: right; orange and bold: wrong)
# as its nodes die.* Some mistakes one can understand: a coat becomes a shirt, a boot a sandal. Others are harder to
# forgive, such as a bag that becomes a T-shirt. And an answer can come back at a higher rate, by luck.
#
# ## How it falls
#
# Ten garments and one accident make an anecdote. So: all 1,000 test images, many rates, and at each of them ten
# accidents (`patterns`), since which nodes die is chance. `campaign.run` makes a broken copy for each of them and
# counts.


# %%
rates = [0, 0.4, 0.8] if FAST else [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


def fall(network, kind):
    """Accuracy in percent: an array (accidents, rates)."""
    rows = campaign.run(network, images.x_test, images.y_test, kind, rates, range(3 if FAST else 10), fault_seed=0)
    return np.array([row.accuracy for row in rows]).reshape(-1, len(rates))


def draw(axes, curves, colour, marker, label):
    """The mean over the accidents, and a band from the worst to the best."""
    percent = 100 * np.array(rates)
    axes.plot(percent, curves.mean(axis=0), color=colour, marker=marker, label=label)
    axes.fill_between(percent, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.15, linewidth=0)


plain = {kind: fall(network, kind) for kind in ("nodes", "weights")}
fig, axes = plt.subplots(figsize=(6, 3.4), layout="constrained")
draw(axes, plain["nodes"], ORANGE, "^", "nodes")
draw(axes, plain["weights"], BLUE, "o", "weights")
axes.axhline(10, color=GREY, linestyle=":", label="guessing")
axes.set(xlabel="stuck at 0 (%)", ylabel="test accuracy (%)", ylim=(0, 100))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Accuracy against the rate of the faults, with a band from the worst accident to the best. A tenth of the nodes is
# hardly missed. Then the fall grows steep, and with four in five gone fewer than three answers in ten are right
# (dotted: guessing, one in ten).*
#
# Stop for a moment at the left end. A tenth of the memory is gone, and the accuracy has hardly moved. Nobody asked
# this network to carry spare parts; it does so all the same. How far does that go, and can one ask for more?
#
# ## Practice
#
# Pilots train with an engine switched off. So: the same network, the same first weights, the same images in the same
# order, but before every step a fresh accident. Either nodes or weights die, at a rate drawn between 0 and 0.8; the
# network has to make do with what is left, and after the step all is whole again. That is one function of the
# library, `train_faults`.


# %%
def accidents(network, step):
    wanted = [("nodes", 0.0, 0.8), ("weights", 0.0, 0.8)]
    return train_faults(network, wanted, Stream("practice", step), in_turn=True)  # one of the two, by a coin


practised = train(accidents)
tough = {kind: fall(practised, kind) for kind in ("nodes", "weights")}
for label, curves in (("plain", plain), ("practised", tough)):
    means = {kind: of_kind.mean(axis=0)[rates.index(0.4)] for kind, of_kind in curves.items()}
    print(f"{label:9}  no faults {curves['nodes'][0, 0]:.1f} %;  40 % of the nodes dead {means['nodes']:.1f} %;  "
          f"40 % of the weights stuck {means['weights']:.1f} %")  # fmt: skip

# %%
fig, axes = plt.subplots(1, 2, figsize=(8, 3.3), sharey=True, layout="constrained")
for panel, kind in zip(axes, ("nodes", "weights"), strict=True):
    draw(panel, plain[kind], GREY, "o", "plain")
    draw(panel, tough[kind], GREEN, "s", "practised")
    panel.axhline(10, color=GREY, linestyle=":")
    panel.set(xlabel=f"{kind} stuck at 0 (%)", ylim=(0, 100))
axes[0].set_ylabel("test accuracy (%)")
axes[0].legend(frameon=False, loc="center left")
plt.show()

# %% [markdown]
# *Who has practised falls late. With half of the nodes dead the green network has lost about five points, the grey
# one about five times as many, and in most places its accidents differ less from each other (narrower bands). At the
# left end it pays for that: as long as nothing is broken, it is a little worse.*
#
# The ten garments once more, in the same accident for both, at a rate of 0.6:

# %%
both = {"plain": network, "practised": practised}
rows = [(label, answers(each, images.x_test[known], 0.6)) for label, each in both.items()]
wardrobe(rows, known)
plt.show()

# %% [markdown]
# *With 60 % of the nodes dead the plain network (above) makes more mistakes than the one that has practised (below),
# though not only where that one does: to each its own.*
#
# ## What the paper proposes instead
#
# This course follows one paper, *Adversarial Fault Tolerant Training for Deep Neural Networks* (AFTT; Duddu, Rao and
# Balas, 2019). It knows that faults can be practised, holds this to be equivalent to older ways of keeping weights
# small (its section II-C), and proposes something else, without a single fault in training:
#
# 1. The front part of the network, the *feature extractor*, first plays two games without any labels: with a
#    *decoder* that has to paint each image again from its features, and against a *discriminator* that tries to tell
#    these features from plain random numbers.
# 2. After the games a *classifier* is put behind it, and the whole network learns the names as ours did.
# 3. Features learned in this way, says the paper, are robust and smoothly spread, so that the network generalises
#    better and stands more faults; it reports 84.60 % with 68 % of the hidden nodes dead.
#
# ## What this course will find out
#
# By the end you will have built every part of this yourself, without any framework, and will be able to answer:
#
# * Does a network that is nearly as good on new images as on known ones also stand more faults, as the paper has it?
# * Do the games make it tolerant? Or does something else, and which part of it?
# * How many accidents, and how many networks, does it take before "A is better than B" means anything? We have just
#   compared two networks, one of each. Keep that in mind.
#
# ## The map
#
# | lesson | what it is about |
# |---|---|
# | [01](01_dense_layer.ipynb) | A dense layer, forwards and backwards: which weight is to blame? |
# | [02](02_activations.ipynb) | Activations: what stands between two matrices, and why a dead unit stays silent |
# | [03](03_convolution.ipynb) | Convolutions: one small window for the whole image |
# | [04](04_pooling_upsampling.ipynb) | Pooling and upsampling: smaller, and larger again |
# | [05](05_losses_adam.ipynb) | Losses, and Adam: how wrong, and how far to step |
# | [06](06_regularisation.ipynb) | Overfitting, Lasso and Tikhonov: what learning by heart looks like |
# | [07](07_faults.ipynb) | Faults: how to break a network with care |
# | [08](08_decoder.ipynb) | The first game: an extractor and a decoder |
# | [09](09_discriminator.ipynb) | The second game: an extractor against a discriminator |
# | [10](10_algorithm_1.ipynb) | Algorithm 1: all parts together |
# | [11](11_fair_campaign.ipynb) | A fair campaign: how much of a difference is chance? |
# | [12](12_which_claim_survives.ipynb) | Which claims of the paper survive? |
# | [13](13_gpu_and_cost.ipynb) | The same code on a GPU, and what it all costs |
# | [14](14_bits.ipynb) | What a bit is worth |
# | [15](15_clipping.ipynb) | Clipping: a limit behind every activation |
# | [16](16_weights.ipynb) | Saturated and scaled weights |
#
# In a hurry? Read 01, the first half of 07, 11, and the second half of 12. Each lesson says which others it needs.
#
# ## Exercises
#
# Each lesson ends with a few, and with a cell that checks them. These are to warm up.
#
# 1. Break a list of weights, given every weight's $u$ and the rate. (`break_weights`)
# 2. A curve of accuracies against rates is long to read out. Say instead at which rate it first lies some points, say
#    5, below its start. (`first_below`)
# 3. An old remedy: carry three chips, break them independently, and let them vote. Write the vote. (`vote`) Then try
#    it on the plain network: `answers(network, images.x_test, 0.4, number=...)` is one chip.
#
# The stubs are in `exercises/ex00.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex00

look_at(ex00)
