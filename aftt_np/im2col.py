"""Image patches as the rows of a matrix, and rows added back into images: each the adjoint of the other.

Images are channels-last, (N, H, W, C). The patch under a K x K window is then K runs of K*C numbers that lie next to
each other in memory, and a convolution is one matrix product: im2col(x) @ w. A 3 x 3 image of one channel, K = 2:

    a b c
    d e f    im2col    a b d e     one row for each position of the window, in reading order
    g h i   -------->  b c e f
                       d e g h
                       e f h i

Both functions work on one strided *view* of the image in which every window is spelled out without being copied:
im2col copies the view into a matrix, col2im adds a matrix into the view.
"""

from .backend import array_module

SHORT = 16  # runs of fewer numbers are slow to copy one by one; along a row of the image the runs are longer


def out_size(H: int, K: int, S: int, P: int) -> int:
    """How many positions a window of K has along H pixels, with stride S and P zeros on either side."""
    return (H + 2 * P - K) // S + 1


def windows(x, K: int, S: int):
    """Every K x K window of x, as a view: x (N, H, W, C) -> (N, OH, OW, K, K*C), C-contiguous x only."""
    N, H, W, C = x.shape
    per_channel = x.itemsize  # bytes; not from x.strides, which may be anything along an axis of length 1
    per_pixel, per_row, per_image = C * per_channel, W * C * per_channel, H * W * C * per_channel
    return array_module(x).lib.stride_tricks.as_strided(
        x,
        shape=(N, out_size(H, K, S, 0), out_size(W, K, S, 0), K, K * C),
        strides=(per_image, S * per_row, S * per_pixel, per_row, per_channel),
    )


def im2col(x, K: int, S: int = 1, P: int = 0):
    """Patches to rows: x (N, H, W, C) -> (N*OH*OW, K*K*C), with OH = (H + 2P - K) // S + 1."""
    view = windows(pad(x, P), K, S)  # (N, OH, OW, K, K*C)
    N, OH, OW, _, KC = view.shape
    if KC < SHORT:
        return view.transpose(3, 4, 0, 1, 2).reshape(K * KC, N * OH * OW).T  # the same matrix, stored by columns
    return view.reshape(N * OH * OW, K * KC)  # the view's windows overlap, so reshape copies


def col2im(cols, x_shape, K: int, S: int = 1, P: int = 0):
    """Rows added back: cols (N*OH*OW, K*K*C) -> (N, H, W, C) = x_shape; <im2col(x), c> = <x, col2im(c)>.

    An in-place addition is only right if no number is met twice. Windows whose columns differ by a multiple of
    ceil(K / S) do not overlap, and neither do the same rows of different windows: so K * ceil(K / S) additions.
    """
    N, H, W, C = x_shape
    dx = array_module(cols).zeros((N, H + 2 * P, W + 2 * P, C), cols.dtype)
    view = windows(dx, K, S)  # (N, OH, OW, K, K*C)
    cols = cols.reshape(view.shape)
    apart = -(-K // S)
    for i in range(K):
        for j in range(apart):
            view[:, :, j::apart, i] += cols[:, :, j::apart, i]
    return dx[:, P : P + H, P : P + W]


def pad(x, P: int):
    """P zeros around every image: x (N, H, W, C) -> (N, H + 2P, W + 2P, C)."""
    if P == 0:
        return array_module(x).ascontiguousarray(x)
    N, H, W, C = x.shape
    padded = array_module(x).zeros((N, H + 2 * P, W + 2 * P, C), x.dtype)
    padded[:, P : P + H, P : P + W] = x
    return padded
