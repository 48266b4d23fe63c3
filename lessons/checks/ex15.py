"""Checks of lesson 15."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    nan, inf = np.nan, np.inf

    # nan is not equal to itself, so `ask` would think that it had been changed: it gets a list instead
    def to_the_mean(dy, x, limit, means):
        return answers.to_the_mean(dy, np.array(x), limit, means)

    def suspects(x, limits):
        return answers.suspects(np.array(x), limits)

    means, dy = np.array([1.0, 0.5, 0.25]), np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
    for x, y, inside in (
        ([[0.0, 1.5, 2.0], [2.5, 0.5, 9.0]], [[0.0, 1.5, 2.0], [1.0, 0.5, 0.25]], [[1, 1, 1], [0, 1, 0]]),
        ([[-1.0, -3.0, 1e30], [1.0, 0.0, -2.0]], [[-1.0, 0.5, 0.25], [1.0, 0.0, -2.0]], [[1, 0, 0], [1, 1, 1]]),
        ([[inf, 1.0, nan], [-inf, nan, 1.0]], [[1.0, 1.0, 0.25], [1.0, 0.5, 1.0]], [[0, 1, 0], [0, 0, 1]]),
    ):
        on = f"x = {x}, limit = 2, means = {means.tolist()}, dy = {dy.tolist()}"
        with np.errstate(all="ignore"):
            got_y, got_dx = ask(to_the_mean, dy, x, 2.0, means, on=on, values=2)
        assert np.isfinite(got_y).all(), f"to_the_mean: y should be finite, is {np.asarray(got_y).tolist()}\n  on {on}"
        close("y of to_the_mean", got_y, y, on)
        close("dx of to_the_mean", got_dx, dy * inside, on)

    for x, limits, found in (
        ([[0.0, 1.0, 3.0]], [1.0, 1.0, 2.0], [2]),
        ([[0.0, 1.0], [1.0, 2.0], [2.0, 2.5]], [2.0, 2.0], [1]),
        ([[0.0, 1.0, 3.0], [5.0, 1.0, 0.0], [5.0, 2.0, 0.0]], [4.0, 2.0, 3.0], [0]),
        ([[0.0, nan, 1.0, inf], [9.0, 0.0, 1.0, 0.0]], [2.0, 2.0, 2.0, 2.0], [0, 1, 3]),
        ([[0.0, 1.0], [1.0, 0.0]], [1.0, 1.0], []),
    ):
        on = f"x = {x}, limits = {limits}"
        got = ask(suspects, x, np.array(limits), on=on)
        close("suspects", got, np.array(found, int), on)

    limits = np.array([4.0, 8.0, 16.0])
    for choose, report, expected in (
        ([[50, 60], [70, 90], [75, 75]], [[52, 58, 55], [70, 71, 72], [74, 75, 76]], (8.0, 71.0, 9.0)),
        ([[10, 45], [10, 10], [30, 30]], [[90, 80], [90, 90], [40, 50]], (16.0, 45.0, -15.0)),
    ):
        on = f"limits = {limits.tolist()}, choose = {choose}, report = {report}"
        tables = (np.array(table, float) for table in (choose, report))
        got = ask(answers.honest, limits, *tables, on=on, values=3)
        names = ("the limit", "the area reported", "what was promised")
        for what, one, value in zip(names, got, expected, strict=True):
            close(f"{what} of honest", one, value, on)
