"""Exercises of lesson 06: overfitting, Lasso and Tikhonov."""


def elastic_net(a, h, lasso, tikhonov):
    """The w that minimises h (w - a)^2 / 2 + lasso |w| + tikhonov w^2, for every entry of a.

    a: an array; h > 0, lasso >= 0, tikhonov >= 0: numbers. Returns an array of the shape of a.
    """
    raise NotImplementedError


def pruned(w1, b1, w2, x):
    """The weights of x -> max(x @ w1 + b1, 0) @ w2 without the hidden units that are 0 for every row of x.

    w1: (D, M); b1: (M,); w2: (M, K); x: (N, D). Returns w1, b1, w2 with as many units as are left, in their order; what
    is passed in is not changed.
    """
    raise NotImplementedError


def only_one_is_right(labels, first, second):
    """How many images only the first network gets right, how many only the second, and the p value of that split.

    labels, first, second: N integers, the truth and what the two networks say. p is the probability that so many
    throws of a fair coin split at least as unevenly, to either side; 1 if there is nothing to split. Returns n1, n2, p.
    """
    raise NotImplementedError
