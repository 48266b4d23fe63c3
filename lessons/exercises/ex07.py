"""Exercises of lesson 07: stuck at zero."""


def output_moments(x, w, b, rate):
    """Mean and variance of y = x @ (mask * w) + b, where each weight is stuck at 0 with probability `rate`.

    x: (N, D); w: (D, M); b: (M,), never hit; the entries of the mask are independent.
    Returns the mean and the variance of every output, both (N, M).
    """
    raise NotImplementedError


def surely_unchanged(y, epsilon):
    """Which answers no deviation can change whose length (the root of its sum of squares) is at most `epsilon`.

    y: outputs without faults (N, M), M >= 2; the answer is the place of the largest.
    Returns N truth values: True only where it is sure, and wherever it is.
    """
    raise NotImplementedError


def share_of_living_paths(masks):
    """The share of the paths, from any input to any output, on which no weight is stuck.

    masks: a list of arrays of truth values (D0, D1), (D1, D2), ..., one for each layer; True works.
    Returns a number from 0 to 1.
    """
    raise NotImplementedError
