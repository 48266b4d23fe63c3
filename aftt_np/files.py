"""Files that can be trusted: written whole or not at all, and judged before they are read.

Whatever goes wrong with a file or a folder ends in one sentence that names it.
"""

import csv
import gzip
import hashlib
import io
import json
import math
import os
import warnings
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from .errors import DataError

MOST_HEADER = 12_000  # bytes before an array; NumPy itself takes 10,000 of them
MOST_BYTES = 4 * 1024**3  # an .npz that says it holds more is refused before it takes the memory
HEADER_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


# ---- writing


@contextmanager
def whole_file(path: Path, mode="w"):
    """A file to write that takes the place of `path` only when all of it is on disk. Raises DataError if it cannot."""
    path = Path(path)
    draft = path.with_name(f"{path.name}.aftt-{os.getpid()}.part")  # in the same folder: renaming it is one act
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}  # the same bytes on every system
    try:
        with open(draft, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        _keep_name(path)
    except BaseException as error:
        with suppress(OSError):  # whatever went wrong above is what to tell, not that there is no draft
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def _keep_name(path: Path):
    """Have the new name of a file on disk, too, should the power fail; not every system can do that for a folder."""
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def cannot_write(path: Path, error: OSError) -> DataError:
    """The sentence for a disk that is full or forbidden."""
    return DataError(f"cannot write {path}: {error.strerror or error}; choose another place, or make room")


def write_json(path: Path, content: dict):
    """Write `content` as JSON, whole."""
    with whole_file(path) as file:
        json.dump(content, file, indent=2)
        file.write("\n")


def make_folder(folder: Path, exist_ok=True) -> Path:
    """Make a folder, and those above it, and return it. Raises DataError if it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        if not exist_ok and isinstance(error, FileExistsError):
            raise
        raise DataError(f"cannot make the folder {folder}: {error.strerror or error}; choose another") from error
    return folder


def check_writable(path: Path):
    """Raise DataError now, not after hours of work, if `path` cannot be written; what is there stays."""
    make_folder(path.parent)
    if path.is_dir():
        raise DataError(f"cannot write {path}: it is a folder; choose another place")
    with suppress(NeverMind), whole_file(path):
        raise NeverMind


class NeverMind(Exception):
    """Raised within `whole_file`: there was room for a draft, and nothing is to be kept."""


def write_rows(path: Path, header, rows):
    """A .csv file, whole; compressed if it ends in .gz, and then too the same rows are the same bytes."""
    text = lines_of([header, *rows]).encode()
    with whole_file(path, "wb") as file:
        file.write(gzip.compress(text, mtime=0) if path.suffix == ".gz" else text)


def digest(content) -> str:
    """The SHA-256 of anything that JSON can say; the same when it was written to a file and is read again."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def fit_name(words: str) -> str:
    """Words, fit for the name of a file on every system."""
    return "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in words)


def lines_of(rows) -> str:
    """Rows as the text of a .csv file."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue()


# ---- reading


def read_json(path: Path) -> dict:
    """What `write_json` wrote; {} for a file that is missing or damaged, where that does not matter."""
    try:
        content = json.loads(path.read_bytes()) if path.is_file() else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_table(path: Path) -> list[dict]:
    """What `write_rows` wrote: for each row its texts by column; [] if there is no file. DataError for a bad one."""
    if not os.path.lexists(path):
        return []
    with reading(path):
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
        if any(None in row or None in row.values() for row in rows):
            raise ValueError("its lines are not all of one length")
        return rows


@contextmanager
def reading(path, command=None):
    """Turn whatever goes wrong while `path` is read into one sentence; a damaged file can raise anything."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe would be waited for
            raise ValueError("it is a folder or a device, not a file")
        yield
    except DataError:  # says what it is already
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__  # on one line
        remedy = f"remove it and run: {command}" if command else "check the path, or make the file again"
        raise DataError(f"{path} cannot be used: {reason}; {remedy}") from error


def npz_headers(path) -> dict:
    """{name: (shape, dtype)} of an .npz file, from the few bytes before each array; no array is read.

    Raises ValueError if two arrays have one name, if one would have to be unpickled, or if a header does not fit the
    size that the file's directory gives: what passes here takes no more memory than its headers say.
    """
    headers = {}
    with warnings.catch_warnings(action="error"), zipfile.ZipFile(path) as archive:  # NumPy warns of odd headers
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name in headers:
                raise ValueError(f"it holds {name} twice")
            with archive.open(member) as file:
                beginning = io.BytesIO(file.read(MOST_HEADER))  # what a header says of its own length is not believed
            version = np.lib.format.read_magic(beginning)
            if version not in HEADER_READERS:
                raise ValueError(f"{name} is an array of the unknown format {version}")
            shape, _, dtype = HEADER_READERS[version](beginning)
            if dtype.hasobject:
                raise ValueError(f"{name} holds Python objects, which are never unpickled here")
            size, held = math.prod(shape) * dtype.itemsize, member.file_size - beginning.tell()
            if size != held:
                raise ValueError(f"{name} is said to be {dtype} {shape}, {size:,} bytes, but has {held:,}")
            headers[name] = shape, dtype
    return headers


def read_npz(path, names, command=None, check=lambda headers: None) -> dict:
    """The arrays `names` of an .npz file; DataError if it is damaged, absurdly large or lacks one of them.

    `check` gets what `npz_headers` found, and may refuse it with a ValueError before any array is read.
    """
    with reading(path, command):
        if not os.path.isfile(path):
            raise ValueError(f"expected an .npz file with {', '.join(names)}, found none")
        headers = npz_headers(path)
        if missing := [name for name in names if name not in headers]:
            raise ValueError(f"it should hold {', '.join(names)}, but lacks {', '.join(missing)}")
        size = sum(math.prod(headers[name][0]) * headers[name][1].itemsize for name in names)
        if size > MOST_BYTES:
            raise ValueError(f"it should hold at most {MOST_BYTES:,} bytes, but says it holds {size:,}")
        check({name: headers[name] for name in names})
        with np.load(path, allow_pickle=False) as file:
            return {name: np.asarray(file[name]) for name in names}
