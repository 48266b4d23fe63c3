"""Checks of lesson 04."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for K in (1, 2, 3):
        dy = np.arange(1.0, 13.0).reshape(1, 2, 3, 2)
        dx = np.stack([[dy[0, i // K, j // K] / K**2 for j in range(3 * K)] for i in range(2 * K)])[None]
        on = f"K = {K}, dy = {dy.tolist()}"
        close("dx of average_pool_backward", ask(answers.average_pool_backward, dy, K, on=on), dx, on)

    for K, x in (
        (2, [[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 1.0, 6.0], [0.0, 0.0, 7.0, 7.0], [0.0, 0.0, 2.0, 7.0]]),
        (2, [[-1.0, -1.0, 2.0, 0.0], [-3.0, -1.0, 2.0, 1.0]]),
        (3, [[0.0, 3.0, 1.0], [3.0, 2.0, 3.0], [3.0, 3.0, 0.0]]),
    ):
        x = np.stack([x, np.flip(x)], axis=-1)[None]  # (1, H, W, 2): a second channel, turned around
        _, H, W, C = x.shape
        dy = 12.0 * np.arange(1.0, 1 + H // K * (W // K) * C).reshape(1, H // K, W // K, C)
        on = f"K = {K}, x = {x.tolist()}, dy = {dy.tolist()}"
        with np.errstate(divide="ignore", invalid="ignore"):  # nan is found below
            dx = ask(answers.max_pool_shared_backward, dy, x, K, on=on)
        expected = np.zeros_like(x)
        for i, j, c in np.ndindex(H // K, W // K, C):
            here = (0, slice(i * K, i * K + K), slice(j * K, j * K + K), c)
            winners = x[here] == x[here].max()
            expected[here] = dy[0, i, j, c] * winners / winners.sum()
        close("dx of max_pool_shared_backward", dx, expected, on)

    A = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]])
    x, y = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([[2.0, 0.0, 1.0], [1.0, 1.0, -1.0]])
    for what, forward, backward, gap in (
        ("forward(x) = x @ A, backward(y) = y @ A.T", lambda x: x @ A, lambda y: y @ A.T, 0.0),
        ("forward(x) = x @ A, backward(y) = 2 y @ A.T", lambda x: x @ A, lambda y: 2 * (y @ A.T), 12.0),
        ("forward(x) = x @ A, backward(y) = 0 y @ A.T", lambda x: x @ A, lambda y: 0 * (y @ A.T), 12.0),
    ):
        on = f"{what}, A = {A.tolist()}, x = {x.tolist()}, y = {y.tolist()}"
        close("adjoint_gap", ask(answers.adjoint_gap, forward, backward, x, y, on=on), gap, on)

    def repeated(x):
        return x.repeat(2, axis=1).repeat(2, axis=2)

    x, y = np.arange(1.0, 5.0).reshape(1, 1, 2, 2), np.arange(1.0, 17.0).reshape(1, 2, 4, 2)
    for what, backward, gap in (
        ("the sum", lambda y: y.reshape(1, 1, 2, 2, 2, 2).sum(axis=(2, 4)), 0.0),
        ("the mean", lambda y: y.reshape(1, 1, 2, 2, 2, 2).mean(axis=(2, 4)), 282.0),  # 376 - 94
    ):
        on = f"forward(x): every pixel 2 x 2 times, backward(y): {what} of 2 x 2, x = {x.tolist()}, y = {y.tolist()}"
        close("adjoint_gap", ask(answers.adjoint_gap, repeated, backward, x, y, on=on), gap, on)
