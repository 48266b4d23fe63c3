"""Checks of lesson 17."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for areas, choice, regrets in (
        ([[30, 60], [76, 58], [35, 78]], 1, [[46, 18], [0, 20], [41, 0]]),
        ([[10, 90], [20, 40]], 0, [[10, 0], [0, 50]]),  # maximin would take the other one
        ([[50, 10, 40], [40, 30, 40], [44, 28, 10]], 1, [[0, 20, 0], [10, 0, 0], [6, 2, 30]]),
        ([[50, 30], [30, 40], [0, 60]], 1, [[0, 30], [20, 20], [50, 0]]),  # not the one with the smallest mean
        ([[60, 40], [40, 60]], 0, [[0, 20], [20, 0]]),  # equally bad: the first
        ([[70], [80]], 1, [[10], [0]]),
    ):
        on = f"areas = {areas}"
        got, got_regrets = ask(answers.least_regret, np.array(areas, float), on=on, values=2)
        close("the regrets of least_regret", got_regrets, np.array(regrets, float), on)
        close("the choice of least_regret", got, choice, on)

    for one, other, p in (
        ((76.0, 58.0), (35.0, 78.0), 20 / 61),
        ((35.0, 78.0), (76.0, 58.0), 20 / 61),
        ((80.0, 20.0), (20.0, 40.0), 0.25),
        ((60.0, 50.0), (40.0, 50.0), 0.0),  # at an end
        ((50.0, 60.0), (50.0, 40.0), 1.0),
        ((70.0, 60.0), (50.0, 50.0), None),  # one is better under both
        ((50.0, 50.0), (70.0, 60.0), None),
        ((70.0, 60.0), (60.0, 50.0), None),  # by the same: parallel lines
        ((50.0, 60.0), (50.0, 60.0), None),  # the same line
    ):
        on = f"one = {one}, other = {other}"
        got = ask(answers.break_even, one, other, on=on, values=0)
        if p is None:
            assert got is None, f"break_even should be None, is {got}\n  on {on}"
        else:
            assert got is not None, f"break_even should be {p:g}, is None\n  on {on}"
            close("break_even", got, p, on)

    none = np.array([[50.0, 54.0], [52.0, 48.0], [40.0, 44.0]])
    for gains, t in (
        (([[10, 8], [5, 7], [7, 5]], [[2, 2], [4, 0], [1, 3]], [[14, 12], [9, 9], [9, 13]]), 4.3),
        (([[10, 8], [5, 7], [7, 5]], [[2, 2], [4, 0], [1, 3]], [[12, 10], [9, 7], [8, 8]]), 4.3),  # they add up
        (([[10, 8], [5, 7]], [[2, 2], [4, 0]], [[10, 8], [4, 2]]), 12.7),
    ):
        of_one, of_other, of_both = (np.array(gain, float) for gain in gains)
        base = none[: len(of_one)]
        given = base, base + of_one, base + of_other, base + of_both, t
        on = f"none = {base.tolist()}, gains of one, other and both = {gains}, t = {t}"
        mean, low, high = ask(answers.interaction, *given, on=on, values=3)
        beyond = [sum(row) / len(row) for row in (of_both - of_one - of_other).tolist()]
        middle = sum(beyond) / len(beyond)
        spread = sum((value - middle) ** 2 for value in beyond) / (len(beyond) - 1)
        half = t * (spread / len(beyond)) ** 0.5
        close("the mean of interaction", mean, middle, on)
        close("the low end of interaction", low, middle - half, on)
        close("the high end of interaction", high, middle + half, on)
