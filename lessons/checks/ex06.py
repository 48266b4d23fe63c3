"""Checks of lesson 06."""

from itertools import product

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for h, lasso, tikhonov in ((1.0, 0.0, 0.0), (1.0, 0.4, 0.0), (1.0, 0.0, 0.5), (2.0, 0.4, 0.3), (0.5, 1.0, 2.0)):
        for a in ([3.0], [-3.0], [0.3, -0.3, 0.0], [[1.5, -0.2], [-1.0, 5.0]]):
            on = f"a = {a}, h = {h}, lasso = {lasso}, tikhonov = {tikhonov}"
            lowest = _lowest(np.array(a), h, lasso, tikhonov)
            got = ask(answers.elastic_net, np.array(a), h, lasso, tikhonov, on=on)
            close("elastic_net", got, lowest, on, tolerance=1e-4)

    for w1, b1, w2, x in (
        ([[1.0, 2.0]], [0.0, 0.0], [[1.0], [2.0]], [[1.0], [3.0]]),  # both work
        ([[5.0, 0.001]], [-6.0, 0.0], [[3.0], [4.0]], [[0.0], [1.0]]),  # large and silent, small and not
        ([[1.0, -1.0, 0.0]], [-2.0, 3.0, 2.0], [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]], [[1.0], [2.0]]),  # it is the bias
        ([[1.0, -2.0, 0.0], [-1.0, 1.0, -1.0]], [0.0, 0.0, 0.0], [[1.0], [1.0], [1.0]], [[1.0, 0.0], [0.0, 1.0]]),
        ([[-1.0, -2.0]], [0.0, -1.0], [[1.0, 2.0], [3.0, 4.0]], [[1.0], [2.0]]),  # nobody is left
    ):
        _check_pruned(answers.pruned, *map(np.array, (w1, b1, w2, x)))

    for labels, first, second in (
        ([1], [1], [1]), ([1], [0], [2]), ([1], [1], [0]), ([0] * 6, [0] * 6, [1] * 6), ([0] * 6, [1] * 6, [0] * 6),
        ([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 0, 5, 0], [0, 0, 0, 0, 4, 0, 0]), ([0, 1, 2], [0, 1, 0], [1, 0, 2]),
    ):  # fmt: skip
        on = f"labels = {labels}, first = {first}, second = {second}"
        n1 = sum(a == y != b for y, a, b in zip(labels, first, second, strict=True))
        n2 = sum(b == y != a for y, a, b in zip(labels, first, second, strict=True))
        got = ask(answers.only_one_is_right, *map(np.array, (labels, first, second)), on=on, values=3)
        close("the counts of only_one_is_right", got[:2], [n1, n2], on)
        throws = [abs(sum(coins) - (n1 + n2) / 2) for coins in product((0, 1), repeat=n1 + n2)]
        p = np.mean([uneven >= abs(n1 - n2) / 2 for uneven in throws])
        close("the p value of only_one_is_right", got[2], p, on)


def _check_pruned(pruned, w1, b1, w2, x):
    on = f"w1 = {w1.tolist()}, b1 = {b1.tolist()}, w2 = {w2.tolist()}, x = {x.tolist()}"
    got = ask(pruned, w1, b1, w2, x, on=on, values=3)
    units = [m for m in range(len(b1)) if max(row @ w1[:, m] + b1[m] for row in x) > 0]
    for name, array, expected in zip(("w1", "b1", "w2"), got, (w1[:, units], b1[units], w2[units]), strict=True):
        close(f"{name} of pruned", array, expected, on)


def _lowest(a, h, lasso, tikhonov):
    """By looking: the lowest on a grid around 0, then on a finer one around that."""
    best, reach = np.zeros(a.shape), 6.0
    for _ in range(4):
        grid = best[..., None] + np.linspace(-reach, reach, 2001)
        cost = h * (grid - a[..., None]) ** 2 / 2 + lasso * abs(grid) + tikhonov * grid**2
        best, reach = np.take_along_axis(grid, cost.argmin(axis=-1)[..., None], axis=-1)[..., 0], reach / 100
    return best
