"""Every option of every command, with values at its bounds and past them: a run, or one sentence and an exit code."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aftt_np import bench, campaign, config, train
from aftt_np.errors import exit_code_of

SCRIPTS = Path(__file__).resolve().parent.parent / "data_scripts"
NO_NUMBERS = ("", " ", "x", "nan", "1e", "--", "9" * 5000)
NO_WHOLE = (*NO_NUMBERS, "0.5", "1e3", "inf", "0x10")
BELOW_0 = ("-1", "-0.0001", "-inf")
OVER = ("inf", "1e400", "-nan")
WORDS = ("", "x", "none ", "NONE", "none,aftt", "\0", "ä")

# option: (values that are taken, each with the exit code of the run: 0, or 3 where it must diverge; values refused)
TRAIN = {
    "--data": (
        {"tiny.npz": 0, "./tiny.npz": 0},
        ("", "x", "tiny", "absent.npz", "nul\0.npz", "a" * 300 + ".npz", ".npz", "thesis"),
    ),
    "--arch": ({"A1": 0, "A2": 0}, (*WORDS, "A3", "a1", "VGG16")),  # of images of 28 x 28
    "--width": ({"1": 0}, (*NO_NUMBERS, *BELOW_0, *OVER, "0", "0.5", "4.1")),
    "--method": (dict.fromkeys(config.METHODS, 0), (*WORDS, "adam")),
    "--loss": ({"cross-entropy": 0, "mse": 0}, WORDS),
    "--train-faults": (
        {"nodes:0": 0, "nodes:1": 0, "weights:1": 0, "weights:1e-300": 0, "nodes:1:1": 0, "nodes:0.2:0.3": 0},
        (*WORDS, "nodes", "nodes:", ":1", "nodes:1.0001", "nodes:-0.1", "nodes:nan", "nodes:1:0.5", "nodes:0:0:0",
         "filters:0.5"),
    ),
    "--activation": ({"classifier": 0, "extractor": 0, "none": 0}, (*WORDS[:3], "relu")),
    "--weights": ({"plain": 0, "tanh": 0, "arctan": 0, "softsign": 0}, (*WORDS, "sigmoid")),
    "--fault-steps": ({"together": 0, "in-turn": 0}, WORDS),
    "--clean-steps": ({"0": 0, "1": 0}, (*NO_NUMBERS, *BELOW_0, *OVER, "1.001")),
    "--games": ({"both": 0, "reconstruction": 0, "adversary": 0}, WORDS),
    "--preset": ({"quick": 0, "lesson": 0, "paper": 0}, WORDS),
    "--epochs-games": ({"0": 0, "1": 0}, (*NO_WHOLE, *BELOW_0)),
    "--epochs-finetune": ({"0": 0, "1": 0}, (*NO_WHOLE, *BELOW_0)),
    "--batch-size": ({"1": 0, "40": 0, "39": 0}, (*NO_WHOLE, *BELOW_0, "0", "41", "1" * 30)),
    "--k": ({"1": 0, "3": 0}, (*NO_WHOLE, *BELOW_0, "0")),
    "--lr-reconstruct": ({"0": 0, "1e-300": 0, "1e38": 3, "1.7e308": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--lr-discriminate": ({"0": 0, "1e-300": 0, "1e38": 3, "1.7e308": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--lr-confuse": ({"0": 0, "1e-300": 0, "1e38": 3, "1.7e308": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--lr-finetune": ({"0": 0, "1e-300": 0, "1e38": 3, "1.7e308": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--lr": ({"0": 0, "1e38": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--lambda-lasso": ({"0": 0, "1e-300": 0, "1.7e308": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--lambda-tikhonov": ({"0": 0, "1e-300": 0, "1.7e308": 3}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--dropout": ({"0": 0, "0.99": 0}, (*NO_NUMBERS, *BELOW_0, *OVER, "1", "0.991")),
    "--dropout-pixels": ({"0": 0, "0.99": 0}, (*NO_NUMBERS, *BELOW_0, *OVER, "1", "0.991")),
    "--dropconnect": ({"0": 0, "0.99": 0}, (*NO_NUMBERS, *BELOW_0, *OVER, "1", "0.991")),
    "--memory": ({"int8": 0, "q2.5": 0}, (*WORDS, "float32")),
    "--bit-errors": ({"0": 0, "1e-300": 0, "0.05": 0}, (*NO_NUMBERS, *BELOW_0, *OVER, "0.051")),
    "--clip-weights": ({"0": 0, "1e-300": 0, "1e30": 0}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--patterns": ({"1": 0, "2": 0}, (*NO_WHOLE, *BELOW_0, "0")),
    "--evaluate": ({"test": 0, "validation": 0}, (*WORDS, "train")),
    "--seed": ({"0": 0, "1" * 40: 0}, (*NO_WHOLE, *BELOW_0)),
    "--fault-seed": ({"0": 0, "1" * 40: 0}, (*NO_WHOLE, *BELOW_0)),
    "--backend": ({"numpy": 0, "auto": 0}, (*WORDS, "cuda", "cupy")),
    "--threads": ({"0": 0, "1": 0, "1024": 0}, (*NO_WHOLE, *BELOW_0, "1025", "1" * 30)),
    "--data-dir": ({"": 0, ".": 0}, ("absent", "tiny.npz")),
    "--out": ({"mine": 0, "a/b/c": 0, "ä ö": 0, "": 0}, ("tiny.npz", "tiny.npz/x", "thesis", "a" * 300)),
    "--save-every": ({"0": 0, "1e300": 0}, (*NO_NUMBERS, *BELOW_0, *OVER)),
    "--resume": ({"mine": 0, "a/b/c": 0}, ("tiny.npz", "tiny.npz/x", "thesis", "a" * 300, "")),
}
NEEDS = {  # what makes an option matter
    **{
        option: ["--method", "aftt"]
        for option in ("--games", "--preset", "--epochs-games", "--k", "--lr-reconstruct", "--lr-discriminate",
                       "--lr-confuse", "--seed", "--save-every", "--resume")
    },
    "--lambda-lasso": ["--method", "lasso"],
    "--lambda-tikhonov": ["--method", "tikhonov"],
    "--dropout": ["--method", "dropout"],
    "--dropconnect": ["--method", "dropconnect"],
    "--memory": ["--method", "randbet"],
    "--bit-errors": ["--method", "randbet"],
    "--fault-steps": ["--train-faults", "nodes:0.5", "--train-faults", "weights:0.5"],
    "--clean-steps": ["--train-faults", "nodes:0.5"],
    "--lr-finetune": ["--loss", "mse"],
    "--lr": ["--loss", "mse"],
    "--threads": ["--epochs-games", "0", "--epochs-finetune", "0"],  # 1024 of them are slow
}
SMALL = ["--method", "none", "--epochs-games", "1", "--epochs-finetune", "2", "--batch-size", "20", "--patterns", "1",
         "--threads", "1"]  # without games: a third of the time
BENCH = {
    "--backend": (*WORDS, "auto"),
    "--against": (*WORDS, "jax"),
    "--only": WORDS,
    "--threads": (*NO_WHOLE, *BELOW_0, "0", "1025"),
    "--json": ("thesis.txt/x.json", "thesis", "a" * 300),
}


@pytest.fixture
def here(tmp_path, monkeypatch, without_figures):
    """An empty working folder with a small data set and somebody's thesis."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 10
    np.savez(tmp_path / "tiny.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.txt").write_text("precious")
    (tmp_path / "thesis.txt").write_text("precious")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AFTT_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "cupy", None)
    without_figures(monkeypatch)
    monkeypatch.setattr(campaign, "run", lambda *args: iter(()))  # what faults do to accuracy is not asked here
    monkeypatch.setattr(os, "fsync", lambda file: None)  # nor what a power cut leaves
    return tmp_path


def assert_one_sentence(capsys, option, value):
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1, f"{option} {value!r}: {said}"
    return said


@pytest.mark.parametrize(("option", "value"), [(option, value) for option in TRAIN for value in TRAIN[option][0]])
def test_a_value_within_the_bounds_is_taken(here, capsys, option, value):
    code = exit_code_of(train.train, ["--data", "tiny.npz", *SMALL, *NEEDS.get(option, ()), option, value])
    wanted = TRAIN[option][0][value]
    assert code == wanted, capsys.readouterr().err
    if wanted == 3:
        said = assert_one_sentence(capsys, option, value)
        assert {"--lr": "--lr-finetune"}.get(option, option) in said, f"what to lower is not said: {said}"


@pytest.mark.parametrize("option", TRAIN)
def test_a_value_past_the_bounds_is_refused_in_one_sentence(here, capsys, option):
    before = sorted(here.rglob("*"))
    for value in TRAIN[option][1]:
        code = exit_code_of(train.train, ["--data", "tiny.npz", *SMALL, option, value])
        assert code in (2, 4, 5), f"{option} {value!r} gave {code}"
        said = assert_one_sentence(capsys, option, value)
        assert len(said) < 700, f"{option}: {said}"
        assert sorted(here.rglob("*")) == before, f"{option} {value!r} left something behind"


def test_a_value_past_the_bounds_of_the_benchmark(here, capsys, monkeypatch):
    monkeypatch.setattr(bench, "all_work", lambda *args: pytest.fail("it began to measure"))
    for option, values in BENCH.items():
        for value in values:
            assert exit_code_of(bench.bench, [option, value]) in (2, 4, 5), f"{option} {value!r}"
            assert_one_sentence(capsys, option, value)


def test_no_option_is_left_out():
    parser = config.parser_for("prog", "text")
    known = {name for action in parser._actions for name in action.option_strings}
    assert known == TRAIN.keys() | {"-h", "--help", "--list-presets"}


def test_no_option_of_the_benchmark_is_left_out(monkeypatch):
    seen = []
    monkeypatch.setattr(config.Parser, "parse_args", lambda self, argv: seen.append(self))
    bench.parse([])
    shown = [action for action in seen[0]._actions if action.help != argparse.SUPPRESS]
    known = {name for action in shown for name in action.option_strings}
    assert known == BENCH.keys() | {"-h", "--help", "--levers", "--quick"}


SCRIPT_MISTAKES = [  # script, arguments, exit code
    ("make_fashion_mini", ["--nonsense"], 2),
    ("make_fashion_mini", ["--out"], 2),
    ("make_fashion_mini", ["--data-dir", "thesis", "--out", "thesis"], 4),
    ("fetch_fashion_mnist", ["--nonsense"], 2),
    ("fetch_cifar10", ["more"], 2),
    ("convert_cifar10_jpeg", [], 2),
    ("convert_cifar10_jpeg", ["absent.npz", "absent.npz"], 4),
    ("convert_cifar10_jpeg", ["thesis", "nul\u2603.npz"], 4),
    ("convert_cifar10_jpeg", ["tiny.npz", "tiny.npz", "--out", "thesis.txt"], 4),
]


@pytest.mark.parametrize(("script", "argv", "code"), SCRIPT_MISTAKES)
def test_the_data_scripts_refuse_what_they_cannot_do(here, script, argv, code):
    before = sorted(here.rglob("*"))
    done = subprocess.run([sys.executable, SCRIPTS / f"{script}.py", *argv], capture_output=True, text=True)
    assert done.returncode == code and "Traceback" not in done.stderr, done.stderr
    assert sum(line.startswith(("error:", f"{script}.py: error:")) for line in done.stderr.splitlines()) == 1
    assert sorted(here.rglob("*")) == before


def test_every_data_script_is_tried():
    assert {script for script, *_ in SCRIPT_MISTAKES} == {path.stem for path in SCRIPTS.glob("*.py")}
