"""Solutions of lesson 03: convolution."""

from aftt_np.im2col import im2col, out_size


def receptive_field(layers):
    """A window of K sees K - 1 neighbours more, and these are as far apart as all strides before it have made them."""
    pixels, apart = 1, 1
    for K, S in layers:
        pixels += (K - 1) * apart
        apart *= S
    return pixels


def depthwise(x, w, S=1, P=0):
    """In a patch the channel runs fastest, so (K*K, C) is its shape; each channel is summed over its K*K places."""
    N, H, W, C = x.shape
    K = len(w)
    cols = im2col(x, K, S, P).reshape(-1, K * K, C)  # (N*OH*OW, K*K*C) before
    y = (cols * w.reshape(K * K, C)).sum(axis=1)  # (N*OH*OW, C)
    return y.reshape(N, out_size(H, K, S, P), out_size(W, K, S, P), C)


def backward_by_convolution(dy, w, P=0):
    """Pixel p meets y at p + P - a with weight a: the kernel the other way round, sliding over y, from F to C channels.

    The window starts K - 1 before y and the forward padding has taken P of that: so it is padded by K - 1 - P.
    """
    K, _, C, _ = w.shape
    turned = w[::-1, ::-1].transpose(0, 1, 3, 2)  # (K, K, F, C)
    N, OH, OW, _ = dy.shape
    H, W = OH + K - 1 - 2 * P, OW + K - 1 - 2 * P
    return (im2col(dy, K, 1, K - 1 - P) @ turned.reshape(-1, C)).reshape(N, H, W, C)
