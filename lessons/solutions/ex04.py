"""Solutions of lesson 04: pooling and upsampling."""


def average_pool_backward(dy, K):
    """Each of the K*K pixels moves the mean by 1 / K^2: the derivative, spread evenly over its window."""
    return dy.repeat(K, axis=1).repeat(K, axis=2) / K**2


def max_pool_shared_backward(dy, x, K):
    """A mask of the maxima, divided by how many there are in the window: an average of all choices of a winner."""
    N, H, W, C = x.shape
    windows = x.reshape(N, H // K, K, W // K, K, C)
    winners = windows == windows.max(axis=(2, 4), keepdims=True)
    share = dy[:, :, None, :, None] / winners.sum(axis=(2, 4), keepdims=True)  # (N, H/K, 1, W/K, 1, C)
    return (winners * share).reshape(x.shape)


def adjoint_gap(forward, backward, x, y):
    """For a linear layer both numbers are sum_ij y_i U_ij x_j, summed in two orders."""
    return abs((forward(x) * y).sum() - (x * backward(y)).sum())
