"""Exercises of lesson 13: the same code on a GPU, and what a step costs."""


def training_bytes(widths, N, itemsize=4):
    """Bytes to train dense layers of these widths, as in [784, 512, 10], with Adam on batches of N images.

    Count, at `itemsize` bytes an element: weights and biases, their gradients, Adam's m and v, and the input of each
    layer for each image (the last layer's output is not kept). Returns a whole number.
    """
    raise NotImplementedError


def clip_gradients(grads, largest):
    """Scale all gradients by one factor, such that the norm of all of them together is at most `largest` (> 0).

    grads: {name: array}, all of one library, NumPy or CuPy; they are not changed. The norm is the root of the sum of
    the squares of all entries of all arrays. If it is not above `largest` the gradients stay what they are (all zero
    is fine). No value may be read back. Returns {name: array}.
    """
    raise NotImplementedError


def break_even(flops, bandwidth, itemsize=4):
    """The smallest n from which a product of two n x n matrices is bound by arithmetic.

    flops: operations a second; bandwidth: bytes a second. 2 n^3 operations; two matrices are read, one is written.
    Arithmetic is the bound where it takes at least as long as fetching. Returns a whole number.
    """
    raise NotImplementedError
