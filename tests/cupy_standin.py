"""A stand-in for CuPy on machines without a GPU: NumPy arrays in a box that refuses what CuPy refuses.

By composition, not inheritance: a subclass of ndarray would be converted without a word. It refuses implicit conversion
to NumPy, operands that live on the host, `where=`, the array interfaces, and every function that is not listed here;
reductions stay 0-d "on the device"; reading a value on the host is counted. A green run here does not mean that the
code runs on a GPU, only that it makes none of these mistakes.
"""

import operator
from types import ModuleType, SimpleNamespace

import numpy as np

SCALARS = bool | int | float | np.number | np.bool_ | slice | str | np.dtype | type  # what mixes with any array
host_reads = 0  # how often a value was brought to the host: each would wait for the GPU


def count_reads(work) -> int:
    """How many values `work()` reads from the device."""
    before = host_reads
    work()
    return host_reads - before


def _unbox(x):
    """The NumPy array in a box, or a scalar as it is; TypeError for whatever CuPy would not mix with its arrays."""
    if isinstance(x, ndarray):
        return x._a
    if x is None or x is Ellipsis or isinstance(x, SCALARS):
        return x
    if isinstance(x, tuple):
        return tuple(_unbox(part) for part in x)
    raise TypeError(f"Unsupported type {type(x)}")


def _box(x):
    return ndarray(np.asarray(x)) if isinstance(x, np.ndarray | np.generic) else x


def _read(x):
    global host_reads
    host_reads += 1
    return x


class ndarray:
    """An array on the "device"."""

    __slots__ = ("_a",)
    __hash__ = None

    def __init__(self, a):
        self._a = a

    def get(self):
        return _read(self._a.copy())

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Use `.get()` to do it explicitly.")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if "where" in kwargs:
            raise TypeError(f"{ufunc.__name__}: where= is not supported")
        if method != "__call__":
            raise TypeError(f"{ufunc.__name__}.{method} is not supported")
        kwargs = {name: tuple(_unbox(o) for o in value) if name == "out" else value for name, value in kwargs.items()}
        result = getattr(ufunc, method)(*(_unbox(x) for x in inputs), **kwargs)
        return _box(result)

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} was called with an array of the device")

    def __float__(self):
        return float(_read(self._a))

    def __int__(self):
        return int(_read(self._a))

    def __bool__(self):
        return bool(_read(self._a))

    def __index__(self):
        return operator.index(_read(self._a))

    def item(self):
        return _read(self._a).item()

    def __iter__(self):
        return (_box(row) for row in self._a)

    def __len__(self):
        return len(self._a)

    def __getitem__(self, key):
        return _box(self._a[_unbox(key)])

    def __setitem__(self, key, value):
        self._a[_unbox(key)] = _unbox(value)

    def __getattr__(self, name):
        if name.startswith("__"):  # __array_interface__ and the like would convert without a word
            raise AttributeError(name)
        if name in ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides", "flags"):
            return getattr(self._a, name)
        if name == "T":
            return _box(self._a.T)
        if name in ("sum", "mean", "max", "min", "std", "argmax", "any", "all", "reshape", "ravel", "astype", "copy",
                    "transpose", "swapaxes", "view", "round", "clip"):  # fmt: skip
            return _function(getattr(self._a, name), name)
        raise AttributeError(f"CuPy arrays of this stand-in have no {name}")


def _function(f, name):
    def call(*args, **kwargs):
        if {"where", "initial"} & kwargs.keys():
            raise TypeError(f"{name} got an unexpected keyword argument")
        return _box(f(*(_unbox(x) for x in args), **{key: _unbox(x) for key, x in kwargs.items()}))

    return call


def _operator(f, reflected=False, in_place=False):
    def call(self, other):
        if not isinstance(other, ndarray | bool | int | float | np.number | np.bool_):
            raise TypeError(f"Unsupported type {type(other)}")
        result = f(_unbox(other), self._a) if reflected else f(self._a, _unbox(other))
        return self if in_place else _box(result)

    return call


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lt", "le", "gt",
              "ge", "eq", "ne"):  # fmt: skip
    _f = getattr(operator, f"__{_name}__")
    setattr(ndarray, f"__{_name}__", _operator(_f))
    if _name not in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(ndarray, f"__r{_name}__", _operator(_f, reflected=True))
        if _name != "matmul":
            setattr(ndarray, f"__i{_name}__", _operator(getattr(operator, f"__i{_name}__"), in_place=True))
for _f in (operator.neg, operator.abs, operator.invert):
    setattr(ndarray, f"__{_f.__name__.strip('_')}__", lambda self, f=_f: _box(f(self._a)))


class Generator:
    """The methods that CuPy's Generator has; no normal, permutation, shuffle or choice."""

    def __init__(self, bit_generator):
        self._rng = np.random.default_rng(bit_generator.seed)

    def random(self, size=None, dtype=np.float64):
        return _box(self._rng.random(size, dtype))

    def standard_normal(self, size=None, dtype=np.float64):
        return _box(self._rng.standard_normal(size, dtype))


def asarray(x, dtype=None):
    """To the device; a copy, as from host memory."""
    if isinstance(x, ndarray):
        return x if dtype is None else x.astype(dtype)
    return ndarray(np.array(x, dtype))


def module() -> ModuleType:
    """What to put into sys.modules["cupy"]."""
    cupy = ModuleType("cupy")
    for name in ("zeros", "ones", "empty", "arange", "zeros_like", "ones_like", "empty_like", "ascontiguousarray",
                 "maximum", "minimum", "exp", "log", "tanh", "arctan", "sqrt", "sign", "logaddexp", "multiply",
                 "divide", "where", "isfinite", "tile", "matmul", "flatnonzero"):  # fmt: skip
        setattr(cupy, name, _function(getattr(np, name), name))
    cupy.concatenate = lambda arrays, axis=0: _box(np.concatenate([_unbox(a) for a in arrays], axis))
    strided = np.lib.stride_tricks.as_strided
    cupy.lib = SimpleNamespace(stride_tricks=SimpleNamespace(
        as_strided=lambda x, shape=None, strides=None: ndarray(strided(x._a, shape, strides))
    ))  # fmt: skip
    cupy.random = SimpleNamespace(Generator=Generator, Philox4x3210=lambda seed: SimpleNamespace(seed=seed))
    cupy.cuda = SimpleNamespace(
        Device=lambda: SimpleNamespace(id=0),
        runtime=SimpleNamespace(getDeviceProperties=lambda device: {"name": b"a stand-in, no GPU"}),
    )
    cupy.__version__ = "14.0.0"
    cupy.ndarray, cupy.asarray, cupy.asnumpy = ndarray, asarray, lambda x: x.get()
    cupy.is_available = lambda: True
    cupy.get_array_module = lambda *xs: cupy if any(isinstance(x, ndarray) for x in xs) else np
    return cupy
