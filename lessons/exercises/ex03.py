"""Exercises of lesson 03: convolution."""


def receptive_field(layers):
    """How many pixels, from the first to the last along one side, a number behind these layers looks at.

    layers: pairs (K, S) of a window and its stride, the first layer first. Behind no layer it is 1.
    """
    raise NotImplementedError


def depthwise(x, w, S=1, P=0):
    """The convolution of each channel c with its own kernel w[:, :, c].

    x: (N, H, W, C); w: (K, K, C); S: the stride; P: the padding. Returns y (N, OH, OW, C).
    """
    raise NotImplementedError


def backward_by_convolution(dy, w, P=0):
    """dx of a convolution with stride 1 and padding P < K, by im2col and one product, without col2im.

    dy: (N, OH, OW, F); w: (K, K, C, F). Returns dx (N, H, W, C) with H = OH + K - 1 - 2P, and W likewise.
    """
    raise NotImplementedError
