"""Exercises of lesson 02: activations."""


def clipped_relu_backward(dy, y, c):
    """The backward pass of y = min(max(x, 0), c), from its output; the slope at both kinks is 0.

    dy, y: arrays of one shape; c: a number > 0.
    Returns dx, of the same shape.
    """
    raise NotImplementedError


def highest(w, b):
    """The largest x @ w + b that each unit can reach, over all inputs x with 0 <= x_d <= 1.

    w: (D, M); b: (M,).
    Returns an array (M,). A ReLU unit is dead for every image there can be if this is not above 0.
    """
    raise NotImplementedError


def balance(w1, b1, w2):
    """Other weights of the same network x -> ReLU(x @ w1 + b1) @ w2, with the smallest (w1^2).sum() + (w2^2).sum().

    Unit m has the column w1[:, m], the bias b1[m] and the row w2[m]: scale the first two by s > 0, the row by 1 / s.
    A unit whose column or row is all zeros stays as it is.
    w1: (D, M); b1: (M,); w2: (M, K).
    Returns new arrays w1, b1, w2; those passed in are not changed.
    """
    raise NotImplementedError
