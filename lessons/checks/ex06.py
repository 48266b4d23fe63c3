"""Checks of lesson 06."""

from itertools import product

import numpy as np

from . import close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for h, lasso, tikhonov in ((1.0, 0.0, 0.0), (1.0, 0.4, 0.0), (1.0, 0.0, 0.5), (2.0, 0.4, 0.3), (0.5, 1.0, 2.0)):
        for a in ([3.0], [-3.0], [0.3, -0.3, 0.0], [[1.5, -0.2], [-1.0, 5.0]]):
            on = f"a = {a}, h = {h}, lasso = {lasso}, tikhonov = {tikhonov}"
            lowest = _lowest(np.array(a), h, lasso, tikhonov)
            close("elastic_net", answers.elastic_net(np.array(a), h, lasso, tikhonov), lowest, on, tolerance=1e-4)

    rng = np.random.default_rng(0)
    for w1, b1, w2 in (
        ([[1.0]], [0.5], [[4.0]]),
        ([[3.0, 1.0], [4.0, 0.0]], [1.0, -2.0], [[0.2], [5.0]]),
        ([[1.0, -2.0], [0.5, 1.0], [2.0, 0.0]], [0.0, 1.0], [[3.0, -1.0], [0.5, 0.0]]),
    ):
        _check_balanced(answers.balanced, *map(np.array, (w1, b1, w2)), rng)

    for labels, first, second in (
        ([1], [1], [1]), ([1], [0], [2]), ([1], [1], [0]), ([0] * 6, [0] * 6, [1] * 6), ([0] * 6, [1] * 6, [0] * 6),
        ([0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 0, 5, 0], [0, 0, 0, 0, 4, 0, 0]), ([0, 1, 2], [0, 1, 0], [1, 0, 2]),
    ):  # fmt: skip
        on = f"labels = {labels}, first = {first}, second = {second}"
        n1 = sum(a == y != b for y, a, b in zip(labels, first, second, strict=True))
        n2 = sum(b == y != a for y, a, b in zip(labels, first, second, strict=True))
        got = answers.only_one_is_right(*map(np.array, (labels, first, second)))
        close("the counts of only_one_is_right", got[:2], [n1, n2], on)
        throws = [abs(sum(coins) - (n1 + n2) / 2) for coins in product((0, 1), repeat=n1 + n2)]
        p = np.mean([uneven >= abs(n1 - n2) / 2 for uneven in throws])
        close("the p value of only_one_is_right", got[2], p, on)


def _check_balanced(balanced, w1, b1, w2, rng):
    on = f"w1 = {w1.tolist()}, b1 = {b1.tolist()}, w2 = {w2.tolist()}"
    before = [array.copy() for array in (w1, b1, w2)]
    new1, newb, new2 = balanced(w1, b1, w2)
    kept = all((array == old).all() for array, old in zip((w1, b1, w2), before, strict=True))
    assert kept, f"balanced should leave what is passed in as it was\n  on {on}"
    x = rng.integers(-3, 4, (5, len(w1))).astype(float)
    expected = np.maximum(x @ w1 + b1, 0) @ w2
    close("the function of balanced", np.maximum(x @ new1 + newb, 0) @ new2, expected, f"{on}, x = {x.tolist()}")
    lowest = 2 * sum(np.linalg.norm(w1[:, m]) * np.linalg.norm(w2[m]) for m in range(len(b1)))
    close("the sum of squares of balanced", (new1**2).sum() + (new2**2).sum(), lowest, on)


def _lowest(a, h, lasso, tikhonov):
    """By looking: the lowest on a grid around 0, then on a finer one around that."""
    best, reach = np.zeros(a.shape), 6.0
    for _ in range(4):
        grid = best[..., None] + np.linspace(-reach, reach, 2001)
        cost = h * (grid - a[..., None]) ** 2 / 2 + lasso * abs(grid) + tikhonov * grid**2
        best, reach = np.take_along_axis(grid, cost.argmin(axis=-1)[..., None], axis=-1)[..., 0], reach / 100
    return best
