"""Checks of lesson 10."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for rates, expected in (
        ({"extractor/": 0.5, "classifier/": 1.0}, (0.5, 0.5, 1.0)),
        ({"classifier/": 1.0}, (0.0, 0.0, 1.0)),
        ({"extractor/": 0.5, "extractor/dense1": 0.0, "classifier/": 1.0}, (0.0, 0.5, 1.0)),
        ({"extractor/dense2": 2.0, "": 0.25}, (0.25, 2.0, 0.25)),
        ({"dense1": 2.0, "": 0.25}, (0.25, 0.25, 0.25)),  # no name begins with dense1
    ):
        names = ("extractor/dense1.w", "extractor/dense2.w", "classifier/dense1.w")
        params = {name: np.array([1.0, 2.0]) for name in names}
        grads = {name: np.array([4.0, -8.0]) for name in names}
        before, same = {name: p.copy() for name, p in params.items()}, dict(params)
        on = f"rates = {rates}, every p = [1, 2], every g = [4, -8]"
        ask(answers.step_with_rates, params, grads, rates, on=on, values=0, in_place=True)
        for name, rate in zip(names, expected, strict=True):
            assert params[name] is same[name], f"step_with_rates should change the array {name} in place\n  on {on}"
            close(f"{name} after step_with_rates", params[name], before[name] - rate * np.array([4.0, -8.0]), on)
            close(f"the gradient of {name} after step_with_rates", grads[name], np.array([4.0, -8.0]), on)

    for confusion, precision, recall in (
        ([[3, 0], [0, 5]], [1, 1], [1, 1]),
        ([[6, 2], [1, 1]], [6 / 7, 1 / 3], [6 / 8, 1 / 2]),
        ([[4, 0, 0], [3, 0, 1], [0, 0, 2]], [4 / 7, 0, 2 / 3], [1, 0, 1]),  # nothing is called 1
        ([[2, 1], [0, 0]], [1, 0], [2 / 3, 0]),  # nothing is 1
    ):
        on = f"confusion = {confusion}"
        with np.errstate(all="raise"):
            got = ask(answers.precision_and_recall, np.array(confusion), on=on, values=2)
        close("precision of precision_and_recall", got[0], np.array(precision), on)
        close("recall of precision_and_recall", got[1], np.array(recall), on)

    for a, b, mean, error in (
        ([1, 1, 0, 0], [1, 1, 0, 0], 0.0, 0.0),
        ([0, 0, 0, 0], [1, 1, 1, 1], 1.0, 0.0),
        ([1, 0, 0, 0], [0, 1, 0, 0], 0.0, np.sqrt(0.5) / 2),
        ([1, 0, 0, 1], [1, 1, 0, 1], 0.25, np.sqrt(3 / 16) / 2),
    ):
        on = f"right_a = {a}, right_b = {b}"
        got = ask(answers.paired_difference, np.array(a, bool), np.array(b, bool), on=on, values=2)
        close("the difference of paired_difference", got[0], mean, on)
        close("the standard error of paired_difference", got[1], error, on)
