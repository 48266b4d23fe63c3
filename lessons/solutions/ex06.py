"""Solutions of lesson 06: overfitting, Lasso and Tikhonov."""

from math import comb

import numpy as np


def elastic_net(a, h, lasso, tikhonov):
    """For w > 0 the derivative h (w - a) + lasso + 2 tikhonov w vanishes at (h a - lasso) / (h + 2 tikhonov).

    Lasso takes its amount first, and Tikhonov its share of what is left.
    """
    a = np.asarray(a)
    return np.sign(a) * np.maximum(h * abs(a) - lasso, 0) / (h + 2 * tikhonov)


def balanced(w1, b1, w2):
    """With s > 0, max(s y, 0) / s = max(y, 0); s^2 alpha^2 + beta^2 / s^2 is lowest where both are alpha beta."""
    alpha, beta = np.sqrt((w1**2).sum(axis=0)), np.sqrt((w2**2).sum(axis=1))  # (M,), in and out
    s = np.sqrt(beta / alpha)
    return w1 * s, b1 * s, w2 / s[:, None]


def only_one_is_right(labels, first, second):
    """Images that both get right, or both wrong, say nothing about which is better (McNemar, 1947): they drop out."""
    labels, first, second = map(np.asarray, (labels, first, second))
    n1 = int(((first == labels) & (second != labels)).sum())
    n2 = int(((second == labels) & (first != labels)).sum())
    n = n1 + n2
    tail = sum(comb(n, k) for k in range(min(n1, n2) + 1)) / 2**n  # of the smaller count or fewer
    return n1, n2, min(1.0, 2 * tail)
