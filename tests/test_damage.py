"""Files that have rotted: whatever happens to one, it is read as it was or refused in one sentence, never otherwise."""

import gzip
import hashlib
import io
import json
import os
import random
import shutil
import zipfile

import numpy as np
import pytest

from aftt_np import campaign, checkpoint, config, data, train
from aftt_np.errors import AfttError

SEED = 20
EACH = 334  # damages to each kind of file; six kinds make 2,000


# ---- what can happen to a file


def flip_a_bit(content, rng):
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def cut_off(content, rng):
    return content[: rng.randrange(len(content))]


def overwrite(content, rng):
    place = rng.randrange(len(content))
    return content[:place] + rng.choice([bytes(64), rng.randbytes(64)]) + content[place + 64 :]


def leave_out(content, rng):
    place = rng.randrange(len(content))
    return content[:place] + content[place + rng.randint(1, 100) :]


def insert(content, rng):
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.randbytes(rng.randint(1, 20)) + content[place:]


def change_the_frame(content, rng):
    """One of the bytes that say what is where: in a header of an array or in the zip's directory."""
    marks = (b"\x93NUMPY", b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04", b"'shape'")
    marks = [mark for mark in marks if mark in content]
    if not marks:
        return flip_a_bit(content, rng)
    mark = rng.choice(marks)
    places = [i for i in range(len(content)) if content.startswith(mark, i)]
    place = min(rng.choice(places) + rng.randrange(60), len(content) - 1)
    return content[:place] + rng.randbytes(1) + content[place + 1 :]


ANY_FILE = (flip_a_bit, cut_off, overwrite, leave_out, insert, change_the_frame)


def members_of(content) -> dict:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict) -> bytes:
    """With checksums that fit."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return file.getvalue()


def swap_members(content, rng):
    members = members_of(content)
    one, other = rng.sample(sorted(members), 2)
    members[one], members[other] = members[other], members[one]
    return zipped(members)


def rename_a_member(content, rng):
    members = members_of(content)
    old = rng.choice(sorted(members))
    new = rng.choice([old.upper(), old + ".npy", "x" + old, "adam/" + old])
    return zipped({new if name == old else name: member for name, member in members.items()})


def lose_a_member(content, rng):
    members = members_of(content)
    del members[rng.choice(sorted(members))]
    return zipped(members)


def change_a_member(content, rng):
    """Inside a zip whose checksums fit."""
    members = members_of(content)
    name = rng.choice(sorted(members))
    members[name] = rng.choice(ANY_FILE[:5])(members[name], rng)
    return zipped(members)


def swell_a_header(content, rng):
    """A header that claims far more than is there."""
    members = members_of(content)
    name = rng.choice(sorted(members))
    shape = rng.choice([(10**12,), (10**6, 10**6), (2**63,), (-1,), (2**31, 2**31, 2**31)])
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    members[name] = b"\x93NUMPY\x01\x00\x76\x00" + header.encode() + members[name][128:]
    return zipped(members)


PINNED_ZIP = (swap_members, rename_a_member, lose_a_member, change_a_member, swell_a_header)


# ---- the files, each with a function that gives what is read of it


def read_checkpoint(path):
    params, settings, progress, moments, _ = checkpoint.load(path)
    arrays = {n: (p.shape, str(p.dtype), p.tobytes()) for n, p in (params | moments).items()}
    return list(params), list(moments), arrays, settings, progress


def write_checkpoint(path):
    rng = np.random.default_rng(0)
    params = {f"extractor/dense{i}.{key}": rng.random(4, np.float32) for i in (1, 2) for key in "wb"}
    moments = {f"finetune/m/{name}": p for name, p in params.items()}
    checkpoint.save(path, params, config.bound(config.Config()), {"phase": "games", "step": 3, "sums": {}}, moments)


def read_rows(path):
    return checkpoint.RowFile(path, campaign.Row._fields, "me").rows


def write_rows(path):
    file = checkpoint.RowFile(path, campaign.Row._fields, "me")
    for pattern in range(3):
        file.append([("nodes", "all", rate, pattern, 81.25, 3, 64, 0) for rate in (0.0, 0.5)])


def read_set(path):
    return data.load(path).sha256


def small_set():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (12, 3, 3), np.uint8), np.arange(12, dtype=np.uint8) % 10
    return {"x_train": x[:8], "y_train": y[:8], "x_test": x[8:], "y_test": y[8:]}


def write_set(path):
    np.savez_compressed(path, **small_set())


def read_mini(path):
    return data.load("fashion-mini").sha256  # MINI_FILE is this path


def idx(array) -> bytes:
    return np.array([0x800 + array.ndim, *array.shape], ">u4").tobytes() + array.tobytes()


def read_fashion(path):
    return data.load("fashion-mnist", path.parent).sha256


def write_fashion(path):
    for key, array in small_set().items():
        with gzip.GzipFile(path.with_name(data.FASHION_FILES[key][0] + ".gz"), "wb", mtime=0) as file:
            file.write(idx(array))


FILES = {  # what is damaged: (its name, how it is written and read, which damages)
    "checkpoint": ("checkpoint.npz", write_checkpoint, read_checkpoint, ANY_FILE + PINNED_ZIP),
    "rows": ("faults.csv", write_rows, read_rows, ANY_FILE),
    "seal": ("faults.csv.seal", write_rows, lambda path: read_rows(path.with_suffix("")), ANY_FILE),
    "own data": ("own.npz", write_set, read_set, ANY_FILE),
    "fashion-mini": ("fashion_mini.npz", write_set, read_mini, ANY_FILE + PINNED_ZIP),
    "fashion-mnist": ("train-images-idx3-ubyte.gz", write_fashion, read_fashion, ANY_FILE),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where small sets are taken for fashion-mini and Fashion-MNIST."""
    monkeypatch.setattr(data, "MINI_FILE", tmp_path / "fashion_mini.npz")
    arrays = small_set()
    monkeypatch.setattr(data, "MINI_SHA256", data._dataset("any", arrays).sha256)
    table = {
        key: (data.FASHION_FILES[key][0], array.shape, hashlib.sha256(idx(array)).hexdigest())
        for key, array in arrays.items()
    }
    monkeypatch.setattr(data, "FASHION_FILES", table)
    return tmp_path


def damage_and_read(folder, what, number):
    """So many damages to one kind of file; how many were refused, by the kind of damage."""
    name, write, read, damages = FILES[what]
    path = folder / name
    original = path.with_suffix("") if what == "seal" else path
    write(original)
    kept = {file: file.read_bytes() for file in folder.iterdir()}
    expected, content = read(path), path.read_bytes()
    refused = {}
    for seed in range(number):
        rng = random.Random(f"{SEED} {what} {seed}")
        damage = damages[seed % len(damages)]
        damaged = damage(content, rng)
        path.write_bytes(damaged)
        where = f"{what}: {damage.__name__}, seed {seed}"
        try:
            found = read(path)
        except AfttError as error:
            said = str(error)
            assert "\n" not in said and name.removesuffix(".seal") in said, f"{where}: {said!r}"
            assert error.exit_code == 4
            refused[damage.__name__] = refused.get(damage.__name__, 0) + 1
        except Exception as error:
            pytest.fail(f"{where}: {error!r}")
        else:
            assert found == expected, f"{where}: something else was read, and nothing said"
        for file, before in kept.items():  # reading rows cuts off what is not sealed
            file.write_bytes(before)
    return refused


@pytest.mark.parametrize("what", FILES)
def test_two_thousand_damages(folder, what):
    refused = damage_and_read(folder, what, EACH)
    assert len(refused) >= 5 and sum(refused.values()) > EACH / 2, f"these damages hardly damage anything: {refused}"


# ---- a whole run


@pytest.mark.slow
def test_a_run_with_any_damaged_file_goes_on_or_says_what_is_wrong(tmp_path, monkeypatch, without_figures):
    """Config and metrics are made anew from the checkpoint; the rest is checked."""
    without_figures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 10
    np.savez("tiny.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    options = ["--data", "tiny.npz", "--method", "none", "--epochs-finetune", "2", "--batch-size", "16",
               "--patterns", "2", "--threads", "1", "--backend", "numpy"]  # fmt: skip
    train.train([*options, "--out", "whole"])
    reference = results_of(tmp_path / "whole")
    real = campaign.run

    def half_way(*args):
        for number, row in enumerate(real(*args)):
            if number == 15:
                raise KeyboardInterrupt
            yield row

    monkeypatch.setattr(campaign, "run", half_way)
    with pytest.raises(KeyboardInterrupt):
        train.train([*options, "--out", "half"])
    monkeypatch.setattr(campaign, "run", real)
    refused = 0
    for seed in range(60):
        random_ = random.Random(f"{SEED} run {seed}")
        shutil.copytree("half", f"run-{seed}")
        path = tmp_path / f"run-{seed}" / random_.choice(sorted(os.listdir("half")))
        if path.name != checkpoint.LOCK:
            path.write_bytes(random_.choice(ANY_FILE)(path.read_bytes(), random_))
        try:
            train.train(["--resume", f"run-{seed}"])
        except AfttError as error:
            refused += 1
            assert error.exit_code in (2, 4) and path.name.removesuffix(".seal") in str(error), f"{path}: {error}"
        else:
            assert results_of(tmp_path / f"run-{seed}") == reference, f"{path} was damaged, and the results differ"
        shutil.rmtree(f"run-{seed}")
    assert 15 < refused < 45, refused


def results_of(folder):
    summary = json.loads((folder / "summary.json").read_text())
    return {k: v for k, v in summary.items() if k != "seconds"}, *(
        (folder / name).read_bytes() for name in ("metrics.csv", "faults.csv", "faults.csv.seal", "checkpoint.npz")
    )
