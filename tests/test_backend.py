"""Which library owns an array, moving arrays, and what is said where there is no GPU. CuPy is played by a stand-in."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from aftt_np.backend import NAMES, array_module, choose, describe, to_device, to_host
from aftt_np.errors import BackendError, UsageError

ARRAY = hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, max_side=4))


class DeviceArray:
    """An array that a library other than NumPy owns; `.get()` brings it to the host, as in CuPy."""

    def __init__(self, x):
        self.x = x

    def get(self):
        return self.x


def fake_cupy(usable: bool) -> ModuleType:
    cupy = ModuleType("cupy")
    cupy.__version__ = "14.0"
    cupy.is_available = lambda: usable
    cupy.asarray = lambda x: x if isinstance(x, DeviceArray) else DeviceArray(x)
    cupy.get_array_module = lambda x: cupy if isinstance(x, DeviceArray) else np
    cupy.cuda = SimpleNamespace(
        Device=lambda: SimpleNamespace(id=0),
        runtime=SimpleNamespace(getDeviceProperties=lambda number: {"name": f"GPU number {number}".encode()}),
    )
    return cupy


@pytest.fixture
def cupy(request, monkeypatch):
    """`import cupy` gives a stand-in: "usable", "no GPU", or (None) an ImportError."""
    module = None if request.param == "missing" else fake_cupy(request.param == "usable")
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def with_cupy(*states):
    return pytest.mark.parametrize("cupy", states, indirect=True)


# ---- arrays


@with_cupy("missing", "no GPU", "usable")
def test_array_module_of_a_numpy_array_is_numpy(cupy):
    assert array_module(np.zeros(3)) is np
    assert array_module(np.float32(1)) is np


def test_array_module_without_cupy_having_been_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    assert array_module(np.zeros(3)) is np
    assert "cupy" not in sys.modules, "asking for the owner of an array imported cupy"


@with_cupy("usable")
def test_array_module_and_moving_between_libraries(cupy):
    x = np.arange(6.0).reshape(2, 3)
    on_device = to_device(x, cupy)
    assert array_module(on_device) is cupy
    assert to_device(on_device, cupy) is on_device, "an array that is there already was copied"
    np.testing.assert_array_equal(to_host(on_device), x)


@given(ARRAY)
def test_a_numpy_array_stays_what_it_is(x):
    for moved in (to_host(x), to_device(x, np)):
        assert moved is x, "a NumPy array was copied on its way to NumPy"


def test_numbers_become_numpy_scalars():
    assert isinstance(to_host(np.float32(2)), np.ndarray | np.generic)
    assert to_host(np.float32(2)).dtype == np.float32
    assert to_host(2.5) == 2.5


# ---- choosing


@with_cupy("missing", "no GPU", "usable")
def test_numpy_is_numpy_whatever_else_there_is(cupy, capsys):
    assert choose("numpy") is np
    assert capsys.readouterr() == ("", "")


@with_cupy("usable")
@pytest.mark.parametrize("name", ["cupy", "auto"])
def test_a_usable_gpu_is_used(cupy, name, capsys):
    assert choose(name) is cupy
    assert capsys.readouterr() == ("", ""), "nothing to report, and yet something was printed"


TROUBLE = {"missing": ["not installed", "pip install", "cuda12", "cuda13"], "no GPU": ["no usable GPU", "nvidia-smi"]}
each_trouble = pytest.mark.parametrize(("cupy", "said"), TROUBLE.items(), indirect=["cupy"], ids=TROUBLE)


@each_trouble
def test_cupy_without_a_gpu_is_an_error_with_the_command_that_helps(cupy, said):
    with pytest.raises(BackendError) as caught:
        choose("cupy")
    for words in ("--backend cupy", *said):
        assert words in str(caught.value), f"{words!r} is missing in: {caught.value}"
    assert "\n" not in str(caught.value)


@each_trouble
def test_auto_falls_back_and_says_so(cupy, said, capsys):
    assert choose("auto") is np
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1, f"expected one line, got: {printed!r}"
    for words in ("auto", "numpy", said[0]):
        assert words in printed, f"{words!r} is missing in: {printed}"
    assert len(printed) <= 81, "longer than a line of a terminal"


def test_the_names_on_offer():
    assert NAMES == ("auto", "numpy", "cupy")


# ---- describing


def test_description_of_numpy():
    assert describe(np) == f"numpy {np.__version__}, CPU"


@with_cupy("usable")
def test_description_of_a_gpu(cupy):
    assert describe(cupy) == "cupy 14.0, GPU number 0"


def test_an_unknown_backend_is_refused():
    with pytest.raises(UsageError, match=r"'torch'.*auto, numpy, cupy"):
        choose("torch")
