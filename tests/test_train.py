"""The command, end to end on a few images: what it writes, that it repeats itself, and what bad input gets."""

import csv
import json
import shlex
import subprocess
import sys

import numpy as np
import pytest

from aftt_np import checkpoint, data, games, layers, train
from aftt_np.errors import AfttError, DivergedError, UsageError, exit_code_of

FAST = ("--epochs-games", "2", "--epochs-finetune", "2", "--batch-size", "16", "--patterns", "2", "--threads", "1",
        "--backend", "numpy")  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch, request, without_figures):
    """An empty working folder with a data set of 64 + 20 images: class k is bright in row k."""
    rng = np.random.default_rng(0)

    def some(N):
        labels = np.arange(N) % 10
        x = rng.integers(0, 60, (N, 28, 28), np.uint8)
        x[np.arange(N), 2 * labels] = 250
        return x, labels

    (x_train, y_train), (x_test, y_test) = some(64), some(20)
    np.savez(tmp_path / "tiny.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    rng_32 = rng.integers(0, 256, (20, 32, 32, 3), np.uint8)
    labels = np.arange(20) % 10
    np.savez(tmp_path / "colour.npz", x_train=rng_32, y_train=labels, x_test=rng_32, y_test=labels)
    np.savez(tmp_path / "odd.npz", x_train=rng_32[:, :20], y_train=labels, x_test=rng_32[:, :20], y_test=labels)
    (tmp_path / "broken.npz").write_bytes((tmp_path / "tiny.npz").read_bytes()[:3000])
    monkeypatch.chdir(tmp_path)
    if "pictures" not in request.keywords:
        without_figures(monkeypatch)  # most of the time of so short a run
    return tmp_path


def run(*argv):
    train.train(["--data", "tiny.npz", *FAST, *argv])


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.pictures
@pytest.mark.parametrize("arch", ["A1", "A2"])
def test_what_a_run_writes_and_says(here, capsys, monkeypatch, arch):
    heads = []
    monkeypatch.setattr(train.plots, "headed", lambda figure, whose: heads.append(whose) or figure)
    run("--arch", arch, "--out", "mine", "--train-faults", "nodes:0.5", "--train-faults", "weights:0.1")
    folder = here / "mine"
    of_figures = 10, 20, 20, 64  # images of reconstructions, features, curves and losses
    assert heads == [f"aftt (quick, faults in training), {arch}, seed 0; tiny, {N} images" for N in of_figures]
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "metrics.csv", "checkpoint.npz", "summary.json", "faults.csv", "faults.csv.seal", "figures",
        ".lock",
    }  # fmt: skip
    pictures = {path.name for path in (folder / "figures").iterdir()}
    assert pictures == {"losses.png", "reconstructions.png", "features.png", "faults.png"}

    summary = json.loads((folder / "summary.json").read_text())
    assert summary["method"] == "aftt" and summary["data"] == "tiny" and summary["arch"] == arch
    assert summary["backend"] == "numpy" and summary["seed"] == 0
    assert summary["train_faults"] == ["nodes:0.5", "weights:0.1"]
    assert summary["generalisation_error"] == summary["train_accuracy"] - summary["test_accuracy"]
    kinds = ["nodes", "weights"] if arch == "A1" else ["filters", "nodes", "weights"]
    assert sorted(summary["faults"]) == kinds
    if arch == "A1":
        assert summary["parameters"] == 1_719_818
    for kind in kinds:
        points = {point["rate"]: point for point in summary["faults"][kind]}
        assert {0.0, 0.2, 0.4} <= points.keys() and all(p["patterns"] == 2 for p in points.values())
        assert points[0.0]["mean"] == summary["test_accuracy"] and points[0.0]["std"] == 0

    metrics = rows_of(folder / "metrics.csv")
    assert [(row["phase"], row["epoch"]) for row in metrics] == [
        ("games", "1"), ("games", "2"), ("finetune", "1"), ("finetune", "2"),
    ]  # fmt: skip
    assert float(metrics[0]["loss_reconstruct"]) > float(metrics[1]["loss_reconstruct"])
    faults = rows_of(folder / "faults.csv")
    columns = ["fault", "layers", "rate", "pattern", "accuracy", "hit", "population", "non_finite"]
    assert list(faults[0]) == [*columns, "largest_deviation", "mean_deviation"]
    with np.load(folder / "checkpoint.npz", allow_pickle=False) as file:
        assert {"extractor/conv1.w" if arch == "A2" else "extractor/dense1.w", "classifier/dense2.b"} <= set(file.files)

    said = capsys.readouterr().out
    for words in ("numpy", "threads", "test accuracy", "generalisation error", "68%: ", "stuck on average", "mine"):
        assert words in said
    assert max(map(len, said.splitlines())) <= 80, max(said.splitlines(), key=len)


def test_the_summary_is_what_the_checkpoint_does(here):
    run("--out", "mine")
    params, settings, *_ = checkpoint.load(here / "mine" / "checkpoint.npz")
    players = train.models.build(settings["settings"]["arch"], (28, 28, 1), 10, seed=99)
    model = players.extractor + players.classifier
    model = model.with_params({name: p for name, p in params.items() if name in model.params})
    tiny = data.load("tiny.npz")
    summary = json.loads((here / "mine" / "summary.json").read_text())
    assert train.campaign.score(model, tiny.x_test, tiny.y_test).accuracy == summary["test_accuracy"]


def test_classes_without_images_are_spoken_of(here, capsys):
    run("--method", "none", "--out", "whole")
    assert "note: labels" not in capsys.readouterr().err
    with np.load("tiny.npz") as images:
        np.savez("wide.npz", **dict(images) | {"y_test": np.where(np.arange(20) == 5, 77, np.arange(20) % 10)})
    train.train(["--data", "wide.npz", *FAST, "--method", "none", "--out", "wide"])
    said = capsys.readouterr().err.splitlines()
    assert "note: labels are from 0 to 77, and 68 of these classes have no image to train on" in said


@pytest.mark.pictures
@pytest.mark.parametrize("method", ["aftt", "dropout"])
def test_same_seed_same_bytes_other_seed_other_weights(here, method):
    for out, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        run("--method", method, "--seed", seed, "--out", out, "--train-faults", "nodes:0.5")
    for name in ("metrics.csv", "faults.csv", "figures/faults.png"):
        assert (here / "a" / name).read_bytes() == (here / "b" / name).read_bytes(), f"{name} differs"
    a, b, c = (checkpoint.load(here / out / "checkpoint.npz")[0] for out in "abc")
    assert all((a[name] == b[name]).all() for name in a)
    assert (a["extractor/dense1.w"] != c["extractor/dense1.w"]).any()


def test_all_methods_see_the_same_batches_and_take_the_same_supervised_steps(here, monkeypatch):
    batches = {}
    original = train.finetune

    def spy(extractor, classifier, x, labels, *rest):
        batches[method].append(x.tobytes())
        return original(extractor, classifier, x, labels, *rest)

    monkeypatch.setattr(train, "finetune", spy)
    for method in ("none", "lasso", "tikhonov", "dropout", "aftt"):
        batches[method] = []
        run("--method", method, "--loss", "mse")
    assert len(batches["none"]) == len(set(batches["none"])) == 2 * (64 // 16), "an epoch repeats another's batches"
    assert all(seen == batches["none"] for seen in batches.values())


@pytest.mark.parametrize(("method", "penalty"), [("lasso", "lambda-lasso"), ("tikhonov", "lambda-tikhonov")])
def test_a_penalty_makes_weights_smaller(here, method, penalty):
    run("--method", "none", "--out", "none")
    run("--method", method, f"--{penalty}", "0.01", "--out", method)
    none, penalised = (checkpoint.load(here / out / "checkpoint.npz")[0] for out in ("none", method))
    for name in ("extractor/dense1.w", "classifier/dense2.w"):
        assert abs(penalised[name]).sum() < abs(none[name]).sum()


def test_only_aftt_plays_games(here):
    for method in ("none", "dropout"):
        run("--method", method, "--out", method)
        assert {row["phase"] for row in rows_of(here / method / "metrics.csv")} == {"finetune"}
        assert "extractor/dense1.w" in checkpoint.load(here / method / "checkpoint.npz")[0]


def test_validation_leaves_the_test_images_alone(here, monkeypatch):
    run("--evaluate", "validation", "--out", "v")
    summary = json.loads((here / "v" / "summary.json").read_text())
    assert summary["test_accuracy"] is None and summary["validation_accuracy"] is not None
    assert json.loads((here / "v" / "config.json").read_text())["training_images"] == 64 - 10


def test_every_setting_reaches_its_place(here, monkeypatch):
    """Learning rates to their steps, and new faults and noise in every step of both phases."""
    seen = {"games": [], "finetune": []}
    play, tune, drawn = games.play, train.finetune, train.faults.train_faults
    made = []
    monkeypatch.setattr(train.faults, "train_faults", lambda *args: made.append(args[2].name) or drawn(*args))

    def spy_play(players, x, adams, k, rng, hit):
        seen["games"].append(([adam.rate for adam in adams], k, rng.name, made[-1], bool(hit.masks)))
        return play(players, x, adams, k, rng, hit)

    def spy_tune(extractor, classifier, x, labels, loss, adam, penalty, hit, rng):
        seen["finetune"].append((rng.name, made[-1], bool(hit.masks)))
        return tune(extractor, classifier, x, labels, loss, adam, penalty, hit, rng)

    monkeypatch.setattr(games, "play", spy_play)
    monkeypatch.setattr(train, "finetune", spy_tune)
    run("--lr-reconstruct", "1e-4", "--lr-discriminate", "2e-4", "--lr-confuse", "3e-4", "--k", "2", "--seed", "5",
        "--train-faults", "nodes:0.5")  # fmt: skip
    assert len(seen["games"]) == len(seen["finetune"]) == 8
    assert all(rates == [1e-4, 2e-4, 3e-4] and k == 2 for rates, k, *_ in seen["games"])
    for phase, calls in seen.items():
        for step, call in enumerate(calls):
            assert call[-3:] == (("noise", 5, phase, step), ("train", 5, phase, step), True), f"step {step} of {phase}"


def test_a_second_run_gets_a_folder_of_its_own(here, capsys):
    run()
    run()
    assert sorted(path.name for path in (here / "runs").iterdir()) == ["aftt-tiny-A1-seed0", "aftt-tiny-A1-seed0-2"]


def test_the_learning_rate_of_fine_tuning_falls_in_a_line(here, monkeypatch):
    rates = []
    original = train.finetune
    monkeypatch.setattr(train, "finetune", lambda *args: rates.append(args[5].rate) or original(*args))
    run("--method", "none", "--lr", "0.008")
    np.testing.assert_allclose(rates, 0.008 * (1 - np.arange(8) / 8))


def test_a_game_that_goes_wrong_is_said_once(here, monkeypatch, capsys):
    monkeypatch.setattr(games, "health", lambda *args: games.Health(0.5, 1.0, 0.0))
    run("--epochs-games", "5")
    assert capsys.readouterr().err.count("warning: the features have collapsed") == 1


def test_a_diverged_run_ends_with_the_last_good_checkpoint(here):
    said = r"the loss of \w+ is (nan|inf) at step 1 of games; extractor/\S+ is no longer.*lower --lr-reconstruct or"
    with pytest.raises(DivergedError, match=said):
        run("--lr-reconstruct", "1e30", "--out", "mine")
    with pytest.raises(DivergedError, match=r"the loss of finetune is nan at step \d+ of finetune.*--lr-finetune"):
        run("--loss", "mse", "--lr", "1e25", "--epochs-games", "1", "--out", "other")
    assert len(rows_of(here / "other" / "metrics.csv")) == 1
    params = checkpoint.load(here / "other" / "checkpoint.npz").params
    assert all(np.isfinite(p).all() for p in params.values()), "the kept checkpoint is not a good one"
    assert exit_code_of(train.train, ["--data", "tiny.npz", *FAST, "--lr-reconstruct", "1e30"]) == 3


def test_parameters_that_are_no_longer_finite_are_never_saved(here):
    """The loss of a step is that of before it: one step an epoch can ruin the weights unseen."""
    with pytest.raises(DivergedError, match=r"(classifier|extractor)/\S+ is no longer finite at step 1 of finetune"):
        run("--method", "none", "--batch-size", "64", "--lr", "1e39", "--out", "mine")
    saved = checkpoint.load(here / "mine" / "checkpoint.npz")
    assert saved.progress["step"] == 0 and all(np.isfinite(p).all() for p in saved.params.values())


def test_a_ruined_parameter_is_named_with_the_steps_since_the_last_look(here, monkeypatch):
    """A bias of -inf before a ReLU leaves the loss finite, and parameters are looked at once an epoch."""
    tune, seen = train.finetune, []

    def ruin(extractor, classifier, *args):
        seen.append(0)
        if len(seen) == 6:
            extractor.params["extractor/dense1.b"][:] = -np.inf
        return tune(extractor, classifier, *args)

    monkeypatch.setattr(train, "finetune", ruin)
    said = r"extractor/dense1\.b is no longer finite between steps 5 and 8 of finetune; the last good checkpoint is"
    with pytest.raises(DivergedError, match=said):
        run("--method", "none", "--out", "mine")
    assert len(rows_of(here / "mine" / "metrics.csv")) == 1


def test_a_closed_pipe_is_no_traceback(here):
    shell = f"{shlex.quote(sys.executable)} -m aftt_np.train --data tiny.npz {' '.join(FAST)} --method none | head -1"
    if sys.platform == "win32":
        pytest.skip("no head")
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True)
    assert done.stdout.startswith("data ") and done.stderr == ""


BAD = [  # arguments, exit code, what the sentence must say
    (["--method", "bagging"], 2, "--method"),
    (["--data", "mnist"], 2, "mnist"),
    (["--preset", "huge"], 2, "--preset"),
    (["--train-faults", "nodes:1.2"], 2, "from 0 to 1"),
    (["--batch-size", "0"], 2, "--batch-size"),
    (["--batch-size", "65"], 2, "64 training images"),
    (["--lr", "-1"], 2, "--lr"),
    (["--data", "odd.npz"], 2, "(20, 32, 3)"),
    (["--train-faults", "filters:0.5"], 2, "A1 has no filters"),
    (["--train-faults", "nodes:0.5", "--train-faults", "nodes:0.4"], 2, "given 2 times"),
    (["--train-faults", "filters:0.5", "--fault-steps", "in-turn"], 2, "A1 has no filters"),
    (["--lambda-lasso", "1"], 2, "--lambda-lasso is for --method lasso, not for aftt"),
    (["--clean-steps", "0.5"], 2, "--clean-steps is for training with faults"),
    (["--data-dir", "absent"], 4, "--data-dir absent: there is no such folder"),
    (["--data", "absent.npz"], 4, "absent.npz"),
    (["--data", "broken.npz"], 4, "broken.npz"),
    (["--data", "cifar10", "--data-dir", "."], 4, "python data_scripts/fetch_cifar10.py"),
    (["--backend", "cupy"], 5, "--backend cupy needs a GPU"),
    (["--out", "full"], 2, "full already holds a run"),
    (["--out", "other"], 2, "other is not empty"),
    (["--out", "tiny.npz"], 4, "tiny.npz"),
]


@pytest.mark.parametrize(("argv", "code", "said"), BAD)
def test_bad_input_gets_one_sentence_and_its_exit_code(here, capsys, monkeypatch, argv, code, said):
    monkeypatch.delenv("AFTT_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "cupy", None)
    for name, content in (("full", "checkpoint.npz"), ("other", "thesis.txt")):
        (here / name).mkdir()
        (here / name / content).write_text("precious")
    before = sorted(here.rglob("*"))
    assert exit_code_of(train.train, ["--data", "tiny.npz", *FAST, *argv]) == code
    captured = capsys.readouterr()
    assert captured.out == "", "the report was printed before the mistake was found"
    assert said in captured.err and captured.err.count("\n") == 1 and captured.err.startswith("error: ")
    assert sorted(here.rglob("*")) == before, "a failed call left something behind"


def test_the_command_itself(here):
    """In a process of its own: exit codes reach the shell, and nothing is a traceback."""

    def call(*argv):
        return subprocess.run([sys.executable, "-m", "aftt_np.train", *argv], capture_output=True, text=True)

    bad = call("--method", "bagging")
    assert bad.returncode == 2 and "did you mean" not in bad.stderr and "Traceback" not in bad.stderr
    presets = call("--list-presets")
    assert presets.returncode == 0 and "lesson" in presets.stdout
    good = call("--data", "tiny.npz", *FAST, "--epochs-games", "0", "--epochs-finetune", "0", "--patterns", "1")
    assert good.returncode == 0, good.stderr
    assert "finetune" in call("--data", "tiny.npz", *FAST, "--method", "none").stdout  # no terminal: a line an epoch


def test_ctrl_c_ends_in_130(here, monkeypatch):
    monkeypatch.setattr(train, "finetune", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    assert exit_code_of(train.train, ["--data", "tiny.npz", *FAST]) == 130
    [folder] = (here / "runs").iterdir()
    assert checkpoint.load(folder / "checkpoint.npz").settings["settings"]["method"] == "aftt"


def test_errors_are_ours():
    assert issubclass(DivergedError, AfttError)


@pytest.mark.parametrize(("which", "played"), [
    ("both", {"reconstruct", "discriminate", "confuse"}), ("reconstruction", {"reconstruct"}),
    ("adversary", {"discriminate", "confuse"}),
])  # fmt: skip
def test_which_games_are_played(here, which, played, monkeypatch):
    """The others are not: their players stay as they were, and their losses are not on record."""
    made = []
    before = train.build
    monkeypatch.setattr(train, "build", lambda *args: made.append(before(*args)) or made[-1])
    run("--games", which, "--out", "mine", "--epochs-finetune", "0")
    [row, _] = rows_of(here / "mine" / "metrics.csv")
    assert {name for name, value in row.items() if name.startswith("loss") and value} == {f"loss_{n}" for n in played}
    start, end = made[0], made[-1]  # the first is made when the settings are judged
    moved = {role for role in ("extractor", "decoder", "discriminator") if any(
        (p != getattr(end, role).params[name]).any() for name, p in getattr(start, role).params.items())}  # fmt: skip
    assert moved == {"extractor"} | {"decoder" for _ in played & {"reconstruct"}} | {
        "discriminator" for _ in played & {"discriminate"}}  # fmt: skip


def test_dropconnect_breaks_every_step_of_fine_tuning_and_not_the_campaign(here, monkeypatch):
    drawn, drop = [], train.faults.drop_connect
    monkeypatch.setattr(train.faults, "drop_connect", lambda *args: drawn.append(args[1]) or drop(*args))
    run("--method", "dropconnect", "--dropconnect", "0.25", "--out", "mine")
    steps = 2 * (len(data.load("tiny.npz").x_train) // int(FAST[FAST.index("--batch-size") + 1]))
    assert drawn == [0.25] * steps
    with pytest.raises(UsageError, match="dropconnect has faults of its own"):
        run("--method", "dropconnect", "--train-faults", "nodes:0.5")


def test_faults_in_turn_and_clean_steps_reach_the_training(here, monkeypatch):
    asked, drawn = [], train.faults.train_faults
    monkeypatch.setattr(train.faults, "train_faults", lambda *args: asked.append(args[3:]) or drawn(*args))
    twice = ("--train-faults", "nodes:0.2:0.5", "--train-faults", "nodes:0.2:0.5")
    run(*twice, "--fault-steps", "in-turn", "--clean-steps", "0.5", "--method", "none")
    assert set(asked) == {(True, 0.5)}


def test_pixels_are_left_out_in_fine_tuning_alone(here, monkeypatch):
    """Half of what was not 0 is 0 in every step; the games and the campaign see whole images."""
    shares, forward = [], layers.Dropout.forward

    def seen(layer, x, rng=None):
        y, scale = forward(layer, x, rng)
        if x.ndim == 4 and rng is not None:
            shares.append(float((y[x > 0] == 0).mean()))
        return y, scale

    monkeypatch.setattr(layers.Dropout, "forward", seen)
    run("--method", "aftt", "--dropout-pixels", "0.5", "--epochs-games", "1", "--out", "mine")
    steps = 2 * (len(data.load("tiny.npz").x_train) // int(FAST[FAST.index("--batch-size") + 1]))
    assert len(shares) == steps and all(0.4 < share < 0.6 for share in shares), shares
