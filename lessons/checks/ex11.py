"""Checks of lesson 11."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for a, b, t, of_seeds in (
        ([[60.0, 64.0], [70.0, 66.0], [65.0, 71.0]], [[61.0, 61.0], [64.0, 66.0], [63.0, 65.0]], 4.3, [1.0, 3.0, 4.0]),
        ([[70.0, 71.0, 72.0], [60.0, 62.0, 64.0]], [[69.0, 70.0, 71.0], [58.0, 59.0, 60.0]], 12.7, [1.0, 3.0]),
    ):
        on = f"a = {a}, b = {b}, t = {t}"
        mean, half = np.mean(of_seeds), t * np.std(of_seeds, ddof=1) / len(of_seeds) ** 0.5
        got = ask(answers.paired_interval, np.array(a), np.array(b), t, on=on)
        close("the length of what paired_interval returns", np.shape(got), (3,), on)
        close("the mean of paired_interval", got[0], mean, on)
        close("the interval of paired_interval, over seeds, not pairs", got[1:], (mean - half, mean + half), on)

    for table, expected in (
        ([[0.0, 2.0], [0.0, 6.0]], (0.0, 6.0, 4.0)),
        ([[9.0, 11.0, 13.0], [13.0, 15.0, 17.0]], (8.0, 4.0, 0.0)),
        ([[0.0, 2.0], [2.0, 0.0]], (0.0, 0.0, 4.0)),
        ([[13.0, 7.0, 16.0, 16.0], [13.0, 19.0, 22.0, 22.0], [22.0, 22.0, 28.0, 28.0]], (34.5, 10.0, 6.0)),
    ):
        on = f"table = {table}"
        got = ask(answers.parts, np.array(table), on=on)
        close("the length of what parts returns", np.shape(got), (3,), on)
        for which, one, right in zip(("seeds'", "patterns'", "rest's"), got, expected, strict=True):
            close(f"the {which} part of parts, never below 0,", one, right, on)

    for p, expected in (
        ([0.03, 0.01, 0.04, 0.02], [0.06, 0.04, 0.06, 0.06]),
        ([0.6, 0.9], [1.0, 1.0]),
        ([0.2], [0.2]),
    ):
        on = f"p_values = {p}"
        close("holm, at most 1 and in the order of the p values,", ask(answers.holm, p, on=on), expected, on)
