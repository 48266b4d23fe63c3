"""Solutions of lesson 07: stuck at zero."""

import math

import numpy as np


def output_moments(x, w, b, rate):
    """A mask of 0 and 1 has mean 1 - r and variance r (1 - r); in a sum of independent terms both add up.

    The term of weight w_dm is mask_dm * (x_nd w_dm), so its variance is r (1 - r) x_nd^2 w_dm^2: a Tikhonov penalty in
    which every weight counts as much as its input does.
    """
    mean = (1 - rate) * (x @ w) + b  # the bias is never hit
    variance = rate * (1 - rate) * (x**2 @ w**2)
    return mean, variance


def surely_unchanged(y, epsilon):
    """The worst deviation takes from the first and gives to the second, epsilon / sqrt(2) each: the gap closes by
    sqrt(2) epsilon.

    Any other direction closes it by less, since <d, e_second - e_first> <= |d| sqrt(2), and other outputs are further
    behind.
    """
    second, first = np.sort(y, axis=1)[:, -2:].T
    return first - second > math.sqrt(2) * epsilon


def share_of_living_paths(masks):
    """A matrix product adds up, over all nodes between, the paths that lead there times those that lead on."""
    living = np.ones(masks[0].shape[0])  # one path to every input
    total = np.ones(masks[0].shape[0])
    for mask in masks:
        living = living @ mask  # (D,) @ (D, M) -> (M,)
        total = total @ np.ones(mask.shape)
    return living.sum() / total.sum()
