"""Checks of lesson 00."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    weights, u = [0.5, -1.2, 2.0, 0.3], [0.3, 0.1, 0.0, 0.9]
    for rate, left in (
        (0.0, weights), (0.05, [0.5, -1.2, 0.0, 0.3]), (0.3, [0.5, 0.0, 0.0, 0.3]), (0.5, [0.0, 0.0, 0.0, 0.3]),
        (1.0, [0.0] * 4),
    ):  # fmt: skip
        on = f"weights = {weights}, u = {u}, rate = {rate}"
        close("break_weights", ask(answers.break_weights, weights, u, rate, on=on), left, on)
        new = ask(answers.break_weights, weights, u, rate, on=on, in_place=True)
        assert new is not weights, f"break_weights should return a new list, not `weights` itself\n  on {on}"

    rates = [0.0, 0.2, 0.4, 0.6, 0.8]
    for accuracies, points, rate in (
        ([85.0, 83.0, 79.0, 60.0, 20.0], 5, 0.4),
        ([85.0, 80.0, 79.0, 60.0, 20.0], 5, 0.2),  # 5 points, exactly
        ([85.0, 79.0, 81.0, 60.0, 20.0], 5, 0.2),  # it rises again
        ([85.0, 79.0, 81.0, 60.0, 20.0], 40, 0.8),
        ([50.0, 52.0, 51.0, 49.0, 46.0], 5, None),
        ([50.0, 55.0, 46.0, 47.0, 45.0], 5, 0.8),  # below its start, not below its highest
    ):
        on = f"rates = {rates}, accuracies = {accuracies}, points = {points}"
        got = ask(answers.first_below, rates, accuracies, points, on=on, values=0)
        assert got == rate, f"first_below should be {rate}, is {got}\n  on {on}"

    for chips, most in (
        ([[3, 1, 9]], [3, 1, 9]),
        ([[3, 1], [3, 2], [5, 2]], [3, 2]),
        ([[7, 9, 0], [2, 4, 0], [5, 4, 1]], [2, 4, 0]),  # three opinions about the first image: the smallest
        ([[9, 8], [9, 8], [1, 0], [1, 2]], [1, 8]),
    ):
        on = f"answers = {chips}"
        close("vote", ask(answers.vote, np.array(chips), on=on), most, on)
