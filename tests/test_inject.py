"""The command that breaks a trained network: the same network, the same images, rows that are added and never mixed."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from aftt_np import campaign, checkpoint, data, inject, train
from aftt_np.errors import CheckpointError, DataError, UsageError, exit_code_of

OPTIONS = ["--data", "tiny.npz", "--method", "none", "--epochs-finetune", "2", "--batch-size", "16", "--patterns", "1",
           "--threads", "1", "--backend", "numpy"]  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory, without_figures):
    """A complete run of A2, and its images."""
    folder = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 60, (60, 28, 28), np.uint8), np.arange(60) % 10
    x[np.arange(60), 2 * y] = 250
    np.savez(folder / "tiny.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        without_figures(patch)
        train.train([*OPTIONS, "--arch", "A2", "--out", "mine"])
    return folder


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv):
    inject.inject(["mine", "--threads", "1", "--backend", "numpy", *argv])


def rows_of(path):
    with open(path, newline="") as file:
        return [campaign.row_of(row.values()) for row in csv.DictReader(file)]


def test_what_it_writes_and_says(here, capsys):
    run("--fault", "filters", "--rates", "0,0.5", "--patterns", "3")
    folder = here / "mine" / "faults-filters"
    assert {path.name for path in folder.iterdir()} - {checkpoint.LOCK} == {
        "faults.csv", "faults.csv.seal", "summary.json", "curve.png",
    }  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    rows = rows_of(folder / "faults.csv")
    assert summary.pop("output_length") > 0
    assert summary == {"run": "mine", "fault_seed": 1907} | json.loads(json.dumps(campaign.describe(rows)))
    assert [(row.pattern, row.rate) for row in rows] == [(p, r) for p in range(3) for r in (0.0, 0.5)]
    said = capsys.readouterr().out
    for words in ("filters in all: 70; patterns: 3", "50.0%", "95 % interval", "area under", "5 points", "eq. 4"):
        assert words in said
    assert max(map(len, said.splitlines())) <= 80


def test_bits_of_a_memory(here, capsys):
    run("--fault", "bits", "--memory", "q2.5", "--bit", "7", "--rates", "1e-4:1e-2:log", "--patterns", "2")
    rows = rows_of(here / "mine" / "faults-bits-q2.5-7" / "faults.csv")
    assert {row.fault for row in rows} == {"bits:q2.5:7"}
    assert [row.rate for row in rows[:6]] == [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2]
    summary = json.loads((here / "mine" / "faults-bits-q2.5-7" / "summary.json").read_text())
    curves = np.array([row.accuracy for row in rows]).reshape(2, 6)[:, 1:]  # rate 0 has no logarithm
    decades = np.log10([1e-4, 3e-4, 1e-3, 3e-3, 1e-2])
    assert summary["area"]["mean"] == pytest.approx(np.trapezoid(curves.mean(axis=0), decades) / 2)
    said = capsys.readouterr().out
    for words in ("bit 7 of weights in q2.5 in all: 440,220; patterns: 2", " 1e-4", " 3e-3", "area under"):
        assert words in said
    assert max(map(len, said.splitlines())) <= 80
    run("--fault", "bits-at-1", "--memory", "int8", "--rates", "0,0.01", "--patterns", "1", "--each-layer")
    said = capsys.readouterr().out
    assert "bits of weights in int8, one layer at a time" in said
    assert max(map(len, said.splitlines())) <= 80


def test_accuracy_without_faults_is_that_of_what_is_read(here, monkeypatch):
    seen = []
    monkeypatch.setattr(inject.plots, "fault_curves", lambda summary, clean, *rest, **more: seen.append(clean))
    monkeypatch.setattr(inject.plots, "headed", lambda figure, whose: seen.append(whose))
    monkeypatch.setattr(inject.plots, "save", lambda *args: None)
    run("--fault", "bits", "--memory", "q2.5", "--rates", "0,0.01", "--patterns", "1")
    row = rows_of(here / "mine" / "faults-bits-q2.5" / "faults.csv")[0]
    assert seen == [row.accuracy, "none (quick), A2, seed 0; tiny, 20 images"] and row.hit == 0


def test_the_rows_are_of_the_network_that_was_trained(here):
    """Those of a campaign on the stored parameters, put together here by hand."""
    run("--fault", "nodes", "--rates", "0:0.4:0.2", "--patterns", "2")
    params, *_ = checkpoint.load(here / "mine" / "checkpoint.npz")
    players = train.models.build("A2", (28, 28, 1), 10, seed=99)
    model = players.extractor + players.classifier
    model = model.with_params({name: p for name, p in params.items() if name in model.params})
    tiny = data.load("tiny.npz")
    expected = list(campaign.run(model, tiny.x_test, tiny.y_test, "nodes", (0.0, 0.2, 0.4), range(2), 1907))
    assert rows_of(here / "mine" / "faults-nodes" / "faults.csv") == expected
    whole = json.loads((here / "mine" / "summary.json").read_text())
    assert expected[0].accuracy == whole["test_accuracy"]


def test_layers_have_a_folder_of_their_own(here):
    run("--fault", "nodes", "--rates", "0,1", "--patterns", "1", "--layers", "extractor/conv1, classifier/dense1")
    rows = rows_of(here / "mine" / "faults-nodes-extractor.conv1-classifier.dense1" / "faults.csv")
    assert [(row.layers, row.hit, row.population) for row in rows] == [
        ("extractor/conv1 classifier/dense1", 0, 532), ("extractor/conv1 classifier/dense1", 532, 532),
    ]  # fmt: skip


def test_the_name_of_a_folder_is_never_too_long(here, monkeypatch):
    monkeypatch.setattr(inject, "LONGEST", 20)
    for layer in ("conv1", "conv2"):
        run("--fault", "nodes", "--rates", "0,1", "--patterns", "1", "--layers", f"extractor/{layer}")
    names = [path.name for path in (here / "mine").glob("faults-nodes-extract*")]
    assert len(names) == 2 and all(len(name) == 20 + 9 for name in names), names


def test_the_faults_of_a_run_are_not_overwritten(here, capsys):
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    argv = ["mine", "--fault", "nodes", "--rates", "0,1", "--patterns", "1", "--backend", "numpy", "--out", "mine"]
    assert exit_code_of(inject.inject, argv) == 2
    said = capsys.readouterr().err
    assert "mine is the folder of a run, which keeps its own faults there; name another --out" in said
    assert before == {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}


def test_each_layer_alone_is_what_it_is_when_it_is_asked_for(here, capsys):
    run("--fault", "nodes", "--rates", "0,0.5,1", "--patterns", "2", "--each-layer")
    folder = here / "mine" / "faults-nodes-each-layer"
    each = json.loads((folder / "summary.json").read_text())["each"]
    names = ["extractor/conv1", "extractor/conv2", "classifier/dense1"]
    assert [result["layers"] for result in each] == names and (folder / "curve.png").stat().st_size > 10_000
    said = capsys.readouterr().out
    assert all(name in said for name in names) and max(map(len, said.splitlines())) <= 80
    for name, result in zip(names, each, strict=True):
        run("--fault", "nodes", "--rates", "0,0.5,1", "--patterns", "2", "--layers", name, "--out", name)
        alone = json.loads((here / name / "summary.json").read_text())
        assert result == {key: alone[key] for key in result}


def test_the_table_of_layers_has_the_worst_first_and_numbers_of_its_own(capsys):
    def result(layers, area, falls):
        points = [{"rate": 0.0}]
        return {"fault": "nodes", "layers": layers, "population": 200, "patterns": 3, "points": points,
                "area": {"mean": area, "low": area - 1, "high": area + 1}, "falls_by_5_at": falls}  # fmt: skip

    inject.print_map([result("good", 80.0, None), result("bad", 60.0, 0.25)])
    *_, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["bad", "200", "60.00", "59.00", "to", "61.00", "25.0%", "50"]
    assert second.split() == ["good", "200", "80.00", "79.00", "to", "81.00", "none", "none"]


def test_what_needs_rate_0_says_so(here, capsys):
    run("--fault", "nodes", "--rates", "0.5,0.9", "--patterns", "2")
    said = capsys.readouterr().out
    assert "5 points are lost at            ? (needs rate 0)" in said and "accuracy at rate 0" not in said
    run("--fault", "nodes", "--rates", "0,0.9", "--patterns", "2", "--out", "with")
    share = 100 * json.loads((here / "with" / "summary.json").read_text())["relative_area"]["mean"]
    assert f"{'... of the accuracy at rate 0':<32}{share:8.2f} %" in capsys.readouterr().out


def test_rate_0_alone_and_long_lists_of_layers_are_shown(here, capsys):
    run("--fault", "nodes", "--rates", "0", "--patterns", "1", "--each-layer")
    names = "extractor/conv1,extractor/conv2,classifier/dense1"
    run("--fault", "weights", "--rates", "0,0.9", "--patterns", "2", "--layers", names, "--out", "a")
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 80, said
    turned = "classifier/dense1, extractor/conv2,extractor/conv1,extractor/conv1,"
    run("--fault", "weights", "--rates", "0,0.9", "--patterns", "2", "--layers", turned, "--out", "a")
    with pytest.raises(UsageError, match="--layers expects names"):
        run("--fault", "nodes", "--layers", " ,")


def killed(*args):
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


@pytest.mark.slow
def test_a_worker_that_dies_is_one_sentence_and_the_rows_are_kept(here, capsys, monkeypatch):
    options = ["--fault", "nodes", "--rates", "0,0.5", "--out", "parts", "--threads", "1", "--backend", "numpy"]
    inject.inject(["mine", *options, "--patterns", "2"])
    monkeypatch.setattr(campaign, "alone", killed)
    assert exit_code_of(inject.inject, ["mine", *options, "--patterns", "4", "--workers", "2"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: a worker died") and said.count("\n") == 1
    assert len(rows_of(here / "parts" / "faults.csv")) == 4


def test_stopped_and_given_again_it_ends_with_the_same_bytes_and_more_patterns_are_added(here, monkeypatch):
    options = ("--fault", "weights", "--rates", "0,0.3,0.6")
    run(*options, "--patterns", "4", "--out", "whole")
    real, made = campaign.run, []

    def stopping(*args):
        for row in real(*args):
            made.append(row)
            if len(made) == 8:
                raise KeyboardInterrupt
            yield row

    monkeypatch.setattr(campaign, "run", stopping)
    assert exit_code_of(run, *options, "--patterns", "3", "--out", "parts") == 130
    run(*options, "--patterns", "3", "--out", "parts")
    run(*options, "--patterns", "4", "--out", "parts")
    assert len(made) - len(set(made)) == 2, "only the pattern that was under way is looked at twice"
    for name in ("faults.csv", "faults.csv.seal", "summary.json", "curve.png"):
        assert (here / "parts" / name).read_bytes() == (here / "whole" / name).read_bytes(), name


def test_no_more_processes_than_patterns_are_started(here, monkeypatch):
    asked = []

    class Spy(ProcessPoolExecutor):
        def __init__(self, processes, *rest, **more):
            asked.append(processes)
            super().__init__(processes, *rest, **more)

        def submit(self, *task):
            asked.append(task[0])
            return super().submit(*task)

    monkeypatch.setattr(inject, "ProcessPoolExecutor", Spy)
    run("--fault", "nodes", "--rates", "0.5", "--patterns", "2", "--workers", "9", "--out", "out")
    assert asked[0] == asked.count(int) == 2
    assert len(rows_of(here / "out" / "faults.csv")) == 2


@pytest.mark.slow
def test_processes_and_a_dask_cluster_make_the_same_file(here, monkeypatch):
    """A real cluster on this machine, of two worker processes."""
    options = ("--fault", "filters", "--rates", "0,0.3,0.6", "--patterns", "5")
    run(*options, "--out", "one")
    run(*options, "--out", "two", "--workers", "2")
    expected = (here / "one" / "faults.csv").read_bytes()
    assert (here / "two" / "faults.csv").read_bytes() == expected
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Dask's own
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster:  # fmt: skip
            run(*options, "--out", "three", "--scheduler", cluster.scheduler_address)
    assert (here / "three" / "faults.csv").read_bytes() == expected


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_the_command_that_was_killed(here, how):
    command = [sys.executable, "-m", "aftt_np.inject", "mine", "--fault", "weights", "--patterns", "100000",
               "--workers", "2", "--threads", "1", "--backend", "numpy", "--out", "out"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            while process.poll() is None and not Path("out/faults.csv.seal").exists():
                time.sleep(0.1)
            process.send_signal(how)
            process.communicate(timeout=30)  # until nobody has its stdout any more
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -how


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="there Ctrl-C cannot be held back")
def test_ctrl_c_while_workers_begin_is_one_line(here):
    command = [sys.executable, "-m", "aftt_np.inject", "mine", "--fault", "weights", "--patterns", "100000",
               "--workers", "2", "--threads", "1", "--backend", "numpy", "--out", "out"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as process:
        try:
            while process.poll() is None and not Path("out").exists():
                time.sleep(0.01)
            time.sleep(0.3)  # workers import what they need
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in said and said.splitlines()[-1].startswith("interrupted"), said


def test_the_second_ctrl_c_does_not_wait_for_patterns(here):
    """Whoever works at one is ended: here each would take minutes."""
    rates = ",".join(f"{i / 16000:.5f}" for i in range(16000))
    command = [sys.executable, "-m", "aftt_np.inject", "mine", "--fault", "weights", "--rates", rates,
               "--workers", "2", "--threads", "1", "--backend", "numpy", "--out", "out"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)) as process:
        try:
            while process.poll() is None and not Path("out").exists():
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.3)
            os.killpg(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert "Traceback" not in said and said.splitlines()[-1].startswith("interrupted"), said


@contextmanager
def ctrl_c_within(patch, executor, at):
    """Ctrl-C comes to another thread than the first, as the `at`th job is handed out, and again as the executor is shut
    down; gives what was raised there."""
    raised, calls, submit, shutdown = [], [], executor.submit, executor.shutdown

    def ctrl_c():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)  # an interpreter that is to raise does it here
        except KeyboardInterrupt as interrupt:
            raised.append(interrupt)
            raise

    def submit_interrupted(*args):
        calls.append(args)
        if len(calls) == at:
            ctrl_c()
        return submit(*args)

    def shutdown_interrupted(**options):
        patch.setattr(executor, "shutdown", shutdown)
        ctrl_c()
        shutdown(**options)

    over = threading.Event()
    helper = threading.Thread(target=over.wait)  # it hears what the first thread may be deaf to
    helper.start()
    patch.setattr(executor, "submit", submit_interrupted)
    patch.setattr(executor, "shutdown", shutdown_interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield raised
    finally:
        signal.signal(signal.SIGINT, before)
        over.set()
        helper.join()


@pytest.mark.parametrize("at", [1, 4], ids=["as workers are started", "as patterns are handed out"])
@pytest.mark.skipif(os.name != "posix", reason="needs a signal to the whole process")
def test_ctrl_c_is_not_raised_while_an_executor_holds_its_locks(here, monkeypatch, at):
    """Raised there, it can leave a lock behind that nobody opens again, and the end waits for ever."""
    with ThreadPoolExecutor(1) as executor:
        monkeypatch.setattr(inject, "ProcessPoolExecutor", lambda *args, **kwargs: executor)
        with ctrl_c_within(monkeypatch, executor, at) as raised, pytest.raises(KeyboardInterrupt):
            run("--fault", "nodes", "--rates", "0,0.5", "--patterns", "50", "--workers", "1", "--out", "out")
    assert not raised and len(rows_of("out/faults.csv")) == 2, "the rows of the first pattern, and no more"


def test_rows_of_another_question_are_not_added_to(here):
    run("--fault", "nodes", "--rates", "0,0.5", "--patterns", "1", "--out", "mine/x")
    for other in (["--fault", "weights"], ["--rates", "0,0.6"], ["--fault-seed", "3"], ["--layers", "extractor/conv1"]):
        with pytest.raises(CheckpointError, match=r"rows of something else .*; name another folder, or remove it"):
            run("--fault", "nodes", "--rates", "0,0.5", "--patterns", "1", "--out", "mine/x", *other)


def test_a_run_that_is_not_complete_or_not_there_is_refused(here):
    path = here / "mine" / "checkpoint.npz"
    params, settings, progress, moments, _ = checkpoint.load(path)
    checkpoint.save(path, params, settings, progress | {"phase": "finetune"}, moments)
    with pytest.raises(CheckpointError, match=r"is not complete; first: python -m aftt_np\.train --resume mine"):
        run("--fault", "nodes")
    with pytest.raises(CheckpointError, match="there is no checkpoint at absent"):
        inject.inject(["absent", "--fault", "nodes"])


def test_other_images_are_refused_and_moved_ones_can_be_named(here):
    os.replace("tiny.npz", "moved.npz")
    with pytest.raises(DataError, match=r"tiny\.npz cannot be used"):
        run("--fault", "nodes")
    with np.load("moved.npz") as file:
        arrays = dict(file)
    arrays["y_test"] = arrays["y_test"][::-1]
    np.savez("tiny.npz", **arrays)
    with pytest.raises(DataError, match=r"images in tiny\.npz are not those that the run was begun with"):
        run("--fault", "nodes")
    run("--fault", "nodes", "--rates", "0", "--patterns", "1", "--data", "moved.npz")


@pytest.mark.parametrize(("text", "rates"), [
    ("0:0.9:0.1", tuple(i / 10 for i in range(10))), ("0:1:0.25", (0, 0.25, 0.5, 0.75, 1)), ("0.5", (0.5,)),
    ("0.68,0,0.4,0.4", (0, 0.4, 0.68)), ("0.1:0.1:0.5", (0.1,)), ("0:0.35:0.1", (0, 0.1, 0.2, 0.3)),
    ("0:1:0.001", tuple(i / 1000 for i in range(1001))), ("1e-8:1e-7:log", (0, 1e-8, 3e-8, 1e-7)),
    ("2e-6:5e-5:log", (0, 2e-6, 3e-6, 1e-5, 3e-5, 5e-5)), ("1e-3:1e-3:log", (0, 1e-3)), ("0.3:1:log", (0, 0.3, 1)),
])  # fmt: skip
def test_rates_are_read(text, rates):
    assert inject.rates_of(text) == rates


BAD = {
    "--fault": ("", "x", "node", "filter", "NODES"),
    "--rates": ("", "x", "1.1", "-0.1", "nan", "0:1", "0:1:0", "0:1:1e-9", "0.5:0.4:0.1", "0:1:0.1:2", "0,,1", ":::",
                "0:1:log", "1:0.1:log", "log", "0.1:log", "1e-3:1:2:log", "nan:1:log", "1e-31:1:log"),
    "--patterns": ("", "0", "-1", "1.5", "x"),
    "--layers": ("x", "extractor", "extractor/conv1,x", "classifier/dense2", "extractor/pool1"),
    "--fault-seed": ("", "-1", "1.5"),
    "--data": ("x", "absent.npz"),
    "--out": ("tiny.npz", "tiny.npz/x", "a" * 300),
    "--backend": ("", "x", "cupy"),
    "--threads": ("", "0", "-1", "1025"),
    "--workers": ("", "0", "-1", "1025", "x"),
    "--memory": ("", "x", "float32"),  # the last goes with bits alone
    "--bit": ("", "x", "-1", "0"),
    "--scheduler": ("", "nonsense://x"),
}


@pytest.mark.parametrize("option", BAD)
def test_bad_values_get_one_sentence_and_leave_nothing_behind(here, capsys, monkeypatch, option):
    monkeypatch.setitem(sys.modules, "cupy", None)
    before = sorted(here.rglob("*"))
    for value in BAD[option]:
        code = exit_code_of(inject.inject, ["mine", "--fault", "nodes", "--backend", "numpy", option, value])
        said = capsys.readouterr().err
        assert code in (2, 4, 5) and said.startswith("error: ") and said.count("\n") == 1, f"{option} {value!r}: {said}"
    assert sorted(here.rglob("*")) == before


def test_rate_0_alone_and_what_falls_below_the_first_rate_are_shown(here, capsys):
    run("--fault", "bits", "--memory", "float32", "--rates", "0", "--patterns", "1")
    assert "? (needs" not in capsys.readouterr().out
    run("--fault", "bits", "--memory", "float32", "--rates", "0,1e-2,2e-2", "--patterns", "1", "--out", "a")
    said = capsys.readouterr().out
    assert "5 points are lost at               below 0.01, the first rate" in said
    each = "--patterns", "1", "--each-layer", "--out", "b"
    run("--fault", "bits", "--memory", "float32", "--rates", "0,1e-2,1.5e-2", *each)
    said = capsys.readouterr().out
    assert "below 0.01" in said and max(map(len, said.splitlines())) <= 80


def test_few_faults_are_not_rounded_away():
    said = [inject.number_of(n) for n in (0, 0.5, 0.04, 9.96, 12.4, 12345.6)]
    assert said == ["0", "0.5", "0.04", "10", "12", "12,346"]
    assert [inject.said(rate, "bits:int8") for rate in (1e-7, 1.5e-7)] == ["1e-7", "1.5e-7"]


@pytest.mark.parametrize(("options", "said"), [
    ([], "--fault bits needs --memory, one of float32, float16, q2.5, int8"),
    (["--memory", "float16", "--bit", "16"], "float16 has bits 0 to 15, got '16'"),
    (["--memory", "int8", "--rates", "0,0.1"], "expected rates per bit from 0 to 0.05, got 0.1"),
    (["--memory", "int4"], "'int4' is not one of float32, float16, q2.5, int8; did you mean int8?"),
])  # fmt: skip
def test_what_does_not_go_with_bits_is_one_sentence(here, capsys, options, said):
    before = sorted(here.rglob("*"))
    assert exit_code_of(inject.inject, ["mine", "--fault", "bits", "--backend", "numpy", *options]) == 2
    out = capsys.readouterr().err
    assert said in out and out.count("\n") == 1
    assert sorted(here.rglob("*")) == before


def test_a_required_option_that_is_mistyped_is_named(capsys):
    assert exit_code_of(inject.inject, ["mine", "--falt=nodes"]) == 2
    said = capsys.readouterr().err
    assert said == ("error: the following arguments are required: --fault; did you mean --fault, not --falt? "
                    "(see python -m aftt_np.inject --help)\n")  # fmt: skip
    assert exit_code_of(inject.inject, ["mine", "--out", "x"]) == 2 and "did you mean" not in capsys.readouterr().err


def test_a_memory_that_the_weights_do_not_fit_into(here, capsys):
    saved = checkpoint.load(here / "mine" / "checkpoint.npz")
    saved.params["classifier/dense2.w"][0, 0] = 5
    checkpoint.save(here / "mine" / "checkpoint.npz", saved.params, saved.settings, saved.progress)
    argv = ["mine", "--fault", "bits", "--memory", "q2.5", "--backend", "numpy"]
    assert exit_code_of(inject.inject, argv) == 2
    said = capsys.readouterr().err
    assert "q2.5 holds numbers from -4 to 3.96875, and 0.0195% of classifier/dense2.w are beyond" in said
    assert not list((here / "mine").glob("faults-*"))


def test_what_cannot_be_hit_is_named(here):
    with pytest.raises(UsageError, match="no nodes can be hit in classifier/dense2; there are: extractor/conv1, ext"):
        run("--fault", "nodes", "--layers", "classifier/dense2")
