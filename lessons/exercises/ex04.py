"""Exercises of lesson 04: pooling and upsampling."""


def average_pool_backward(dy, K):
    """The backward pass of the mean over windows of K x K pixels, side by side.

    dy: (N, H, W, C), the derivative by the means.
    Returns dx: (N, K*H, K*W, C).
    """
    raise NotImplementedError


def max_pool_shared_backward(dy, x, K):
    """The backward pass of a max-pool in which all maxima of a window get the same share of its derivative.

    dy: (N, H/K, W/K, C); x: (N, H, W, C), what was pooled.
    Returns dx: (N, H, W, C). The shares of a window add up to the window's entry of dy.
    """
    raise NotImplementedError


def adjoint_gap(forward, backward, x, y):
    """How far <forward(x), y> is from <x, backward(y)>; 0 (to rounding) if `backward` is the transpose of `forward`.

    forward: a function from arrays like x to arrays like y; backward: the other way round. x and y may have any number
    of axes; <a, b> is the sum over all entries of a * b.
    Returns a number, not negative.
    """
    raise NotImplementedError
