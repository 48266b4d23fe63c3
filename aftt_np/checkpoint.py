"""A run on disk: every file written whole or not at all; arrays read back or refused.

A checkpoint is an .npz file: one array a parameter, named `extractor/dense1.w` and so on, and `manifest`, a JSON text
with the format's version, the run's settings, and the shape, dtype and SHA-256 of every array.
"""

import hashlib
import itertools
import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from .backend import to_host
from .errors import CheckpointError, DataError, UsageError

FORMAT = 1


@contextmanager
def whole_file(path: Path, mode="w"):
    """A file to write that takes the place of `path` only when all of it is on disk. Raises DataError if it cannot."""
    path = Path(path)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")  # the same folder, so that renaming is one atomic act
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}  # the same bytes on every system
    try:
        with open(draft, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException as error:
        with suppress(OSError):  # whatever went wrong above is what to tell, not that there is no draft
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise DataError(f"cannot write {path}: {reason}; choose another place, or make room") from error
        raise


def new_folder(wanted: str, name: str) -> Path:
    """Make the run's folder: `wanted`, or runs/`name` with the first free number behind it.

    Raises UsageError if `wanted` holds something already, DataError if no folder can be made there.
    """
    try:
        if wanted:
            folder = Path(wanted)
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                what = "holds a run" if (folder / "config.json").exists() else "is not empty"
                raise UsageError(f"--out {folder} already {what}; name another folder, or remove this one first")
            return folder
        folder = Path("runs")
        folder.mkdir(exist_ok=True)
        for number in itertools.count(1):
            folder = Path("runs") / (name if number == 1 else f"{name}-{number}")
            with suppress(FileExistsError):
                folder.mkdir()
                return folder
    except OSError as error:
        raise DataError(f"cannot make the folder {folder}: {error.strerror or error}; choose another") from error


def make_folder(folder: Path) -> Path:
    """Make a folder if it is not there, and return it. Raises DataError if it cannot be made."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {folder}: {error.strerror or error}; choose another") from error
    return folder


def write_json(path: Path, content: dict):
    """Write `content` as JSON, whole."""
    with whole_file(path) as file:
        json.dump(content, file, indent=2)
        file.write("\n")


def save(path: Path, params: dict, settings: dict):
    """Write arrays by name (from any device) and the run's settings as one checkpoint."""
    arrays = {name: np.asarray(to_host(p), order="C") for name, p in params.items()}
    manifest = {"format": FORMAT, "settings": settings, "arrays": {name: _passport(p) for name, p in arrays.items()}}
    arrays["manifest"] = np.frombuffer(json.dumps(manifest).encode(), np.uint8)
    with whole_file(path, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load(path: Path) -> tuple[dict, dict]:
    """The (parameters, settings) that `save` wrote. Raises CheckpointError for a file that is missing or damaged."""
    if not os.path.exists(path):
        raise CheckpointError(f"there is no checkpoint at {path}; check the path")
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        manifest = json.loads(arrays.pop("manifest").tobytes())
        if manifest["format"] != FORMAT:
            raise ValueError(f"it is written in format {manifest['format']}, and this version reads format {FORMAT}")
        if odd := sorted(arrays.keys() ^ manifest["arrays"].keys()):
            raise ValueError(f"its arrays and its manifest differ in {', '.join(odd)}")
        for name, passport in manifest["arrays"].items():
            if _passport(arrays[name]) != passport:
                raise ValueError(f"{name} is not what its manifest says")
        return arrays, manifest["settings"]
    except Exception as error:  # a damaged file can raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CheckpointError(f"{path} is not a checkpoint of aftt_np, or damaged: {reason}") from error


def _passport(p) -> dict:
    """What must not change between writing and reading an array."""
    return {"shape": list(p.shape), "dtype": str(p.dtype), "sha256": hashlib.sha256(p.tobytes()).hexdigest()}
