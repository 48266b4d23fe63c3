"""Files: written whole or not at all. (How files that are read get judged: see test_data.py.)"""

import gzip
import os

import pytest

from aftt_np import files
from aftt_np.errors import DataError


def test_json_is_the_same_text_on_every_system(tmp_path):
    files.write_json(tmp_path / "config.json", {"seed": 7, "data": "größe"})
    assert (tmp_path / "config.json").read_bytes() == b'{\n  "seed": 7,\n  "data": "gr\\u00f6\\u00dfe"\n}\n'


def test_text_is_utf_8_with_plain_line_ends(tmp_path):
    with files.whole_file(tmp_path / "metrics.csv") as file:
        file.write("größe\n1\n")
    assert (tmp_path / "metrics.csv").read_bytes() == "größe\n1\n".encode()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError, SystemExit])
def test_another_mistake_passes_through_and_leaves_the_old_file(tmp_path, kind):
    path = tmp_path / "summary.json"
    files.write_json(path, {"seed": 7})
    before = path.read_bytes()
    with pytest.raises(kind), files.whole_file(path) as file:
        file.write("half of it")
        raise kind
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["summary.json"]


def test_the_old_file_stands_until_all_of_the_new_one_is_on_disk(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    path.write_text("old")
    acts = []

    def noting(function):
        real = getattr(os, function)

        def act(*args):
            acts.append((function, path.read_text()))
            return real(*args)

        monkeypatch.setattr(os, function, act)

    noting("fsync")
    noting("replace")
    with files.whole_file(path) as file:
        file.write("new")
        assert path.read_text() == "old"
        assert len(os.listdir(tmp_path)) == 2, "the draft is not in the folder of the file"
    assert acts == [("fsync", "old"), ("replace", "old"), ("fsync", "new")], "the last one is of the folder"
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
@pytest.mark.parametrize("line", ["2", "2,3,4", '2,"3\n4,5\n'], ids=["too few", "too many", "a quote without an end"])
def test_a_table_whose_lines_are_not_all_of_one_length_is_refused(tmp_path, name, line):
    path = tmp_path / name
    packed = gzip.compress if name.endswith(".gz") else bytes
    path.write_bytes(packed(b"rate,accuracy\n0,90.5\n"))
    assert files.read_table(path) == [{"rate": "0", "accuracy": "90.5"}]
    path.write_bytes(packed(f"rate,accuracy\n0,90.5\n{line}\n0.2,80\n".encode()))
    with pytest.raises(DataError, match=r"rows\.csv"):
        files.read_table(path)
