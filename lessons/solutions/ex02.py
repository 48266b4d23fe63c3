"""Solutions of lesson 02: activations."""

import numpy as np


def clipped_relu_backward(dy, y, c):
    """The slope is 1 where neither bound holds the output: strictly between them, since both kinks have slope 0."""
    return dy * ((y > 0) & (y < c))


def highest(w, b):
    """Each input is chosen by itself: 1 where its weight is positive, 0 where it would pull the sum down."""
    return np.maximum(w, 0).sum(axis=0) + b


def balance(w1, b1, w2):
    """s^2 |column|^2 + |row|^2 / s^2 is smallest where both terms are equal: at s^2 = |row| / |column|."""
    column, row = np.linalg.norm(w1, axis=0), np.linalg.norm(w2, axis=1)  # (M,), (M,)
    lively = (column > 0) & (row > 0)
    s = np.where(lively, np.sqrt(row / np.where(lively, column, 1)), 1)
    return w1 * s, b1 * s, w2 / s[:, None]
