"""A run on disk: its folder, its checkpoint, and rows that come one after the other; read back or refused.

A checkpoint is an .npz file: one array a parameter, named `extractor/dense1.w` and so on, one a moment of Adam, named
`adam/finetune/m/extractor/dense1.w`, and `manifest`, a JSON text with the format's version, the run's settings, how far
it has come, and the shape, dtype and SHA-256 of every array.
"""

import csv
import hashlib
import io
import itertools
import json
import math
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import filelock
import numpy as np

from .backend import to_host
from .errors import CheckpointError, UsageError
from .files import cannot_write, lines_of, make_folder, npz_headers, whole_file, write_json

FORMAT = 2  # 1 had neither moments nor progress
LOCK = ".lock"  # in a run's folder: who holds it works there
MOMENTS = "adam/"  # what the names of moments begin with


# ---- folders


def new_folder(wanted: str, name: str) -> Path:
    """Make the run's folder: `wanted`, or runs/`name` with the first free number behind it.

    Raises UsageError if `wanted` holds something already, DataError if no folder can be made there.
    """
    if wanted:
        folder = make_folder(Path(wanted))
        content = {path.name for path in folder.iterdir() if not _passing(path.name)}
        if "checkpoint.npz" in content:
            raise UsageError(f"{folder} already holds a run; go on with it (--resume {folder}), or name another folder")
        if content:
            raise UsageError(f"{folder} already is not empty; name another folder, or empty this one first")
        return folder
    make_folder(Path("runs"))
    for number in itertools.count(1):
        with suppress(FileExistsError):
            return make_folder(Path("runs") / (name if number == 1 else f"{name}-{number}"), exist_ok=False)


def _passing(name: str) -> bool:
    """Whether a file of this name is no part of a run: the lock, or what a killed process left half written."""
    return name == LOCK or name.endswith(".part")


@contextmanager
def held(folder: Path):
    """A run's folder for this process alone, cleared of what killed processes left half written.

    Raises UsageError if another process works there, DataError if nothing can be written there.
    """
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise UsageError(f"another process works in {folder}; wait until it is done, or stop it first") from None
    except OSError as error:
        raise cannot_write(folder, error) from error
    with lock:
        for draft in folder.rglob("*.part"):
            draft.unlink()
        yield


# ---- arrays


class Checkpoint(NamedTuple):
    """What a checkpoint holds."""

    params: dict  # by full name
    settings: dict  # what the bytes of the run depend on
    progress: dict  # how far it has come, as train.py puts it
    moments: dict  # of Adam: {"finetune/m/extractor/dense1.w": array}


def save(path: Path, params: dict, settings: dict, progress: dict | None = None, moments: dict | None = None):
    """Write arrays by name (from any device), the run's settings and how far it has come as one checkpoint."""
    arrays = params | {MOMENTS + name: moment for name, moment in (moments or {}).items()}
    arrays = {name: np.asarray(to_host(p), order="C") for name, p in arrays.items()}
    passports = {name: _passport(p) for name, p in arrays.items()}
    manifest = {"format": FORMAT, "settings": settings, "progress": progress or {}, "arrays": passports}
    arrays["manifest"] = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    with whole_file(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: Path) -> Checkpoint:
    """What `save` wrote. Raises CheckpointError for a file that is missing, damaged, or of another format.

    Takes no more memory than the file has bytes, and reads no array that is not what the manifest says.
    """
    if not os.path.exists(path):
        raise CheckpointError(f"there is no checkpoint at {path}; check the path")
    try:
        if not os.path.isfile(path):  # a pipe would be waited for
            raise ValueError("it is a folder or a device")
        headers = npz_headers(path)
        size, room = sum(math.prod(shape) * dtype.itemsize for shape, dtype in headers.values()), os.path.getsize(path)
        if size > room:
            raise ValueError(f"its arrays should fit in its {room:,} bytes, but are said to take {size:,}")
        with np.load(path, allow_pickle=False) as file:
            manifest = json.loads(file["manifest"].tobytes())
            if manifest["format"] != FORMAT:
                raise ValueError(f"it is written in format {manifest['format']}, this version reads format {FORMAT}")
            if odd := sorted((headers.keys() - {"manifest"}) ^ manifest["arrays"].keys()):
                raise ValueError(f"its arrays and its manifest differ in {', '.join(odd)}")
            arrays = {name: file[name] for name in manifest["arrays"]}
        for name, passport in manifest["arrays"].items():
            if _passport(arrays[name]) != passport:
                raise ValueError(f"{name} is not what its manifest says")
        moments = {name.removeprefix(MOMENTS): p for name, p in arrays.items() if name.startswith(MOMENTS)}
        params = {name: p for name, p in arrays.items() if not name.startswith(MOMENTS)}
        return Checkpoint(params, dict(manifest["settings"]), dict(manifest["progress"]), moments)
    except Exception as error:  # a damaged file can raise anything
        raise CheckpointError(f"{path} is not a checkpoint of aftt_np, or damaged: {_reason(error)}") from error


def _passport(p) -> dict:
    """What must not change between writing and reading an array."""
    return {"shape": list(p.shape), "dtype": str(p.dtype), "sha256": hashlib.sha256(p.tobytes()).hexdigest()}


def _reason(error: Exception) -> str:
    """What an exception says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


# ---- rows


class RowFile:
    """A .csv file that grows by blocks of rows, and beside it a seal: how many bytes are good, and their SHA-256.

    A block counts when it is sealed. What a killed process wrote behind the seal is cut off, so a file that was
    continued has the same bytes as one that was not. `rows` are those that are sealed, as lists of texts.
    """

    def __init__(self, path: Path, header):
        """Open the file, or make it. Raises CheckpointError if what is sealed has changed, DataError for the disk."""
        self.path, self.seal = path, path.with_name(f"{path.name}.seal")
        if os.path.exists(self.seal):
            content = self._sealed()
        else:
            content = lines_of([header]).encode()
            with whole_file(path, "wb") as file:
                file.write(content)
        first, *self.rows = csv.reader(io.StringIO(content.decode(), newline=""))
        if first != list(header):
            raise CheckpointError(f"{path} should have the columns {', '.join(header)}, but has {', '.join(first)}")
        self.size, self.digest = len(content), hashlib.sha256(content)
        self._write(b"")

    def append(self, rows):
        """Write a block of rows and seal it. Raises DataError if the disk does not take it."""
        text = lines_of(rows)
        self._write(text.encode())
        self.rows += csv.reader(io.StringIO(text, newline=""))

    def _sealed(self) -> bytes:
        try:
            seal = json.loads(self.seal.read_bytes())
            content = self.path.read_bytes()[: seal["bytes"]]
            if hashlib.sha256(content).hexdigest() != seal["sha256"]:
                raise ValueError("its content has changed")
            return content
        except Exception as error:  # a damaged file can raise anything
            remedy = f"remove it and {self.seal.name}, and its rows are made again"
            raise CheckpointError(f"{self.path} is not what its seal says: {_reason(error)}; {remedy}") from error

    def _write(self, block: bytes):
        try:
            with open(self.path, "r+b") as file:
                file.seek(self.size)
                file.write(block)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self.size += len(block)
        self.digest.update(block)
        write_json(self.seal, {"bytes": self.size, "sha256": self.digest.hexdigest()})
