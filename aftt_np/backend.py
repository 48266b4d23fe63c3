"""Which array library owns an array, and the one place where arrays move between host and device.

NumPy and CuPy arrays share their operators and methods, so most code needs nothing from here. A function
that needs a library function asks the array: `xp = array_module(x)`, then `xp.exp(x)`.
"""

import sys

import numpy as np

from .errors import BackendError, UsageError

NAMES = ("auto", "numpy", "cupy")


def array_module(x):
    """The library that owns `x`: CuPy for arrays on a GPU, NumPy for all else."""
    cupy = sys.modules.get("cupy")  # whoever made a CuPy array has imported it already
    return cupy.get_array_module(x) if cupy else np


def to_device(x, xp):
    """`x` as an array of the library `xp`; copied only if it is somewhere else."""
    return xp.asarray(x)


def to_host(x):
    """`x` as a NumPy array (or a NumPy scalar); this waits for the device."""
    return x.get() if hasattr(x, "get") else np.asarray(x)


def choose(name: str):
    """The array library for one of NAMES.

    Raises BackendError for "cupy" without a usable GPU, UsageError for another name; "auto" falls back to NumPy and
    prints that it did.
    """
    if name not in NAMES:
        raise UsageError(f"unknown backend {name!r}; there are: {', '.join(NAMES)}")
    if name == "numpy":
        return np
    trouble, remedy = _trouble_with_cupy()
    if trouble and name == "cupy":
        raise BackendError(f"--backend cupy needs a GPU: {trouble}; {remedy}")
    if trouble:
        print(f"backend auto: using numpy, {trouble}")
        return np
    return sys.modules["cupy"]


def _trouble_with_cupy() -> tuple[str, str]:
    """Why CuPy cannot be used here and what helps; two empty strings if it can."""
    try:
        import cupy
    except ImportError:  # the package's name depends on the CUDA version, so requirements.txt cannot hold it
        return "CuPy is not installed", 'with an NVIDIA GPU: pip install -e ".[cuda12]"  (or ".[cuda13]")'
    except Exception as error:  # an installation that does not fit its driver can raise anything
        return "CuPy cannot be imported", f"it says: {' '.join(str(error).split())}"
    if not cupy.is_available():  # import succeeds without a GPU; only this tells
        return "CuPy finds no usable GPU", "see what the driver says: nvidia-smi"
    return "", ""


def describe(xp) -> str:
    """One line on the library, its version and the device, for reports."""
    if xp is np:
        return f"numpy {np.__version__}, CPU"
    properties = xp.cuda.runtime.getDeviceProperties(xp.cuda.Device().id)
    return f"cupy {xp.__version__}, {properties['name'].decode()}"
