"""Checks of lesson 02."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for c in (6.0, 1.0):
        x = np.array([[-2.0, -0.25, 0.0, 0.5], [c - 0.5, c, c + 0.25, 2 * c]])
        dy = np.array([[1.0, 2.0, 3.0, -4.0], [-5.0, 6.0, 7.0, 8.0]])
        y = np.minimum(np.maximum(x, 0), c)
        on = f"c = {c}, y = {y.tolist()}, dy = {dy.tolist()}"
        dx = ask(answers.clipped_relu_backward, dy, y, c, on=on)
        close("dx of clipped_relu_backward", dx, np.where((x > 0) & (x < c), dy, 0.0), on)

    for w, b in (
        ([[1.0], [2.0]], [0.5]),
        ([[1.0, -1.0], [-2.0, -3.0], [4.0, 0.5]], [-6.0, -1.0]),
    ):
        w, b = np.array(w), np.array(b)
        corners = np.stack(np.meshgrid(*[[0.0, 1.0]] * len(w)), axis=-1).reshape(-1, len(w))  # a sum peaks at a corner
        on = f"w = {w.tolist()}, b = {b.tolist()}"
        close("highest", ask(answers.highest, w, b, on=on), (corners @ w + b).max(axis=0), on)

    w1 = np.array([[3.0, 0.0, 1.0, 0.5], [4.0, 0.0, -2.0, 2.0]])  # the second unit reads nothing
    b1 = np.array([1.0, 2.0, -1.0, 3.0])
    w2 = np.array([[0.6, 0.8], [1.0, 2.0], [-2.0, 4.0], [0.0, 0.0]])  # nobody reads the fourth
    on = f"w1 = {w1.tolist()}, b1 = {b1.tolist()}, w2 = {w2.tolist()}"
    with np.errstate(divide="ignore", invalid="ignore"):  # nan is found below
        got = ask(answers.balance, w1, b1, w2, on=on, values=3)
    for name, p, before in zip(("w1", "b1", "w2"), got, (w1, b1, w2), strict=True):
        assert np.shape(p) == before.shape, f"{name} of balance should keep the shape {before.shape}\n  on {on}"
    x = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 2.0], [2.0, -1.0]])
    before, after = (np.maximum(x @ w + b, 0) @ v for w, b, v in ((w1, b1, w2), got))
    close("the network after balance", after, before, f"x = {x.tolist()}, {on}")
    for m, square in enumerate((10.0, 5.0, 20.0, 4.25)):  # 2 |column| |row|; as it was, where one of them is 0
        total = (np.asarray(got[0])[:, m] ** 2).sum() + (np.asarray(got[2])[m] ** 2).sum()
        close(f"the sum of w^2 of unit {m} after balance", total, square, on)
    close("the bias of unit 1, which balance should not touch", got[1][1], 2.0, on)
