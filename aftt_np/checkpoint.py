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
import re
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
DRAFTS = re.compile(r"[^/]+\.aftt-\d+\.part")  # unfinished `whole_file`s
MOMENTS = "adam/"  # what the names of moments begin with


# ---- folders


def new_folder(wanted: str, name: str) -> Path:
    """Make the run's folder: `wanted`, or runs/`name` with the first free number behind it.

    Raises UsageError if `wanted` holds something already, DataError if no folder can be made there.
    """
    if wanted:
        return expect_empty(make_folder(Path(wanted)))
    make_folder(Path("runs"))
    for number in itertools.count(1):
        with suppress(FileExistsError):
            return make_folder(Path("runs") / (name if number == 1 else f"{name}-{number}"), exist_ok=False)


def expect_empty(folder: Path) -> Path:
    """`folder`, if it holds no more than a lock and what killed processes left half written; else UsageError."""
    content = {path.name for path in folder.iterdir()}
    if "checkpoint.npz" in content:
        raise UsageError(f"{folder} already holds a run; go on with it (--resume {folder}), or name another folder")
    if "config.json" in content:
        raise CheckpointError(f"{folder} holds a run without its checkpoint.npz; bring it back, or name another folder")
    if any(name != LOCK and not DRAFTS.fullmatch(name) for name in content):
        raise UsageError(f"{folder} is not empty; name another folder, or empty this one first")
    return folder


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
    try:
        for draft in (*folder.glob("*.part"), *(folder / "figures").glob("*.part")):
            if DRAFTS.fullmatch(draft.name) and draft.is_file():
                draft.unlink()
        yield folder
    finally:
        lock.release()


# ---- arrays


class Checkpoint(NamedTuple):
    """What a checkpoint holds."""

    params: dict  # by full name
    settings: dict  # what the bytes of the run depend on
    progress: dict  # how far it has come, as train.py puts it
    moments: dict  # of Adam: {"finetune/m/extractor/dense1.w": array}
    sha256: str  # of all of this together


def save(path: Path, params: dict, settings: dict, progress: dict | None = None, moments: dict | None = None) -> str:
    """Write arrays by name (from any device), the run's settings and how far it has come as one checkpoint.

    Returns the SHA-256 of the manifest, which stands for all of it.
    """
    arrays = params | {MOMENTS + name: moment for name, moment in (moments or {}).items()}
    arrays = {name: np.asarray(to_host(p), order="C") for name, p in arrays.items()}
    passports = {name: _passport(p) for name, p in arrays.items()}
    manifest = {"format": FORMAT, "settings": settings, "progress": progress or {}, "arrays": passports}
    text = json.dumps(manifest).encode()
    arrays["manifest"] = np.frombuffer(text, np.uint8)
    arrays["seal"] = np.frombuffer(hashlib.sha256(text).digest(), np.uint8)
    with whole_file(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    return hashlib.sha256(text).hexdigest()


def load(path: Path) -> Checkpoint:
    """What `save` wrote. Raises CheckpointError for a file that is missing, damaged, or of another format.

    Nothing is read before it is known that all arrays together take no more bytes than the file has.
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
            text = file["manifest"].tobytes()
            manifest = json.loads(text)
            if manifest["format"] != FORMAT:
                raise CheckpointError(f"{path} is written in format {manifest['format']}; this version reads {FORMAT}")
            if hashlib.sha256(text).digest() != file["seal"].tobytes():
                raise ValueError("its manifest has changed")
            if odd := sorted((headers.keys() - {"manifest", "seal"}) ^ manifest["arrays"].keys()):
                raise ValueError(f"its arrays and its manifest differ in {', '.join(odd)}")
            arrays = {name: file[name] for name in manifest["arrays"]}
        for name, passport in manifest["arrays"].items():
            if _passport(arrays[name]) != passport:
                raise ValueError(f"{name} is not what its manifest says")
        moments = {name.removeprefix(MOMENTS): p for name, p in arrays.items() if name.startswith(MOMENTS)}
        params = {name: p for name, p in arrays.items() if not name.startswith(MOMENTS)}
        sha256 = hashlib.sha256(text).hexdigest()
        return Checkpoint(params, dict(manifest["settings"]), dict(manifest["progress"]), moments, sha256)
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except Exception as error:  # a damaged file can raise anything
        raise CheckpointError(f"{path} is not a checkpoint of aftt_np, or damaged: {_reason(error)}") from error


def _passport(p) -> dict:
    """What must not change between writing and reading an array."""
    sha256 = hashlib.sha256(np.ascontiguousarray(p)).hexdigest()
    return {"shape": list(p.shape), "dtype": str(p.dtype), "sha256": sha256}


def _reason(error: Exception) -> str:
    """What an exception says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


# ---- rows


class RowFile:
    """A .csv file that grows by blocks of rows, and beside it a seal: how many bytes are good, and their SHA-256.

    A block counts when it is sealed. What a killed process wrote behind the seal is cut off, so a file that was
    continued has the same bytes as one that was not. The seal also says whose rows they are: `owner`, the SHA-256 of a
    checkpoint. `rows` are those that are sealed, as lists of texts.
    """

    def __init__(self, path: Path, header, owner: str):
        """Open the file, or make it. Raises CheckpointError if what is sealed has changed, DataError for the disk."""
        self.path, self.seal, self.owner = path, path.with_name(f"{path.name}.seal"), owner
        if os.path.exists(self.seal) and os.path.exists(path):
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
            if not (self.path.is_file() and self.seal.is_file()):  # a pipe would be waited for
                raise ValueError("one of the two is no file")
            seal = json.loads(self.seal.read_bytes())
            if seal["owner"] != self.owner:
                other = "holds rows of something else (another network, other rates, layers or seeds)"
                raise CheckpointError(f"{self.path} {other}; name another folder, or remove it and {self.seal.name}")
            content = self.path.read_bytes()[: seal["bytes"]]
            if hashlib.sha256(content).hexdigest() != seal["sha256"]:
                raise ValueError("its content has changed")
            return content
        except CheckpointError:
            raise
        except Exception as error:  # a damaged file can raise anything
            remedy = f"remove what is left of it and of {self.seal.name}, and its rows are made again"
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
        write_json(self.seal, {"bytes": self.size, "sha256": self.digest.hexdigest(), "owner": self.owner})
