"""Exercises of lesson 15: clipping."""


def to_the_mean(dy, x, limit, means):
    """x where |x| <= limit, else the neuron's mean; also for what is not a number. Returns y, dx.

    dy, the derivative of the loss by y: (N, M); x: (N, M); limit: a number; means: (M,), constants.
    y, dx: (N, M).
    """
    raise NotImplementedError


def suspects(x, limits):
    """Which neurons are broken, as far as their limits tell: those that are above it on any image, or not a number.

    x: (N, M), the activations of N images; limits: (M,), the largest activations without faults.
    Returns the numbers of these neurons, (S,), in rising order.
    """
    raise NotImplementedError


def honest(limits, choose, report):
    """Choose the limit with the largest mean area in one table, and say what it reaches in the other.

    limits: (L,); choose: (L, P), the area at each limit under P patterns; report: (L, Q), under Q other patterns.
    Returns the limit, its mean area in `report`, and how much more than that its mean in `choose` promised.
    """
    raise NotImplementedError
