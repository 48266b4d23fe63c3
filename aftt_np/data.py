"""Read a data set and deal it out in batches.

Images stay uint8, a quarter of the memory of float32, until a batch of them is needed. Whatever comes from a
file is checked before it is used, and a file is never unpickled. Nothing here downloads: a set that is not on
this machine ends in one sentence with the command that gets it.
"""

import difflib
import gzip
import hashlib
import math
import os
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .backend import array_module, to_device
from .errors import DataError, UsageError
from .files import read_npz, reading
from .rng import Stream

NAMES = ("fashion-mini", "fashion-mnist", "cifar10", "cifar10-jpeg")
COMMANDS = {  # what makes or gets each of them
    "fashion-mini": "python data_scripts/make_fashion_mini.py",
    "fashion-mnist": "python data_scripts/fetch_fashion_mnist.py",
    "cifar10": "python data_scripts/fetch_cifar10.py",
    "cifar10-jpeg": "python data_scripts/convert_cifar10_jpeg.py TRAIN.npz TEST.npz",
}
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
MINI_FILE = Path(__file__).with_name("fashion_mini.npz")
MINI_SHA256 = "bb71ff4b25f7bcf17868f772edf0a21acbfc6e10aba26b13b2f93fbded49edee"  # of Dataset.sha256
SYSTEM_FOLDER = Path("/usr/share/datasets")  # Debian's package dataset-fashion-mnist installs in here
MOST_CLASSES = 10_000  # a larger label is a mistake, and would ask for a huge classifier

# Array: file, shape, SHA-256 of the decompressed file (the .gz differs between the mirrors and Debian).
FASHION_FILES = {
    "x_train": ("train-images-idx3-ubyte", (60_000, 28, 28),
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    "y_train": ("train-labels-idx1-ubyte", (60_000,),
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    "x_test": ("t10k-images-idx3-ubyte", (10_000, 28, 28),
               "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    "y_test": ("t10k-labels-idx1-ubyte", (10_000,),
               "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
}
CIFAR_ARCHIVE, CIFAR_FOLDER = "cifar-10-binary.tar.gz", "cifar-10-batches-bin"
CIFAR_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
CIFAR_FILES = (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
CIFAR_RECORDS = 10_000  # in each file
CIFAR_RECORD = 1 + 3 * 32 * 32  # bytes: the label, then all red, all green and all blue


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images x_*: uint8 (N, H, W, C) and their labels y_*: int64 (N,), to train on and to test on."""

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of every image."""
        return self.x_train.shape[1:]

    @property
    def sha256(self) -> str:
        """Of all images and labels, in the order of the fields: whether two data sets are the same one."""
        digest = hashlib.sha256()
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()

    @property
    def classes(self) -> int:
        """The largest label + 1."""
        return int(max(self.y_train.max(), self.y_test.max())) + 1


def load(name, data_dir=None) -> Dataset:
    """The data set called `name`: one of NAMES, or a path ending in .npz that holds ARRAYS.

    Raises UsageError for an unknown name, DataError for files that are missing, damaged or of the wrong kind.
    """
    name = str(name)
    if name.endswith(".npz"):
        path = Path(name)
        return _from_npz(path.name if path.stem in NAMES else path.stem, path)  # never under another set's name
    if name == "fashion-mini":
        return _fashion_mini()
    if name == "fashion-mnist":
        return _fashion_mnist(data_dir)
    if name == "cifar10":
        return _cifar10(data_dir)
    if name == "cifar10-jpeg":
        return _from_npz(name, _find(name, ("cifar10-jpeg.npz",), data_dir), COMMANDS[name])
    near = difflib.get_close_matches(name.lower(), NAMES, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UsageError(f"no data set is called {name!r}: choose {', '.join(NAMES)} or the path of an .npz file{hint}")


def cache_folder() -> Path:
    """The folder of this user where the scripts put what they download."""
    import pooch  # here, since it is slow to import and most runs do not need it

    return Path(pooch.os_cache("aftt_np"))


def _find(name: str, files, data_dir) -> Path:
    """The first of `files` in a place, or in the place's folder `name`; DataError if there is none."""
    places = (data_dir, os.environ.get("AFTT_DATA"), SYSTEM_FOLDER, cache_folder())
    for place in (Path(place) for place in places if place):
        for path in (folder / file for folder in (place, place / name) for file in files):
            if os.path.exists(path):
                return path
    searched = ", ".join(str(place) for place in places if place)
    raise DataError(f"{name} needs {' or '.join(files)}, found in none of {searched}; run: {COMMANDS[name]}")


def _read(path: Path, size: int) -> bytes:
    """The decompressed content of a file that should have `size` bytes; ValueError if it has not."""
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        content = file.read(size + 1)  # no more: a small .gz can hold terabytes
    if len(content) != size:
        found = "more" if len(content) > size else f"{len(content):,}"
        raise ValueError(f"{path.name} should hold {size:,} bytes, but holds {found}")
    return content


def _check_headers(headers: dict):
    """Raise ValueError unless {name: (shape, dtype)} for ARRAYS is what a data set has."""
    for part in ("train", "test"):
        (x_shape, x_dtype), (y_shape, y_dtype) = headers[f"x_{part}"], headers[f"y_{part}"]
        if x_dtype != np.uint8 or len(x_shape) not in (3, 4) or math.prod(x_shape) == 0:
            raise ValueError(f"x_{part} should be uint8 images, (N, H, W) or (N, H, W, C) and not empty, "
                             f"is {x_dtype} {x_shape}")
        if y_dtype.kind not in "iu" or y_shape != x_shape[:1]:
            raise ValueError(f"y_{part} should be integers of shape {x_shape[:1]}, is {y_dtype} {y_shape}")
    train, test = headers["x_train"][0][1:], headers["x_test"][0][1:]
    if train != test:
        raise ValueError(f"images in x_test should be {train} as those in x_train, are {test}")


def _dataset(name: str, arrays: dict, most_classes: int = MOST_CLASSES) -> Dataset:
    """A Dataset of ARRAYS, with a channel axis if they have none; ValueError if they are not fit for it."""
    _check_headers({key: (array.shape, array.dtype) for key, array in arrays.items()})
    for part in ("train", "test"):
        y = arrays[f"y_{part}"]
        if y.min() < 0 or y.max() >= most_classes:
            raise ValueError(f"y_{part} should lie in 0..{most_classes - 1}, is in {y.min()}..{y.max()}")
    shape = (-1, *arrays["x_train"].shape[1:], 1)[:4]  # (N, H, W) -> (N, H, W, 1)
    x_train, x_test = (np.ascontiguousarray(arrays[key]).reshape(shape) for key in ("x_train", "x_test"))
    y_train, y_test = (arrays[key].astype(np.int64) for key in ("y_train", "y_test"))
    return Dataset(name, x_train, y_train, x_test, y_test)


def _from_npz(name: str, path: Path, command=None) -> Dataset:
    arrays = read_npz(path, ARRAYS, command, _check_headers)
    with reading(path, command):
        return _dataset(name, arrays)


def _fashion_mini() -> Dataset:
    dataset = _from_npz("fashion-mini", MINI_FILE, COMMANDS["fashion-mini"])
    with reading(MINI_FILE, COMMANDS["fashion-mini"]):
        if dataset.sha256 != MINI_SHA256:
            raise ValueError("its images and labels do not have the SHA-256 of fashion-mini")
    return dataset


def _fashion_mnist(data_dir) -> Dataset:
    arrays = {}
    for array, (file, shape, sha256) in FASHION_FILES.items():
        path = _find("fashion-mnist", (f"{file}.gz", file), data_dir)
        with reading(path, COMMANDS["fashion-mnist"]):
            arrays[array] = _read_idx(path, shape, sha256)
    return _dataset("fashion-mnist", arrays)


def _read_idx(path: Path, shape, sha256: str):
    """A uint8 array in the format IDX: its type and number of axes, the length of each axis, then the bytes."""
    header = np.array([0x800 + len(shape), *shape], ">u4").tobytes()  # 0x08 stands for uint8
    content = _read(path, len(header) + math.prod(shape))
    if not content.startswith(header):
        raise ValueError(f"it should be an IDX file of uint8 {shape}, but begins otherwise")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("its content does not have the SHA-256 of Fashion-MNIST")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _cifar10(data_dir) -> Dataset:
    path = _find("cifar10", (CIFAR_ARCHIVE,), data_dir)
    with reading(path, COMMANDS["cifar10"]):
        content = b"".join(_cifar_files(path))
        records = np.frombuffer(content, np.uint8).reshape(-1, CIFAR_RECORD)
        x = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, C, H, W) -> (N, H, W, C)
        y, N = records[:, 0], 5 * CIFAR_RECORDS  # the sixth file is the test set
        arrays = {"x_train": x[:N], "y_train": y[:N], "x_test": x[N:], "y_test": y[N:]}
        return _dataset("cifar10", arrays, most_classes=10)


def _cifar_files(path: Path):
    """The contents of CIFAR_FILES, from the official archive; of the files in it nobody gives a SHA-256."""
    with open(path, "rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != CIFAR_SHA256:
            raise ValueError("it does not have the SHA-256 of the official archive")
    with tarfile.open(path, "r:gz") as archive:  # read in memory: nothing is unpacked to the disk
        contents = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
    return [contents[f"{CIFAR_FOLDER}/{file}"] for file in CIFAR_FILES]


def hold_out(dataset: Dataset, evaluate: str, n_validation: int) -> Dataset:
    """What to train on and what to evaluate on, for `evaluate` "test" or "validation".

    For "validation" the last `n_validation` training images (in a mixed order, as in all of NAMES) take the place of
    the test set. Raises UsageError for another `evaluate`, or if no image is left to train or to evaluate on.
    """
    if evaluate == "test":
        return dataset
    if evaluate != "validation":
        raise UsageError(f"evaluate on test or validation, not on {evaluate!r}")
    x, y, N = dataset.x_train, dataset.y_train, len(dataset.x_train) - n_validation
    if N < 1 or n_validation < 1:
        raise UsageError(f"to hold out, choose from 1 to {len(x) - 1:,} of the training images, not {n_validation:,}")
    return replace(dataset, x_train=x[:N], y_train=y[:N], x_test=x[N:], y_test=y[N:])


def to_unit(x):
    """uint8 images, of NumPy or CuPy, as float32 in [0, 1]."""
    unit = x.astype("float32")
    unit /= 255
    return unit


def epoch_batches(x, y, batch_size: int, order: Stream):
    """A generator of the batches of one epoch: (float32 (B, H, W, C) in [0, 1], int64 (B,)).

    `order` is the epoch's stream, drawn on the host, so that CPU and GPU see the same batches. Images that do not
    fill a last batch are left out, others in each epoch. Raises UsageError for a batch size that does not fit.
    """
    N, B = len(x), batch_size
    if not 1 <= B <= N:
        raise UsageError(f"the batch size should be from 1 to {N:,}, the number of images, not {B:,}")
    rows_in_order = to_device(order.generator().permutation(N), array_module(x))
    batches = (rows_in_order[start : start + B] for start in range(0, N - B + 1, B))
    return ((to_unit(x[rows]), y[rows]) for rows in batches)
