"""The scripts in data_scripts/, against a web server on this machine and small files."""

import gzip
import hashlib
import http.server
import importlib
import io
import os
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aftt_np import data, files
from aftt_np.errors import DataError, exit_code_of

ROOT = Path(data.__file__).parents[1]
SCRIPTS = ("fetch_fashion_mnist", "fetch_cifar10", "convert_cifar10_jpeg", "make_fashion_mini")


@pytest.fixture
def script(monkeypatch):
    """Import a script by its name."""
    monkeypatch.syspath_prepend(ROOT / "data_scripts")
    return importlib.import_module


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder, and no other place to find data in."""
    monkeypatch.delenv("AFTT_DATA", raising=False)
    monkeypatch.setattr(data, "SYSTEM_FOLDER", tmp_path / "system")
    monkeypatch.setattr(data, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def server(monkeypatch):
    """A web server: `pages` maps a path to its bytes, all else is 404; `asked` lists what was asked for."""
    found = types.SimpleNamespace(pages={}, asked=[])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found.asked.append(self.path)
            page = found.pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write((page or b"")[: found.cut])

        def log_message(self, *args):
            pass

    found.cut = None  # how many bytes of a page to send before the connection ends
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{httpd.server_port}"
    yield found
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def fashion(script, server, cache, monkeypatch):
    """The Fashion-MNIST script with a small set, of which the second of two mirrors has all files."""
    module = script("fetch_fashion_mnist")
    table, files = {}, {}
    for key, (file, shape, _) in data.FASHION_FILES.items():
        shape = (5, *shape[1:])
        content = bytes([0, 0, 8, len(shape)]) + b"".join(length.to_bytes(4, "big") for length in shape)
        content += bytes(np.prod(shape))
        page = gzip.compress(content)
        table[key] = (file, shape, hashlib.sha256(content).hexdigest())
        files[f"{file}.gz"] = hashlib.sha256(page).hexdigest()
        server.pages[f"/second/{file}.gz"] = page
    monkeypatch.setattr(data, "FASHION_FILES", table)
    monkeypatch.setattr(module, "FILES", files)
    monkeypatch.setattr(module, "MIRRORS", (f"{server.url}/first/", f"{server.url}/second/"))
    monkeypatch.setattr(module, "WAIT", 0)
    return module


# ---- fetching


def test_a_missing_page_is_taken_from_the_next_mirror(fashion, server, cache, capsys, caplog, monkeypatch):
    logger = fashion.pooch.get_logger()
    logger.setLevel("INFO")  # as it is at first
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    assert exit_code_of(fashion.main, []) == 0
    assert caplog.records == []  # our own lines say enough
    assert capsys.readouterr().out == f"fashion-mnist: 5 training and 5 test images, in {cache}\n"
    assert server.asked == [f"/{mirror}/{file}" for file in fashion.FILES for mirror in ("first", "second")]
    assert sorted(os.listdir(cache)) == sorted(fashion.FILES)
    assert data.load("fashion-mnist").x_train.shape == (5, 28, 28, 1)


def test_what_is_there_is_not_downloaded_again(fashion, server, cache, capsys):
    assert exit_code_of(fashion.main, []) == 0
    server.asked.clear()
    capsys.readouterr()
    assert exit_code_of(fashion.main, []) == 0
    written = capsys.readouterr()
    assert server.asked == [] and "already on this machine" in written.out and written.err == ""
    assert len(written.out.splitlines()) == 1


def test_a_wrong_hash_is_not_kept_and_the_next_mirror_is_asked(fashion, server, cache):
    for file in fashion.FILES:
        server.pages[f"/first/{file}"] = b"some other file"
    assert exit_code_of(fashion.main, []) == 0
    assert sorted(os.listdir(cache)) == sorted(fashion.FILES)
    assert len(server.asked) == 8


def test_files_that_are_whole_stay_and_a_damaged_one_is_replaced(fashion, server, cache):
    assert exit_code_of(fashion.main, []) == 0
    damaged = sorted(fashion.FILES)[0]
    (cache / damaged).write_bytes(b"damaged")
    server.asked.clear()
    assert exit_code_of(fashion.main, []) == 0
    assert server.asked == [f"/first/{damaged}", f"/second/{damaged}"]


@pytest.mark.parametrize("case", ["wrong everywhere", "nowhere", "cut off", "no server"])
def test_a_failed_download_is_one_sentence_and_leaves_nothing(fashion, server, cache, capsys, monkeypatch, case):
    first = next(iter(fashion.FILES))
    if case == "wrong everywhere":
        server.pages = dict.fromkeys(server.pages, b"some other file")
    elif case == "nowhere":
        server.pages = {}
    elif case == "cut off":
        server.cut = 10
    else:
        monkeypatch.setattr(fashion, "MIRRORS", ("http://127.0.0.1:9/",))
    assert exit_code_of(fashion.main, []) == 4
    written = capsys.readouterr()
    *progress, last = written.err.splitlines()
    assert written.out == "" and last.startswith(f"error: {first} could not be downloaded")
    assert all(line.startswith("downloading http://127.0.0.1:") for line in progress)
    assert {"wrong everywhere": "hash", "nowhere": "404", "cut off": "10 bytes", "no server": "refused"}[case] in last
    assert len(progress) == fashion.ROUNDS * len(fashion.MIRRORS)
    assert os.listdir(cache) == []


def test_the_wait_is_between_the_rounds(fashion, server, cache, monkeypatch):
    waits = []
    monkeypatch.setattr(fashion.time, "sleep", waits.append)
    server.pages = {}
    assert exit_code_of(fashion.main, []) == 4
    assert waits == [fashion.WAIT] * (fashion.ROUNDS - 1)


def test_the_folder_can_be_chosen(fashion, tmp_path, cache, capsys):
    assert exit_code_of(fashion.main, ["--data-dir", str(tmp_path / "my" / "data")]) == 0
    assert sorted(os.listdir(tmp_path / "my" / "data")) == sorted(fashion.FILES)
    assert not cache.exists()
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "in it"):
        assert exit_code_of(fashion.main, ["--data-dir", str(folder)]) == 4
        assert "choose another with --data-dir" in capsys.readouterr().err


def test_cifar10_comes_as_the_official_archive(script, server, cache, monkeypatch, capsys):
    module = script("fetch_cifar10")
    assert list(module.FILES.items()) == [("cifar-10-binary.tar.gz", data.CIFAR_SHA256)]
    page = b"an archive"
    sha256 = hashlib.sha256(page).hexdigest()
    server.pages["/cifar-10-binary.tar.gz"] = page
    monkeypatch.setattr(module, "MIRRORS", (f"{server.url}/",))
    monkeypatch.setattr(module, "FILES", {data.CIFAR_ARCHIVE: sha256})
    monkeypatch.setattr(data, "CIFAR_SHA256", sha256)
    assert exit_code_of(module.main, []) == 4  # it is downloaded, and then it is no archive
    assert (cache / "cifar-10-binary.tar.gz").read_bytes() == page
    assert "cifar-10-binary.tar.gz cannot be used" in capsys.readouterr().err


# ---- converting JPEG


def picture(i: int) -> Image.Image:
    """32x32 pixels of one colour each, which JPEG hardly changes."""
    return Image.new("RGB", (32, 32), (20 * i, 255 - 20 * i, 100))


def packed(pictures, **save) -> dict:
    """The three arrays of a file, from pictures."""
    streams = []
    for one in pictures:
        streams.append(io.BytesIO())
        one.save(streams[-1], save.get("format", "JPEG"))
    content = [stream.getvalue() for stream in streams]
    return {
        "jpeg": np.frombuffer(b"".join(content), np.uint8),
        "size": np.array([len(one) for one in content], np.uint16),
        "label": np.arange(len(content), dtype=np.uint8) % 10,
    }


@pytest.fixture
def pair(tmp_path):
    """A pair of files: 6 training and 3 test images."""
    np.savez(tmp_path / "train.npz", **packed([picture(i) for i in range(6)]))
    np.savez(tmp_path / "test.npz", **packed([picture(i) for i in (7, 8, 9)]))
    return tmp_path / "train.npz", tmp_path / "test.npz"


@pytest.mark.parametrize("chosen", [True, False])
def test_a_pair_of_jpeg_files_becomes_a_set_that_loads(script, pair, tmp_path, cache, capsys, chosen):
    out = tmp_path / "new" / "folder" if chosen else cache
    script("convert_cifar10_jpeg").convert(*pair, out if chosen else None)
    assert capsys.readouterr().out == f"cifar10-jpeg: 6 training and 3 test images, in {out}\n"
    assert os.listdir(out) == ["cifar10-jpeg.npz"]
    dataset = data.load("cifar10-jpeg", out)
    for images, first in ((dataset.x_train, 0), (dataset.x_test, 7)):
        expected = np.stack([np.asarray(picture(first + i)) for i in range(len(images))])
        assert images.shape == expected.shape and np.abs(images.astype(int) - expected).max() <= 3
    assert dataset.y_train.tolist() == [0, 1, 2, 3, 4, 5] and dataset.y_test.tolist() == [0, 1, 2]


GOOD = packed([picture(i) for i in range(4)])
NOISE = np.random.default_rng(0).integers(0, 256, len(GOOD["jpeg"]), dtype=np.uint8)
BAD_PAIRS = {
    "no label": ({key: GOOD[key] for key in ("jpeg", "size")}, "lacks label"),
    "one byte missing": (GOOD | {"jpeg": GOOD["jpeg"][:-1]}, "the sizes add up to"),
    "no images": (dict.fromkeys(GOOD, np.zeros(0, np.uint8)), r"and uint8 \(0,\)"),
    "floats": (GOOD | {"size": GOOD["size"].astype(float)}, r"float64 \(4,\)"),
    "not bytes": (GOOD | {"jpeg": GOOD["jpeg"].astype(int)}, "found int64"),
    "label 10": (GOOD | {"label": np.array([0, 1, 2, 10])}, "a label in 0..9"),
    "a label missing": (GOOD | {"label": np.arange(3)}, r"4 images, found int64 \(3,\)"),
    "noise": (GOOD | {"jpeg": NOISE}, "image 0 cannot be decoded"),
    "other sizes": (packed([picture(0), picture(1).resize((32, 31))]), "image 1 .* 32x32 pixels, found 32x31"),
    "PNG": (packed([picture(0)], format="PNG"), "image 0 cannot be decoded"),
    "half a picture": (
        {"jpeg": GOOD["jpeg"][: GOOD["size"][0] - 20], "size": GOOD["size"][:1] - 20, "label": GOOD["label"][:1]},
        "image 0 cannot be decoded: .*truncated",
    ),
}


@pytest.mark.parametrize("case", BAD_PAIRS)
def test_a_wrong_pair_is_refused_and_nothing_is_written(script, pair, tmp_path, cache, case):
    arrays, message = BAD_PAIRS[case]
    np.savez(tmp_path / "wrong.npz", **arrays)
    with pytest.raises(DataError, match=rf"wrong\.npz.*{message}"):
        script("convert_cifar10_jpeg").convert(pair[0], tmp_path / "wrong.npz", None)
    assert not cache.exists()


def test_sizes_of_any_integer_type_are_read(script, tmp_path):
    np.savez(tmp_path / "train.npz", **GOOD | {"size": GOOD["size"].astype(np.uint64)})
    assert script("convert_cifar10_jpeg").decode(tmp_path / "train.npz")[0].shape == (4, 32, 32, 3)


def test_an_interrupted_write_leaves_the_old_file(script, pair, tmp_path, cache, monkeypatch):
    cache.mkdir()
    (cache / "cifar10-jpeg.npz").write_bytes(b"old")

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(DataError, match=r"cannot write .*No space left on device; choose another place"):
        script("convert_cifar10_jpeg").convert(*pair, None)
    assert os.listdir(cache) == ["cifar10-jpeg.npz"] and (cache / "cifar10-jpeg.npz").read_bytes() == b"old"


# ---- making the mini set


def a_full_set():
    """As many images of each class as the mini set needs, and some more; each image spells its row."""
    rows = np.arange(7000)
    images = np.zeros((7000, 28, 28, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = rows // 256, rows % 256
    labels = (rows * 7) % 10
    return data.Dataset("fashion-mnist", images, labels, images[:2000], labels[:2000])


def test_the_mini_set_is_balanced_in_order_and_always_the_same(script, tmp_path, monkeypatch, capsys):
    module, full = script("make_fashion_mini"), a_full_set()
    monkeypatch.setattr(data, "load", lambda name, data_dir: full)
    for name in ("one.npz", "two.npz"):
        module.write(None, tmp_path / name)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["one.npz", "two.npz"]
    assert "6,000 training and 1,000 test images" in capsys.readouterr().out
    arrays = files.read_npz(tmp_path / "one.npz", data.ARRAYS)
    for part, each in (("train", 600), ("test", 100)):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        rows = x[:, 0, 0].astype(int) * 256 + x[:, 0, 1]
        assert x.shape == (10 * each, 28, 28) and np.bincount(y).tolist() == [each] * 10
        assert np.all(np.diff(rows) > 0) and np.array_equal(y, (rows * 7) % 10)


@pytest.mark.parametrize("where", ["absent/mini.npz", "folder"])
def test_a_mini_set_that_cannot_be_written_is_one_sentence(script, tmp_path, monkeypatch, where):
    full = a_full_set()
    monkeypatch.setattr(data, "load", lambda name, data_dir: full)
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match=r"cannot write .*; choose another place"):
        script("make_fashion_mini").write(None, tmp_path / where)
    assert os.listdir(tmp_path) == ["folder"]


# ---- all of them as commands


def test_the_commands_that_errors_name_exist():
    for command in data.COMMANDS.values():
        assert (ROOT / command.split()[1]).is_file()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_runs_from_another_folder(name, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}  # as if installed
    line = [sys.executable, str(ROOT / "data_scripts" / f"{name}.py"), "--help"]
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "usage:" in done.stdout and done.stderr == ""


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_mistyped_option_is_one_sentence(script, name, capsys):
    files = ["a.npz", "b.npz"] if name == "convert_cifar10_jpeg" else []
    for option in ("--dta-dir", "--ou"):  # the beginning of an option is not that option
        assert exit_code_of(script(name).main, [*files, option, "x"]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"error: unrecognized arguments: {option} x"), said
        assert said.count("\n") == 1 and "--help" in said, said
