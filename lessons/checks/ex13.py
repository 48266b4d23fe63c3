"""Checks of lesson 13."""

import operator
import sys
from unittest.mock import patch

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    for widths, N, itemsize, expected in (
        ([1, 1], 0, 1, 4 * 2),
        ([2, 3], 0, 1, 4 * 9),
        ([2, 3], 5, 1, 4 * 9 + 5 * 2),
        ([2, 3, 1], 5, 1, 4 * (9 + 4) + 5 * 5),
        ([784, 512, 10], 128, 4, 4 * (4 * (785 * 512 + 513 * 10) + 128 * (784 + 512))),
    ):
        on = f"widths = {widths}, N = {N}, itemsize = {itemsize}"
        close("training_bytes", ask(answers.training_bytes, widths, N, itemsize, on=on), expected, on)

    for w, b, largest in (
        ([3.0, 0.0], [4.0], 10.0),  # the norm is 5
        ([3.0, 0.0], [4.0], 5.0),
        ([3.0, 0.0], [4.0], 1.0),
        ([[3.0], [0.0]], [-4.0], 0.5),
        ([0.0, 0.0], [0.0], 1.0),
    ):
        on = f"grads = {{'w': {w}, 'b': {b}}}, largest = {largest}"
        grads = {"w": np.array(w, np.float32), "b": np.array(b, np.float32)}
        scale = min(1.0, largest / max(np.hypot(*(np.linalg.norm(g) for g in grads.values())), 1e-9))
        expected = {name: g * np.float32(scale) for name, g in grads.items()}
        with np.errstate(all="raise"):
            got = ask(answers.clip_gradients, grads, largest, on=on)
        _check_names(got, grads, on)
        for name, g in expected.items():
            close(f"the gradient {name} of clip_gradients", got[name], g, on)
            dtype = np.asarray(got[name]).dtype
            assert dtype == np.float32, f"clip_gradients should keep float32, made {dtype}\n  on {on}"
        on += ", as arrays of another library"
        with patch.dict(sys.modules, {"cupy": Library()}):
            got = ask(answers.clip_gradients, {name: Far(g) for name, g in grads.items()}, largest, on=on)
        _check_names(got, grads, on)
        for name, g in expected.items():
            assert isinstance(got[name], Far), f"clip_gradients should leave arrays where they are\n  on {on}"
            close(f"the gradient {name} of clip_gradients", got[name].here, g, on)

    for flops, bandwidth, itemsize, expected in (
        (100e9, 10e9, 4, 60),
        (100e9, 10e9, 8, 120),
        (100e9, 7e9, 4, 86),  # 85.7
        (10e9, 100e9, 4, 1),
        (1e9, 100e9, 1, 1),  # 0.015
    ):
        on = f"flops = {flops:g}, bandwidth = {bandwidth:g}, itemsize = {itemsize}"
        close("break_even", ask(answers.break_even, flops, bandwidth, itemsize, on=on), expected, on)


def _check_names(got, grads, on):
    kept = isinstance(got, dict) and got.keys() == grads.keys()
    assert kept, f"clip_gradients should return {{name: array}} with the names {list(grads)}\n  on {on}"


class Far:
    """An array of a library that is not NumPy: it computes, mixes with no NumPy array, and refuses to be read."""

    __array_ufunc__ = None  # np.sqrt(far) is a TypeError, as it is for a list of secrets
    __hash__ = None

    def __init__(self, here):
        self.here = np.asarray(here)

    def __deepcopy__(self, memo):
        return self  # nothing here changes it

    def refuse(self, *args, **kwargs):
        raise TypeError("a value was read back")

    __float__ = __int__ = __bool__ = __index__ = __array__ = __iter__ = get = item = tolist = refuse

    def __getattr__(self, name):
        """Methods and attributes of the array."""
        value = getattr(self.here, name)
        if callable(value):
            return lambda *args, **kwargs: self.wrap(value(*map(unwrap, args), **kwargs))
        return self.wrap(value)

    def wrap(self, value):
        return Far(value) if isinstance(value, np.ndarray | np.generic) else value


def unwrap(value):
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")  # as CuPy says
    return value.here if isinstance(value, Far) else value


def _both_ways(function):
    """x + y and y + x, for an x that is far."""
    return (
        lambda self, other: self.wrap(function(self.here, unwrap(other))),
        lambda self, other: self.wrap(function(unwrap(other), self.here)),
    )


for _name in ("add", "sub", "mul", "truediv", "pow", "matmul"):
    _forth, _back = _both_ways(getattr(operator, _name))
    setattr(Far, f"__{_name}__", _forth)
    setattr(Far, f"__r{_name}__", _back)
for _name in ("gt", "ge", "lt", "le", "eq", "ne"):
    setattr(Far, f"__{_name}__", _both_ways(getattr(operator, _name))[0])


class Library:
    """What stands in the place of CuPy: NumPy's functions, for arrays that are far."""

    def get_array_module(self, *arrays):
        return self if any(isinstance(array, Far) for array in arrays) else np

    def __getattr__(self, name):
        function = getattr(np, name)
        if not callable(function) or isinstance(function, type):
            return function
        return lambda *args, **kwargs: Far(function(*map(unwrap, args), **kwargs))
