"""Exercises of lesson 06: overfitting, Lasso and Tikhonov."""


def elastic_net(a, h, lasso, tikhonov):
    """The w that minimises h (w - a)^2 / 2 + lasso |w| + tikhonov w^2, for every entry of a.

    a: an array; h > 0, lasso >= 0, tikhonov >= 0: numbers. Returns an array of the shape of a.
    """
    raise NotImplementedError


def balanced(w1, b1, w2):
    """Other weights for x -> max(x @ w1 + b1, 0) @ w2: the same function, and the lowest sum of squares of w1 and w2.

    w1: (D, M); b1: (M,), which is free; w2: (M, K). Only scale the units, each by a positive number. No unit has only
    zeros on one side. Returns w1, b1, w2, new arrays.
    """
    raise NotImplementedError


def only_one_is_right(labels, first, second):
    """How many images only the first network gets right, how many only the second, and the p value of that split.

    labels, first, second: N integers, the truth and what the two networks say. p is the probability that so many
    throws of a fair coin split at least as unevenly, to either side; 1 if there is nothing to split. Returns n1, n2, p.
    """
    raise NotImplementedError
