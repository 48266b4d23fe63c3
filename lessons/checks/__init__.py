"""Checks of the exercises: `look_at(ex01)` in a notebook, `python -m pytest -m ex01` in a terminal."""

from copy import deepcopy
from importlib import import_module, reload

import numpy as np


def look_at(answers):
    """Check a module of answers and print what came of it; the first property that fails is named with its input."""
    answers = reload(answers)  # as the file is now
    name = answers.__name__.rpartition(".")[2]
    try:
        import_module(f".{name}", __package__).check(answers)
    except NotImplementedError:
        print(f"{name}: there is something left to write")
    except AssertionError as failure:
        print(f"{name}: not yet\n{failure}")
    except Exception as error:
        print(f"{name}: your code stopped with {type(error).__name__}: {error}")
    else:
        print(f"{name}: well done, everything holds")


def ask(function, *given, on, values=1, in_place=False):
    """What an answer returns for copies of what is `given`, which it has to leave as they are.

    `values` is how many it should return, 0 if None is fine, too. With `in_place` it is handed the arrays themselves.
    """
    __tracebackhide__ = True  # pytest shows the message, not these lines
    name, handed = function.__name__, given if in_place else deepcopy(given)
    try:
        got = function(*handed)
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(f"{name} stopped with {type(error).__name__}: {error}\n  on {on}") from error
    assert _same(handed, given), f"{name} should leave what is passed in as it was\n  on {on}"
    assert got is not None or values == 0, f"{name} returned None\n  on {on}"
    if values > 1:
        several = isinstance(got, tuple | list) or np.ndim(got) > 0
        assert several and len(got) == values, f"{name} should return {values} values, returned {got}\n  on {on}"
    return got


def _same(a, b):
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a is b or a == b


def close(what, got, expected, on, tolerance=1e-6):
    """Assert that two arrays (or numbers) agree in shape and value; the message says `what` failed `on` which input."""
    __tracebackhide__ = True
    try:
        got, expected = np.asarray(got), np.asarray(expected)
        numbers = got.dtype.kind in "biuf"
    except ValueError:  # rows of several lengths
        numbers = False
    assert numbers, f"{what} should be a number or an array of numbers, is {got}\n  on {on}"
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
