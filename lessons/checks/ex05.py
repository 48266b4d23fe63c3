"""Checks of lesson 05."""

import numpy as np

from aftt_np.losses import softmax_cross_entropy

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    rng = np.random.default_rng(0)
    for N, M in ((1, 2), (1, 3), (3, 4)):
        logits, labels = rng.integers(-3, 4, (N, M)).astype(float), rng.integers(0, M, N)
        for a in (0.0, 0.3, 1.0):
            on = f"logits = {logits.tolist()}, labels = {labels.tolist()}, a = {a}"
            # linear in the target: a share of the loss for the label, and of the mean of those for every class
            every = [softmax_cross_entropy(logits, np.full(N, m)) for m in range(M)]
            there = softmax_cross_entropy(logits, labels)
            loss, dlogits = ask(answers.smoothed_cross_entropy, logits, labels, a, on=on, values=2)
            for what, got, place in (("loss", loss, 0), ("derivative", dlogits, 1)):
                expected = (1 - a) * there[place] + a * sum(one[place] for one in every) / M
                close(f"the {what} of smoothed_cross_entropy", got, expected, on)
    on, large = "logits = [[1000, -1000]], labels = [1], a = 0.5", np.array([[1000.0, -1000.0]])
    with np.errstate(all="ignore"):
        loss, dlogits = ask(answers.smoothed_cross_entropy, large, np.array([1]), 0.5, on=on, values=2)
    close("the loss of smoothed_cross_entropy", loss, 1500.0, on)
    close("the derivative of smoothed_cross_entropy", dlogits, [[0.75, -0.75]], on)

    for w in ([3.0], [-3.0], [0.5, -0.5, 0.0], [[2.0, -1.0], [1.0, -0.2]]):
        for s in (0.0, 1.0, 2.5):
            on = f"w = {w}, s = {s}"
            close("shrink", ask(answers.shrink, np.array(w), s, on=on), _lowest(np.array(w), s), on)

    _check_adamw(answers.adamw, rng)


def _check_adamw(adamw, rng):
    p, none = np.array([2.0]), np.zeros(1)
    on = "p = [2], g = [3], m = v = [0], t = 1, rate = 0.1, decay = 0.5"
    new, m, v = ask(adamw, p, np.array([3.0]), none, none, 1, 0.1, 0.5, on=on, values=3)
    for name, got, expected in (("p", new, [2 - 0.1 - 0.1 * 0.5 * 2]), ("m", m, [0.3]), ("v", v, [0.009])):
        close(f"{name} of adamw", got, expected, on)
    on = "p = [2], g = m = v = [0], t = 1, rate = 0.1, decay = 0.5"
    close("p of adamw", ask(adamw, p, none, none, none, 1, 0.1, 0.5, on=on, values=3)[0], [1.9], on)
    old, m, v = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    means, squares = np.zeros(2), np.zeros(2)  # without the factors 1 - beta, as the library keeps them
    for t in range(1, 6):
        g = rng.integers(-3, 4, 2).astype(float)
        on = f"p = {old.tolist()}, g = {g.tolist()}, m = {m.tolist()}, v = {v.tolist()}, t = {t}, decay = 0.2"
        on += ", rate = 0.01, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-3"
        new, new_m, new_v = ask(adamw, old, g, m, v, t, 0.01, 0.2, 0.8, 0.99, 1e-3, on=on, values=3)
        means, squares = 0.8 * means + g, 0.99 * squares + g**2
        step = 0.2 * means / (1 - 0.8**t) / (np.sqrt(0.01 * squares / (1 - 0.99**t)) + 1e-3)
        close("p of adamw", new, old * (1 - 0.01 * 0.2) - 0.01 * step, on)
        old, m, v = new, new_m, new_v


def _lowest(w, s):
    """By looking: the lowest of (p - w)^2 / 2 + s |p| on a fine grid that holds all answers to these inputs."""
    grid = np.arange(-400, 401) / 100
    return grid[((grid - w[..., None]) ** 2 / 2 + s * abs(grid)).argmin(axis=-1)]
