"""Studies: plans that are read or refused, rows that come however they are made, tables where a page asks for them."""

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from aftt_np import campaign, checkpoint, config, data, defend, files, findings, plans, report, study, train
from aftt_np.errors import DataError, UsageError, exit_code_of

ROOT = Path(__file__).resolve().parent.parent
PLAN = """
title = "A small plan"
seeds = [0, 1]
patterns = 2

[settings]
data = "tiny.npz"
epochs-finetune = 2
epochs-games = 1
batch-size = 16
threads = 1
backend = "numpy"

[[campaigns]]
fault = "nodes"
rates = "0,0.4"

[[campaigns]]
fault = "weights"
layers = "each"
rates = "0.5"

[methods]
none = { method = "none" }
"none, rescaled" = { network = "none", rescaled = true }
"lasso 1e-5" = { method = "lasso", lambda-lasso = 1e-5 }
aftt = { train-faults = ["nodes:0.2:0.5"] }
"""


@pytest.fixture
def here(tmp_path, monkeypatch, request):
    """An empty working folder with a small data set and a plan."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 10
    np.savez(tmp_path / "tiny.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    (tmp_path / "plan.toml").write_text(PLAN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    if "pictures" not in request.keywords:
        monkeypatch.setattr(report, "figures", lambda *args: {})  # most of the time of so small a study
    return tmp_path


def contents(folder):
    """Every file of a folder of results; times taken out of runs.csv."""
    found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    rows = files.read_table(folder / "runs.csv")
    found["runs.csv"] = [{key: value for key, value in row.items() if "seconds" not in key} for row in rows]
    return found


# ---- the plan


def test_a_plan_is_read(here):
    plan = plans.read(Path("plan.toml"))
    assert plan.methods == ["none", "none, rescaled", "lasso 1e-5", "aftt"] and list(plan.networks) == [
        "none", "lasso 1e-5", "aftt",
    ]  # fmt: skip
    assert plan.jobs[:4] == [("none", 0), ("lasso 1e-5", 0), ("aftt", 0), ("none", 1)], "seed by seed"
    assert plan.networks["none"].methods == {"none": False, "none, rescaled": True}
    assert plan.campaigns == (plans.Campaign("nodes", "all", (0.0, 0.4)), plans.Campaign("weights", "each", (0.5,)))
    settings = plan.settings("aftt", 1)
    assert (settings.seed, settings.batch_size, settings.train_faults) == (1, 16, (("nodes", 0.2, 0.5),))
    assert plan.settings("lasso 1e-5", 0).lambda_lasso == 1e-5


def test_the_identity_of_a_network_is_all_that_its_rows_depend_on(here):
    plan = plans.read(Path("plan.toml"))
    same = plans.read(Path("plan.toml"))
    assert plan.identity("aftt", 0) == same.identity("aftt", 0) != plan.identity("aftt", 1)
    for old, new in (("epochs-games = 1", "epochs-games = 2"), ("0,0.4", "0,0.5"), ("nodes:0.2:0.5", "nodes:0.5")):
        Path("plan.toml").write_text(PLAN.replace(old, new))
        assert plans.read(Path("plan.toml")).identity("aftt", 0) != plan.identity("aftt", 0), new
    Path("plan.toml").write_text(PLAN.replace('"A small plan"', '"Another title"').replace("[0, 1]", "[0, 1, 2]"))
    assert plans.read(Path("plan.toml")).identity("aftt", 0) == plan.identity("aftt", 0)


def test_a_setting_of_a_later_version_changes_no_identity():
    defaults = config.bound(config.Config())
    assert plans.of_training(defaults) == {}
    assert plans.of_training(defaults | {"seed": 7}) == {"seed": 7}
    assert plans.of_training(defaults | {"threads": 7, "backend": "cupy", "patterns": 3, "fault_seed": 4}) == {}
    older = {name: value for name, value in defaults.items() if name != "activation"} | {"seed": 7}
    assert plans.of_training(older) == {"seed": 7}


MISTAKES = [  # what stands in the plan, what stands there by mistake, what is said
    ('title = "A small plan"\n', "", "says nothing of title"),
    ("[methods]", "[method]", "'method' is not one of"),
    ("seeds = [0, 1]", "seeds = [0, 0]", "two of its seeds are the same"),
    ("seeds = [0, 1]", "seeds = []", "at least one seed"),
    ("seeds = [0, 1]", "seeds = [-1]", "seeds: expected a whole number of at least 0, got '-1'"),
    ("patterns = 2", "patterns = 0", "patterns: expected a whole number of at least 1, got '0'"),
    ("epochs-games = 1", "epochs-game = 1", "did you mean epochs_games?"),
    ("epochs-games = 1", "epochs-games = true", "settings: epochs-games: expected a whole number"),
    ('fault = "nodes"', 'fault = "node"', "campaigns: fault: 'node' is not one of weights, filters, nodes"),
    ('rates = "0,0.4"', 'rates = "0,1.4"', "campaigns: rates: expected a number from 0 to 1, got '1.4'"),
    ('layers = "each"', 'layer = "each"', "did you mean layers?"),
    ('network = "none"', 'network = "non"', "methods: 'none, rescaled': the network 'non' of a method before it"),
    ('network = "none", rescaled', 'network = "none", method = "lasso", rescaled', "nothing else"),
    ('method = "lasso"', 'method = "laso"', "methods: 'lasso 1e-5': method: 'laso' is not one of"),
    ('["nodes:0.2:0.5"]', '["nodes:2"]', "methods: 'aftt': train-faults: expected a number from 0 to 1, got '2'"),
    ('"lasso 1e-5" =', '"none-" = { method = "none" }\n"none," =', "two of its names of methods"),
    ("threads = 1", "seed = 1", "'seed' is not one of"),
    ("rescaled = true", 'rescaled = "no"', "rescaled is true or false, got 'no'"),
    ("seeds = [0, 1]", 'seeds = "10"', "expected a list in brackets, got '10'"),
    ("batch-size = 16", "batch-size = 16\nbatch_size = 8", "batch_size is said twice"),
    ('"lasso 1e-5" =', '"--lasso" =', "'--lasso' cannot be the name of a method"),
    ('"lasso 1e-5" =', '"a|b" =', "'a|b' cannot be the name of a method"),
    ('"none, rescaled" =', '"NONE" =', "two of its names of methods, as names of files, are the same"),
    ("rescaled = true", 'defence = "clip"', "fitact, scaling, or NAME:MEMORY, got 'clip'"),
    ("rescaled = true", 'defence = ""', "expected one of ranger"),
    ('fault = "nodes"\nrates = "0,0.4"', 'fault = "bits:int8"\nrates = "0,0.1"', "rates: expected rates per bit"),
    ("rescaled = true", 'defence = "ranger", rescaled = true', "a defence is of the network of a method before it"),
    ('method = "lasso",', 'method = "lasso", defence = "ranger",', "a defence is of the network of a method before it"),
    ('fault = "nodes"', 'fault = "bits"', "campaigns: fault: expected KIND:FORMAT"),
    ('fault = "nodes"', 'fault = "bits:int8:9"', "int8 has bits 0 to 7, got '9'"),
    ('fault = "nodes"', 'fault = "bits:int8:07"', "int8 has bits 0 to 7, got '07'"),
    ("rescaled = true", 'defence = "fitact:q2.5"', "fitact is the same for every memory; say fitact alone"),
    ('"lasso 1e-5" =', f'"{101 * "a"}" =', "cannot be the name of a method"),
    ('none = { method = "none" }', 'none = "none"', "expected a table, as in { method = \"none\" }, got 'none'"),
    ('aftt = {', 'aftt = { data = "fashion-mini",', "methods: 'aftt': data belongs to [settings]"),
]


DEFENDED = """
title = "Defences"
seeds = [0]
patterns = 2
[settings]
data = "tiny.npz"
epochs-finetune = 3
batch-size = 8
threads = 1
backend = "numpy"
[[campaigns]]
fault = "bits:q2.5"
rates = "0,1e-3,1e-2"
[[campaigns]]
fault = "bits:int8"
rates = "0.01"
[[campaigns]]
fault = "weights-at-max"
rates = "0,0.2"
[methods]
none = { method = "none" }
"none, clamped" = { network = "none", defence = "ranger" }
"none, scaled" = { network = "none", defence = "scaling" }
tanh = { method = "none", weights = "tanh" }
"""


def test_defended_networks_are_methods_of_their_own(here, monkeypatch):
    """Rows and accuracies are those of a defended network that is made here, from the network that was trained."""
    rng = np.random.default_rng(0)
    shown, y = rng.integers(0, 256, (10, 28, 28), np.uint8), np.arange(140) % 10
    x = shown[y] // 2 + rng.integers(0, 128, (140, 28, 28), np.uint8)  # learned: no accuracies equal by chance
    np.savez("tiny.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    Path("plan.toml").write_text(DEFENDED)
    plan, ranges = plans.read(Path("plan.toml")), defend.ranges

    def tight(network, x):  # so that what is defended answers otherwise without faults, too
        return {name: (low / 20, high / 20) for name, (low, high) in ranges(network, x).items()}

    monkeypatch.setattr(defend, "ranges", tight)
    for name, seed in plan.jobs:
        study.one(plan, name, seed, study.job_folder(Path("mine"), (name, seed)))
    study.study(["plan.toml", "--out", "mine", "--results", "results"])
    settings, dataset = plan.settings("none", 0), data.load("tiny.npz")
    saved = checkpoint.load(Path("mine") / "none-seed0" / "checkpoint.npz")
    players = train.build(settings, dataset)
    model = players.extractor + players.classifier
    model = model.with_params({name: saved.params[name] for name in model.params})
    rows = files.read_table(Path("results") / "rows.csv.gz")
    runs = {row["method"]: row for row in files.read_table(Path("results") / "runs.csv")}
    assert float(runs["none, clamped"]["accuracy"]) < float(runs["none"]["accuracy"]) - 5, "far from equal"
    for method, name in (("none", None), ("none, clamped", "ranger"), ("none, scaled", "scaling")):
        for kind, rates in (("bits:q2.5", (0.0, 1e-3, 1e-2)), ("bits:int8", (0.01,)), ("weights-at-max", (0.0, 0.2))):
            exact = f"scaling:{kind[5:]}" if name == "scaling" and kind.startswith("bits") else name
            images = dataset.x_train, dataset.y_train
            network = defend.with_defence(model, *defend.chosen(exact, model, *images)) if name else model
            clean = campaign.score(network, dataset.x_test, dataset.y_test).accuracy
            assert float(runs[method]["accuracy"]) == clean
            with np.errstate(all="ignore"):
                made = list(campaign.run(network, dataset.x_test, dataset.y_test, kind, rates, range(2), 1907))
            there = [float(row["accuracy"]) for row in rows if row["method"] == method and row["fault"] == kind]
            assert there == [row.accuracy for row in made], f"{method}, {kind}"
    tables = (Path("results") / "tables.md").read_text()
    for words in ("area under the curve of bits:q2.5", "bits:q2.5 1e-3", "weights-at-max 20%", "none, clamped"):
        assert words in tables
    folder = Path("mine") / "none-seed0"
    files_of = {view: study.rows_path(folder, f"none, {view}", 0) for view in ("clamped", "scaled")}
    before = {view: path.read_bytes() for view, path in files_of.items()}
    monkeypatch.setattr(defend, "TOP", {"q2.5": 0.25})  # scaled in another way: its rows are made anew, and only they
    with pytest.raises(SystemExit, match="0"):
        study.study(["plan.toml", "--out", "mine", "--only", "none", "0"])
    assert {view for view, path in files_of.items() if path.read_bytes() != before[view]} == {"scaled"}


def test_what_a_defence_has_chosen_is_chosen_once(here, monkeypatch):
    """A plan with one method more searches no limits again; other defaults, or another network, do."""
    for short, to in (("IMAGES", 9), ("PATTERNS", 1), ("ROUNDS", 1), ("RATES", (1e-6, 1e-5)), ("EPOCHS", 1)):
        monkeypatch.setattr(defend, short, to)
    weights = '[[campaigns]]\nfault = "weights"\nlayers = "each"\nrates = "0.5"\n'
    text = PLAN.replace("[0, 1]", "[0]").replace(weights, "")
    text += '"none, clipped" = { network = "none", defence = "clipact:float32" }\n'
    more = text + '"none, fitted" = { network = "none", defence = "fitact" }\n'
    asked, choose = [], defend.chosen
    monkeypatch.setattr(defend, "chosen", lambda name, *rest: asked.append(name) or choose(name, *rest))

    def of(text):
        asked.clear()
        Path("plan.toml").write_text(text)
        study.one(plans.read(Path("plan.toml")), "none", 0, Path("out"))
        own = files.read_json(Path("out/result.json"))["own"]
        return list(asked), {view: (own[view], rows[view].read_bytes()) for view in own}

    views = "none, clipped", "none, fitted", "none, clipped in 8"
    rows = {view: study.rows_path(Path("out"), view, 0) for view in views}
    chosen, first = of(text)
    assert chosen == ["clipact:float32"]
    chosen, second = of(more)
    assert chosen == ["fitact"] and first.items() < second.items()
    assert of(text) == ([], first)
    for path in rows.values():
        path.with_name(f"{path.name}.seal").unlink(missing_ok=True)  # the rows are made anew, by what was chosen
    assert of(more) == ([], second)
    kept, damaged = (Path("out") / f"defence-{name}-float32.npz" for name in ("clipact", "fitact"))
    shutil.copy(kept, Path("out") / "defence-clipact-int8.npz")  # of another memory: that is no choice for this one
    damaged.write_bytes(damaged.read_bytes()[:-100])
    chosen, third = of(more + '"none, clipped in 8" = { network = "none", defence = "clipact:int8" }\n')
    assert chosen == ["fitact", "clipact:int8"] and second.items() < third.items()
    monkeypatch.setattr(defend, "IMAGES", 8)
    assert of(more)[0] == ["clipact:float32"]
    assert of(more.replace("epochs-finetune = 2", "epochs-finetune = 1"))[0] == ["clipact:float32", "fitact"]


def test_a_defence_that_does_not_fit_is_named_before_anything_is_trained(here):
    for old, new, said in (
        ('"scaling"', '"scaling:int8"', "scaling changes nothing in int8"),
        ('"scaling"', '"scaling:q2.5"', "scaling:q2.5 is for one memory, and others are hit; say scaling alone"),
        ('defence = "ranger"', "rescaled = true", "nothing is rescaled for bits:q2.5"),
    ):
        Path("plan.toml").write_text(DEFENDED.replace(old, new))
        with pytest.raises(UsageError, match=said):
            study.study(["plan.toml", "--out", "mine"])
    assert not Path("mine").exists() or not list(Path("mine").glob("*seed*"))


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES, ids=[wrong[:30] for _, wrong, _ in MISTAKES])
def test_a_mistake_in_a_plan_is_one_sentence(here, capsys, right, wrong, said):
    assert PLAN.count(right) == 1
    Path("plan.toml").write_text(PLAN.replace(right, wrong))
    assert exit_code_of(study.study, ["plan.toml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: the plan plan.toml") and err.count("\n") == 1 and said in err, err
    assert sorted(path.name for path in here.iterdir()) == ["plan.toml", "tiny.npz"]


@pytest.mark.parametrize("text", [b"title = ", b"\xff\xfe", b"[[[["])
def test_a_file_that_is_no_plan_is_one_sentence(here, capsys, text):
    Path("plan.toml").write_bytes(text)
    assert exit_code_of(study.study, ["plan.toml"]) == 4
    assert "plan.toml cannot be read as TOML: " in capsys.readouterr().err
    assert exit_code_of(study.study, ["absent.toml"]) == 4
    assert "cannot read the plan absent.toml: No such file" in capsys.readouterr().err


def test_the_plans_of_the_project_can_be_read():
    paths = sorted((ROOT / "lessons" / "plans").glob("*.toml"))
    assert paths
    for path in paths:
        plan = plans.read(path)
        for name in plan.networks:
            plan.settings(name, plan.seeds[0])


# ---- the work


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The small plan, run to its end by two processes."""
    folder = tmp_path_factory.mktemp("finished")
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 10
    np.savez(folder / "tiny.npz", x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])
    (folder / "plan.toml").write_text(PLAN)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "aftt_np.study", "plan.toml", "--out", "out", "--workers", "2"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def test_what_a_study_writes(finished):
    results = finished / "out" / "results"
    plan = plans.read(finished / "plan.toml")
    runs = files.read_table(results / "runs.csv")
    assert [(row["method"], row["seed"]) for row in runs] == [
        (method, str(seed)) for method in plan.methods for seed in (0, 1)
    ]
    rows = files.read_table(results / "rows.csv.gz")
    assert list(rows[0]) == ["method", "seed", *campaign.Row._fields]
    assert len(rows) == 4 * 2 * 2 * (2 + 5), "methods, seeds, patterns, rates and layers"
    hit = {(row["pattern"], row["layers"], row["rate"]): row["hit"] for row in rows if row["method"] == "none"}
    for row in rows:
        assert row["hit"] == hit[row["pattern"], row["layers"], row["rate"]], "all methods meet the same faults"
        if row["rate"] == "0.0":
            [run] = [one for one in runs if (one["method"], one["seed"]) == (row["method"], row["seed"])]
            assert row["accuracy"] == run["accuracy"]
    assert (results / "tables.md").exists() and (results / "figures" / "curves-nodes.png").exists()


def test_a_study_that_is_done_is_not_done_again(finished, capsys, monkeypatch):
    before = contents(finished / "out" / "results")
    monkeypatch.chdir(finished)
    monkeypatch.setattr(study, "start", lambda *args: pytest.fail("a network was trained again"))
    study.study(["plan.toml", "--out", "out"])
    study.study(["plan.toml", "--out", "elsewhere", "--results", "out/results"])  # from the results alone
    assert contents(finished / "out" / "results") | {"tables.md": 0} == before | {"tables.md": 0}
    assert "8 of 8 networks" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.pictures
def test_one_network_by_itself_gives_the_same_rows(finished, here):
    """As it would on another machine: --only, one after the other, then --report puts them together."""
    for name, seed in plans.read(Path("plan.toml")).jobs:
        with pytest.raises(SystemExit) as ended:
            study.study(["plan.toml", "--out", "out", "--only", name, str(seed)])
        assert ended.value.code == 0, (here / "out" / files.fit_name(f"{name}-seed{seed}") / "log.txt").read_text()
    study.study(["plan.toml", "--out", "out"])
    mine, theirs = contents(here / "out" / "results"), contents(finished / "out" / "results")
    assert mine == theirs


def test_a_plan_that_grows_keeps_what_it_has(finished, here, monkeypatch):
    """A third seed: only its networks are missing. A campaign more: all rows are, but no network is trained again."""
    plan = plans.read(finished / "plan.toml")
    results = finished / "out" / "results"
    assert study.collect(plan, Path("nowhere"), results) == []
    grown = plan._replace(seeds=(0, 1, 2))
    assert study.collect(grown, Path("nowhere"), results) == [("none", 2), ("lasso 1e-5", 2), ("aftt", 2)]
    wider = plan._replace(campaigns=(*plan.campaigns, plans.Campaign("weights", "all", (0.2,))))
    assert study.collect(wider, Path("nowhere"), results) == plan.jobs
    shutil.copytree(finished / "out" / "none-seed0", "copy")
    monkeypatch.setattr(study.train.Run, "finetune", lambda run: pytest.fail("trained again"))
    study.one(wider, "none", 0, Path("copy"))
    rows = files.read_table(study.rows_path(Path("copy"), "none", 2))
    assert len(rows) == 2 and {row["layers"] for row in rows} == {"all"}


def test_what_is_left_half_written_of_any_file_is_known_as_ours(finished):
    names = {path.name for path in (finished / "out").rglob("*") if path.is_file()} - {study.checkpoint.LOCK, "log.txt"}
    assert {"places-weights.png", "plan.toml", "checkpoint.npz", "rows.csv.gz"} <= names
    assert not [name for name in names if not study.checkpoint.DRAFTS.fullmatch(f"{name}.aftt-7.part")]


def written():
    """{(file, when)} of all that the networks of a study have on disk, but for their logs; here."""
    found = set()
    for path in (path for path in Path("out").glob("*/*.*") if path.name not in ("log.txt", ".lock")):
        with suppress(FileNotFoundError):  # a temporary one
            found.add((path, path.stat().st_mtime_ns))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_study_that_is_stopped_goes_on(finished, here, how):
    """Ctrl-C, or kill -9, again and again: the same results in the end."""
    command = [sys.executable, "-m", "aftt_np.study", "plan.toml", "--out", "out", "--workers", "2"]
    codes = []
    for attempt in range(40):
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # even where it is ignored
        )  # fmt: skip
        seen = written()
        while process.poll() is None and len(written() - seen) < 2 + attempt:  # by what is done: machines differ
            time.sleep(0.01)
        if process.poll() is None:
            os.kill(process.pid, how)
        _, said = process.communicate(timeout=100)
        codes.append(process.returncode)
        if process.returncode == 0:
            break
        assert process.returncode == (130 if how == signal.SIGINT else -9), said
        if how == signal.SIGINT:
            assert said.splitlines()[-1].startswith("interrupted"), said
        time.sleep(1.5)  # until processes that lost their parent are done with what they hold
    assert codes[-1] == 0 and len(codes) > 2, codes
    assert contents(here / "out" / "results") == contents(finished / "out" / "results")


def test_a_network_that_fails_is_named_and_the_others_are_made(here, capfd):
    bad = PLAN.replace("[0, 1]", "[0]").replace('aftt = {', '"too fast" = { method = "none", lr = 1e38 }\naftt = {')
    Path("plan.toml").write_text(bad)
    assert exit_code_of(study.study, ["plan.toml", "--out", "out", "--workers", "2"]) == 3
    said = capfd.readouterr().err
    assert "error: too fast, seed 0: the loss of finetune is" in said and "log.txt" in said
    runs = files.read_table(Path("out/results/runs.csv"))
    assert [row["method"] for row in runs] == ["none", "none, rescaled", "lasso 1e-5", "aftt"]
    assert Path("out/results/tables.md").exists(), "what there is, is shown"


def copy_of(finished, *names):
    """The results, or the folders of some networks, of the finished study; here."""
    for name in names:
        shutil.copytree(finished / "out" / name, Path("out") / name, dirs_exist_ok=True)


def test_rescaled_networks_are_rescaled(finished):
    """Rows of "none, rescaled", made here once more from the network of none."""
    dataset, saved = data.load(str(finished / "tiny.npz")), checkpoint.load(finished / "out/none-seed0/checkpoint.npz")
    players = train.build(config.resolve({"data": "tiny.npz", "seed": 0}), dataset)
    model = players.extractor + players.classifier
    model = model.with_params({name: saved.params[name] for name in model.params})
    rows = files.read_table(finished / "out/results/rows.csv.gz")
    for method, rescaled in (("none", False), ("none, rescaled", True)):
        there = [row for row in rows if (row["method"], row["seed"], row["fault"]) == (method, "0", "nodes")]
        what = dataset.x_test, dataset.y_test, "nodes", (0.0, 0.4), range(2), 1907
        made = list(campaign.run(model, *what, rescaled=rescaled))
        assert [float(row["mean_deviation"]) for row in there] == [row.mean_deviation for row in made], method


def test_rows_of_a_changed_plan_are_not_shown_as_its_own(finished, here, capsys):
    copy_of(finished, "results")
    Path("plan.toml").write_text(PLAN.replace("epochs-finetune = 2", "epochs-finetune = 9"))
    assert exit_code_of(study.study, ["plan.toml", "--out", "out", "--report", "--replace"]) == 4
    assert "there are no rows of this plan in out/results yet" in capsys.readouterr().err
    Path("plan.toml").write_text(PLAN.replace("lambda-lasso = 1e-5", "lambda-lasso = 2e-5"))
    study.study(["plan.toml", "--out", "out", "--report", "--replace"])
    assert "6 of 8 networks" in capsys.readouterr().out and "lasso" not in Path("out/results/tables.md").read_text()


@pytest.mark.parametrize("options", [(), ("--report",), ("--workers", "2")])
@pytest.mark.parametrize("old, new, many", [('"0,0.4"', '"0,0.5"', 8), ("lasso = 1e-5", "lasso = 2e-5", 2)])
def test_rows_that_a_changed_plan_makes_otherwise_are_not_lost(finished, here, capsys, old, new, many, options):
    copy_of(finished, "results")
    before = contents(Path("out/results"))
    Path("plan.toml").write_text(PLAN.replace(old, new))
    assert exit_code_of(study.study, ["plan.toml", "--out", "out", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: out/results holds rows of {many} networks that this plan makes otherwise now (")
    assert contents(Path("out/results")) == before and not Path("out/aftt-seed0").exists()
    study.study(["plan.toml", "--out", "out", "--estimate"])
    assert contents(Path("out/results")) == before, "an estimate writes nothing"


def test_rows_of_other_images_are_not_lost(finished, here, capsys):
    copy_of(finished, "results")
    before = contents(Path("out/results"))
    with np.load("tiny.npz") as file:
        arrays = dict(file)
    np.savez("tiny.npz", **arrays | {"x_test": 255 - arrays["x_test"]})
    assert exit_code_of(study.study, ["plan.toml", "--out", "out"]) == 2
    assert "rows of 6 networks that this plan makes otherwise now" in capsys.readouterr().err
    assert contents(Path("out/results")) == before


@pytest.mark.parametrize("where", ["--results", "--out"])
def test_the_folder_of_a_run_is_no_folder_of_a_study(finished, here, capsys, where):
    shutil.copytree(finished / "out" / "none-seed0", "mine")
    before = sorted(Path("mine").iterdir())
    assert exit_code_of(study.study, ["plan.toml", where, "mine"]) == 2
    assert "mine is the folder of a run; a study has folders of its own" in capsys.readouterr().err
    assert sorted(Path("mine").iterdir()) == before


def test_commands_in_tables_can_be_typed(finished, here):
    shutil.copytree(finished / "out" / "results", "my results")
    study.study(["plan.toml", "--results", "my results", "--report"])
    tables = Path("my results/tables.md").read_text()
    assert '`python -m aftt_np.study plan.toml --results "my results" --report`' in tables


def test_results_of_another_plan_are_left_alone(finished, here, capsys):
    copy_of(finished, "results")
    before = contents(Path("out/results"))
    Path("plan.toml").write_text(PLAN.replace("A small plan", "Another plan"))
    assert exit_code_of(study.study, ["plan.toml", "--out", "out"]) == 2
    assert "out/results holds the results of another plan, 'A small plan'; name another" in capsys.readouterr().err
    assert contents(Path("out/results")) == before


def test_what_a_plan_no_longer_asks_for_stays(finished, here):
    """A seed is taken out, another network is made: the rows of the seed are still there."""
    copy_of(finished, "results", "aftt-seed1")
    rows = files.read_table(Path("out/results/rows.csv.gz"))
    Path("out/results/runs.csv").write_text(
        "".join(line for line in Path("out/results/runs.csv").read_text().splitlines(True) if "aftt,1" not in line)
    )
    Path("plan.toml").write_text(PLAN.replace("seeds = [0, 1]", "seeds = [1]"))
    study.study(["plan.toml", "--out", "out"])
    after = files.read_table(Path("out/results/rows.csv.gz"))
    assert sorted(map(str, after)) == sorted(map(str, rows))
    assert len(files.read_table(Path("out/results/runs.csv"))) == 8


@pytest.mark.parametrize("table", ["rows.csv.gz", "losses.csv.gz", "weights.csv.gz"])
def test_a_table_that_is_lost_is_made_again(finished, here, table):
    copy_of(finished, "results")
    plan = plans.read(Path("plan.toml"))
    (Path("out/results") / table).unlink()
    assert study.collect(plan, Path("out"), Path("out/results")) == plan.jobs
    copy_of(finished, *(path.name for path in (finished / "out").iterdir() if path.is_dir()))
    (Path("out/results") / table).unlink()
    assert study.collect(plan, Path("out"), Path("out/results")) == []
    assert contents(Path("out/results")) == contents(finished / "out" / "results")


def test_rows_that_are_lost_are_made_again(finished, here):
    copy_of(finished, "results")
    path = Path("out/results/rows.csv.gz")
    rows = files.read_table(path)
    files.write_rows(path, study.ROW_COLUMNS, [tuple(row.values()) for row in rows[:-1]])
    assert study.collect(plans.read(Path("plan.toml")), Path("out"), Path("out/results")) == [("aftt", 1)]


@pytest.mark.parametrize(("name", "damage"), [
    ("faults-none-0.csv", lambda old: re.sub(r",0,(\d+\.\d+),", ",0,12.5,", old, count=1)),
    ("faults-none-0.csv", lambda old: old.replace(",0,", ",", 1)),
    ("faults-none--rescaled-0.csv", None),
    ("result.json", None),
    ("result.json", lambda old: old[:-5]),
    ("result.json", lambda old: old.replace('"rows"', '"rowz"')),
    ("result.json", lambda old: re.sub(r'"accuracy": [\d.]+', '"accuracy": 12.5', old)),
])  # fmt: skip
def test_a_network_that_was_damaged_is_not_collected(finished, here, capsys, name, damage):
    copy_of(finished, *(path.name for path in (finished / "out").iterdir() if path.is_dir() and path.name != "results"))
    plan, path = plans.read(Path("plan.toml")), Path("out/none-seed0") / name
    old = path.read_text()
    path.unlink()
    if damage:
        assert damage(old) != old
        path.write_text(damage(old))
    assert study.collect(plan, Path("out"), Path("results")) == [("none", 0)]
    rows = files.read_table(Path("results/rows.csv.gz"))
    assert rows and not any((row["method"], row["seed"]) == ("none", "0") for row in rows)
    code = exit_code_of(study.one, plan, "none", 0, path.parent)
    if damage and name != "result.json":  # it is said what to remove, and that helps
        assert code == 4 and "is not what its seal says" in capsys.readouterr().err
        path.unlink()
        code = exit_code_of(study.one, plan, "none", 0, path.parent)
    assert code == 0 and study.collect(plan, Path("out"), Path("results")) == []
    assert files.read_table(Path("results/rows.csv.gz")) == files.read_table(finished / "out/results/rows.csv.gz")


def test_a_plan_that_was_changed_and_changed_back_has_its_own_rows(finished, here, monkeypatch):
    """The other plan was stopped in the middle of its faults: what it left is not taken for the first one's."""
    copy_of(finished, "none-seed0")
    first = plans.read(Path("plan.toml"))
    other = first._replace(campaigns=(plans.Campaign("nodes", "all", (0.0, 0.2, 0.8)),))
    blocks = campaign.blocks

    def stopped(*args, **more):
        yield next(blocks(*args, **more))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(campaign, "blocks", stopped)
        with pytest.raises(KeyboardInterrupt):
            study.one(other, "none", 0, Path("out/none-seed0"))
    assert ("none", 0) in study.collect(first, Path("out"), Path("fresh"))
    study.one(other, "none", 0, Path("out/none-seed0"))
    study.one(first, "none", 0, Path("out/none-seed0"))
    for place in range(2):
        mine, theirs = (
            files.read_table(study.rows_path(folder / "none-seed0", "none", place))
            for folder in (Path("out"), finished / "out")
        )
        assert mine == theirs


def test_other_images_of_the_same_name_are_other_images(finished, here, monkeypatch):
    copy_of(finished, "results", "none-seed0")
    with np.load("tiny.npz") as file:
        arrays = dict(file)
    np.savez("tiny.npz", **arrays | {"x_test": 255 - arrays["x_test"]})
    plan = plans.read(Path("plan.toml"))
    assert study.collect(plan, Path("nowhere"), Path("out/results"), plans.check(plan)) == plan.jobs
    tuned = []
    monkeypatch.setattr(study.train, "finetune", lambda *args: tuned.append(1) or 0.0)
    study.one(plan, "none", 0, Path("out/none-seed0"))
    assert tuned, "the network of the other images was taken"
    rows = files.read_table(study.rows_path(Path("out/none-seed0"), "none", 0))
    made = files.read_json(Path("out/none-seed0/result.json"))
    assert {row["accuracy"] for row in rows if row["rate"] == "0.0"} == {str(made["accuracy"])}


def test_more_patterns_train_nothing_again(finished, here, monkeypatch):
    copy_of(finished, "none-seed0")
    monkeypatch.setattr(study.train.Run, "finetune", lambda run: pytest.fail("trained again"))
    plan = plans.read(Path("plan.toml"))
    study.one(plan._replace(patterns=3), "none", 0, Path("out/none-seed0"))
    folders = Path("out"), finished / "out"
    rows, old = (files.read_table(study.rows_path(folder / "none-seed0", "none", 0)) for folder in folders)
    assert rows[: len(old)] == old and len(rows) == 3 * 2
    study.one(plan._replace(fault_seed=3), "none", 0, Path("out/none-seed0"))


def test_threads_of_this_machine_are_not_part_of_an_identity(here, monkeypatch):
    Path("plan.toml").write_text(PLAN.replace("threads = 1\n", ""))
    one = plans.read(Path("plan.toml")).identity("none", 0)
    monkeypatch.setattr(config, "usable_processors", lambda: 64)
    assert plans.read(Path("plan.toml")).identity("none", 0) == one


def test_two_studies_in_one_place_are_refused(finished, here, capsys):
    copy_of(finished, "results")
    with study.checkpoint.held(Path("out/results")):
        assert exit_code_of(study.study, ["plan.toml", "--out", "out"]) == 2
    assert "another process works in out/results" in capsys.readouterr().err


@pytest.mark.slow
def test_a_plan_that_is_edited_while_it_runs_is_carried_out_as_it_was(here, monkeypatch):
    begun = study.start

    def edited(path, job, folder):
        Path("plan.toml").write_text(PLAN.replace("epochs-finetune = 2", "epochs-finetune = 1"))
        return begun(path, job, folder)

    monkeypatch.setattr(study, "start", edited)
    Path("plan.toml").write_text(PLAN.replace("[0, 1]", "[0]"))
    study.study(["plan.toml", "--out", "out", "--workers", "3"])
    losses = files.read_table(Path("out/results/losses.csv.gz"))
    assert {row["epoch"] for row in losses if row["phase"] == "finetune"} == {"1", "2"}


def test_two_campaigns_in_one_place_are_refused(here, capsys):
    for fault, layers in (("nodes", "all"), ("weights", "extractor/dense1")):
        more = f'[[campaigns]]\nfault = "{fault}"\nlayers = "{layers}"\nrates = "0.7"\n'
        Path("plan.toml").write_text(PLAN.replace("[methods]", more + "[methods]"))
        assert exit_code_of(study.study, ["plan.toml"]) == 2
        assert f" in {layers}; make one of them" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("ctrl_c", [signal.SIG_DFL, signal.SIG_IGN])  # ignored, as behind & in a shell's script
def test_a_study_that_is_told_to_end_leaves_nobody_behind(here, how, ctrl_c):
    Path("plan.toml").write_text(PLAN.replace("epochs-finetune = 2", "epochs-finetune = 2000"))
    command = [sys.executable, "-m", "aftt_np.study", "plan.toml", "--out", "out"]

    def before():
        signal.signal(how, signal.SIG_DFL)  # even where it is ignored, as behind nohup
        signal.signal(signal.SIGINT, ctrl_c)

    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=before)
    while not Path("out/none-seed0/checkpoint.npz").exists():
        time.sleep(0.1)
    process.send_signal(how)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "to go on, give the same command again" in said, said
    with study.checkpoint.held(Path("out/none-seed0")):  # nobody works there any more
        pass
    last = Path("out/none-seed0/log.txt").read_text().splitlines()[-1]
    assert "interrupted" in last, last  # it ended by itself, nobody had to kill it


@pytest.mark.slow
@pytest.mark.parametrize("ctrl_c", [signal.SIG_IGN, signal.default_int_handler])
def test_a_study_can_be_stopped_when_its_networks_have_hardly_begun(here, ctrl_c):
    """Also where it ignores Ctrl-C, as behind & in a script; nobody may have to wait until they are killed."""
    Path("plan.toml").write_text(PLAN.replace("epochs-finetune = 2", "epochs-finetune = 2000"))
    command = [sys.executable, "-m", "aftt_np.study", "plan.toml", "--out", "out"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, ctrl_c))  # fmt: skip
    while process.poll() is None and not Path("out/none-seed0/log.txt").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT) if ctrl_c == signal.SIG_IGN else None  # it stays ignored
    process.terminate()
    try:
        _, said = process.communicate(timeout=0.75 * study.STOP)
    finally:
        process.kill()
    assert process.returncode == 130 and "to go on, give the same command again" in said, said


def test_a_network_whose_study_was_killed_stops(here):
    Path("plan.toml").write_text(PLAN.replace("epochs-finetune = 2", "epochs-finetune = 2000"))
    command = [sys.executable, "-m", "aftt_np.study", "plan.toml", "--out", "out"]
    process = subprocess.Popen(command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    while not Path("out/none-seed0/checkpoint.npz").exists():
        time.sleep(0.1)
    process.kill()
    process.wait()
    for _ in range(200):
        try:
            with study.checkpoint.held(Path("out/none-seed0")):
                return
        except UsageError:
            time.sleep(0.1)
    pytest.fail("it still works, for nobody")


def test_one_network_by_itself_says_what_went_wrong(here, capsys):
    Path("plan.toml").write_text(PLAN.replace('method = "lasso"', 'method = "lasso", lr = 1e38'))
    with pytest.raises(SystemExit) as ended:
        study.study(["plan.toml", "--out", "out", "--only", "lasso 1e-5", "0"])
    assert ended.value.code == 3
    assert capsys.readouterr().err.startswith("error: lasso 1e-5, seed 0: the loss of finetune is nan")


def test_results_that_are_damaged_are_refused(finished, here, capsys):
    for name, damage in (
        ("rows.csv.gz", lambda old: old[:-20]), ("rows.csv.gz", lambda old: b"not compressed"),
        ("runs.csv", lambda old: old + b"none,3\n"), ("losses.csv.gz", lambda old: gzip.compress(b"\xff\xff\n")),
        ("runs.csv", lambda old: old.replace(b"seed", b"sead", 1)),
        ("runs.csv", lambda old: old.replace(b"none,0", b"none,q", 1)),
        ("runs.csv", lambda old: re.sub(rb"(\d+)\.(\d+),", rb"\1v\2,", old, count=1)),
        ("runs.csv", lambda old: re.sub(rb"\d+\.\d+,", rb"nan,", old, count=1)),
    ):  # fmt: skip
        shutil.rmtree("results", ignore_errors=True)
        shutil.copytree(finished / "out" / "results", "results")
        path = Path("results") / name
        path.write_bytes(damage(path.read_bytes()))
        assert exit_code_of(study.study, ["plan.toml", "--results", "results", "--report"]) == 4, name
        said = capsys.readouterr().err
        assert said.startswith(f"error: results/{name} cannot be used: ") and said.count("\n") == 1, said


@pytest.mark.parametrize(("right", "wrong", "said"), [
    ('fault = "nodes"', 'fault = "filters"', "this network has no filters that could be hit"),
    ('layers = "each"', 'layers = "extractor/conv1"', "no weights can be hit in extractor/conv1; there are: "),
    ('rates = "0,0.4"', 'rates = "0,1"', "at rate 1 nothing is left to be rescaled"),
    ("batch-size = 16", "batch-size = 41", "--batch-size 41 is more than the 40 training images"),
    ('"nodes:0.2:0.5"', '"filters:0.5"', "A1 has no filters"),
    ('["nodes:0.2:0.5"]', '["filters:0.5"], fault-steps = "in-turn"', "A1 has no filters"),
    ('"tiny.npz"', '"absent.npz"', "absent.npz cannot be used"),
])  # fmt: skip
def test_what_does_not_fit_is_said_before_anything_is_trained(here, capsys, right, wrong, said):
    assert PLAN.count(right) == 1
    Path("plan.toml").write_text(PLAN.replace(right, wrong))
    assert exit_code_of(study.study, ["plan.toml"]) in (2, 4)
    err = capsys.readouterr().err
    assert err.startswith("error: ") and err.count("\n") == 1 and said in err, err
    assert sorted(path.name for path in here.iterdir()) == ["plan.toml", "tiny.npz"]


def test_places_that_cannot_be_written_are_said_at_once(here, capsys):
    for option in ("--out", "--results"):
        assert exit_code_of(study.study, ["plan.toml", option, "tiny.npz/x"]) == 4
        err = capsys.readouterr().err
        assert "cannot make the folder tiny.npz/x" in err and err.count("\n") == 1, err


def test_a_bug_of_ours_is_in_the_log_and_its_last_line_is_said(here, monkeypatch):
    plan = plans.read(Path("plan.toml"))
    monkeypatch.setattr(study, "one", lambda *args: {}["a bug"])
    assert study.alone(plan, ("none", 0), Path("job")) == 1
    assert "Traceback" in Path("job/log.txt").read_text()
    error = study.failure(("none", 0), 1, Path("job"))
    assert str(error) == "none, seed 0: KeyError: 'a bug' (see job/log.txt)" and error.exit_code == 1


def test_there_is_nothing_to_report_yet(here, capsys):
    assert exit_code_of(study.study, ["plan.toml", "--report"]) == 4
    assert "there are no rows of this plan in runs/study-plan/results yet" in capsys.readouterr().err
    assert exit_code_of(study.study, ["plan.toml", "--only", "aft", "0"]) == 2
    assert "the plan has no network aft with seed 0: it has none; " in capsys.readouterr().err
    assert exit_code_of(study.study, ["plan.toml", "--only", "none", "x"]) == 2
    assert "the plan has no network none with seed x: it has none; " in capsys.readouterr().err
    assert exit_code_of(study.study, ["core-A1"]) == 4
    assert "core-A1: No such file or directory; check the path" in capsys.readouterr().err
    files.make_folder(Path("lessons/plans")).joinpath("core-A1.toml").write_text("")
    assert exit_code_of(study.study, ["core-A1"]) == 4
    assert f"did you mean {Path('lessons/plans/core-A1.toml')}?" in capsys.readouterr().err
    assert exit_code_of(study.study, ["lessons/plans/cor-A1.toml"]) == 4
    assert f"did you mean {Path('lessons/plans/core-A1.toml')}?" in capsys.readouterr().err


def test_rows_are_known_by_the_defaults_of_their_defence(here, monkeypatch):
    text = PLAN + '"none, scaled" = { network = "none", defence = "scaling" }\n'
    Path("plan.toml").write_text(text)
    plan = plans.read(Path("plan.toml"))
    before = plan.identities
    monkeypatch.setattr(defend, "TOP", {"float32": 1.0})
    changed = {key for key, identity in plan.identities.items() if identity != before[key]}
    assert changed == {key for key in before if key[0].startswith("none")}, "a network's methods are made together"
    monkeypatch.undo()
    monkeypatch.setattr(defend, "IMAGES", 7)
    assert plan.identities == before, "scaling looks at no images"


def test_an_estimate_trains_nothing_and_says_how_long(finished, here, capsys):
    study.study(["plan.toml", "--out", "out", "--estimate", "--workers", "2"])
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in said[2:5]] == ["none", "lasso 1e-5", "aftt"]
    assert said[-1].startswith("6 networks, 2 at a time") and max(map(len, said)) <= 80
    assert not Path("out").exists()
    study.study(["plan.toml", "--results", str(finished / "out" / "results"), "--estimate"])
    assert capsys.readouterr().out.splitlines()[-1] == "0 networks, 1 at a time: 0 s"
    study.study(["plan.toml", "--out", "out", "--estimate", "--workers", "1000"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("6 networks, 6 at a time")
    copy_of(finished, "none-seed0")
    study.study(["plan.toml", "--out", "out", "--estimate"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("5 networks, 1 at a time")
    assert not Path("out/results").exists(), "what is there is counted, not written"


def test_an_estimate_multiplies_what_it_measures(here, monkeypatch):
    """A clock on which every step of fine-tuning takes 2 s, of the games 3 s, and everything else no time."""
    clock = [0.0]
    monkeypatch.setattr(study.time, "perf_counter", lambda: clock[0])

    def takes(seconds, work):
        def slow(*args, **kwargs):
            clock[0] += seconds
            return work(*args, **kwargs)

        return slow

    monkeypatch.setattr(study.train, "finetune", takes(2, study.train.finetune))
    monkeypatch.setattr(study.train.games, "play", takes(3, study.train.games.play))
    monkeypatch.setattr(campaign, "of_pattern", takes(5, campaign.of_pattern))
    text = PLAN.replace("batch-size = 16", "batch-size = 4")
    Path("plan.toml").write_text(text)
    plan = plans.read(Path("plan.toml"))
    assert study.cost(plan, "aftt") == (10 * (1 * 3 + 2 * 2), 2 * 6 * 5), "ten steps an epoch; 2 patterns in 6 places"
    assert study.cost(plan, "none") == (10 * 2 * 2, 2 * 2 * 6 * 5), "two methods look at it"


# ---- the report


def test_strengths_are_of_methods_that_differ_in_nothing_else(here):
    more = ['"lasso 1e-4" = { method = "lasso", lambda-lasso = 1e-4, loss = "mse" }',
            '"lasso 0" = { method = "lasso", lambda-lasso = 0 }']  # fmt: skip
    Path("plan.toml").write_text(PLAN + "\n".join(more))
    assert plans.read(Path("plan.toml")).strengths() == {
        "lasso": {0.0: "lasso 0", 1e-5: "lasso 1e-5"}, "tikhonov": {0.0: "none"},
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.pictures
def test_places_with_different_rates_have_tables_of_their_own(here):
    Path("plan.toml").write_text(PLAN.replace("[0, 1]", "[0]").replace(
        "[methods]", '[[campaigns]]\nfault = "nodes"\nlayers = "extractor/dense1"\nrates = "0.7"\n'
        '[[campaigns]]\nfault = "nodes"\nlayers = "extractor/dense2"\nrates = "0.4"\n[methods]'))  # fmt: skip
    study.study(["plan.toml", "--out", "out", "--workers", "3"])
    said = Path("out/results/tables.md").read_text()
    assert "| 70% of the nodes in | extractor/dense1 |" in said
    assert "| 40% of the nodes in | all | extractor/dense2 |" in said


@pytest.mark.parametrize("table", ["losses.csv.gz", "weights.csv.gz"])
def test_networks_without_their_losses_or_weights_are_refused(finished, tmp_path, table):
    shutil.copytree(finished / "out" / "results", tmp_path / "results")
    path, plan = tmp_path / "results" / table, plans.read(finished / "plan.toml")
    findings.read(tmp_path / "results", plan.methods, list(plan.networks))
    rows = [row for row in files.read_table(path) if (row["method"], row["seed"]) != ("aftt", "1")]
    files.write_rows(path, list(rows[0]), [row.values() for row in rows])
    with pytest.raises(DataError, match=f"the {table.partition('.')[0]} of some networks are missing"):
        findings.read(tmp_path / "results", plan.methods, list(plan.networks))


@pytest.mark.parametrize(("page", "said"), [
    ("nothing\n", "found 0 beginnings"),
    ("<!-- results: In short -->\nno end\n", "1 beginnings, 0 of them with an end"),
    ("<!-- results: In short -->\n<!-- other: In short -->\n<!-- end -->\n", "1 beginnings, 0 of them with an end"),
    ("<!-- results: In short -->\n<!-- results: Accuracy -->\n<!-- end -->\n", "2 beginnings, 1 of them with an end"),
])  # fmt: skip
def test_a_page_that_asks_wrongly_is_refused_before_anything_is_done(here, capsys, page, said):
    Path("page.md").write_text(page)
    assert exit_code_of(study.study, ["plan.toml", "--results", "results", "--into", "page.md"]) == 2
    assert said in capsys.readouterr().err and not Path("runs").exists() and not Path("results").exists()
    assert Path("page.md").read_text() == page


def test_a_page_gets_the_tables_that_it_asks_for(finished, here, capsys):
    shutil.copytree(finished / "out" / "results", "results")
    asked = "# A page\n\n<!-- results: In short -->\nold\n<!-- end -->\nwords\n<!-- other: In short -->\n<!-- end -->\n"
    Path("page.md").write_text(asked)
    study.study(["plan.toml", "--results", "results", "--report", "--into", "page.md"])
    page = Path("page.md").read_text()
    assert "old" not in page and "\nwords\n<!-- other: In short -->\n<!-- end -->\n" in page
    table = page.split("<!-- results: In short -->\n")[1].split("<!-- end -->")[0]
    assert table in Path("results/tables.md").read_text() and table.startswith("| accuracy in % | seeds | no faults |")
    for name in ("one.md", "other.md"):
        Path(name).write_text(asked)
    study.study(["plan.toml", "--results", "results", "--report", "--into", "one.md", "--into", "other.md"])
    assert Path("one.md").read_text() == Path("other.md").read_text() == page
    Path("page.md").write_text(asked.replace("In short", "In long"))
    assert exit_code_of(study.study, ["plan.toml", "--results", "results", "--report", "--into", "page.md"]) == 2
    known = "In short, Areas under the curves, Accuracy"
    assert f"there is no table 'In long' in results; there are: {known}" in capsys.readouterr().err
    assert Path("page.md").read_text() == asked.replace("In short", "In long")
    assert exit_code_of(study.study, ["plan.toml", "--results", "results", "--report", "--into", "absent"]) == 4
    assert capsys.readouterr().err == "error: cannot read absent: No such file or directory\n"
