"""Checks of lesson 08."""

import numpy as np

from . import ask, close, slope_of


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    rng = np.random.default_rng(0)
    for N, P, D in ((1, 2, 1), (3, 2, 1), (4, 3, 2)):
        x, w = (rng.integers(-2, 3, shape).astype(float) for shape in ((N, P), (P, D)))
        on = f"x = {x.tolist()}, w = {w.tolist()}"
        loss, dw = ask(answers.tied_autoencoder, x, w, on=on, values=2)
        close("the loss of tied_autoencoder", loss, _tied_loss(x, w), on)
        close("dw of tied_autoencoder", dw, slope_of(lambda p: _tied_loss(x, p), w), on, tolerance=1e-5)

    cross = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    for x, D, expected in (
        (cross, 0, 2.5),  # all of (4 + 4 + 1 + 1) / 4
        (cross, 1, 0.5),  # the short bar of the cross is lost: (1 + 1) / 4
        (cross, 2, 0.0),
        (cross + np.array([3.0, -5.0]), 1, 0.5),  # the biases can move it back
        (cross + np.array([3.0, -5.0]), 0, 2.5),
        (cross @ np.array([[0.6, 0.8], [-0.8, 0.6]]), 1, 0.5),  # turned: no bar lies along an axis
        (np.array([[1.0, 2.0, 3.0]]), 0, 0.0),  # one image is its own mean
    ):
        on = f"x = {x.tolist()}, D = {D}"
        close("lowest_loss", ask(answers.lowest_loss, x, D, on=on), expected, on)


def _tied_loss(x, w):
    return ((x @ w @ w.T - x) ** 2).sum() / len(x)
