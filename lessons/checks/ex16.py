"""Checks of lesson 16."""

from itertools import pairwise

import numpy as np

from . import ask, close


def relu_network(x, weights, biases):
    """Dense layers with a ReLU between any two."""
    for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = (np.maximum(x, 0) if i else x) @ w + b
    return x


def check(answers):
    """Raises AssertionError with the first property that does not hold."""

    def hard_limit(dw, v):  # given a list, since nan is not equal to itself, and `ask` would think that it was changed
        return answers.hard_limit(dw, np.array(v))

    for v, w, inside in (
        ([[0.5, -0.25], [2.0, -3.0]], [[0.5, -0.25], [1.0, -1.0]], [[1, 1], [0, 0]]),
        ([1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1, 1, 1]),
        ([3.4e37, -np.inf, np.inf, np.nan], [1.0, -1.0, 1.0, 0.0], [0, 0, 0, 0]),
    ):
        dw = np.arange(1.0, np.size(v) + 1).reshape(np.shape(v))
        on = f"v = {v}, dw = {dw.tolist()}"
        got_w, got_dv = ask(hard_limit, dw, v, on=on, values=2)
        assert np.isfinite(got_w).all(), f"hard_limit: w should be finite, is {np.asarray(got_w).tolist()}\n  on {on}"
        close("w of hard_limit", got_w, w, on)
        close("dv of hard_limit", got_dv, dw * inside, on)

    rng = np.random.default_rng(0)
    for sizes, scales in (((2, 3), (4.0,)), ((2, 2, 2), (2.0, 8.0)), ((3, 4, 2, 2), (4.0, 0.5, 16.0))):
        pairs = list(pairwise(sizes))
        weights = [rng.integers(-2, 3, pair).astype(float) for pair in pairs]
        biases = [rng.integers(-3, 4, pair[1]).astype(float) for pair in pairs]
        on = f"weights = {[w.tolist() for w in weights]}, biases = {[b.tolist() for b in biases]}, scales = {scales}"
        stored, with_biases, by = ask(answers.one_division, weights, biases, list(scales), on=on, values=3)
        for i, (got, w, scale) in enumerate(zip(stored, weights, scales, strict=True)):
            close(f"weights {i} of one_division", got, w * scale, on)
        for i, (got, b) in enumerate(zip(with_biases, biases, strict=True)):
            assert np.shape(got) == b.shape, f"biases {i} of one_division should have the shape {b.shape}\n  on {on}"
        x = rng.integers(-2, 3, (4, sizes[0])).astype(float)
        got = relu_network(x, stored, with_biases) / by
        close("the logits of one_division, divided", got, relu_network(x, weights, biases), f"{on}, x = {x.tolist()}")

    for w, largest, c in (
        ([0.5, -0.25], 4.0, 8.0),
        ([[0.6, 0.1], [0.0, 0.2]], 3.96875, 4.0),
        ([0.1, -0.6], 3.96875, 4.0),
        ([3.0, 1.0], 2.0, 0.5),
        ([1.0], 1.0, 1.0),
        ([0.0, 0.0], 4.0, 1.0),
        ([0.75], 2.0**119, 2.0**119),
    ):
        on = f"w = {w}, largest = {largest:g}"
        close("power_of_2", ask(answers.power_of_2, np.array(w), largest, on=on), c, on)
