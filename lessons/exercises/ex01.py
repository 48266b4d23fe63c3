"""Exercises of lesson 01: a dense layer."""


def dense_scaled_backward(dy, x, w, s):
    """The backward pass of y = s * (x @ w).

    dy, the derivative of the loss by y: (N, M); x: (N, D); w: (D, M); s: a number.
    Returns dx (N, D), dw (D, M) and ds, a number.
    """
    raise NotImplementedError


def along_a_direction(f, p, v, h=1e-6):
    """The derivative of the number f(p) along the direction v, by a central difference with the step h.

    p, v: arrays of one shape. p must be what it was afterwards.
    """
    raise NotImplementedError
