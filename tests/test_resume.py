"""Runs that are stopped and go on: the same bytes as runs that were not, whenever and however they were stopped."""

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from aftt_np import campaign, checkpoint, train
from aftt_np.errors import CheckpointError, DataError, UsageError, exit_code_of

OPTIONS = ("--epochs-games", "3", "--epochs-finetune", "3", "--batch-size", "16", "--patterns", "3", "--threads", "1",
           "--backend", "numpy")  # fmt: skip
VARIANTS = {
    "A1": ("--train-faults", "nodes:0.5", "--k", "2"),
    "A2 on two threads": ("--arch", "A2", "--threads", "2", "--train-faults", "weights:0.3"),
    "dropout, no games": ("--method", "dropout", "--train-faults", "nodes:0.5"),
    "lasso, squared error": ("--method", "lasso", "--loss", "mse"),
    "no epochs at all": ("--epochs-games", "0", "--epochs-finetune", "0"),
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder with two data sets of 72 + 20 images: the last 8 of an epoch are left out."""
    for name, seed in (("tiny.npz", 0), ("other.npz", 1)):
        rng = np.random.default_rng(seed)
        x, y = rng.integers(0, 256, (92, 28, 28), np.uint8), np.arange(92) % 10
        np.savez(tmp_path / name, x_train=x[:72], y_train=y[:72], x_test=x[72:], y_test=y[72:])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_pictures(monkeypatch, without_figures):
    """Most of the time of so short a run."""
    without_figures(monkeypatch)


@pytest.fixture
def ctrl_c():
    """Ctrl-C as in a terminal, also where these tests run behind one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(*argv):
    train.train(["--data", "tiny.npz", *OPTIONS, *argv])


def content(folder: Path) -> dict:
    """Everything in a run's folder; of the summary all but the time it took, and no name of the folder."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    found.pop(checkpoint.LOCK, None)  # on Windows it goes when it is given back
    if "summary.json" in found:
        found["summary.json"] = {k: v for k, v in json.loads(found["summary.json"]).items() if k != "seconds"}
    found["config.json"] = {k: v for k, v in json.loads(found["config.json"]).items() if k != "save_every"}
    return found


def assert_same(folder: Path, reference: dict):
    found = content(folder)
    assert sorted(found) == sorted(reference)
    for name, expected in reference.items():
        assert found[name] == expected, f"{name} of the run that was stopped differs"


class Stopped(BaseException):
    """Nearly kill -9: only `whole_file` sees it, and removes its draft."""


@pytest.mark.parametrize(
    "variant", [pytest.param(v, marks=() if v in ("A1", "no epochs at all") else pytest.mark.slow) for v in VARIANTS]
)
def test_stopped_before_any_step_and_any_file_it_goes_on_to_the_same_bytes(here, no_pictures, monkeypatch, variant):
    """Stopped at the n-th step or written file, for many n; every step is followed by a checkpoint."""
    options = VARIANTS[variant]
    run("--out", "whole", *options)
    reference = content(here / "whole")
    countdown = [0]

    def counted(function):
        def call(*args, **more):
            countdown[0] -= 1
            if countdown[0] == 0:
                raise Stopped
            return function(*args, **more)

        return call

    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    monkeypatch.setattr(os, "replace", counted(os.replace))
    monkeypatch.setattr(train, "finetune", counted(train.finetune))
    monkeypatch.setattr(train.games, "play", counted(train.games.play))
    rng = random.Random(variant)
    for save_every, stops in (("0", 8), ("1000", 4)):
        folder = f"stopped-{save_every}"
        for _ in range(stops):
            countdown[0] = rng.randint(1, 40)
            with suppress(Stopped):
                run("--resume", folder, "--save-every", save_every, *options)
        countdown[0] = 0
        run("--resume", folder, "--save-every", "30", *options)
        assert_same(here / folder, reference)


def test_steps_and_rows_behind_the_checkpoint_are_not_made_again(here, no_pictures, monkeypatch):
    steps, rows = [], []
    tune, campaign_run = train.finetune, campaign.run
    monkeypatch.setattr(train, "finetune", lambda *args: steps.append(args[8].name) or tune(*args))

    def spy(*args):
        for row in campaign_run(*args):
            rows.append(row)
            if len(rows) == 45:
                raise Stopped
            yield row

    monkeypatch.setattr(campaign, "run", spy)
    with pytest.raises(Stopped):
        run("--out", "mine", "--method", "none")
    run("--resume", "mine")
    assert len(steps) == len(set(steps)) == 12
    # 3 patterns of 10 rates of weights, one of 11 of nodes, and 4 rows of the one that was under way
    assert len(rows) - len(set(rows)) == 45 - 3 * 10 - 11 == 4, "a pattern that was done is looked at again"


def test_ctrl_c_lets_the_step_end_saves_and_says_how_to_go_on(here, no_pictures, ctrl_c, monkeypatch, capsys):
    run("--out", "whole")
    reference = content(here / "whole")
    for stop_at in (2, 4, 7):  # in an epoch, at its end, in the next one
        folder, seen = f"c{stop_at}", []
        with monkeypatch.context() as patch:
            play = train.games.play

            def pressed(*args, play=play, seen=seen, stop_at=stop_at):
                seen.append(0)
                if len(seen) == stop_at:
                    signal.raise_signal(signal.SIGINT)
                return play(*args)

            patch.setattr(train.games, "play", pressed)
            assert exit_code_of(run, "--out", folder) == 130
        assert capsys.readouterr().err == f"interrupted; to go on: python -m aftt_np.train --resume {folder}\n"
        assert checkpoint.load(here / folder / "checkpoint.npz").progress["step"] == stop_at
        assert len(seen) == stop_at, "steps were taken after Ctrl-C"
        run("--resume", folder)
        assert_same(here / folder, reference)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_stops_at_once(here, no_pictures, ctrl_c, monkeypatch):
    def pressed_twice(*args):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the step went on")

    monkeypatch.setattr(train.games, "play", pressed_twice)
    with pytest.raises(KeyboardInterrupt):
        run("--out", "mine")
    assert checkpoint.load(here / "mine" / "checkpoint.npz").progress["step"] == 0


def test_ctrl_c_that_is_ignored_stays_so(here, no_pictures, ctrl_c, monkeypatch):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    play = train.games.play
    monkeypatch.setattr(train.games, "play", lambda *args: signal.raise_signal(signal.SIGINT) or play(*args))
    assert exit_code_of(run, "--out", "mine") == 0, "a signal that was to be ignored stopped the run"
    assert (here / "mine" / "summary.json").exists()


def test_a_run_may_be_in_another_thread_than_the_main_one(here, no_pictures):
    failed = []
    thread = threading.Thread(target=lambda: failed.append(exit_code_of(run, "--out", "mine", "--method", "none")))
    thread.start()
    thread.join()
    assert failed == [0]


def test_other_settings_are_refused_by_name(here, no_pictures):
    run("--out", "mine", "--train-faults", "nodes:0.4", "--train-faults", "weights:0.1")
    before = content(here / "mine")
    for argv, said in (
        (("--seed", "4"), "--seed 4: the run in mine has 0; "),
        (("--lr", "0.5"), "--lr-finetune 0.5: the run in mine has 0.001; "),
        (("--method", "none"), "--method none: the run in mine has aftt; "),
        (("--preset", "lesson"), "--preset lesson: the run in mine has quick; "),
        (("--threads", "3"), "--threads 3: the run in mine has 1; "),
        (("--backend", "cupy"), "--backend cupy: the run in mine has numpy; "),
        (("--train-faults", "nodes:0.5"), "--train-faults nodes:0.5: the run in mine has nodes:0.4 and weights:0.1; "),
        (("--fault-seed", "0"), "--fault-seed 0: the run in mine has 1907; "),
    ):
        print(*argv)  # shown where it fails
        with pytest.raises(UsageError) as caught:
            train.train(["--resume", "mine", *argv])
        assert str(caught.value).startswith(said) and "leave the option out" in str(caught.value)
        assert content(here / "mine") == before, said


def test_settings_need_not_be_given_again_and_free_ones_may_change(here, no_pictures, capsys):
    run("--out", "mine", "--seed", "3")
    (here / "mine" / "summary.json").unlink()  # as if it had been stopped at the very end
    train.train(["--resume", "mine", "--seed", "3", "--backend", "auto", "--data-dir", ".", "--save-every", "7"])
    assert json.loads((here / "mine" / "summary.json").read_text())["seed"] == 3
    capsys.readouterr()
    train.train(["--resume", "mine"])
    said = "the run in mine is complete\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("lost", ["metrics.csv", "config.json", "faults.csv", "faults.csv.seal", "summary.json"])
@pytest.mark.parametrize("how", ["gone", "cut"])
def test_what_is_lost_of_a_complete_run_is_made_again_or_named(here, no_pictures, capsys, lost, how):
    run("--out", "mine", "--method", "none")
    before, path = content(here / "mine"), here / "mine" / lost
    path.unlink() if how == "gone" else path.write_bytes(path.read_bytes()[:20])
    cut_rows = how == "cut" and lost.startswith("faults")
    capsys.readouterr()
    if cut_rows:
        with pytest.raises(CheckpointError, match=r"faults\.csv is not what its seal says"):
            train.train(["--resume", "mine"])
    elif how == "gone" or lost.endswith("json"):
        train.train(["--resume", "mine"])
        assert "is complete" not in capsys.readouterr().out
        assert content(here / "mine") | {"summary.json": None} == before | {"summary.json": None}


def test_other_images_under_the_same_name_are_refused(here, no_pictures):
    run("--out", "mine", "--method", "none")
    (here / "mine" / "summary.json").unlink()
    os.replace(here / "tiny.npz", here / "moved.npz")
    os.replace(here / "other.npz", here / "tiny.npz")
    with pytest.raises(DataError, match=r"images in tiny\.npz are not those .* name those with --data"):
        train.train(["--resume", "mine"])
    reference = content(here / "mine") | {"summary.json": None}
    train.train(["--resume", "mine", "--data", "moved.npz"])
    assert content(here / "mine") | {"summary.json": None} == reference


def test_resume_begins_a_run_where_there_is_none_yet(here, no_pictures):
    run("--out", "whole", "--method", "none")
    (here / "mine").mkdir()
    (here / "mine" / "checkpoint.npz.aftt-123.part").write_bytes(b"half")
    run("--resume", "mine", "--method", "none")
    run("--resume", "not/yet/there", "--method", "none")
    assert_same(here / "mine", content(here / "whole"))
    assert_same(here / "not" / "yet" / "there", content(here / "whole"))


def test_a_mistyped_folder_is_no_new_run(here, capsys):
    assert exit_code_of(train.train, ["--resume", "typo"]) == 4
    said = "error: there is no run in typo to go on with; check the path, or put the options of the run behind it"
    assert capsys.readouterr().err.startswith(said) and not (here / "typo").exists()


def test_what_is_no_run_is_not_taken_for_one(here, no_pictures):
    (here / "thesis").mkdir()
    (here / "thesis" / "thesis.txt").write_text("precious")
    with pytest.raises(UsageError, match="thesis is not empty"):
        run("--resume", "thesis")
    with pytest.raises(UsageError, match="--resume names the folder of the run; leave --out out"):
        run("--resume", "a", "--out", "b")
    with pytest.raises(UsageError, match=r"--resume expects the folder of a run, got tiny\.npz"):
        run("--resume", "tiny.npz")
    assert (here / "thesis" / "thesis.txt").read_text() == "precious" and len(os.listdir(here / "thesis")) == 1


def test_a_checkpoint_of_other_networks_or_another_version_is_refused(here, no_pictures):
    run("--out", "mine", "--method", "none")
    (here / "mine" / "summary.json").unlink()
    path = here / "mine" / "checkpoint.npz"
    params, settings, progress, moments, _ = checkpoint.load(path)
    checkpoint.save(path, {name: p for name, p in params.items() if "decoder" not in name}, settings, progress, moments)
    with pytest.raises(CheckpointError, match="holds the parameters of other networks"):
        train.train(["--resume", "mine"])
    more = settings["settings"] | {"j": 1}
    checkpoint.save(path, params, settings | {"settings": more}, progress, moments)
    with pytest.raises(CheckpointError, match="begun by another version; it differs in j"):
        train.train(["--resume", "mine"])


def test_a_run_of_an_earlier_version_goes_on_with_the_default_of_what_is_new(here, no_pictures):
    run("--out", "mine", "--method", "none")
    whole = content(here / "mine")["summary.json"]
    for name in ("summary.json", "faults.csv", "faults.csv.seal"):
        (here / "mine" / name).unlink()
    path = here / "mine" / "checkpoint.npz"
    params, settings, progress, moments, _ = checkpoint.load(path)
    fewer = {name: value for name, value in settings["settings"].items() if name != "dropout_pixels"}
    checkpoint.save(path, params, settings | {"settings": fewer}, progress, moments)
    train.train(["--resume", "mine"])
    assert content(here / "mine")["summary.json"] == whole
    (here / "mine" / "summary.json").unlink()
    with pytest.raises(UsageError, match=r"--dropout-pixels 0.5: the run in mine has 0.0"):
        train.train(["--resume", "mine", "--dropout-pixels", "0.5"])


def test_free_settings_are_kept_and_the_line_that_ctrl_c_prints_works(here, no_pictures, ctrl_c, monkeypatch, capsys):
    """A folder with a space in its name, and a set that only --data-dir finds."""
    (here / "sets").mkdir()
    os.replace(here / "tiny.npz", here / "sets" / "cifar10-jpeg.npz")
    monkeypatch.delenv("AFTT_DATA", raising=False)
    argv = [*OPTIONS, "--data", "cifar10-jpeg", "--data-dir", "sets", "--save-every", "7", "--method", "none"]
    train.train([*argv, "--out", "a b"])
    whole = (here / "a b" / "config.json").read_bytes()
    for path in (here / "a b").glob("*"):
        path.unlink() if path.is_file() else None
    tune = train.finetune
    monkeypatch.setattr(train, "finetune", lambda *args: signal.raise_signal(signal.SIGINT) or tune(*args))
    assert exit_code_of(train.train, [*argv, "--out", "a b"]) == 130
    monkeypatch.setattr(train, "finetune", tune)
    command = capsys.readouterr().err.strip().removeprefix("interrupted; to go on: ")
    assert shlex.split(command) == ["python", "-m", "aftt_np.train", "--resume", "a b"]
    train.train(shlex.split(command)[3:])
    assert (here / "a b" / "config.json").read_bytes() == whole
    assert (here / "a b" / "summary.json").exists()


def test_a_damaged_config_costs_its_free_settings_only(here, no_pictures):
    run("--out", "mine", "--method", "none")
    reference = content(here / "mine")
    for damage in (b"", b"{", b"[1]", b'{"save_every": "x", "data_dir": 3}', b"\xff", b"[" * 10**5):
        print(damage[:40])  # shown where it fails
        (here / "mine" / "summary.json").write_bytes(damage)  # a run whose summary cannot be read is not complete
        (here / "mine" / "config.json").write_bytes(damage)
        train.train(["--resume", "mine"])
        assert_same(here / "mine", reference)


def test_rows_of_another_run_are_refused(here, no_pictures):
    for seed in ("0", "1"):
        run("--out", f"seed{seed}", "--method", "none", "--seed", seed)
    (here / "seed0" / "summary.json").unlink()
    for name in ("faults.csv", "faults.csv.seal"):
        os.replace(here / "seed1" / name, here / "seed0" / name)
    with pytest.raises(CheckpointError, match="holds rows of something else"):
        train.train(["--resume", "seed0"])


def test_a_run_that_goes_on_with_another_build_says_so(here, no_pictures, monkeypatch, capsys):
    run("--out", "mine", "--method", "none")
    (here / "mine" / "summary.json").unlink()
    monkeypatch.setattr(train, "made_with", lambda xp: "numpy 9.9, CPU, mkl 1")
    train.train(["--resume", "mine"])
    said = capsys.readouterr().err
    assert said.startswith("warning: this run was made with numpy ") and said.count("\n") == 1
    config = json.loads((here / "mine" / "config.json").read_text())
    assert config["made_with"].startswith("numpy ") and config["made_with"].endswith("; then numpy 9.9, CPU, mkl 1")


def test_other_builds_are_not_forgotten_by_the_next(here, no_pictures, monkeypatch):
    run("--out", "mine", "--method", "none")
    (here / "mine" / "summary.json").unlink()
    saved = checkpoint.load(here / "mine" / "checkpoint.npz")
    progress = saved.progress | {"phase": "finetune", "step": 0, "metrics": [], "adam_steps": {}}
    for name in ("faults.csv", "faults.csv.seal"):
        (here / "mine" / name).unlink()
    settings = saved.settings | {"made_with": "a; then b"}
    checkpoint.save(here / "mine" / "checkpoint.npz", saved.params, settings, progress)
    monkeypatch.setattr(train, "made_with", lambda xp: "b")
    train.train(["--resume", "mine"])
    assert checkpoint.load(here / "mine" / "checkpoint.npz").settings["made_with"] == "a; then b"
    assert json.loads((here / "mine" / "config.json").read_text())["made_with"] == "a; then b"


def test_ctrl_c_before_anything_is_saved_does_not_promise_to_go_on(here, monkeypatch, capsys):
    def pressed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "build", pressed)
    with monkeypatch.context() as patch:
        patch.setattr(train, "check_fit", lambda *args: None)
        assert exit_code_of(run, "--out", "mine", "--seed", "5") == 130
    assert capsys.readouterr().err == "interrupted before anything was saved; give the same command again\n"


def test_a_run_without_its_checkpoint_is_neither_begun_anew_nor_resumed(here, no_pictures):
    run("--out", "mine", "--method", "none")
    (here / "mine" / "checkpoint.npz").unlink()
    for option in ("--resume", "--out"):
        with pytest.raises(CheckpointError, match=r"mine holds a run without its checkpoint\.npz"):
            run(option, "mine")


def test_ctrl_c_after_the_last_step_is_not_lost(here, no_pictures, ctrl_c, monkeypatch):
    """It comes when the last epoch of the games is on record already."""
    warnings, seen = train.games.warnings, []

    def late(*args):
        seen.append(0)
        if len(seen) == 3:
            signal.raise_signal(signal.SIGINT)
        return warnings(*args)

    monkeypatch.setattr(train.games, "warnings", late)
    with pytest.raises(KeyboardInterrupt):
        run("--out", "mine")
    progress = checkpoint.load(here / "mine" / "checkpoint.npz").progress
    assert (progress["phase"], progress["step"], len(progress["metrics"])) == ("games", 12, 3)


def test_two_processes_do_not_work_on_one_run(here, no_pictures):
    run("--out", "mine", "--method", "none")
    with checkpoint.held(here / "mine"), pytest.raises(UsageError, match="another process works in mine"):
        train.train(["--resume", "mine"])


# ---- kill -9

KILL = """
import os, random, signal, sys, threading, time
from aftt_np import train
from aftt_np.errors import exit_code_of
after, acts, name, *argv = sys.argv[1:]
def kill(): os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
if float(after) >= 0:
    timer = threading.Timer(float(after), kill)
    timer.daemon = True
    timer.start()
left = [int(acts)]
def watched(event, args):
    if event in ("open", "os.rename", "os.truncate", "os.remove") and name in str(args[0]):
        left[0] -= 1
        if left[0] == 0: kill()
sys.addaudithook(watched)
started = time.perf_counter()
code = exit_code_of(train.train, argv)
print("seconds", time.perf_counter() - started)
sys.exit(code)
"""


def in_process(folder: Path, after: float, acts: int, name: str, *argv):
    """The command in `folder`; its exit code and what it said.

    Killed after so many seconds, or so many acts on files with `name` in their path (-1: not).
    """
    command = [sys.executable, "-c", KILL, str(after), str(acts), name, *argv]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("variant", list(VARIANTS)[:4])
def test_killed_at_random_moments_it_ends_with_the_same_bytes(here, variant):
    """Ten kills each: six by the clock, four in the middle of what is done to files, two of these in the campaign."""
    argv = ["--data", str(here / "tiny.npz"), *OPTIONS, *VARIANTS[variant]]
    (here / "whole").mkdir()
    code, said, error = in_process(here / "whole", -1, -1, "", "--out", "mine", *argv)
    assert code == 0, error
    reference, seconds = content(here / "whole" / "mine"), float(said.split()[-1])
    rng, kills, round_, finished, phases = random.Random(variant), 0, 0, False, set()
    while kills < 10 or not finished:
        folder = here / f"killed-{round_}"
        folder.mkdir(exist_ok=True)
        by_clock = kills % 5 < 3
        after = rng.uniform(0, 0.7 * seconds) if by_clock and kills < 10 else -1
        name, most = ("mine", 60) if kills % 5 == 3 else ("faults.csv", 12)
        acts = -1 if by_clock or kills >= 10 else rng.randint(1, most)
        save_every = rng.choice(["0", "0.1", "30"])
        code, said, error = in_process(folder, after, acts, name, "--resume", "mine", "--save-every", save_every, *argv)
        finished = code == 0
        if finished:
            assert_same(folder / "mine", reference)
            round_ += 1
        else:
            assert code in (-signal.SIGKILL, 1 if sys.platform == "win32" else -9), error
            kills += 1
            if (folder / "mine" / "checkpoint.npz").exists():
                phases.add(checkpoint.load(folder / "mine" / "checkpoint.npz").progress["phase"])
    assert round_ >= 1
    print(f"{variant}: killed in {', '.join(sorted(phases))}")
    assert "faults" in phases, "it was never killed in the campaign"
