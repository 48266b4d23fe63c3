"""Exercises of lesson 12: which claim survives."""


def permutation_p(x, y, statistic):
    """The share of all orders of y for which |statistic(x, order of y)| is at least what it is for y as it stands.

    x, y: arrays of n <= 7 numbers; statistic(x, y): a number, such as a correlation. All n! orders count, that of y
    itself among them. Returns a number above 0 and at most 1.
    """
    raise NotImplementedError


def step_with_faults(w, x, target, mask, scale, step):
    """One step of gradient descent for y = x @ (scale * mask * w), with the loss (1/2N) sum (y - target)^2.

    w, the stored weights: (D, M); x: (N, D); target: (N, M); mask, 1 works, 0 is stuck: (D, M); scale, step: numbers.
    Returns the new stored weights (D, M); w itself stays as it was.
    """
    raise NotImplementedError


def rescaled_by_count(w, mask):
    """The broken weights mask * w, each output's multiplied by D / (how many of its weights are alive).

    w: (D, M); mask, 1 works, 0 is stuck: (D, M). An output without a living weight has zeros, not nan.
    Returns (D, M).
    """
    raise NotImplementedError
