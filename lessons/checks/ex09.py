"""Checks of lesson 09."""

import warnings

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for p, q, expected in (
        ([0.75, 0.25], [0.25, 0.75], [0.75, 0.25]),
        ([0.5, 0.5], [0.5, 0.5], [0.5, 0.5]),
        ([0.2, 0.8], [0.6, 0.4], [0.25, 2 / 3]),
        ([1.0, 0.0], [0.0, 1.0], [1.0, 0.0]),
        ([0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.5, 0.5, 0.5]),
    ):
        D = _quietly(answers.best_discriminator, np.array(p), np.array(q), on=f"p = {p}, q = {q}")
        close("best_discriminator", D, expected, f"p = {p}, q = {q}")

    ln2 = np.log(2)
    for p, q, expected in (
        ([0.5, 0.5], [0.5, 0.5], 0.0),
        ([1.0, 0.0], [0.0, 1.0], ln2),
        ([0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], ln2),
        ([0.75, 0.25], [0.25, 0.75], ln2 + 0.75 * np.log(0.75) + 0.25 * np.log(0.25)),
        ([1.0, 0.0], [0.5, 0.5], (2 * ln2 + np.log(2 / 3) + 0.5 * np.log(1 / 3)) / 2),
    ):
        distance = _quietly(answers.jensen_shannon, np.array(p), np.array(q), on=f"p = {p}, q = {q}")
        close("jensen_shannon", distance, expected, f"p = {p}, q = {q}")

    for scores in ([0.0], [2.0], [-1.0, 3.0], [0.5, -2.0, 1.0, 0.0]):
        s, on = np.array(scores)[:, None], f"logits = {scores} as a column"
        loss, dlogits = _quietly(answers.saturating_loss, s, on=on, values=2)
        D = 1 / (1 + np.exp(-s))
        close("the loss of saturating_loss", loss, np.log(1 - D).mean(), on)
        close("dlogits of saturating_loss", dlogits, -D / len(s), on)
    for scores, expected, slopes in (([1000.0], -1000.0, [[-1.0]]), ([-1000.0, 1000.0], -500.0, [[0.0], [-0.5]])):
        on = f"logits = {scores} as a column"
        loss, dlogits = _quietly(answers.saturating_loss, np.array(scores)[:, None], on=on, values=2)
        close("the loss of saturating_loss", loss, expected, on)
        close("dlogits of saturating_loss", dlogits, slopes, on)


def _quietly(answer, *arrays, on, values=1):
    """ask(answer, *arrays), where a warning of NumPy's is a failure, as is a number that is not finite."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        result = ask(answer, *arrays, on=on, values=values)
    for part in result if isinstance(result, tuple) else (result,):
        assert np.isfinite(part).all(), f"{answer.__name__} is not finite\n  on {on}\n  got {part}"
    return result
