"""A run on disk: what is written is read back, and what is damaged is refused."""

import errno
import gc
import hashlib
import json
import os
import subprocess
import sys
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aftt_np import checkpoint, files
from aftt_np.errors import CheckpointError, DataError, UsageError

# ---- helpers

NAME = st.from_regex(r"(extractor|decoder)/[a-z][a-z0-9_-]{0,8}\.[wb]", fullmatch=True)
DTYPE = st.sampled_from(["<f4", "<f8", ">f4", "<f2", "<i8", "|u1", "|b1"])
ARRAY = hnp.arrays(DTYPE, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
PARAMS = st.dictionaries(NAME, ARRAY, max_size=4)
VALUE = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text("az 09é\"\\\n", max_size=5))
LIST = st.lists(VALUE, max_size=3)
SETTINGS = st.dictionaries(st.sampled_from(["seed", "lr", "method", "out"]), st.one_of(VALUE, LIST))

SMALL = {
    "extractor/dense1.w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "extractor/dense1.b": np.ones(3, np.float32),
}


def assert_same(params, expected):
    """Names in their order, dtypes, shapes and bytes."""
    assert list(params) == list(expected)
    for name, p in expected.items():
        assert (params[name].dtype, params[name].shape) == (p.dtype, p.shape), f"{name} came back with another shape"
        assert params[name].tobytes() == p.tobytes(), f"{name} came back with other numbers"


def refusal(path):
    """The message with which `path` is refused; it is one line and names the file."""
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    message = str(caught.value)
    assert str(path) in message, f"the file is not named in: {message}"
    assert "\n" not in message, f"more than one line: {message}"
    return message


@pytest.fixture
def good(tmp_path):
    """A sound checkpoint."""
    path = tmp_path / "good.npz"
    checkpoint.save(path, SMALL, {"seed": 7})
    return path


def arrays_of(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def as_manifest(text: str):
    return np.frombuffer(text.encode(), np.uint8)


def manifest_of(path):
    return json.loads(arrays_of(path)["manifest"].tobytes())


# ---- there and back


@given(params=PARAMS, settings=SETTINGS)
def test_what_is_saved_is_loaded(tmp_path_factory, params, settings):
    path = tmp_path_factory.mktemp("run") / "checkpoint.npz"
    checkpoint.save(path, params, settings)
    loaded, loaded_settings, progress, moments, _ = checkpoint.load(path)
    assert (progress, moments) == ({}, {})
    assert_same(loaded, params)
    assert loaded_settings == settings
    first = path.read_bytes()
    checkpoint.save(path, loaded, loaded_settings)
    assert path.read_bytes() == first, "the same content gave other bytes"
    assert os.listdir(path.parent) == [path.name]


def test_by_hand(good):
    """The file as any NumPy reads it: the names of the parameters, and a manifest in JSON."""
    with np.load(good, allow_pickle=False) as file:
        assert file.files == ["extractor/dense1.w", "extractor/dense1.b", "manifest", "seal"]
        np.testing.assert_array_equal(file["extractor/dense1.w"], [[0, 1, 2], [3, 4, 5]])
        manifest = json.loads(file["manifest"].tobytes())
    assert manifest["format"] == checkpoint.FORMAT == 2
    assert manifest["settings"] == {"seed": 7}
    assert manifest["arrays"]["extractor/dense1.b"] == {
        "shape": [3],
        "dtype": "float32",
        "sha256": "8a31a40ecac0ceb4d87b30bd156ca7a547e8e33dc071454b765fbc777d1c34a1",
    }


def test_progress_and_moments_come_back(good):
    progress = {"phase": "games", "step": 3, "sums": {"reconstruct": 0.1}, "metrics": [{"epoch": 1}]}
    moments = {"games/m/extractor/dense1.w": np.full((2, 3), 0.5, np.float32)}
    checkpoint.save(good, SMALL, {"seed": 7}, progress, moments)
    loaded = checkpoint.load(good)
    assert_same(loaded.params, SMALL)
    assert_same(loaded.moments, moments)
    assert loaded.progress == progress and loaded.settings == {"seed": 7}


def test_layout_in_memory_does_not_matter(good):
    odd = {name: np.asfortranarray(p) for name, p in SMALL.items()}
    other = good.with_name("odd.npz")
    checkpoint.save(other, odd, {"seed": 7})
    assert other.read_bytes() == good.read_bytes()


def test_arrays_come_from_any_device(tmp_path):
    class OnDevice:
        def get(self):
            return SMALL["extractor/dense1.w"]

    checkpoint.save(tmp_path / "gpu.npz", {"extractor/dense1.w": OnDevice()}, {})
    loaded = checkpoint.load(tmp_path / "gpu.npz").params
    np.testing.assert_array_equal(loaded["extractor/dense1.w"], SMALL["extractor/dense1.w"])


def test_saving_again_replaces_what_was_there(good):
    checkpoint.save(good, {"extractor/dense1.b": np.zeros(2)}, {"seed": 8})
    params, settings, *_ = checkpoint.load(good)
    assert list(params) == ["extractor/dense1.b"] and settings == {"seed": 8}


# ---- damage


def test_a_truncated_file_is_refused_at_any_length(good):
    content = good.read_bytes()
    for length in range(0, len(content), 11):
        good.write_bytes(content[:length])
        refusal(good)


@pytest.mark.parametrize("mask", [0x01, 0x08, 0xFF], ids=hex)
def test_a_flipped_byte_is_refused_or_changes_nothing(tmp_path, mask):
    """All bytes of the zip's directory, and every fifth of the rest; a flipped date, for one, changes nothing."""
    path = tmp_path / "checkpoint.npz"
    params = {"extractor/dense1.w": np.arange(3.0)}
    checkpoint.save(path, params, {"seed": 7})
    content = path.read_bytes()
    directory = content.index(b"PK\x01\x02")
    refused = 0
    for place in [*range(0, directory, 5), *range(directory, len(content))]:
        damaged = bytearray(content)
        damaged[place] ^= mask
        path.write_bytes(damaged)
        try:
            loaded, settings, *_ = checkpoint.load(path)
        except CheckpointError:
            refused += 1
        except Exception as error:
            pytest.fail(f"byte {place} of {len(content)} flipped by {mask:#x}: {error!r}")
        else:
            assert_same(loaded, params)
            assert settings == {"seed": 7}
    assert refused > 50, "hardly anything was refused: this test flips the wrong bytes"


def other_seed(arrays):
    """A manifest with another seed, sound but for the seal."""
    return as_manifest(arrays["manifest"].tobytes().decode().replace('"seed": 7', '"seed": 8'))


def dropped(name):
    return lambda arrays: arrays.pop(name)


def replaced(name, value):
    return lambda arrays: arrays.update({name: value})


def renamed(name, new):
    return lambda arrays: arrays.update({new: arrays.pop(name)})


def sealed_manifest(manifest: dict) -> dict:
    text = json.dumps(manifest)
    return {"manifest": as_manifest(text), "seal": np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8)}


def other_manifest(**changes):
    def change(arrays):
        manifest = json.loads(arrays["manifest"].tobytes())
        arrays |= sealed_manifest(manifest | changes)

    return change


def manifest_without(key):
    def change(arrays):
        manifest = json.loads(arrays["manifest"].tobytes())
        del manifest[key]
        arrays |= sealed_manifest(manifest)

    return change


W = "extractor/dense1.w"
DAMAGE = {  # what was done to the arrays of a sound file, and what the message must say
    "missing array": (dropped(W), [W, "damaged"]),
    "extra array": (replaced("decoder/dense9.w", np.zeros(2)), ["decoder/dense9.w", "damaged"]),
    "renamed array": (renamed(W, "extractor/dense2.w"), [W, "extractor/dense2.w", "damaged"]),
    "other numbers": (replaced(W, SMALL[W] + 1), [W, "damaged"]),
    "other sign of zero": (replaced(W, np.where(SMALL[W] == 0, np.float32(-0.0), SMALL[W])), [W, "damaged"]),
    "other dtype": (replaced(W, SMALL[W].astype(np.float64)), [W, "damaged"]),
    "same bytes, other dtype": (replaced(W, SMALL[W].view(np.int32)), [W, "damaged"]),
    "same bytes, other shape": (replaced(W, SMALL[W].reshape(3, 2)), [W, "damaged"]),
    "other seed": (lambda arrays: arrays.update(manifest=other_seed(arrays)), ["its manifest has changed"]),
    "no seal": (dropped("seal"), ["seal", "damaged"]),
    "object array": (replaced(W, np.array([{}, 1], object)), ["not a checkpoint"]),
    "no manifest": (dropped("manifest"), ["not a checkpoint", "manifest"]),
    "empty manifest": (replaced("manifest", np.zeros(0, np.uint8)), ["not a checkpoint"]),
    "manifest is not JSON": (replaced("manifest", as_manifest("{seed: 7")), ["not a checkpoint"]),
    "manifest is not text": (replaced("manifest", np.full(9, 0xFF, np.uint8)), ["not a checkpoint"]),
    "manifest is a list": (replaced("manifest", as_manifest("[1, 2]")), ["not a checkpoint"]),
    "manifest is a number": (replaced("manifest", as_manifest("1")), ["not a checkpoint"]),
    "manifest without format": (manifest_without("format"), ["not a checkpoint", "format"]),
    "manifest without settings": (manifest_without("settings"), ["not a checkpoint", "settings"]),
    "manifest without arrays": (manifest_without("arrays"), ["not a checkpoint", "arrays"]),
    "manifest lists arrays": (other_manifest(arrays=[W, "extractor/dense1.b"]), []),
    "manifest with broken entries": (other_manifest(arrays=dict.fromkeys(SMALL, 3)), ["damaged"]),
    "older format": (other_manifest(format=1), ["format 1;", "reads 2"]),
    "newer format": (other_manifest(format=3), ["format 3;", "reads 2"]),
    "progress is a number": (other_manifest(progress=3), ["damaged"]),
    "settings are a list": (other_manifest(settings=[3]), ["damaged"]),
    "format of another kind": (other_manifest(format="one"), ["format"]),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_file_with_other_arrays_is_refused(good, what):
    damage, said = DAMAGE[what]
    arrays = arrays_of(good)
    damage(arrays)
    np.savez(good, **arrays)
    message = refusal(good)
    for words in said:
        assert words in message, f"{what}: {words!r} is missing in: {message}"


def write_zip(path, members: dict):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def write_npy(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def encrypt(path):
    """Say in the zip's directory that the first array needs a password."""
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def swell(path):
    """An array whose header says that it is 60,000 bytes long itself."""
    checkpoint.save(path, {W: np.zeros(10_000)}, {})
    content = bytearray(path.read_bytes())
    start = content.index(b"\x93NUMPY")
    content[start + 8 : start + 10] = (60_000).to_bytes(2, "little")
    path.write_bytes(content)


OTHER_FILES = {
    "a text file": lambda path: path.write_text("epoch,loss\n1,0.5\n"),
    "an empty file": lambda path: path.write_bytes(b""),
    "a single array": write_npy,
    "a zip of texts": lambda path: write_zip(path, {"README.txt": "hello"}),
    "a zip with the manifest as text": lambda path: write_zip(path, {"manifest": "{}"}),
    "a zip with an array as text": lambda path: write_zip(path, {W: "1 2 3"}),
    "an empty zip": lambda path: write_zip(path, {}),
    "a pickle": lambda path: path.write_bytes(b"\x80\x04}\x94."),
    "an encrypted zip": encrypt,
    "an absurd header": swell,
}


@pytest.mark.parametrize("what", OTHER_FILES)
def test_another_kind_of_file_is_refused(good, what):
    OTHER_FILES[what](good)
    assert "not a checkpoint" in refusal(good)


def test_a_compressed_file_is_refused_before_it_takes_more_memory_than_it_has_bytes(good, monkeypatch):
    np.savez_compressed(good, **arrays_of(good) | {W: np.zeros((1000, 1000), np.float32)})
    monkeypatch.setattr(np, "load", lambda *args, **more: pytest.fail("it was read"))
    assert "are said to take 4,000," in refusal(good)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "checkpoint.npz")
    assert "a folder or a device" in refusal(tmp_path / "checkpoint.npz")


def test_a_folder_is_refused(tmp_path):
    refusal(tmp_path)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    assert "there is no checkpoint" in refusal(tmp_path / "nothing.npz")
    refusal(tmp_path / "no folder" / "nothing.npz")
    refusal(tmp_path / ("n" * 300))  # no system allows such a name


def test_nothing_in_a_file_is_ever_run(good):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(good.with_name("run by a pickle")),)

    np.savez(good, **arrays_of(good) | {W: np.array([Trap()], object)})
    refusal(good)
    assert not good.with_name("run by a pickle").exists()


def test_a_refused_file_is_closed_again(good):
    """An open file could not be removed or replaced on Windows."""
    good.write_bytes(good.read_bytes()[:-30])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        refusal(good)
        gc.collect()
    assert not seen, f"the refused file was left open: {seen[0].message}"


# ---- written whole or not at all

FULL = OSError(errno.ENOSPC, "No space left on device")


def fail(*args, **kwargs):
    raise FULL


def write_half(file, **arrays):
    file.write(b"half of it")
    raise FULL


BREAKS = {  # when: which function fails, and how
    "while writing": (np, "savez", write_half),
    "while flushing": (os, "fsync", fail),
    "at last": (os, "replace", fail),
}


@pytest.mark.parametrize("when", BREAKS)
@pytest.mark.parametrize("exists", [True, False])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, when, exists):
    path = tmp_path / "checkpoint.npz"
    if exists:
        checkpoint.save(path, SMALL, {"seed": 7})
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    owner, function, broken = BREAKS[when]
    with monkeypatch.context() as patch:
        patch.setattr(owner, function, broken)
        with pytest.raises(DataError) as caught:
            checkpoint.save(path, {}, {})
    assert str(path) in str(caught.value) and "No space left" in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == sorted(before), "a draft was left behind"
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    checkpoint.save(path, {}, {})  # and the next try is not in its own way
    assert checkpoint.load(path)[:4] == ({}, {}, {}, {})


UNUSABLE = {
    "no such folder": lambda folder: folder / "nowhere" / "checkpoint.npz",
    "a file as folder": lambda folder: folder / "file" / "checkpoint.npz",
    "a folder in the way": lambda folder: folder / "folder",
    "a name too long": lambda folder: folder / ("n" * 300),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_place_that_cannot_be_written_to_is_a_data_error(tmp_path, what):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    path = UNUSABLE[what](tmp_path)
    with pytest.raises(DataError) as caught:
        checkpoint.save(path, SMALL, {})
    assert f"cannot write {path}" in str(caught.value) and "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


# ---- the folder of a run


@given(st.integers(1, 5))
def test_every_run_gets_a_fresh_folder(tmp_path_factory, runs):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("here"))
        folders = [checkpoint.new_folder("", "aftt-A1") for _ in range(runs)]
        expected = ["aftt-A1", *(f"aftt-A1-{number}" for number in range(2, runs + 1))]
        assert folders == [Path("runs", name) for name in expected]
        assert all(folder.is_dir() and not any(folder.iterdir()) for folder in folders)


def test_runs_that_start_at_once_do_not_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: checkpoint.new_folder("", "aftt"), range(24)))
    assert len(set(folders)) == 24


def test_a_gap_in_the_numbers_is_filled_and_nothing_is_overwritten(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("aftt", "aftt-3"):
        (Path("runs") / name).mkdir(parents=True)
    (Path("runs") / "aftt-2").write_text("a file")
    assert checkpoint.new_folder("", "aftt") == Path("runs/aftt-4")


def test_a_wanted_folder_is_made_with_those_above_it(tmp_path):
    folder = checkpoint.new_folder(str(tmp_path / "a" / "b"), "unused")
    assert folder == tmp_path / "a" / "b" and folder.is_dir()
    assert checkpoint.new_folder(str(folder), "unused") == folder, "an empty folder was refused"


@pytest.mark.parametrize(("content", "said"), [("checkpoint.npz", "holds a run"), (".hidden", "is not empty")])
def test_a_folder_that_holds_something_is_refused(tmp_path, content, said):
    (tmp_path / content).write_text("{}")
    with pytest.raises(UsageError) as caught:
        checkpoint.new_folder(str(tmp_path), "unused")
    assert str(tmp_path) in str(caught.value) and said in str(caught.value)
    assert os.listdir(tmp_path) == [content]


def assert_no_folder(wanted):
    with pytest.raises(DataError) as caught:
        checkpoint.new_folder(wanted, "aftt")
    assert "cannot make the folder" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("below", [".", "a", "a/b"])
def test_a_file_in_the_way_is_a_data_error(tmp_path, below):
    (tmp_path / "file").write_text("in the way")
    assert_no_folder(str(tmp_path / "file" / below))


def test_a_file_called_runs_is_a_data_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("runs").write_text("in the way")
    assert_no_folder("")


def test_runs_may_be_a_link_but_not_one_to_nowhere(tmp_path, monkeypatch):
    """As on a cluster, where runs/ often points to a scratch disk that may be gone."""
    monkeypatch.chdir(tmp_path)
    try:
        os.symlink(tmp_path / "scratch", "runs", target_is_directory=True)
    except OSError:
        pytest.skip("no links can be made here")
    calls, real = [], Path.mkdir

    def mkdir(*args, **kwargs):
        calls.append(args)
        assert len(calls) < 100, "new_folder goes on for ever"
        return real(*args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert_no_folder("")
    (tmp_path / "scratch").mkdir()
    calls.clear()
    assert checkpoint.new_folder("", "aftt") == Path("runs/aftt")
    assert (tmp_path / "scratch" / "aftt").is_dir()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_a_data_error(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert_no_folder(str(tmp_path / "run"))
        with pytest.raises(DataError):
            checkpoint.write_json(tmp_path / "config.json", {})
    finally:
        tmp_path.chmod(0o700)


def test_one_process_at_a_time_works_in_a_folder(tmp_path):
    with checkpoint.held(tmp_path):
        code = "import sys; from aftt_np import checkpoint\nwith checkpoint.held(checkpoint.Path(sys.argv[1])): pass"
        other = [sys.executable, "-c", code, str(tmp_path)]
        said = subprocess.run(other, capture_output=True, text=True).stderr
        assert f"another process works in {tmp_path}" in said
    assert subprocess.run(other).returncode == 0, "the folder was not given back"


def test_what_killed_processes_left_half_written_is_cleared_away_and_nothing_else(tmp_path):
    (tmp_path / "figures").mkdir()
    theirs = ("checkpoint.npz", "notes.txt", "thesis.zip.part", "photo.png.1.part", "figures/checkpoint.npz.part")
    names = "checkpoint.npz", "faults.csv.seal", "defence-x.npz", "figures/faults.png"
    ours = [f"{name}.aftt-12.part" for name in names]
    for name in (*theirs, *ours):
        (tmp_path / name).write_text("something")
    (tmp_path / "config.json.aftt-7.part").mkdir()
    with checkpoint.held(tmp_path):
        left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {*theirs, checkpoint.LOCK}


def test_a_file_that_is_being_written_is_known_as_ours(tmp_path):
    with files.whole_file(tmp_path / "places-weights.png", "wb") as file:
        file.write(b"half")
        [draft] = tmp_path.iterdir()
    assert checkpoint.DRAFTS.fullmatch(draft.name) and not draft.exists()


@pytest.mark.parametrize(("name", "empty"), [
    (checkpoint.LOCK, True), ("checkpoint.npz.aftt-123.part", True), ("faults.csv.seal.aftt-1.part", True),
    ("movie.mp4.part", False), ("photo.png.1.part", False), ("checkpoint.npz.part", False),
])  # fmt: skip
def test_only_a_lock_and_our_own_drafts_leave_a_folder_empty(tmp_path, name, empty):
    (tmp_path / name).write_text("something")
    if empty:
        assert checkpoint.new_folder(str(tmp_path), "unused") == tmp_path
    else:
        with pytest.raises(UsageError, match="is not empty"):
            checkpoint.new_folder(str(tmp_path), "unused")


# ---- rows that come one after the other

HEADER = ("fault", "rate", "accuracy")
BLOCKS = st.lists(st.lists(st.tuples(st.text("ab,\"\n é", max_size=3), st.floats(0, 1), st.floats(0, 100)), max_size=3))


@given(blocks=BLOCKS, cut=st.integers(0, 5), tail=st.binary(max_size=20))
def test_rows_continued_are_the_rows_of_one_go(tmp_path_factory, blocks, cut, tail):
    """Killed after some blocks, with something half written behind them."""
    folder = tmp_path_factory.mktemp("rows")
    whole, broken = (checkpoint.RowFile(folder / name, HEADER, "me") for name in ("a.csv", "b.csv"))
    for block in blocks:
        whole.append(block)
    for block in blocks[:cut]:
        broken.append(block)
    with open(folder / "b.csv", "ab") as file:
        file.write(tail)
    again = checkpoint.RowFile(folder / "b.csv", HEADER, "me")
    assert again.rows == [[str(value) for value in row] for block in blocks[:cut] for row in block]
    for block in blocks[cut:]:
        again.append(block)
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()
    assert (folder / "a.csv.seal").read_bytes() == (folder / "b.csv.seal").read_bytes()
    assert again.rows == whole.rows


@pytest.fixture
def sealed(tmp_path):
    file = checkpoint.RowFile(tmp_path / "faults.csv", HEADER, "me")
    file.append([("nodes", 0.5, 81.25)])
    return file


def test_every_byte_that_is_sealed_counts(sealed):
    content = sealed.path.read_bytes()
    for place in range(len(content)):
        sealed.path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(CheckpointError, match=r"its content has changed; remove what .* faults\.csv\.seal, and"):
            checkpoint.RowFile(sealed.path, HEADER, "me")
        sealed.path.write_bytes(content[:place])
        with pytest.raises(CheckpointError, match="its content has changed"):
            checkpoint.RowFile(sealed.path, HEADER, "me")


def test_a_folder_in_the_place_of_rows_is_refused(sealed):
    sealed.path.unlink()
    sealed.path.mkdir()
    with pytest.raises(CheckpointError, match=r"faults.csv is not what its seal says: one of the two is no file"):
        checkpoint.RowFile(sealed.path, HEADER, "me")


BAD_SEALS = [
    b"", b"{", b"[]", b"3", b"\xff" * 9, b"[" * 10**5,
    b'{"owner": "me", "bytes": 3}', b'{"owner": "me", "bytes": -1, "sha256": "0"}', b'{"owner": "me"}',
    b'{"owner": "me", "bytes": 1e99, "sha256": "0"}', b'{"owner": "me", "bytes": "9", "sha256": 0}',
    b'{"owner": "me", "bytes": "9", "sha256": 0',

]  # fmt: skip


@pytest.mark.parametrize("seal", BAD_SEALS)
def test_a_damaged_seal_is_refused(sealed, seal):
    sealed.seal.write_bytes(seal)
    with pytest.raises(CheckpointError, match=r"faults.csv is not what its seal says"):
        checkpoint.RowFile(sealed.path, HEADER, "me")


def test_rows_of_another_owner_are_no_damage(sealed):
    with pytest.raises(CheckpointError, match=r"rows of something else .* name another folder, or remove it and"):
        checkpoint.RowFile(sealed.path, HEADER, "you")


def test_rows_of_another_kind_are_refused(sealed):
    with pytest.raises(CheckpointError, match="should have the columns rate, fault, but has fault, rate, accuracy"):
        checkpoint.RowFile(sealed.path, ("rate", "fault"), "me")


@pytest.mark.parametrize("lost", ["path", "seal"])
def test_without_one_of_the_two_rows_begin_anew(sealed, lost):
    getattr(sealed, lost).unlink()
    assert checkpoint.RowFile(sealed.path, HEADER, "me").rows == []


def test_a_full_disk_loses_no_sealed_row(sealed, monkeypatch):
    before = sealed.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(DataError, match=r"cannot write .*faults.csv: No space left"):
            sealed.append([("nodes", 0.9, 10.0)])
    again = checkpoint.RowFile(sealed.path, HEADER, "me")
    assert again.rows == [["nodes", "0.5", "81.25"]] and sealed.path.read_bytes() == before
