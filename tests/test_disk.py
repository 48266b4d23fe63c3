"""Disks that fill, forbid or fail: one sentence and exit code 4, nothing half written, nothing lost that was there."""

import builtins
import errno
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from aftt_np import campaign, checkpoint, files, train
from aftt_np.errors import DataError, exit_code_of

PARAMS = [{"extractor/dense1.w": np.full((3, 2), value, np.float32)} for value in (1, 2)]
ROWS = [[("nodes", "all", 0.5, pattern, 81.25, 3, 64, 0)] for pattern in (0, 1)]


class Cramped(io.RawIOBase):
    """A file on a disk that has room for `room[0]` bytes more."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, content):
        taken = bytes(content)[: self.room[0]]
        if len(content) and not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room[0] -= len(taken)
        self.file.write(taken)
        return len(taken)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def seek(self, *args):
        return self.file.seek(*args)

    def tell(self):
        return self.file.tell()

    def truncate(self, size=None):
        return self.file.truncate(size)

    def fileno(self):
        return self.file.fileno()

    def writable(self):
        return True

    def seekable(self):
        return True

    def close(self):
        self.file.close()
        super().close()


def cramped_open(room):
    real = builtins.open

    def open_(path, mode="r", encoding=None, newline=None, **more):
        if not set(mode) & set("wa+"):
            return real(path, mode, encoding=encoding, newline=newline, **more)
        raw = real(path, mode.replace("b", "") + "b", buffering=0)
        file = io.BufferedWriter(Cramped(raw, room))
        return file if "b" in mode else io.TextIOWrapper(file, encoding=encoding, newline=newline)

    return open_


def read(folder):
    """What is on the disk, through the readers."""
    return (
        checkpoint.load(folder / "checkpoint.npz").params["extractor/dense1.w"].tobytes(),
        checkpoint.RowFile(folder / "faults.csv", campaign.Row._fields, "me").rows,
        json.loads((folder / "config.json").read_text()),
    )


def write(folder, number):
    """One file after the other is brought up to date; `number` is 0 or 1."""
    checkpoint.save(folder / "checkpoint.npz", PARAMS[number], {"seed": number})
    rows = checkpoint.RowFile(folder / "faults.csv", campaign.Row._fields, "me")
    rows.append(ROWS[number])
    files.write_json(folder / "config.json", {"seed": number})


def test_a_disk_that_is_full_after_any_number_of_bytes(tmp_path, monkeypatch):
    """For every number of bytes: each file is as it was or as it was to be, and no draft is left."""
    before = tmp_path / "before"
    before.mkdir()
    write(before, 0)
    old = read(before)
    stages = set()
    for room in range(10**6):
        folder = tmp_path / str(room)
        folder.mkdir()
        for file in before.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        with monkeypatch.context() as patch:
            patch.setattr(builtins, "open", cramped_open([room]))
            try:
                write(folder, 1)
            except DataError as error:
                assert "No space left" in str(error) and "cannot write" in str(error) and "\n" not in str(error)
                full = True
            else:
                full = False
        now = read(folder)
        stages.add(tuple(a != b for a, b in zip(now, old, strict=True)))
        assert sorted(os.listdir(folder)) == sorted(os.listdir(before)), f"after {room} bytes a draft is left"
        if not full:
            break
        for file in folder.iterdir():
            file.unlink()
    rows = [[str(value) for value in row] for block in ROWS for row in block]
    assert now == (PARAMS[1]["extractor/dense1.w"].tobytes(), rows, {"seed": 1})
    expected = {(False, False, False), (True, False, False), (True, True, False), (True, True, True)}
    assert stages == expected, "the files were not written one after the other, each whole"
    assert room > 500


# ---- the command


@pytest.fixture
def here(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28), np.uint8), np.arange(40) % 10
    np.savez(tmp_path / "tiny.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.chdir(tmp_path)
    return tmp_path


OPTIONS = ["--data", "tiny.npz", "--method", "none", "--epochs-finetune", "2", "--batch-size", "8", "--patterns", "2",
           "--threads", "1", "--backend", "numpy", "--save-every", "0"]  # fmt: skip
FULL_DISK = """
import resource, signal, sys
from aftt_np import train
from aftt_np.errors import exit_code_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.exit(exit_code_of(train.train, sys.argv[2:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the size of files there")
@pytest.mark.parametrize("size", [0, 100, 2_000, 100_000, 6_900_000])
def test_a_run_that_may_not_write_larger_files_ends_in_one_sentence_and_can_go_on(here, size):
    """The system's own limit on the size of a file, from nothing at all to one byte-count between two checkpoints."""
    command = [sys.executable, "-c", FULL_DISK, str(size), *OPTIONS, "--resume", "mine"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 4, done.stderr
    assert done.stderr.startswith("error: cannot write mine") and done.stderr.count("\n") == 1
    assert not list((here / "mine").rglob("*.part"))
    train.train([*OPTIONS, "--resume", "mine"])
    train.train([*OPTIONS, "--out", "whole"])
    for name in ("checkpoint.npz", "metrics.csv", "faults.csv"):
        assert (here / "mine" / name).read_bytes() == (here / "whole" / name).read_bytes(), name


@pytest.mark.slow
def test_a_real_disk_that_fills(here):
    """A small file system in memory, where one may be mounted (as root, on Linux)."""
    disk = here / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        codes = []
        for size in (79, 60, 40, 20):  # MB that something else takes
            (disk / "else").write_bytes(bytes(size * 2**20))
            done = subprocess.run(
                [sys.executable, "-m", "aftt_np.train", *OPTIONS, "--resume", str(disk / "mine")],
                capture_output=True, text=True,
            )  # fmt: skip
            codes.append(done.returncode)
            if done.returncode:
                assert "No space left" in done.stderr and done.stderr.count("\n") == 1, done.stderr
            assert not list(disk.rglob("*.part"))
        (disk / "else").unlink()
        assert codes[0] == 4, "the disk was never full"
        assert exit_code_of(train.train, [*OPTIONS, "--resume", str(disk / "mine")]) == 0
        train.train([*OPTIONS, "--out", "whole"])
        for name in ("checkpoint.npz", "metrics.csv", "faults.csv"):
            assert (disk / "mine" / name).read_bytes() == (here / "whole" / name).read_bytes(), name
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")
@pytest.mark.parametrize("argv", [["--list-presets"], [*OPTIONS, "--epochs-finetune", "0"]])
def test_output_that_cannot_be_written_is_no_traceback(here, monkeypatch, argv):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # else every line is written at once, and none at the end
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aftt_np.train", *argv], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert "Traceback" not in done.stderr and "No space left" in done.stderr and done.stderr.count("\n") == 1
    assert done.returncode == 4


def test_a_folder_that_may_only_be_read(here):
    """As root nothing is forbidden, so one asks for a place where nobody can write."""
    place = "/proc/aftt_np" if os.path.isdir("/proc") else "/nowhere\0"
    with pytest.raises(DataError, match="cannot make the folder"):
        train.train([*OPTIONS, "--out", place])
    (here / "mine").mkdir()
    if os.name == "posix" and os.geteuid() != 0:
        (here / "mine").chmod(0o500)
        with pytest.raises(DataError, match="cannot write"):
            train.train([*OPTIONS, "--out", "mine"])
