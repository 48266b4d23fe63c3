"""Checks of lesson 11."""

import numpy as np

from . import close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    a, b = [[60.0, 64.0], [70.0, 66.0], [65.0, 71.0]], [[61.0, 61.0], [64.0, 66.0], [63.0, 65.0]]
    on = f"a = {a}, b = {b}, t = 4.3"
    of_seeds = np.array([1.0, 3.0, 4.0])
    half = 4.3 * of_seeds.std(ddof=1) / 3**0.5
    close("paired_interval", answers.paired_interval(np.array(a), np.array(b), 4.3),
          (8 / 3, 8 / 3 - half, 8 / 3 + half), on)  # fmt: skip

    table = [[0.0, 2.0], [0.0, 6.0]]
    close("parts", answers.parts(np.array(table)), (0.0, 6.0, 4.0), f"table = {table}")
    table = [[9.0, 11.0, 13.0], [13.0, 15.0, 17.0]]
    close("parts", answers.parts(np.array(table)), (8.0, 4.0, 0.0), f"table = {table}")

    table = [[0.0, 2.0], [2.0, 0.0]]
    close("parts", answers.parts(np.array(table)), (0.0, 0.0, 4.0), f"table = {table}")

    for p, expected in (
        ([0.03, 0.01, 0.04, 0.02], [0.06, 0.04, 0.06, 0.06]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([0.2], [0.2]),
    ):
        close("holm", answers.holm(p), expected, f"p_values = {p}")
