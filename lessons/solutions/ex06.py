"""Solutions of lesson 06: overfitting, Lasso and Tikhonov."""

from math import comb

import numpy as np


def elastic_net(a, h, lasso, tikhonov):
    """For w > 0 the derivative h (w - a) + lasso + 2 tikhonov w vanishes at (h a - lasso) / (h + 2 tikhonov).

    Lasso takes its amount first, and Tikhonov its share of what is left.
    """
    a = np.asarray(a)
    return np.sign(a) * np.maximum(h * abs(a) - lasso, 0) / (h + 2 * tikhonov)


def pruned(w1, b1, w2, x):
    """What is 0 adds nothing, whatever its row of w2 says: the column, the bias and the row can go."""
    alive = (x @ w1 + b1 > 0).any(axis=0)  # (M,): above 0 for at least one row of x
    return w1[:, alive], b1[alive], w2[alive]


def only_one_is_right(labels, first, second):
    """Images that both get right, or both wrong, say nothing about which is better (McNemar, 1947): they drop out."""
    labels, first, second = map(np.asarray, (labels, first, second))
    n1 = int(((first == labels) & (second != labels)).sum())
    n2 = int(((second == labels) & (first != labels)).sum())
    n = n1 + n2
    tail = sum(comb(n, k) for k in range(min(n1, n2) + 1)) / 2**n  # of the smaller count or fewer
    return n1, n2, min(1.0, 2 * tail)
