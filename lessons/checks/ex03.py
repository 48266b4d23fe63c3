"""Checks of lesson 03."""

from unittest.mock import patch

import numpy as np

from aftt_np.layers import Conv2d

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for layers in ([], [(3, 1)], [(3, 2)], [(3, 1), (3, 1)], [(3, 2), (3, 1)], [(2, 2), (2, 2), (3, 1)],
                   [(1, 3), (2, 1)], [(5, 1), (2, 2), (5, 1), (2, 2)]):  # fmt: skip
        pixels, expected = ask(answers.receptive_field, layers, on=f"layers = {layers}"), _seen(layers)
        assert pixels == expected, f"receptive_field should be {expected}, is {pixels}\n  on layers = {layers}"

    rng = np.random.default_rng(0)
    for shape, K, S, P in (((1, 2, 2, 1), 2, 1, 0), ((1, 2, 2, 2), 2, 1, 0), ((2, 4, 3, 2), 3, 1, 1),
                           ((1, 4, 5, 3), 2, 2, 0), ((1, 3, 3, 2), 3, 2, 1)):  # fmt: skip
        x, w = rng.integers(-3, 4, shape).astype(float), rng.integers(-3, 4, (K, K, shape[-1])).astype(float)
        on = f"x = {x.tolist()}, w = {w.tolist()}, S = {S}, P = {P}"
        each = [_convolution(x[..., c, None], w[:, :, c, None, None], S, P).forward(x[..., c, None])[0]
                for c in range(shape[-1])]  # fmt: skip
        close("depthwise", ask(answers.depthwise, x, w, S, P, on=on), np.concatenate(each, axis=-1), on)

    for side, K, C, F, P in ((1, 1, 1, 1, 0), (1, 2, 1, 1, 0), (3, 2, 2, 2, 0), (3, 3, 2, 1, 1), (4, 3, 1, 2, 2)):
        w = rng.integers(-3, 4, (K, K, C, F)).astype(float)
        x_shape = (2, side + K - 1 - 2 * P, side + K - 2 * P, C)  # y is not square
        dy = rng.integers(-3, 4, (2, side, side + 1, F)).astype(float)
        expected = _convolution(np.zeros(x_shape), w, 1, P).backward(dy, np.zeros(x_shape))
        on = f"dy = {dy.tolist()}, w = {w.tolist()}, P = {P}"
        with patch("aftt_np.layers.col2im", _refuse), patch.object(answers, "col2im", _refuse, create=True):
            got = ask(answers.backward_by_convolution, dy, w, P, on=on)
        close("backward_by_convolution", got, expected, on)


def _refuse(*args):
    raise RuntimeError("col2im was called: this is to be done without it")


def _convolution(x, w, S, P):
    K, _, C, F = w.shape
    return Conv2d(C, F, K, S, P).with_params({"w": w, "b": np.zeros(F)})


def _seen(layers):
    """By asking which pixels the first number behind all layers depends on."""
    pixels = {0}
    for K, S in reversed(layers):
        pixels = {p * S + a for p in pixels for a in range(K)}
    return max(pixels) - min(pixels) + 1
