"""Solutions of lesson 12: which claim survives."""

from itertools import permutations

import numpy as np


def permutation_p(x, y, statistic):
    """If x and y have nothing to do with each other every order of y is as likely as the one we have; so count."""
    seen = abs(statistic(x, y))
    values = [abs(statistic(x, np.array(order))) for order in permutations(y)]
    return np.mean(np.array(values) >= seen - 1e-12)  # rounding must not lose the order that we have


def step_with_faults(w, x, target, mask, scale, step):
    """The loss sees scale mask w, so its derivative by w has these factors; the step begins at what is stored."""
    w_broken = scale * mask * w
    dy = (x @ w_broken - target) / len(x)
    dw = scale * mask * (x.T @ dy)
    return w - step * dw


def rescaled_by_count(w, mask):
    """Column m of w feeds output m, so the living are counted down the columns; where none lives 1 stands for 0."""
    living = mask.sum(axis=0)  # (M,)
    return mask * w * (len(w) / np.maximum(living, 1))
