"""Solutions of lesson 17: which defence for which fault."""

import numpy as np


def least_regret(areas):
    """Under each fault the best defence sets the mark; argmin takes the first of equals."""
    regrets = areas.max(axis=0) - areas
    return int(regrets.max(axis=1).argmin()), regrets


def break_even(one, other):
    """The difference of the two lines is d2 + p (d1 - d2), with d1 and d2 the differences under each fault alone."""
    d1, d2 = one[0] - other[0], one[1] - other[1]
    if d1 == d2:
        return None
    p = d2 / (d2 - d1)
    return p if 0 <= p <= 1 else None


def interaction(none, one, other, both, t):
    """(both - none) - (one - none) - (other - none): the patterns of a seed share a network, so they are one value."""
    of_seeds = (both - one - other + none).mean(axis=1)
    error = of_seeds.std(ddof=1) / np.sqrt(len(of_seeds))
    mean = of_seeds.mean()
    return mean, mean - t * error, mean + t * error
