"""What can be said of numbers that chance had a part in: intervals, tests, variances, from their definitions.

A claim about one given network takes its interval over fault patterns: the network is fixed, the faults are the chance.
A claim about a method is about training anew: its independent values are the seeds. The pairs of seed and pattern are
not independent, since all values of one seed share a network, and all of one pattern share their faults.
"""

import math
from functools import cache
from statistics import NormalDist

import numpy as np

from .rng import Stream

RESAMPLES = 10_000  # of the bootstrap: its ends then move by a few hundredths of a standard error


def interval(values, level: float = 0.95) -> tuple:
    """(mean, low, high): Student's t interval of the mean of independent values; low, high are None for one value."""
    values = np.asarray(values, np.float64)
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return mean, None, None
    half = t_quantile((1 + level) / 2, n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
    return mean, mean - half, mean + half


def t_quantile(p: float, freedom: int) -> float:
    """The value below which Student's t with so many degrees of freedom lies with probability p, 1/2 <= p < 1."""
    a, below = _t_distribution(freedom)
    return math.sqrt(freedom) * math.tan(float(np.interp(p, below, a)))


def t_tails(t: float, freedom: int) -> float:
    """The probability that Student's t lies further from 0 than `t`, on either side."""
    a, below = _t_distribution(freedom)
    return 2 * (1 - float(np.interp(math.atan(abs(t) / math.sqrt(freedom)), a, below)))


@cache
def _t_distribution(freedom: int) -> tuple:
    """Angles a from 0 to pi/2, and the probability that t lies below sqrt(freedom) tan(a).

    In the angle the density of t is proportional to cos(a)^(freedom - 1): summed up over a fine grid, by trapezoids.
    """
    a = np.linspace(0, math.pi / 2, 200_001)
    density = np.cos(a) ** (freedom - 1)
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return a, 0.5 + 0.5 * below / below[-1]


def of_method(table) -> dict:
    """What a method reaches: table (seeds, patterns) of areas or accuracies -> mean, interval over seeds, variances.

    `low`, `high`: Student's t interval of the mean over the seeds' means; it holds for new seeds under these patterns,
    which all seeds meet. `variance`: how much of the variance of one value is due to the seed, to the pattern, and to
    neither alone (a two-way analysis of variance, negative estimates set to 0); None with fewer than two of either.
    """
    table = np.asarray(table, np.float64)
    mean, low, high = interval(table.mean(axis=1))
    return {"seeds": len(table), "mean": mean, "low": low, "high": high, "variance": variances(table)}


def bootstrap(table, level: float = 0.95) -> tuple:
    """(mean, low, high) of table (seeds, patterns): an interval that holds for new seeds and new patterns at once.

    Two ways at once: rows and columns are drawn anew, with replacement, each by itself (the pigeonhole bootstrap; Owen,
    2007), and low and high are quantiles of the means. With few seeds that is too narrow: n values vary by (n - 1) / n
    of what they were drawn from, and the normal distribution has thinner tails than Student's t. Both factors, for the
    smaller of S and P, move the ends out; that is more than enough where the larger of the two matters most: then it
    covers more often than it says. None for one seed or one pattern. The draws are always the same.
    """
    table = np.asarray(table, np.float64)
    (S, P), mean = table.shape, float(table.mean())
    if min(S, P) < 2:
        return mean, None, None
    seeds, patterns = _shares("seeds", S), _shares("patterns", P)  # (RESAMPLES, S), (RESAMPLES, P)
    means = ((seeds @ table) * patterns).sum(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    n, p = min(S, P), (1 + level) / 2
    wider = math.sqrt(n / (n - 1)) * t_quantile(p, n - 1) / NormalDist().inv_cdf(p)
    return mean, mean - wider * (mean - float(low)), mean + wider * (float(high) - mean)


def variances(table) -> dict | None:
    """{"seed": ..., "pattern": ..., "rest": ...} of table (seeds, patterns): see `of_method`."""
    S, P = table.shape
    if min(S, P) < 2:
        return None
    seeds, patterns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = ((table - seeds - patterns + table.mean()) ** 2).sum() / ((S - 1) * (P - 1))
    seed = (float(seeds.var(ddof=1)) * P - rest) / P
    pattern = (float(patterns.var(ddof=1)) * S - rest) / S
    return {"seed": max(seed, 0.0), "pattern": max(pattern, 0.0), "rest": float(rest)}


def difference(a, b) -> dict:
    """How much higher method a stands than b, both (seeds, patterns), paired by seed and pattern.

    The mean difference with its 95 % interval over seeds, and the two-sided p of Student's t test that it is 0 (None
    for one seed, or if all seeds differ by the same: accuracies come in steps, and a tie is no certainty). Raises
    ValueError if the two are not of one shape.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired methods need the same seeds and patterns, got {a.shape} and {b.shape}")
    of_seeds = (a - b).mean(axis=1)
    mean, low, high = interval(of_seeds)
    n, p = len(of_seeds), None
    if n > 1:
        error = float(of_seeds.std(ddof=1)) / math.sqrt(n)
        p = t_tails(mean / error, n - 1) if error > 1e-9 else None  # 1e-9 points: rounding
    return {"mean": mean, "low": low, "high": high, "p": p}


def holm(p_values: dict) -> dict:
    """Holm's correction for several comparisons (1979): {what: p} -> {what: adjusted p}.

    The chance that any of those called different at a level is a mistake then stays below that level.
    """
    adjusted, highest = {}, 0.0
    for rank, (what, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p))
        adjusted[what] = highest
    return {what: adjusted[what] for what in p_values}


@cache
def _shares(what: str, n: int):
    """Which share each of n things has in each resample; drawn with replacement, the same for every table."""
    return Stream("bootstrap", what, n).generator().multinomial(n, np.full(n, 1 / n), RESAMPLES) / n


def rank_correlation(x, y) -> float | None:
    """Spearman's: the correlation of the ranks of x and y, from -1 to 1; ties share their mean rank.

    None if all of x or all of y are the same.
    """
    ranks = []
    for values in (x, y):
        values = np.asarray(values, np.float64)
        smaller = (values[:, None] > values).sum(axis=1)
        equal = (values[:, None] == values).sum(axis=1)
        ranks.append(smaller + (equal + 1) / 2)
    a, b = (rank - rank.mean() for rank in ranks)
    size = math.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size else None
