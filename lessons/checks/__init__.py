"""Checks of the exercises: `look_at(ex01)` in a notebook, `python -m pytest -m ex01` in a terminal."""

from importlib import import_module, reload

import numpy as np


def look_at(answers):
    """Check a module of answers and print what came of it; the first property that fails is named with its input."""
    answers = reload(answers)  # as the file is now
    name = answers.__name__.rpartition(".")[2]
    try:
        import_module(f"checks.{name}").check(answers)
    except NotImplementedError:
        print(f"{name}: there is something left to write")
    except AssertionError as failure:
        print(f"{name}: not yet\n{failure}")
    except Exception as error:
        print(f"{name}: your code stopped with {type(error).__name__}: {error}")
    else:
        print(f"{name}: well done, everything holds")


def close(what, got, expected, on, tolerance=1e-6):
    """Assert that two arrays (or numbers) agree in shape and value; the message says `what` failed `on` which input."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{what} should have the shape {expected.shape}, has {got.shape}\n  on {on}"
    gap = abs(got - expected).max(initial=0.0)
    assert gap <= tolerance * max(1.0, abs(expected).max(initial=0.0)), (
        f"{what} is wrong by up to {gap:.3g}\n  on {on}\n  expected {expected.tolist()}\n  got      {got.tolist()}"
    )


def slope_of(f, p, h=1e-6):
    """The derivative of the number f(p) by every entry of p, by central differences, one entry at a time."""
    slopes = np.zeros_like(p)
    for place in np.ndindex(p.shape):
        step = np.zeros_like(p)
        step[place] = h
        slopes[place] = (f(p + step) - f(p - step)) / (2 * h)
    return slopes
