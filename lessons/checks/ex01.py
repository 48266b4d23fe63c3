"""Checks of lesson 01."""

import numpy as np

from . import ask, close, slope_of


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    rng = np.random.default_rng(0)
    for N, D, M in ((1, 1, 1), (1, 2, 3), (4, 3, 2)):
        x, w, dy = (rng.integers(-3, 4, shape).astype(float) for shape in ((N, D), (D, M), (N, M)))
        for s in (1.0, 2.0, -0.5):
            on = f"x = {x.tolist()}, w = {w.tolist()}, s = {s}, dy = {dy.tolist()}"
            dx, dw, ds = ask(answers.dense_scaled_backward, dy, x, w, s, on=on, values=3)
            close("dx of dense_scaled_backward", dx, slope_of(lambda p: (s * (p @ w) * dy).sum(), x), on)
            close("dw of dense_scaled_backward", dw, slope_of(lambda p: (s * (x @ p) * dy).sum(), w), on)
            close("ds of dense_scaled_backward", ds, slope_of(lambda p: (p * (x @ w) * dy).sum(), np.array(s)), on)

    p, v = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[0.0, 1.0], [2.0, -1.0]])
    for what, f, slope in (
        ("the sum of p", lambda p: p.sum(), v.sum()),
        ("the sum of p^2", lambda p: (p**2).sum(), (2 * p * v).sum()),
        ("sin of the first entry", lambda p: np.sin(p[0, 0]), np.cos(1.0) * v[0, 0]),
    ):
        on = f"f = {what}, p = {p.tolist()}, v = {v.tolist()}"
        close("along_a_direction", ask(answers.along_a_direction, f, p, v, on=on), slope, on, tolerance=1e-5)
    on = "f = p^2, p = [0], v = [1], h = 0.1"
    flat = ask(answers.along_a_direction, lambda p: (p**2).sum(), np.zeros(1), np.ones(1), 0.1, on=on)
    close("along_a_direction, a central difference", flat, 0.0, on)
