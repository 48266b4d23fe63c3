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
# # 11 · A fair fault campaign
#
# **The question.** Network A stands at 60 % with half of its nodes dead, network B at 57 %. Is A's training method
# better?
#
# The paper answers such questions with one number a method: it names neither training runs nor fault patterns, and
# gives no interval (its Figure 7 and section VI-D). This lesson shows how much of such a difference can be chance,
# and how to ask so that the answer means something. Thirty-five minutes; you need means and standard deviations, and
# lesson 07.

# %%
import inspect
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from aftt_np import campaign, data, findings, paper, statistics, tables
from aftt_np.finetune import finetune
from aftt_np.layers import Dense, Flatten, ReLU
from aftt_np.losses import softmax_cross_entropy, tikhonov
from aftt_np.models import initialise
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.plots import BLUE, GREEN, GREY, ORANGE
from aftt_np.rng import Stream

FAST = bool(os.environ.get("AFTT_FAST"))  # fewer steps, for the tests of this course; the cells are the same
PATTERNS = 10 if FAST else 30
images = data.load("fashion-mini")
x_test, y_test = images.x_test[: 300 if FAST else 1000], images.y_test[: 300 if FAST else 1000]

# %% [markdown]
# A small network is enough, 784-64-64-10, so that we can afford to train it many times. `penalty` is the only thing in
# which our two methods will differ.


# %%
def trained(seed, penalty=None, epochs=1 if FAST else 4):
    """One network, trained with this seed: the extractor and the classifier in one."""
    parts = {
        "extractor": {"flatten": Flatten(), "dense1": Dense(784, 64), "relu1": ReLU(), "dense2": Dense(64, 64)},
        "classifier": {"relu": ReLU(), "dense": Dense(64, 10)},
    }
    extractor, classifier = (
        initialise(Network({f"{role}/{name}": layer for name, layer in layers.items()}), seed)
        for role, layers in parts.items()
    )
    adam = Adam(extractor.params | classifier.params, rate=2e-3)
    for epoch in range(epochs):
        for x, labels in data.epoch_batches(images.x_train, images.y_train, 64, Stream("order", seed, epoch)):
            finetune(extractor, classifier, x, labels, softmax_cross_entropy, adam, penalty)
    return extractor + classifier


def accuracies(network, rate, fault_seed=0, patterns=PATTERNS):
    """Accuracy in percent with so many of the nodes dead, for each of the fault patterns."""
    rows = campaign.run(network, x_test, y_test, "nodes", [rate], range(patterns), fault_seed)
    return np.array([row.accuracy for row in rows])


network = trained(seed=0)
print(f"{campaign.score(network, x_test, y_test).accuracy:.1f} % without faults")
found = accuracies(network, 0.5)
print("with half of its nodes dead:", found[:8], "...")

# %% [markdown]
# ## One pattern says nothing
#
# The same network, the same rate; only the dice are different.

# %%
fig, axes = plt.subplots(figsize=(6.5, 2.8), layout="constrained")
axes.hist(found, bins=np.arange(0, 101, 2.5), color=BLUE, alpha=0.7)
axes.axvline(found.mean(), color=ORANGE, label=f"mean {found.mean():.1f}, standard deviation {found.std(ddof=1):.1f}")
axes.set(xlabel="accuracy with 50 % of the nodes dead (%)", ylabel="fault patterns")
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Between the luckiest and the unluckiest pattern lie tens of points. Whoever reports one pattern reports a draw from
# this histogram.*
#
# ## The interval of a mean
#
# A mean over $P$ patterns is better, and we can say how much better. If the patterns' accuracies $a_1, \dots, a_P$ are
# independent with standard deviation $\sigma$, their mean has the standard deviation $\sigma/\sqrt P$. We do not know
# $\sigma$; with the estimate $s^2 = \sum_p (a_p - \bar a)^2 / (P - 1)$ in its place,
#
# $$ t = \frac{\bar a - \mu}{s/\sqrt{P}} $$
#
# follows Student's $t$ distribution with $P - 1$ *degrees of freedom*, whatever $\mu$ and $\sigma$ are: the $P$
# deviations in $s$ add up to 0, so $P - 1$ of them are free. (For normal values; for skewed ones see below.) Let
# $t_{0.975}$ be the number that $t$ exceeds in 2.5 % of all cases; in as many it lies below $-t_{0.975}$. So in 95 of
# 100 experiments the true mean $\mu$ lies in $\bar a \pm t_{0.975}\, s/\sqrt P$.
#
# By hand: 50, 60 and 70 have the mean 60 and $s = 10$. Two degrees of freedom: $t_{0.975} = 4.30$, as every printed
# table says. The interval reaches $4.30 \cdot 10/\sqrt 3 = 24.8$ to either side. In the code the $a_p$ are `found`, $P$
# is `PATTERNS`, and $t_{0.975}\,s/\sqrt P$ is `half`.

# %%
print("three patterns:", statistics.interval([50, 60, 70]))
half = 4.3027 * 10 / 3**0.5
np.testing.assert_allclose(statistics.interval([50, 60, 70]), (60, 60 - half, 60 + half), rtol=1e-4)
print(f"{PATTERNS} patterns:", statistics.interval(found))
print(inspect.getsource(statistics.interval))

# %% [markdown]
# Does it keep its word? Draw samples whose true mean we know, and count how often the interval covers it. For
# comparison, the interval that takes 1.96, as if $\sigma$ were known; and values that are not normal but skewed.

# %%
rng = np.random.default_rng(0)
for kind, draw in (("normal", rng.standard_normal), ("skewed", lambda shape: rng.exponential(size=shape) - 1)):
    for n in (3, 5, 30):
        samples = 60 + 10 * draw((4000, n))
        mean, half = samples.mean(axis=1), samples.std(axis=1, ddof=1) / n**0.5
        covered = {
            "Student's t": abs(mean - 60) <= statistics.t_quantile(0.975, n - 1) * half,
            "1.96": abs(mean - 60) <= 1.96 * half,
        }
        said = ", ".join(f"{name} covers {share.mean():.1%}" for name, share in covered.items())
        print(f"{n:2} {kind} values: {said}")

# %% [markdown]
# With 30 patterns the difference hardly matters. With five training runs, which is all that most people can afford,
# it does. And few values that are as skewed as these (exponential ones) are covered less often than promised.
#
# ## The same dice for everybody
#
# Two networks that are to be compared should meet the *same* patterns. Some patterns are hard for everybody (the ones
# that happen to kill more units, or those of a narrow layer); if both networks meet them, that part cancels in the
# difference. In this library a pattern is found by its name and number, so this costs nothing: networks of one shape
# have the same places, and get the same uniform numbers.

# %%
other = trained(seed=0, penalty=lambda params: tikhonov(params, 1e-3))
rows = {"same patterns": [], "other patterns": []}
for rate in (0.2, 0.35, 0.5, 0.65):
    a, b = accuracies(network, rate), accuracies(other, rate)
    rows["same patterns"].append(statistics.interval(a - b))
    c = accuracies(other, rate, fault_seed=1)
    rows["other patterns"].append(statistics.interval(a - c))  # pairs of strangers

fig, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
for shift, (name, intervals), colour in zip((-0.5, 0.5), rows.items(), (BLUE, ORANGE), strict=True):
    mean, low, high = np.array(intervals).T
    where = np.array([20, 35, 50, 65]) + shift
    axes.errorbar(where, mean, [mean - low, high - mean], fmt="o", capsize=3, color=colour, label=name)
axes.axhline(0, color=GREY, linewidth=1)
axes.set(xlabel="dead nodes (%)", ylabel="plain - penalised (points)")
axes.legend(frameon=False)
plt.show()
same, others = (np.array(intervals)[:, 2] - np.array(intervals)[:, 1] for intervals in rows.values())
print("other patterns make the interval longer by a factor of", (others / same).round(1))

# %% [markdown]
# *The same two networks, the same number of evaluations. With common patterns the intervals are three to five times
# shorter at all four rates; how much is gained depends on how alike the two networks take a pattern.*
#
# The rates are nested in the same spirit: the units that are dead at 20 % are among those at 40 %. Each pattern then is
# a path, and a curve does not jump because other units died at the next rate.

# %%
rates = np.linspace(0, 0.9, 10)
paths = np.array([row.accuracy for row in campaign.run(network, x_test, y_test, "nodes", rates, range(8), 0)])
paths = paths.reshape(8, 10)  # (patterns, rates)
fig, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
axes.plot(100 * rates, paths.T, color=BLUE, alpha=0.35, linewidth=1)
axes.plot(100 * rates, paths.mean(axis=0), color=ORANGE, marker="o", markersize=4, label="mean of 8 patterns")
axes.set(xlabel="dead nodes (%)", ylabel="accuracy (%)", ylim=(0, 100))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Eight paths of one network. What one number should stand for such a curve? Here it is the **area under the curve**:
# the mean accuracy over the declared rates, by trapezoids.*

# %%
area = np.trapezoid(paths, rates, axis=1) / (rates[-1] - rates[0])
rows = list(campaign.run(network, x_test, y_test, "nodes", rates, range(8), 0))
said = campaign.describe(rows)
np.testing.assert_allclose(said["area"]["mean"], area.mean(), rtol=1e-9)
print(f"area {said['area']['mean']:.2f} %, 95 % interval {said['area']['low']:.2f} to {said['area']['high']:.2f}")
print(f"five points are lost when {said['falls_by_5_at']:.1%} of the nodes are dead")

# %% [markdown]
# ## One network is not a method
#
# All of this was about two given networks. Train both again with another seed, and they are other networks. To say
# something about the *method* we have to look at several of each.

# %%
seeds = range(2 if FAST else 5)
plain_nets = [trained(seed) for seed in seeds]
penalised_nets = [trained(seed, lambda params: tikhonov(params, 1e-3)) for seed in seeds]


def of_both(rate):
    """Accuracies of all networks, (seeds, patterns) for either method."""
    return [np.array([accuracies(net, rate) for net in nets]) for nets in (plain_nets, penalised_nets)]


# %%
plain, penalised = of_both(0.5)

fig, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
for shift, (name, table), colour in zip(
    (-0.12, 0.12), {"plain": plain, "penalised": penalised}.items(), (BLUE, GREEN), strict=True
):
    for seed, row in enumerate(table):
        axes.plot(np.full(len(row), seed + shift), row, ".", color=colour, alpha=0.3)
        axes.plot(seed + shift, row.mean(), "_", color=colour, markersize=18, label=None if seed else name)
axes.set(xlabel="training seed", ylabel="accuracy, 50 % dead (%)", xticks=list(seeds))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Each column of dots is one network under the same patterns, the bar its mean. Columns of one colour differ by nothing
# but the seed, and their bars do not stand at quite one height. Seeds may be dice, too; or is it what thirty patterns
# leave to chance? We shall take the two apart.*
#
# So there are two kinds of chance. Write the accuracy of seed $s$ under pattern $p$ as
#
# $$ a_{sp} = \mu + \alpha_s + \beta_p + \epsilon_{sp}. $$
#
# Here $\mu$ is what the method reaches on average, $\alpha_s$ what seed $s$ adds to it, $\beta_p$ what pattern $p$
# adds, and $\epsilon_{sp}$ what is left. (In the code the table of the $a_{sp}$ is `plain` or `penalised`, a row for
# each of the `seeds`, a column for each of `PATTERNS`.) All values of one seed share their $\alpha_s$, so they are
# **not independent**: five times thirty values are not 150 experiments. Independent are the five seeds. Let us see
# what happens to somebody who does not know that: two methods that differ by nothing, compared 4,000 times, with
# seeds that vary by 0, 1 or 3 points and a rest that varies by 5 (our choice).

# %%
rng = np.random.default_rng(0)
experiments = 200 if FAST else 4000
for of_seeds in (0, 1, 3):
    alarms = {"150 pairs": 0, "5 seeds": 0}
    for _ in range(experiments):
        a, b = (of_seeds * rng.standard_normal((5, 1)) + 5 * rng.standard_normal((5, 30)) for _ in range(2))
        for name, values in (("150 pairs", (a - b).ravel()), ("5 seeds", (a - b).mean(axis=1))):
            mean, low, high = statistics.interval(values)
            alarms[name] += not low <= 0 <= high
    said = {name: f"{count / experiments:.1%} false alarms" for name, count in alarms.items()}
    print(f"seeds vary by {of_seeds} points: {said}")
assert alarms["150 pairs"] > 4 * alarms["5 seeds"]

# %% [markdown]
# Where seeds vary by 3 points, whoever takes the pairs for experiments finds, about every other time, a difference that
# is not there; only where they do not vary at all is it no harm. The mean of each seed first, then Student's $t$ over
# the seeds: about 5 % false alarms in every row. (4,000 experiments leave a standard error of 0.3 %.)
#
# How much do they vary? With $S$ seeds and $P$ patterns, $\bar a_s$ and $\bar a_p$ the means of a seed and of a
# pattern, the rest has the variance
#
# $$ v = \frac{\sum_{sp} (a_{sp} - \bar a_s - \bar a_p + \bar a)^2}{(S - 1)(P - 1)}. $$
#
# The means $\bar a_s$ vary because of the seeds, and by $v/P$ because of the rest; so the seeds' part is the variance
# of the $\bar a_s$ minus $v/P$, the patterns' that of the $\bar a_p$ minus $v/S$, and what comes out negative is set to
# 0. By hand, for two seeds with the values 0, 2 and 0, 6: the four terms are 1, so $v = 4$. Means of seeds: 1 and 3,
# variance 2, and $2 - 4/2 = 0$. Means of patterns: 0 and 4, variance 8, and $8 - 4/2 = 6$.
#
# And this is how the library takes a difference (`p` is the probability of one at least this large if there were
# none, the *p value*):

# %%
print(inspect.getsource(statistics.difference))
said = statistics.difference(plain, penalised)
by_hand = (plain - penalised).mean(axis=1)  # one number a seed
np.testing.assert_allclose((said["mean"], said["low"], said["high"]), statistics.interval(by_hand))
print({key: round(value, 3) for key, value in said.items()})
assert statistics.variances(np.array([[0.0, 2.0], [0.0, 6.0]])) == {"seed": 0, "pattern": 6, "rest": 4}
print("variance of plain due to", {part: round(float(value), 1) for part, value in statistics.variances(plain).items()})

# %%
p_values = {}
for rate in (0.2, 0.35, 0.5, 0.65):
    a, b = of_both(rate)
    said, (mean, low, high) = statistics.difference(a, b), statistics.interval(a[0] - b[0])
    p_values[rate] = said["p"]
    print(f"{rate:.0%} dead: the two networks {mean:4.1f} ({low:.1f} to {high:.1f}), the methods "
          f"{said['mean']:4.1f} ({said['low']:.1f} to {said['high']:.1f}), p = {said['p']:.3f}")  # fmt: skip

# %% [markdown]
# The variance shows where more work would pay: where the seeds' part is the larger one, more patterns bring little, and
# where the rest is, as for these small networks, they do. (At 50 % their seeds' part is 0 as far as we can see: the
# first row of the simulation. Nobody knows that in advance.)
#
# The last four lines compare the interval of two networks (the blue ones above) with that of the methods. At 35 % the
# difference of *these two networks* was clear; for the *methods*, over new seeds, it is less than half as large, and
# the interval contains 0. At 20 % the methods' interval just stays clear of 0. But we have looked at four rates.
#
# ## Ten comparisons
#
# Who compares ten methods with plain training, each at 5 %, will find a difference in four studies of ten even if there
# is none: $1 - 0.95^{10} = 40\,\%$ if they were independent; and one that "helps" in $1 - 0.975^{10} = 22\,\%$. Holm's
# correction (1979) sorts the $p$ values and multiplies the smallest by 10, the next by 9, and so on, and lets none come
# out below the one before it. Then the chance of *any* false alarm stays below 5 %, independent or not: if $m$ of the
# ten are truly nothing, the smallest of their $p$ values is multiplied by at least $m$, and that one of $m$ lies below
# $0.05/m$ has at most the probability $m \cdot 0.05/m$.

# %%
rng = np.random.default_rng(1)
p = rng.random((2000, 10))  # if nothing differs, p is uniform between 0 and 1
raw = (p < 0.05).any(axis=1).mean()
corrected = np.mean([min(statistics.holm(dict(enumerate(row))).values()) < 0.05 for row in p])
print(f"a false alarm among ten: {raw:.1%} of the studies without, {corrected:.1%} with Holm's correction")
assert corrected < 0.07 < raw
print(statistics.holm({"dropout": 0.004, "lasso": 0.03, "aftt": 0.02}))  # 0.004 * 3, 0.02 * 2, 0.03 * 1 but not below
print("our four rates:", {rate: round(p, 3) for rate, p in statistics.holm(p_values).items()})

# %% [markdown]
# With the correction our difference at 20 % is not clear either.
#
# ## Figure 7 and its fair version
#
# The paper's Figure 7 has three panels, accuracy against the share of stuck weights, of filters, of nodes, and in
# each a line for Lasso, Tikhonov and the proposed training. Its caption concludes: "The higher fault tolerance of the
# proposed approach compared to Tikhonov and Lasso is indicated by the gap in the curves." Section VI-D adds a number
# for each line:
#
# | | proposed | Tikhonov | Lasso |
# |---|---|---|---|
# | 60 % of the weights stuck: accuracy | 84.36 % | 81.66 % | 61.42 % |
# | 40 % of the filters: points lost | 12.58 | 24.98 | 30.44 |
# | 68 % of the nodes: accuracy | 84.60 % | 78.51 % | 51.09 % |
#
# The weights are those of a network "with only Fully Connected layers" (of its four only Fashion-MNIST's A1), the nodes
# those of "the Fully Connected Layers"; it does not say of which network, whether all layers at once, or over how many
# patterns and seeds.
#
# Now the fair version: all 60,000 images, 20 epochs, 30 patterns that are the same for all methods, all layers hit at
# once; weights and nodes of A1, filters of A2 (A1 has none). `none` is plain training, for Lasso and Tikhonov see
# lesson 06; `aftt` plays the paper's games first (lessons 08 to 10). Two more are for lesson 12: `dropout` silences a
# fifth of the hidden units while it trains, drawn anew for each image, and `faults` trains with dead nodes (of A2:
# dead filters), drawn anew in each step. The rows were made by
#
# `python -m aftt_np.study lessons/plans/core-A1.toml --results lessons/results/core-A1`
#
# and the same with `core-A2`, five training seeds of each method. Mind how few they are: an interval over five seeds
# reaches 2.8 standard errors to either side, over three 4.3, over two 12.7. Wide bands are ignorance, not variation.

# %%
methods = ["none", "lasso 1e-5", "tikhonov 1e-4", "dropout 0.2", "aftt", "faults: nodes"]
study = findings.read(Path("results/core-A1"), methods, methods)
with_filters = findings.read(Path("results/core-A2"), other := [*methods[:-1], "faults: filters"], other)
panels = [(study, study.curves[0]), (with_filters, with_filters.curves[0]), (study, study.curves[1])]
fig, axes = plt.subplots(1, 3, figsize=(8, 4.2), sharey=True, layout="constrained")
colours = dict(zip(methods, ("black", "#E69F00", "#56B4E9", GREEN, ORANGE, BLUE), strict=True))
colours["faults: filters"] = BLUE
of_paper = {"lasso": "lasso 1e-5", "tikhonov": "tikhonov 1e-4", "aftt": "aftt"}  # its name: ours
lost = {name: paper.TABLE_2["fashion", "A2", name][1] - n for name, n in paper.FILTER_LOSS.items()}
stars = paper.FAULTS | {("filters", 0.4): lost}  # accuracy without faults, minus the points lost
for panel, (found, curves) in zip(axes, panels, strict=True):
    percent = 100 * np.array(curves.rates)
    for method in found.methods:
        seeds = found.seeds[method]
        bands = [statistics.interval(curves.table(method, seeds, rate).mean(axis=1)) for rate in curves.rates]
        mean, low, high = np.array(bands, float).T
        panel.plot(percent, mean, color=colours[method], marker="o", markersize=3, label=method.replace(": nodes", ""))
        panel.fill_between(percent, low, high, color=colours[method], alpha=0.15)
    [rate] = [rate for fault, rate in stars if fault == curves.fault]
    for method, accuracy in stars[curves.fault, rate].items():
        star = {"color": colours[of_paper[method]], "ms": 11, "markeredgecolor": "black", "linestyle": ""}
        panel.plot(100 * rate, accuracy, "*", label=f"the paper: {method}", **star)
    panel.set(xlabel=f"stuck {curves.fault} (%)", ylim=(0, 100))
axes[0].set_ylabel("accuracy (%)")
fig.legend(*axes[0].get_legend_handles_labels(), frameon=False, fontsize=8, ncols=3, loc="outside lower center")
plt.show()

# %% [markdown]
# *Lines are means over seeds and patterns, bands 95 % intervals over seeds, for these 30 patterns; stars are the
# paper's numbers. Of the lines that were trained without faults dropout's falls last, and all of them lie below the
# stars of the games. Training with faults stays up longest: with filters above all stars; with nodes, and with
# weights, which it never met, below the best one.*
#
# Whether two lines for weights or nodes differ is decided by their paired difference, in the table below; for filters
# in that of `core-A2` (`results/core-A2/tables.md`). And the stars for filters are our guess: the paper says how
# many points are lost, and we take them from its accuracy of Fashion-MNIST A2 in Table II.

# %%
print(tables.differences(study))
for (fault, rate), theirs in paper.FAULTS.items():
    curves = next(curves for curves in study.curves if curves.fault == fault)
    for name in ("lasso", "tikhonov"):
        two = (curves.table(method, study.seeds["aftt"], rate) for method in ("aftt", of_paper[name]))
        said = statistics.difference(*two)
        here = tables.text((said["mean"], said["low"], said["high"]), "+.1f")
        print(f"aftt - {name:8} at {rate:.0%} {fault:7}: the paper {theirs['aftt'] - theirs[name]:+5.1f}, here {here}")
print("\nfilters of A2")
print(tables.in_short(with_filters._replace(curves=with_filters.curves[:1])))

# %% [markdown]
# Read a row of the first table as: this method minus plain training, in points. The interval is that of this one
# difference; the $p$ is corrected for all comparisons in the table (the study's own table has more methods, so its
# $p$ are larger). Where an interval does not contain 0 and $p$ is above 0.05, the size of the difference is a reason
# to go on, and no more yet. With a single seed there would be neither: one network of each is no evidence about
# methods, however many patterns it met. (The second table, of A2, gives means and their intervals.)
#
# The four lines below it are the gaps of Figure 7 itself, the games against the penalties. **They are not here**:
# none of the four intervals lies off 0, and with dead nodes the games stand below plain training.
#
# So this is the fair version of Figure 7: a gap between curves is a difference between *methods* only if it is paired,
# over training seeds, and larger than what as many comparisons bring about by chance.
#
# ## Exercises
#
# 1. The interval of a difference between two methods, paired by seed and pattern, from two tables `(seeds, patterns)`.
#    (`paired_interval`)
# 2. The parts of the variance of a table: how much is due to seeds, to patterns, to neither. (`parts`)
# 3. Holm's correction. (`holm`)
#
# The stubs are in `exercises/ex11.py`. Write your answers there, save the file, and run this cell again:

# %%
from checks import look_at
from exercises import ex11

look_at(ex11)
