"""Solutions of lesson 11: a fair fault campaign."""

import numpy as np


def paired_interval(a, b, t):
    """The seeds are what is independent: first the mean of each, then the interval over them."""
    of_seeds = (np.asarray(a, float) - np.asarray(b, float)).mean(axis=1)
    mean = of_seeds.mean()
    half = t * of_seeds.std(ddof=1) / len(of_seeds) ** 0.5
    return mean, mean - half, mean + half


def parts(table):
    """What the means of the seeds vary by beyond what the rest alone would make them vary by; so for patterns."""
    table = np.asarray(table, float)
    S, P = table.shape
    seeds, patterns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = ((table - seeds - patterns + table.mean()) ** 2).sum() / ((S - 1) * (P - 1))
    seed = (P * seeds.var(ddof=1) - rest) / P
    pattern = (S * patterns.var(ddof=1) - rest) / S
    return max(seed, 0.0), max(pattern, 0.0), rest


def holm(p_values):
    """From the smallest to the largest, each at least as large as the one before."""
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected
