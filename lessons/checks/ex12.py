"""Checks of lesson 12."""

import numpy as np

from . import ask, close, slope_of


def check(answers):
    """Raises AssertionError with the first property that does not hold."""

    def product(x, y):
        return float((x - x.mean()) @ (y - y.mean()))

    for x, y, expected in (
        ([-1.0, 0.0, 1.0], [0.0, 1.0, 2.0], 2 / 6),  # in order; backwards it is as large
        ([-1.0, 0.0, 1.0], [2.0, 1.0, 0.0], 2 / 6),
        ([-3.0, -1.0, 1.0, 3.0], [0.0, 1.0, 2.0, 3.0], 2 / 24),
        ([-3.0, -1.0, 1.0, 3.0], [5.0, 5.0, 5.0, 5.0], 1.0),
        ([-1.0, 0.0, 1.0], [0.0, 0.0, 6.0], 4 / 6),  # ties
    ):
        on = f"x = {x}, y = {y}, statistic = the sum of (x - mean)(y - mean)"
        close("permutation_p", ask(answers.permutation_p, np.array(x), np.array(y), product, on=on), expected, on)

    def last(x, y):
        return float(y[x.argmax()])

    x, y = np.array([-1.0, 0.0, 1.0]), np.array([0.0, 0.0, 6.0])
    on = f"x = {x.tolist()}, y = {y.tolist()}, statistic = the y of the largest x"
    close("permutation_p", ask(answers.permutation_p, x, y, last, on=on), 2 / 6, on)

    rng = np.random.default_rng(0)
    for N, D, M, scale, step in ((1, 2, 1, 1.0, 0.1), (2, 3, 2, 1.0, 0.1), (2, 2, 2, 2.0, 0.1), (2, 2, 2, 1.0, 0.5)):
        w, x, target = (rng.integers(-3, 4, shape).astype(float) for shape in ((D, M), (N, D), (N, M)))
        mask = np.ones((D, M))
        mask[0, 0] = mask[-1, -1] = 0
        w += 0.5  # so that no weight is 0 by itself
        on = f"w = {w.tolist()}, x = {x.tolist()}, target = {target.tolist()}, mask = {mask.tolist()}, scale = {scale}"
        on += f", step = {step}"
        new = ask(answers.step_with_faults, w, x, target, mask, scale, step, on=on)
        assert np.shape(new) == w.shape, f"step_with_faults should have the shape {w.shape}\n  on {on}"
        close("step_with_faults, where a weight is stuck,", new * (1 - mask), w * (1 - mask), on)

        def loss(p, x=x, target=target, mask=mask, scale=scale):
            return ((x @ (scale * mask * p) - target) ** 2).sum() / (2 * len(x))

        close("step_with_faults", new, w - step * slope_of(loss, w), on)

    for w, mask, expected in (
        ([[1.0], [2.0]], [[1], [0]], [[2.0], [0.0]]),
        ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1, 0], [1, 1], [0, 0]], [[1.5, 0.0], [4.5, 12.0], [0.0, 0.0]]),
        ([[1.0, 2.0], [3.0, 4.0]], [[0, 1], [0, 1]], [[0.0, 2.0], [0.0, 4.0]]),  # an output without a living weight
    ):
        on = f"w = {w}, mask = {mask}"
        with np.errstate(all="ignore"):
            got = ask(answers.rescaled_by_count, np.array(w), np.array(mask), on=on)
        assert np.isfinite(got).all(), f"rescaled_by_count should have no nan or infinity\n  on {on}"
        close("rescaled_by_count", got, expected, on)
