"""Gradients against finite differences, along one random direction: enough for any size, and as sharp.

If `dx` is the derivative of the number f(x), then f changes by <dx, v> along a small direction v. For a layer,
f(x) = <dy, forward(x)> with a random dy, so the check says: backward is the transpose of the derivative of forward.
"""

import numpy as np

STEP = 1e-6  # of the difference, in float64: its truncation error is of the order of STEP^2


def check_gradient(f, arrays: dict, grads: dict, rng, what: str, tolerance=1e-6):
    """Assert that `grads` (by the names of `arrays`, all float64) is the derivative of the number `f(arrays)`.

    Each array is moved alone, so that the message names the one whose gradient is wrong. Besides the relative
    `tolerance`, the difference is allowed the rounding of its two values of f.
    """
    assert grads.keys() == arrays.keys(), f"{what}: gradients {sorted(grads)} for {sorted(arrays)}"
    for name, gradient in grads.items():
        v = rng.standard_normal(gradient.shape)
        ahead, behind = (float(f({**arrays, name: arrays[name] + step * v})) for step in (STEP, -STEP))
        expected, got = (ahead - behind) / (2 * STEP), float((gradient * v).sum())
        size = max(abs(expected), 0.01 * float(np.linalg.norm(gradient) * np.linalg.norm(v)))
        rounding = 10 * np.finfo(float).eps * max(abs(ahead), abs(behind), 1) / STEP
        assert abs(got - expected) <= tolerance * size + rounding, (
            f"{what}: the derivative by {name} along a random direction is {got:.10g}, "
            f"finite differences say {expected:.10g}"
        )
