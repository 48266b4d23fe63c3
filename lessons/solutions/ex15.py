"""Solutions of lesson 15: clipping."""

import numpy as np


def to_the_mean(dy, x, limit, means):
    """Not `abs(x) > limit`: every comparison with what is no number is false. A constant has no slope."""
    inside = abs(x) <= limit
    return np.where(inside, x, means), np.where(inside, dy, 0)  # means: (M,), the same for every image


def suspects(x, limits):
    """A neuron is trusted if it is inside on all images; `not (x > limits)` would trust what is no number."""
    trusted = (x <= limits).all(axis=0)  # (M,)
    return np.flatnonzero(~trusted)


def honest(limits, choose, report):
    """The table that chooses is too kind to its choice: it has the best limit's luck in it. The other one has not."""
    best = choose.mean(axis=1).argmax()
    reached = report[best].mean()
    return limits[best], reached, choose[best].mean() - reached
