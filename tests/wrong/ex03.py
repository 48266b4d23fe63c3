"""Typical wrong answers to exercise 03: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("pixels += (K - 1) * apart", "pixels += K * apart"),  # the pixel in the middle counted twice
    ("pixels += (K - 1) * apart\n        apart *= S", "apart *= S\n        pixels += (K - 1) * apart"),  # too early
    ("apart *= S", "apart = S"),  # the last stride alone
    ("apart *= S", "apart += S - 1"),  # strides do not add up, they multiply
    (".reshape(-1, K * K, C)", ".reshape(-1, C, K * K).transpose(0, 2, 1)"),  # as if the channel ran slowest
    ("w.reshape(K * K, C)", "w.transpose(1, 0, 2).reshape(K * K, C)"),  # rows and columns of the window swapped
    ("im2col(x, K, S, P)", "im2col(x, K, 1, P)[:: S * S]"),  # a stride in one dimension
    (".sum(axis=1)", ".sum(axis=(1, 2))[:, None].repeat(C, axis=1)"),  # the channels mixed
    ("w[::-1, ::-1]", "w"),  # not turned
    ("w[::-1, ::-1].transpose(0, 1, 3, 2)", "w.transpose(1, 0, 3, 2)"),  # transposed, not turned
    (".transpose(0, 1, 3, 2)", ""),  # channels in and out not swapped
    ("im2col(dy, K, 1, K - 1 - P)", "im2col(dy, K, 1, P)"),  # padded as on the way forward
    (  # the library's own backward pass
        "    return (im2col(dy",
        "    from aftt_np.layers import Conv2d\n\n"
        "    x = __import__('numpy').zeros((N, H, W, C))\n"
        "    return Conv2d(C, w.shape[3], K, 1, P).with_params({'w': w, 'b': w[0, 0, 0]}).backward(dy, x)\n"
        "    return (im2col(dy",
    ),
]
