"""Reading data sets and dealing them out: what holds for every set first, then every way a file can be wrong."""

import gzip
import hashlib
import io
import math
import os
import subprocess
import sys
import tarfile
import tracemalloc
import types
import warnings
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftt_np import data, files
from aftt_np.errors import DataError, UsageError
from aftt_np.rng import Stream

numbers = st.integers


def labelled(N: int):
    """N images of 1x2 pixels that spell their own row, and their rows as labels."""
    rows = np.arange(N)
    return np.stack([rows // 256, rows % 256], axis=1).astype(np.uint8).reshape(N, 1, 2, 1), rows


def tiny_set(n_train=8, n_test=4, shape=(3, 3)):
    """The arrays of a small set of the user's own."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, N in (("train", n_train), ("test", n_test)):
        arrays[f"x_{part}"] = rng.integers(0, 256, (N, *shape), dtype=np.uint8)
        arrays[f"y_{part}"] = np.arange(N) % 3
    return arrays


def assert_holds(dataset, arrays):
    for key, array in arrays.items():
        found = getattr(dataset, key)
        assert np.array_equal(found.reshape(array.shape), array), key
        assert found.dtype == (np.uint8 if key.startswith("x") else np.int64)
    assert dataset.x_train.flags.c_contiguous and dataset.x_test.flags.c_contiguous
    assert dataset.x_train.ndim == dataset.x_test.ndim == 4


# ---- dealing out


@given(N=numbers(1, 600), B=numbers(1, 600), seed=numbers(0, 2**32), epoch=numbers(0, 1000))
def test_an_epoch_deals_every_image_at_most_once_with_its_label(N, B, seed, epoch):
    B = min(B, N)
    x, y = labelled(N)
    before = x.copy(), y.copy()
    batches = list(data.epoch_batches(x, y, B, Stream("order", seed, epoch)))
    assert len(batches) == N // B
    for images, labels in batches:
        assert images.shape == (B, 1, 2, 1) and images.dtype == np.float32
        assert labels.shape == (B,) and labels.dtype == np.int64
        pixels = np.rint(images.reshape(B, 2) * 255)
        assert np.array_equal(pixels @ [256, 1], labels)
    dealt = np.concatenate([labels for _, labels in batches])
    assert len(set(dealt.tolist())) == len(dealt) == N - N % B
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])


@given(seed=numbers(0, 99), epoch=numbers(0, 99), B=numbers(1, 50))
def test_the_order_depends_on_its_name_alone(seed, epoch, B):
    def order(batch_size, *name):
        batches = data.epoch_batches(*labelled(300), batch_size, Stream("order", *name))
        return np.concatenate([labels for _, labels in batches])

    whole = order(300, seed, epoch)
    assert np.array_equal(order(B, seed, epoch), whole[: 300 - 300 % B])
    assert not np.array_equal(order(300, seed, epoch + 1), whole)
    assert not np.array_equal(order(300, seed + 1, epoch), whole)


def test_other_images_are_left_out_in_another_epoch():
    left_out = []
    for epoch in range(5):
        dealt = np.concatenate([y for _, y in data.epoch_batches(*labelled(103), 10, Stream("order", epoch))])
        left_out.append(frozenset(range(103)) - set(dealt.tolist()))
    assert len(set(left_out)) == 5


def test_the_order_is_the_permutation_of_the_stream_with_its_name():
    """Worked by hand from what rng.py says about names: another order would change every published result."""
    key = int.from_bytes(hashlib.sha256(b'["order", 7, 3]').digest()[:16], "little")
    order = np.random.Generator(np.random.Philox(key=key)).permutation(10)
    ((_, dealt),) = data.epoch_batches(*labelled(10), 10, Stream("order", 7, 3))
    assert np.array_equal(dealt, order)


def test_the_order_moves_to_the_device_once_an_epoch(monkeypatch):
    moved = []
    cupy = types.SimpleNamespace(asarray=lambda x: moved.append(x) or x)
    cupy.get_array_module = lambda x: cupy
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert len(list(data.epoch_batches(*labelled(20), 4, Stream("order")))) == 5
    assert len(moved) == 1 and isinstance(moved[0], np.ndarray) and len(moved[0]) == 20


@pytest.mark.parametrize("batch_size", [0, -1, 11])
def test_a_batch_that_does_not_fit_is_refused_at_the_call(batch_size):
    with pytest.raises(UsageError, match=f"batch size .* 1 to 10, .* not {batch_size}"):
        data.epoch_batches(*labelled(10), batch_size, Stream("order"))


def test_to_unit_is_the_pixel_over_255():
    x = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    unit = data.to_unit(x)
    assert unit.dtype == np.float32 and unit.min() == 0 and unit.max() == 1
    assert np.array_equal(unit, (x / 255).astype(np.float32))
    assert x.dtype == np.uint8 and x.max() == 255


def a_dataset(N=20):
    x, y = labelled(N)
    return data.Dataset("own", x, y, *labelled(5))


@given(N=numbers(2, 50), n=numbers(1, 49))
def test_validation_takes_the_last_training_images_and_leaves_the_test_set_alone(N, n):
    n = min(n, N - 1)
    dataset = a_dataset(N)
    held = data.hold_out(dataset, "validation", n)
    assert np.array_equal(held.x_train, dataset.x_train[: N - n])
    assert np.array_equal(held.x_test, dataset.x_train[N - n :])
    assert held.y_train.tolist() == list(range(N - n)) and held.y_test.tolist() == list(range(N - n, N))
    assert held.name == dataset.name and held.image_shape == dataset.image_shape
    assert len(dataset.x_train) == N and len(dataset.x_test) == 5


def test_for_the_test_set_nothing_is_held_out():
    dataset = a_dataset()
    assert data.hold_out(dataset, "test", 10) is dataset


@pytest.mark.parametrize(
    "evaluate, n, message",
    [
        ("validation", 20, "1 to 19 .* not 20"),
        ("validation", 1000, "1 to 19 .* not 1,000"),
        ("validation", 0, "1 to 19 .* not 0"),
        ("validation", -3, "1 to 19 .* not -3"),
        ("valid", 5, "'valid'"),
    ],
)
def test_a_hold_out_that_makes_no_sense_is_refused(evaluate, n, message):
    with pytest.raises(UsageError, match=message):
        data.hold_out(a_dataset(), evaluate, n)


# ---- names, and the set inside the package


@pytest.mark.parametrize(
    "name, closest",
    [("fashion-mimi", "fashion-mini"), ("CIFAR10", "cifar10"), ("mnist", "fashion-mnist"), ("", ""), ("README.md", "")],
)
def test_an_unknown_name_lists_the_names_and_the_closest(name, closest):
    with pytest.raises(UsageError) as caught:
        data.load(name)
    said = str(caught.value)
    assert repr(name) in said and (said.endswith(f"; did you mean {closest}?") if closest else "did you" not in said)
    assert all(choice in str(caught.value) for choice in data.NAMES)


def test_fashion_mini():
    mini = data.load("fashion-mini")
    assert mini.name == "fashion-mini" and mini.image_shape == (28, 28, 1) and mini.classes == 10
    assert mini.x_train.dtype == mini.x_test.dtype == np.uint8
    assert mini.y_train.dtype == mini.y_test.dtype == np.int64
    assert np.bincount(mini.y_train).tolist() == [600] * 10
    assert np.bincount(mini.y_test).tolist() == [100] * 10
    for rows in (mini.y_train[-1000:], mini.y_train[:1000]):  # mixed, so that a held-out end is a fair sample
        assert np.bincount(rows, minlength=10).min() > 60
    assert data.MINI_FILE.stat().st_size < 3.4e6
    licence = data.MINI_FILE.with_name("fashion_mini.LICENSE").read_text(encoding="utf-8")
    assert "Zalando SE" in licence and "fashion_mini.npz" in licence


def test_the_default_set_needs_neither_pooch_nor_a_network():
    code = "import sys, aftt_np.data as d; d.load('fashion-mini'); sys.exit('pooch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=data.MINI_FILE.parents[1]).returncode == 0


# ---- a user's own set


@settings(deadline=None)
@given(
    sizes=st.tuples(numbers(1, 5), numbers(1, 5)),
    shape=st.lists(numbers(1, 4), min_size=2, max_size=3),
    labels=st.sampled_from(["u1", "i1", ">i4", "i8", "u8"]),
    order=st.sampled_from("CF"),
    save=st.sampled_from([np.savez, np.savez_compressed]),
)
def test_a_set_comes_back_as_it_was_saved(tmp_path_factory, sizes, shape, labels, order, save):
    arrays = tiny_set(*sizes, tuple(shape))
    path = tmp_path_factory.mktemp("own") / "my.set.npz"
    stored = {key: array.astype(labels) if key.startswith("y") else np.asarray(array, order=order)
              for key, array in arrays.items()}
    save(path, **stored, extra=np.zeros(3))
    dataset = data.load(path)
    assert_holds(dataset, arrays)
    assert dataset.name == "my.set" and dataset.image_shape == (*shape, 1)[:3]
    assert dataset.classes == max(arrays["y_train"].max(), arrays["y_test"].max()) + 1


def without(key):
    return {name: array for name, array in tiny_set().items() if name != key}


def changed(**arrays):
    return tiny_set() | arrays


BAD_SETS = {
    "floats": (changed(x_train=np.zeros((8, 3, 3))), "x_train should be uint8 .* is float64"),
    "NaN": (changed(x_test=np.full((4, 3, 3), np.nan, "f4")), "x_test should be uint8 .* is float32"),
    "objects": (changed(x_train=np.array([None] * 8)), "x_train holds Python objects"),
    "strings": (changed(y_train=np.array(["a"] * 8)), "y_train should be integers .* is <U1"),
    "flat images": (changed(x_train=np.zeros((8, 9), "u1")), r"x_train should be .* \(8, 9\)"),
    "no images": (changed(x_test=np.zeros((0, 3, 3), "u1"), y_test=np.zeros(0, int)), r"x_test .* \(0, 3, 3\)"),
    "no pixels": (changed(x_train=np.zeros((8, 0, 3), "u1")), r"x_train should be .* \(8, 0, 3\)"),
    "too few labels": (changed(y_train=np.zeros(7, int)), r"y_train .* \(8,\), is int64 \(7,\)"),
    "one-hot labels": (changed(y_test=np.zeros((4, 3), int)), r"y_test .* \(4,\), is int64 \(4, 3\)"),
    "fractional labels": (changed(y_train=np.zeros(8)), "y_train should be integers .* is float64"),
    "truth values": (changed(y_train=np.zeros(8, bool)), "y_train should be integers .* is bool"),
    "negative labels": (changed(y_test=np.array([0, 1, -1, 2])), r"y_test .* is in -1\.\.2"),
    "huge labels": (changed(y_test=np.array([0, 1, 2, 2**63], "u8")), r"y_test .* 0\.\.9223372036854775808"),
    "other test images": (changed(x_test=np.zeros((4, 3, 5), "u1")), r"x_test should be \(3, 3\) .* \(3, 5\)"),
    "other channels": (changed(x_test=np.zeros((4, 3, 3, 3), "u1")), r"should be \(3, 3\) .* \(3, 3, 3\)"),
} | {f"no {key}": (without(key), f"lacks {key}") for key in data.ARRAYS}


@pytest.mark.parametrize("case", BAD_SETS)
def test_a_set_with_a_wrong_array_is_refused(tmp_path, case):
    arrays, message = BAD_SETS[case]
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        data.load(str(tmp_path / "own.npz"))
    assert "own.npz" in str(caught.value) and "\n" not in str(caught.value)
    assert "python data_scripts" not in str(caught.value)  # no script makes a user's own set


def saved(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(members: dict) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


NPY_OF_A_PETABYTE = b"\x93NUMPY\x01\x00\x76\x00" + (
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 1000), }".ljust(117) + b"\n"
)
WHOLE = saved(**tiny_set())


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "not a zip file"),
        (b"hello", "not a zip file"),
        (WHOLE[: len(WHOLE) // 2], "not a zip file"),
        (WHOLE.replace(b"NUMPY", b"NUMPX"), "CRC"),
        (zipped({f"{key}.npy": b"\x93NUMPY\x07\x00" for key in data.ARRAYS}), "unknown format .7, 0."),
        (WHOLE.replace(tiny_set()["x_train"].tobytes(), bytes(8 * 9)), "CRC"),
        (zipped({key: b"no array" for key in data.ARRAYS}), "magic string"),
        (zipped({f"{key}.npy": b"" for key in data.ARRAYS}), "magic string"),
        (zipped({f"{key}.npy": NPY_OF_A_PETABYTE for key in data.ARRAYS}), "1,000,000,000,000,000 bytes, but has 0"),
    ],
    ids=["empty", "text", "half", "other magic", "other format", "changed", "no arrays", "empty arrays", "a petabyte"],
)
def test_a_damaged_npz_is_refused(tmp_path, content, message):
    (tmp_path / "own.npz").write_bytes(content)
    with pytest.raises(DataError, match=f"own.npz cannot be used: .*{message}.*; check the path") as caught:
        data.load(tmp_path / "own.npz")
    assert "\n" not in str(caught.value)


def header(dtype: str, shape: tuple) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


@pytest.mark.parametrize(
    ("dtype", "shape", "message"),
    [
        ("|u1", (3 * 2**20, 32, 32), "at most 4,294,967,296 bytes, but says it holds 6,492,782,592"),
        ("<f8", (2**10, 32, 32), r"should be uint8 images.*is float64 .1024, 32, 32."),
        ("|u1", (2**20,), r"should be uint8 images.*is uint8 .1048576,."),
    ],
)
def test_what_an_npz_says_it_holds_is_judged_before_it_is_read(tmp_path, monkeypatch, dtype, shape, message):
    """The headers and the zip's directory agree: only reading would show that the bytes are not there."""
    x, y = header(dtype, shape), header("<i8", shape[:1])
    content = bytearray(zipped({"x_train.npy": x, "y_train.npy": y, "x_test.npy": x, "y_test.npy": y}))
    sizes = iter([len(x) + math.prod(shape) * np.dtype(dtype).itemsize, len(y) + 8 * shape[0]] * 2)
    at = -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:  # the directory's entry of each
        content[at + 24 : at + 28] = next(sizes).to_bytes(4, "little")  # its uncompressed size
    (tmp_path / "own.npz").write_bytes(content)
    monkeypatch.setattr(np, "load", lambda *args, **more: pytest.fail("it was read"))
    with pytest.raises(DataError, match=message):
        data.load(tmp_path / "own.npz")


def test_a_header_that_says_it_is_huge_itself_takes_no_memory(tmp_path):
    """Version 2 of the format has four bytes for the header's length; compressed, a gigabyte of spaces is small."""
    header = b"\x93NUMPY\x02\x00" + (2**28).to_bytes(4, "little") + b" " * 2**26
    with zipfile.ZipFile(tmp_path / "own.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", header)
    assert (tmp_path / "own.npz").stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="EOF: reading array header"):
            data.load(tmp_path / "own.npz")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_header_that_numpy_warns_of_is_refused(tmp_path):
    """As Python 2 wrote them, or a flipped byte: NumPy would read it, and print a warning on the way."""
    sound = header("|u1", (8, 3, 3))
    old = sound.replace(b"(8, 3, 3), ", b"(8L, 3, 3),")
    (tmp_path / "own.npz").write_bytes(zipped({"x_train.npy": old + bytes(72)}))
    assert len(old) == len(sound) and old != sound
    with pytest.raises(DataError, match="created on Python 2"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as outside these tests, where warnings are no errors
        data.load(tmp_path / "own.npz")


def test_two_arrays_of_one_name_are_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of what we do on purpose
        with zipfile.ZipFile(tmp_path / "own.npz", "w") as archive:
            for name in ("x_train.npy", "x_train.npy"):
                archive.writestr(name, header("|u1", (0,)))
    with pytest.raises(DataError, match="it holds x_train twice"):
        data.load(tmp_path / "own.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("place", ["t10k-labels-idx1-ubyte", "own.npz"])
def test_a_pipe_is_not_waited_for(tmp_path, fashion, places, place):
    path = places["data_dir"] / place
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises(DataError, match=f"{place} cannot be used: "):
        data.load(path if place == "own.npz" else "fashion-mnist", places["data_dir"])


def test_the_sha256_of_a_set_is_of_all_its_numbers_and_shapes():
    sets = [a_dataset()]
    for field in data.ARRAYS:
        other = np.array(getattr(sets[0], field))
        other.reshape(-1)[-1] ^= 1
        sets.append(replace(sets[0], **{field: other}))
    sets.append(replace(sets[0], x_train=sets[0].x_train.transpose(0, 2, 1, 3)))
    assert len({dataset.sha256 for dataset in sets}) == len(sets)
    assert sets[0].sha256 == a_dataset().sha256


@settings(deadline=None, max_examples=300)
@given(at=numbers(0, len(WHOLE) - 1), byte=numbers(1, 255), cut=st.booleans())
def test_whatever_is_damaged_is_a_set_or_one_sentence(tmp_path_factory, at, byte, cut):
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    content = bytearray(WHOLE[:at] if cut else WHOLE)
    if not cut:
        content[at] ^= byte
    path.write_bytes(content)
    try:
        assert isinstance(data.load(path), data.Dataset)
    except DataError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "error, reason",
    [(ValueError("two\nlines"), "two lines"), (EOFError(), "EOFError"), (RuntimeError("why"), "why")],
)
def test_whatever_a_reader_raises_becomes_one_sentence(error, reason):
    with pytest.raises(DataError) as caught, files.reading("some.file"):
        raise error
    assert str(caught.value) == f"some.file cannot be used: {reason}; check the path, or make the file again"


@pytest.mark.parametrize("name", ["absent.npz", "absent/own.npz", "a" * 300 + ".npz", "nul\0.npz"])
def test_an_npz_that_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(DataError, match=r"expected an \.npz file with x_train, .* found none; check the path"):
        data.load(tmp_path / name)


def test_a_folder_is_not_an_npz(tmp_path):
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(DataError, match=r"folder\.npz cannot be used: it is a folder or a device, not a file; check"):
        data.load(tmp_path / "folder.npz")


# ---- where sets are looked for


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The four places of the search, all empty."""
    found = {name: tmp_path / name for name in ("data_dir", "variable", "system", "cache")}
    for folder in found.values():
        folder.mkdir()
    monkeypatch.setenv("AFTT_DATA", str(found["variable"]))
    monkeypatch.setattr(data, "SYSTEM_FOLDER", found["system"])
    monkeypatch.setattr(data, "cache_folder", lambda: found["cache"])
    return found


@pytest.mark.parametrize("name", ["fashion-mnist", "cifar10", "cifar10-jpeg"])
def test_a_set_that_is_not_there_names_the_one_command(name, places, monkeypatch):
    monkeypatch.setattr("socket.socket", lambda *args: pytest.fail("loading went to the network"))
    for data_dir in (None, places["data_dir"], places["data_dir"] / "absent"):
        with pytest.raises(DataError) as caught:
            data.load(name, data_dir)
        assert str(caught.value).startswith(name) and str(caught.value).endswith(f"run: {data.COMMANDS[name]}")
        assert str(places["cache"]) in str(caught.value) and caught.value.exit_code == 4


@pytest.mark.parametrize("subfolder", ["", "cifar10-jpeg"])
def test_the_first_place_that_has_a_set_gives_it(places, monkeypatch, subfolder):
    for label, (_, folder) in reversed(list(enumerate(places.items()))):
        (folder / subfolder).mkdir(exist_ok=True)
        path = folder / subfolder / "cifar10-jpeg.npz"
        np.savez(path, **changed(y_train=np.full(8, label)))
        dataset = data.load("cifar10-jpeg", places["data_dir"])
        assert dataset.y_train[0] == label and dataset.name == "cifar10-jpeg"
    monkeypatch.delenv("AFTT_DATA")
    assert data.load("cifar10-jpeg").y_train[0] == 2


def test_a_damaged_cifar10_jpeg_names_its_command(places):
    (places["cache"] / "cifar10-jpeg.npz").write_bytes(b"")
    with pytest.raises(DataError, match=r"remove it and run: python data_scripts/convert_cifar10_jpeg\.py"):
        data.load("cifar10-jpeg")


# ---- Fashion-MNIST


def idx(array) -> bytes:
    """An array of bytes in the format IDX, written down apart from the code under test."""
    content = bytes([0, 0, 8, array.ndim])
    for length in array.shape:
        content += length.to_bytes(4, "big")
    return content + array.astype(np.uint8).tobytes()


@pytest.fixture
def fashion(places, monkeypatch):
    """Arrays of a small Fashion-MNIST that the loader takes for the real one, and their files in the cache."""
    arrays = tiny_set(shape=(4, 5))
    table = {}
    for key, array in arrays.items():
        file = data.FASHION_FILES[key][0]
        table[key] = (file, array.shape, hashlib.sha256(idx(array)).hexdigest())
        (places["cache"] / f"{file}.gz").write_bytes(gzip.compress(idx(array)))
    monkeypatch.setattr(data, "FASHION_FILES", table)
    return arrays


def test_fashion_mnist_is_read_from_idx_files_compressed_or_not(fashion, places):
    dataset = data.load("fashion-mnist")
    assert_holds(dataset, fashion)
    assert dataset.name == "fashion-mnist" and dataset.image_shape == (4, 5, 1) and dataset.classes == 3
    (places["data_dir"] / "fashion-mnist").mkdir()
    for path in list(places["cache"].iterdir()):
        content = gzip.decompress(path.read_bytes())
        (places["data_dir"] / "fashion-mnist" / path.name.removesuffix(".gz")).write_bytes(content)
        path.unlink()
    assert_holds(data.load("fashion-mnist", places["data_dir"]), fashion)


IMAGES = idx(tiny_set(shape=(4, 5))["x_train"])
COMPRESSED = gzip.compress(IMAGES)
BROKEN = bytearray(COMPRESSED)
BROKEN[20] ^= 255
BAD_FILES = {
    "empty": (b"", "176 bytes, but holds 0"),
    "not gzip": (b"<html>404</html>", "[Nn]ot a gzipped file"),
    "truncated gzip": (COMPRESSED[:-9], "ended before"),
    "damaged gzip": (bytes(BROKEN), "decompressing|CRC"),
    "too short": (gzip.compress(IMAGES[:-1]), "176 bytes, but holds 175"),
    "too long": (gzip.compress(IMAGES + b"0"), "176 bytes, but holds more"),
    "a bomb": (gzip.compress(bytes(10**8), 1), "176 bytes, but holds more"),
    "other type": (gzip.compress(b"\0\0\x09" + IMAGES[3:]), "begins otherwise"),
    "other counts": (gzip.compress(IMAGES[:7] + b"\x07" + IMAGES[8:]), "begins otherwise"),
    "other pixels": (gzip.compress(IMAGES[:-1] + b"0"), "SHA-256"),
    "a folder": (None, "a folder or a device"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_wrong_fashion_mnist_file_is_refused(fashion, places, case):
    content, message = BAD_FILES[case]
    path = places["data_dir"] / "train-images-idx3-ubyte.gz"
    path.mkdir() if content is None else path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=f"{path.name} cannot be used: .*({message})") as caught:
            data.load("fashion-mnist", places["data_dir"])
        assert tracemalloc.get_traced_memory()[1] < 2**20  # the bomb is 100 MB
    finally:
        tracemalloc.stop()
    assert str(caught.value).endswith("remove it and run: python data_scripts/fetch_fashion_mnist.py")
    assert "\n" not in str(caught.value)


def test_one_missing_file_of_four_is_missed(fashion, places):
    (places["cache"] / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"needs t10k-labels-idx1-ubyte\.gz or t10k-labels-idx1-ubyte, "):
        data.load("fashion-mnist")


def real_fashion_mnist():
    try:
        return data.load("fashion-mnist")
    except DataError as error:
        pytest.skip(str(error))


def test_the_real_fashion_mnist_and_the_mini_set_made_from_it(monkeypatch):
    full = real_fashion_mnist()
    assert full.x_train.shape == (60_000, 28, 28, 1) and full.x_test.shape == (10_000, 28, 28, 1)
    assert np.bincount(full.y_train).tolist() == [6000] * 10 and full.image_shape == (28, 28, 1)
    assert full.y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    monkeypatch.syspath_prepend(data.MINI_FILE.parents[1] / "data_scripts")
    import make_fashion_mini

    arrays = make_fashion_mini.make(full)
    stored = files.read_npz(data.MINI_FILE, data.ARRAYS)
    for key in data.ARRAYS:
        assert np.array_equal(arrays[key], stored[key]) and arrays[key].dtype == stored[key].dtype == np.uint8


# ---- CIFAR-10


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def cifar_archive(contents: dict) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        add(archive, "cifar-10-batches-bin/readme.html", b"hello")
        for name, content in contents.items():
            add(archive, f"cifar-10-batches-bin/{name}", content)
    return file.getvalue()


@pytest.fixture
def cifar(places, monkeypatch):
    """Six small files of 4 images each, in which no two axes of an image can be taken for one another."""
    rows, columns, channels = np.ogrid[:32, :32, :3]
    contents, images, labels = {}, [], []
    for number, name in enumerate(data.CIFAR_FILES):
        content = b""
        for i in range(4):
            label = (number + i) % 10
            image = ((7 * rows + 11 * columns + 101 * channels + 4 * number + i) % 256).astype(np.uint8)
            content += bytes([label]) + b"".join(image[:, :, c].tobytes() for c in range(3))
            images.append(image)
            labels.append(label)
        contents[name] = content
    monkeypatch.setattr(data, "CIFAR_RECORDS", 4)
    return types.SimpleNamespace(
        contents=contents,
        arrays={"x_train": np.stack(images[:20]), "y_train": np.array(labels[:20]),
                "x_test": np.stack(images[20:]), "y_test": np.array(labels[20:])},
    )


def put_archive(folder, contents, monkeypatch):
    content = cifar_archive(contents)
    (folder / "cifar-10-binary.tar.gz").write_bytes(content)
    monkeypatch.setattr(data, "CIFAR_SHA256", hashlib.sha256(content).hexdigest())


def test_cifar10_is_read_from_the_archive(cifar, places, monkeypatch):
    put_archive(places["cache"], dict(reversed(cifar.contents.items())), monkeypatch)
    dataset = data.load("cifar10")
    assert_holds(dataset, cifar.arrays)
    assert dataset.name == "cifar10" and dataset.image_shape == (32, 32, 3)
    assert sorted(path.name for path in places["cache"].iterdir()) == ["cifar-10-binary.tar.gz"]


def test_a_wrong_cifar10_archive_is_refused(cifar, places, monkeypatch):
    path = places["cache"] / "cifar-10-binary.tar.gz"
    put_archive(places["cache"], cifar.contents, monkeypatch)
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[:-20], whole + b"0"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"tar\.gz cannot be used: .* SHA-256 .*; remove it and run: python "):
            data.load("cifar10")


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda files: files.pop("data_batch_3.bin"), "data_batch_3.bin"),
        (lambda files: files.update({"test_batch.bin": files["test_batch.bin"][:-1]}), "reshape"),
        (lambda files: files.update({"data_batch_1.bin": bytes([10] * 12292)}), r"0\.\.9, is in 1\.\.10"),
        (lambda files: files.update({"test_batch.bin": bytes([255] * 12292)}), r"y_test .* is in 255\.\.255"),
    ],
    ids=["missing", "short", "label 10", "label 255"],
)
def test_an_archive_that_holds_something_else_is_refused(cifar, places, monkeypatch, change, message):
    """Not by its SHA-256, which is set to fit."""
    change(cifar.contents)
    put_archive(places["cache"], cifar.contents, monkeypatch)
    with pytest.raises(DataError, match=f"gz cannot be used: .*{message}.*; remove it and run: python .*cifar10"):
        data.load("cifar10")


def test_an_unpacked_cifar10_is_not_taken_for_the_archive(places):
    """Its files could have changed unseen."""
    (places["cache"] / "cifar-10-batches-bin").mkdir()
    with pytest.raises(DataError, match=r"cifar10 needs cifar-10-binary\.tar\.gz, found in none of"):
        data.load("cifar10")
    (places["cache"] / "cifar-10-binary.tar.gz").mkdir()
    with pytest.raises(DataError, match=r"tar\.gz cannot be used: it is a folder"):
        data.load("cifar10")


def test_a_changed_mini_set_is_refused(tmp_path, monkeypatch):
    arrays = files.read_npz(data.MINI_FILE, data.ARRAYS)
    arrays["y_train"][5999] ^= 1
    np.savez(tmp_path / "fashion_mini.npz", **arrays)
    monkeypatch.setattr(data, "MINI_FILE", tmp_path / "fashion_mini.npz")
    with pytest.raises(DataError, match="do not have the SHA-256 of fashion-mini; remove it and run: python data"):
        data.load("fashion-mini")
