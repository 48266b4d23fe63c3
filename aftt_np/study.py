"""python -m aftt_np.study: every method of a plan, trained with every seed, broken in every way that it names.

    python -m aftt_np.study lessons/plans/core-A1.toml --estimate
    python -m aftt_np.study lessons/plans/core-A1.toml --results lessons/results/core-A1
    python -m aftt_np.study lessons/plans/core-A1.toml --results lessons/results/core-A1 --report

The first says how long it will take here, the second does it, the third draws tables and figures from rows alone.
A plan is a .toml file:

    title = "What the figures and tables are called"
    seeds = [0, 1, 2, 3, 4]         # of training
    patterns = 30                   # of faults, the same for all
    [settings]                      # of all runs: options of python -m aftt_np.train
    data = "fashion-mnist"
    [[campaigns]]                   # one table for each: what is broken, where (all, each, or names), at which rates
    fault = "nodes"
    layers = "all"
    rates = "0,0.2,0.4,0.68"
    [methods]                       # what each adds to the settings; all are compared with the first
    none = { method = "none" }
    "none, rescaled" = { network = "none", rescaled = true }  # the same networks, seen in another way
    aftt = { method = "aftt" }

Each network is trained and broken by a process of its own, in a folder of its own. What is stopped goes on with the
same command; what the results hold is not made again, on whatever machine they were made.
"""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import traceback
from collections import deque
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from . import campaign, checkpoint, config, faults, files, report, train
from .backend import choose, to_device, to_host
from .config import Config, Parser, number
from .errors import AfttError, DataError, UsageError, exit_code_of
from .inject import rates_of
from .losses import PENALTIES

RUN_COLUMNS = ("method", "seed", "plan", "train_accuracy", "accuracy", "training_seconds", "fault_seconds", "made_with")
ROW_COLUMNS = ("method", "seed", *campaign.Row._fields)
LOSS_COLUMNS = ("method", "seed", *train.COLUMNS)
WEIGHT_COLUMNS = ("method", "seed", "std", *(f"{edge:.3f}" for edge in report.WEIGHT_BINS[:-1]))
PLAN_KEYS = ("title", "seeds", "patterns", "fault_seed", "settings", "campaigns", "methods")
POLL = 0.2  # seconds between looks at the processes
FEW_STEPS = (5, 25)  # of training, that the estimate goes by
STOP = 60.0  # seconds that they get to save where they are


class Campaign(NamedTuple):
    """One way to break networks: `layers` is all, each, or names with commas between them."""

    fault: str
    layers: str
    rates: tuple


class Network(NamedTuple):
    """One kind of network to train, and the methods that look at it: {name: rescaled}."""

    settings: dict  # options of python -m aftt_np.train, by name
    methods: dict


class Plan(NamedTuple):
    """What `read` made of a .toml file."""

    name: str
    title: str
    seeds: tuple
    patterns: int
    fault_seed: int
    campaigns: tuple
    networks: dict  # {name of the method that is trained: Network}

    @property
    def methods(self) -> list[str]:
        """All methods, as they stand in the plan."""
        return [method for network in self.networks.values() for method in network.methods]

    @property
    def jobs(self) -> list:
        """(name of a network, seed), seed by seed, so that what is stopped half way has some seeds of all methods."""
        return [(name, seed) for seed in self.seeds for name in self.networks]

    def settings(self, name: str, seed: int) -> Config:
        """The settings of one training run."""
        given = self.networks[name].settings | {"seed": seed, "fault_seed": self.fault_seed, "patterns": self.patterns}
        return config.resolve(given)

    def identity(self, name: str, seed: int) -> str:
        """A digest of all that the rows of one network depend on."""
        what = [chosen(config.bound(self.settings(name, seed))), self.networks[name].methods, self.campaigns]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]


def chosen(settings: dict) -> dict:
    """The settings that are not at their defaults: one that a later version adds has its default in older runs."""
    settings, defaults = (json.loads(json.dumps(one)) for one in (settings, config.bound(Config())))
    return {name: value for name, value in settings.items() if value != defaults.get(name)}


# ---- the plan


def read(path: Path) -> Plan:
    """A plan. Raises DataError for a file that is none, UsageError for what a plan cannot say."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read the plan {path}: {error.strerror or error}; check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a .toml file: {error}") from error
    try:
        for key in content:
            config.choice(PLAN_KEYS)(key)
        settings = read_settings(content.get("settings", {}))
        networks = {}
        for name, said in content["methods"].items():
            said = dict(said)
            rescaled, of = bool(said.pop("rescaled", False)), said.pop("network", None)
            if of is None:
                networks[name] = Network(settings | read_settings(said), {})
            elif of not in networks or said:
                raise ValueError(f"{name}: the network {of!r} of a method before it, rescaled or not, and nothing else")
            networks[of or name].methods[name] = rescaled
        plan = Plan(
            name=path.stem,
            title=str(content["title"]),
            seeds=tuple(number(int, 0)(str(seed)) for seed in content["seeds"]),
            patterns=number(int, 1)(str(content["patterns"])),
            fault_seed=number(int, 0)(str(content.get("fault_seed", Config.fault_seed))),
            campaigns=tuple(read_campaign(dict(said)) for said in content["campaigns"]),
            networks=networks,
        )
        if not (plan.seeds and plan.campaigns and networks):
            raise ValueError("it needs at least one seed, one campaign and one method")
        for of_what, values in (("seeds", plan.seeds), ("names", [file_name(name) for name in networks])):
            if len(set(values)) < len(values):
                raise ValueError(f"two of its {of_what} are the same")
    except KeyError as error:
        raise UsageError(f"the plan {path} says nothing of {error.args[0]}") from error
    except (AfttError, ValueError, TypeError, AttributeError, config.argparse.ArgumentTypeError) as error:
        raise UsageError(f"the plan {path}: {error}") from error
    return plan


def read_settings(said: dict) -> dict:
    """Options of training, {name: value}, as the command line would have read them."""
    known = {entry.name: entry.metadata["read"] for entry in fields(Config)} | {"lr": number(float, 0)}
    known = {name: how for name, how in known.items() if name not in ("seed", "fault_seed", "patterns", "out")}
    given = {}
    for name, value in said.items():
        name = name.replace("-", "_")
        read_one = known[config.choice(tuple(known))(name)]
        several = name == "train_faults"
        given["lr_finetune" if name == "lr" else name] = (
            [read_one(str(one)) for one in value] if several else read_one(str(value))
        )
    return given


def read_campaign(said: dict) -> Campaign:
    """One of the plan's [[campaigns]]."""
    for key in said:
        config.choice(Campaign._fields)(key)
    fault = config.choice(faults.KINDS)(said["fault"])
    return Campaign(fault, str(said.get("layers", "all")), rates_of(str(said.get("rates", "0:0.9:0.1"))))


def check(plan: Plan):
    """Raise the errors of errors.py for what is right in itself but does not fit: before hours of work, not after."""
    images = {}
    for name, network in plan.networks.items():
        settings = plan.settings(name, plan.seeds[0])
        key = settings.data, settings.data_dir, settings.evaluate
        if key not in images:
            images[key] = train.read_images(settings, settings.data)
        train.check_fit(settings, images[key])
        players = train.build(settings, images[key])
        model = players.extractor + players.classifier
        for asked in plan.campaigns:
            if not faults.sites(model, asked.fault):
                raise UsageError(f"the plan {plan.name}: {settings.arch} has no {asked.fault} for such images")
            places(model, asked)
            if 1 in asked.rates and any(network.methods.values()):
                raise UsageError(f"the plan {plan.name}: at rate 1 nothing is left to be rescaled; leave it out")


def file_name(method: str) -> str:
    """The name of a method, fit for a folder."""
    return "".join(letter if letter.isalnum() or letter in ".-" else "-" for letter in method)


# ---- one network


def one(plan: Plan, name: str, seed: int, folder: Path):
    """Train one network, break it in every way of the plan; the last file it writes is result.json."""
    settings = plan.settings(name, seed)
    if files.read_json(folder / "result.json").get("plan") == plan.identity(name, seed):
        return
    xp = choose(settings.backend)
    dataset = train.read_images(settings, settings.data)
    with checkpoint.held(files.make_folder(folder)), train.computing(settings, xp):
        path = folder / "checkpoint.npz"
        saved = checkpoint.load(path) if os.path.lexists(path) else None
        if saved and chosen(saved.settings["settings"]) != chosen(config.bound(settings)):
            saved = None  # the plan has changed since
        started = time.perf_counter()
        run = train.learn(settings, dataset, xp, folder, saved)
        trained = time.perf_counter()
        x, y = to_device(dataset.x_test, xp), to_device(dataset.y_test, xp)
        for method, rescaled in plan.networks[name].methods.items():
            break_it(plan, run, x, y, method, rescaled, folder)
        weights = np.concatenate([to_host(p).ravel() for key, p in run.model.params.items() if key.endswith(".w")])
        files.write_json(folder / "result.json", {
            "plan": plan.identity(name, seed),
            "train_accuracy": campaign.score(run.model, run.x, run.y).accuracy,
            "accuracy": campaign.score(run.model, x, y).accuracy,
            "training_seconds": None if saved else round(trained - started, 1),  # None: not all of it was here
            "fault_seconds": round(time.perf_counter() - trained, 1),
            "made_with": run.identity["made_with"],
            "losses": [list(row.values()) for row in run.metrics],
            "weights": [float(weights.std()), *np.histogram(weights, report.WEIGHT_BINS)[0].tolist()],
        })  # fmt: skip


def break_it(plan: Plan, run: train.Run, x, y, method: str, rescaled: bool, folder: Path):
    """All campaigns of the plan on one network, as one method sees it: a file of rows for each."""
    for number_, asked in enumerate(plan.campaigns):
        identity = json.dumps([run.sha256, asked, plan.fault_seed, rescaled])
        owner = hashlib.sha256(identity.encode()).hexdigest()
        path = rows_path(folder, method, number_)
        seal = path.with_name(f"{path.name}.seal")
        if files.read_json(seal).get("owner") != owner:  # of a plan that has changed since
            seal.unlink(missing_ok=True)
        file = checkpoint.RowFile(path, campaign.Row._fields, owner)
        for only in places(run.model, asked):
            what = (asked.fault, asked.rates, plan.patterns, plan.fault_seed, only)
            for block in campaign.blocks(file, run.model, x, y, *what, rescaled=rescaled):
                print(f"{method}: {asked.fault} in {block[0].layers}, pattern {block[0].pattern + 1}", flush=True)


def rows_path(folder: Path, method: str, place: int) -> Path:
    """Where the rows of one method and the plan's campaign number `place` are, for one seed."""
    return folder / f"faults-{file_name(method)}-{place}.csv"


def places(network, asked: Campaign) -> list:
    """Where a campaign hits: for each place a list of layers, or None for all of them."""
    if asked.layers == "all":
        return [None]
    if asked.layers == "each":
        return [[name] for name in faults.sites(network, asked.fault)]
    return [list(faults.sites(network, asked.fault, [name.strip() for name in asked.layers.split(",")]))]


# ---- all of them


def work(plan: Plan, path: Path, jobs: list, folder: Path, results: Path, workers: int):
    """Have a process do each job, `workers` at a time; what is done goes into the results at once."""
    waiting, running, failures = deque(jobs), {}, []
    with train.progress_bar("networks", len(plan.jobs), len(plan.jobs) - len(jobs)) as bar:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    job = waiting.popleft()
                    running[job] = start(path, job, folder)
                for job, process in list(running.items()):
                    if process.poll() is not None:
                        del running[job]
                        if process.returncode:
                            failures.append(failure(job, process.returncode, job_folder(folder, job)))
                            tqdm.write(f"warning: {failures[-1]}; the others go on", file=sys.stderr)
                        collect(plan, folder, results)
                        bar.update(1)
                time.sleep(POLL)
        finally:
            for process in running.values():  # they save where they are
                process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            for process in running.values():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOP)
                process.kill()
                process.wait()
    if failures:
        raise failures[0]


def start(path: Path, job: tuple, folder: Path) -> subprocess.Popen:
    """A process that does one job; what it says goes into its log."""
    name, seed = job
    command = [sys.executable, "-m", "aftt_np.study", str(path), "--out", str(folder), "--only", name, str(seed)]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # Ctrl-C is for us to answer


def alone(plan: Plan, job: tuple, folder: Path) -> int:
    """Do one job, with all that there is to say in its log; returns its exit code."""
    log = files.make_folder(folder) / "log.txt"
    with open(log, "a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            return exit_code_of(one, plan, *job, folder)
        except Exception:
            traceback.print_exc()  # the last line of the log is what the study says of it
            return 1


def failure(job: tuple, code: int, folder: Path) -> AfttError:
    """What to say of a process that ended badly, with the exit code that it had."""
    log = folder / "log.txt"
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if log.exists() else []
    error = AfttError(f"{job[0]}, seed {job[1]}: {' '.join(last) or f'ended with code {code}'} (see {log})")
    error.exit_code = code if code > 0 else DataError.exit_code
    return error


def job_folder(folder: Path, job: tuple) -> Path:
    """The folder of one network."""
    return folder / f"{file_name(job[0])}-seed{job[1]}"


def collect(plan: Plan, folder: Path, results: Path) -> list:
    """Put what the jobs have made into the results, beside what is there; returns the jobs still to be done."""
    tables = {name: {} for name in TABLES}
    for name, table in tables.items():
        for row in files.read_table(results / TABLES[name]):
            table.setdefault((row["method"], int(row["seed"])), []).append(tuple(row.values()))
    missing, changed = [], False
    for job in plan.jobs:
        name, seed = job
        methods, identity = plan.networks[name].methods, plan.identity(name, seed)
        if all([row[2] for row in tables["runs"].get((method, seed), ())] == [identity] for method in methods):
            continue
        made = files.read_json(job_folder(folder, job) / "result.json")
        if made.get("plan") != identity:
            missing.append(job)
            continue
        changed = True
        for method in methods:
            key = method, seed
            tables["runs"][key] = [(method, seed, *(made[column] for column in RUN_COLUMNS[2:]))]
            tables["losses"][key] = [(*key, *row) for row in made["losses"]]
            tables["weights"][key] = [(*key, *made["weights"])]
            tables["rows"][key] = [
                (*key, *row.values())
                for place in range(len(plan.campaigns))
                for row in files.read_table(rows_path(job_folder(folder, job), method, place))
            ]
    if changed:
        files.make_folder(results)
        order = [(method, seed) for method in plan.methods for seed in plan.seeds]
        for name, columns in COLUMNS.items():
            rows = [row for key in order for row in tables[name].get(key, ())]
            files.write_rows(results / TABLES[name], columns, rows)
    return missing


TABLES = {"runs": "runs.csv", "rows": "rows.csv.gz", "losses": "losses.csv.gz", "weights": "weights.csv.gz"}
COLUMNS = {"rows": ROW_COLUMNS, "losses": LOSS_COLUMNS, "weights": WEIGHT_COLUMNS, "runs": RUN_COLUMNS}  # runs last:
# a network counts as done when it stands there, and its rows have to be there before


# ---- how long it will take


def estimate(plan: Plan, jobs: list, workers: int):
    """Print how long `jobs` will take on this machine, from a few steps and one fault pattern of each network."""
    todo = {name: sum(job[0] == name for job in jobs) for name in plan.networks}
    print(f"{'network':<34}{'to do':>6}{'training':>12}{'faults':>12}{'together':>14}")
    total = 0.0
    for name, seeds in todo.items():
        if seeds:
            training, breaking = cost(plan, name)
            total += seeds * (training + breaking)
            times = f"{span(training):>12}{span(breaking):>12}{span(seeds * (training + breaking)):>14}"
            print(f"{name[:33]:<34}{seeds:>6}{times}", flush=True)
    alone = "" if workers == 1 else ", if they do not slow each other"
    print(f"\n{len(jobs)} networks, {workers} at a time{alone}: {span(total / workers)}")


def cost(plan: Plan, name: str) -> tuple:
    """Seconds that one network of the plan takes: to train, and to break."""
    settings = plan.settings(name, plan.seeds[0])
    quiet = io.StringIO()
    with TemporaryDirectory() as folder, redirect_stdout(quiet), redirect_stderr(quiet):
        xp = choose(settings.backend)
        dataset = train.read_images(settings, settings.data)
        with train.computing(settings, xp):
            return measure(plan, name, settings, dataset, xp, Path(folder))


def measure(plan: Plan, name: str, settings: Config, dataset, xp, folder: Path) -> tuple:
    """What `cost` says, of images that are there; `folder` is for checkpoints that nobody needs."""
    steps = len(dataset.x_train) // settings.batch_size
    seconds = {"games": [], "finetune": []}
    few = [min(n, steps) for n in FEW_STEPS]
    for n in few:
        N = n * settings.batch_size
        part = replace(dataset, x_train=dataset.x_train[:N], y_train=dataset.y_train[:N])
        run = train.Run(replace(settings, epochs_games=1, epochs_finetune=1), part, xp, folder)
        for phase, work_of in (("games", run.play_games), ("finetune", run.finetune)):
            started = time.perf_counter()
            if phase == "finetune" or settings.method == "aftt":
                work_of()
            seconds[phase].append(time.perf_counter() - started)
    # from the difference of the two: what comes once, as a checkpoint does, is in both
    step = {phase: (long - short) / max(few[1] - few[0], 1) for phase, (short, long) in seconds.items()}
    training = steps * (settings.epochs_games * step["games"] + settings.epochs_finetune * step["finetune"])
    x, y = to_device(dataset.x_test, xp), to_device(dataset.y_test, xp)
    started = time.perf_counter()
    for asked in plan.campaigns:
        for only in places(run.model, asked):
            for _ in campaign.run(run.model, x, y, asked.fault, asked.rates, range(1), plan.fault_seed, only):
                pass
    breaking = (time.perf_counter() - started) * plan.patterns * len(plan.networks[name].methods)
    return max(training, 0.0), breaking


def span(seconds: float) -> str:
    """A time as people say it."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def parse(argv):
    """The command line."""
    parser = Parser(prog="python -m aftt_np.study", description=__doc__.partition("\n\n")[0], allow_abbrev=False)
    add = parser.add_argument
    add("plan", metavar="PLAN", type=Path, help="a .toml file, as in lessons/plans")
    add("--out", metavar="DIR", help="folder for the networks (default: runs/study-PLAN)")
    add("--results", metavar="DIR", help="folder for rows, tables and figures (default: OUT/results)")
    add("--workers", type=number(int, 1, config.MOST_THREADS), default=1, metavar="N",
        help="networks at a time; each uses the threads that the plan says (default: 1)")  # fmt: skip
    add("--estimate", action="store_true", help="say how long it will take here, and stop")
    add("--report", action="store_true", help="make tables and figures from the rows that there are, and stop")
    add("--into", metavar="FILE", type=Path, help="a page to put tables into, where it asks for them")
    add("--only", nargs=2, metavar=("METHOD", "SEED"), help="one network and nothing else, as on another machine")
    return parser.parse_args(argv)


def study(argv=None):
    """The command. Raises the errors of errors.py."""
    options = parse(argv)
    plan = read(options.plan)
    folder = Path(options.out or Path("runs") / f"study-{plan.name}")
    results = Path(options.results) if options.results else folder / "results"
    if options.only:
        job = next((job for job in plan.jobs if [job[0], str(job[1])] == options.only), None)
        if job is None:
            raise UsageError(f"the plan has no network {options.only[0]} with seed {options.only[1]}")
        sys.exit(alone(plan, job, job_folder(folder, job)))
    jobs = collect(plan, folder, results)
    if options.estimate:
        estimate(plan, jobs, options.workers)
        return
    if jobs and not options.report:
        check(plan)
        for place in (folder, results):
            files.check_writable(place / "plan.toml")
        work(plan, options.plan, jobs, folder, results, options.workers)
    about, found = show(plan, options.plan, results)
    if options.into:
        fill(options.into, results.as_posix(), report.sections(about, found))


def show(plan: Plan, path: Path, results: Path):
    """Tables and figures of what there is; returns what they are about, and what was found."""
    found = report.read(results, plan.methods, list(plan.networks))
    if not found.methods:
        raise DataError(f"there are no rows in {results} yet; run the study first")
    settings = plan.settings(*plan.jobs[0])
    command = f"python -m aftt_np.study {path.as_posix()} --results {results.as_posix()} --report"
    images = "fashion" if settings.data.startswith("fashion") else settings.data.partition("-")[0]
    held_out = "test" if settings.evaluate == "test" else "last training"
    about = {"title": plan.title, "command": command, "images": images, "arch": settings.arch, "held_out": held_out}
    report.write(about, found, strengths(plan), results)
    done = sum(map(len, found.seeds.values()))
    print(f"{done} of {len(plan.methods) * len(plan.seeds)} networks; tables and figures are in {results}")
    return about, found


def fill(page: Path, folder: str, parts: dict):
    """Put the tables that a page asks for into it. Raises DataError if it cannot be read, UsageError for a mistake."""
    try:
        old = page.read_text(encoding="utf-8")
        new = report.embed(old, folder, parts)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {page}: {error}") from error
    except ValueError as error:
        raise UsageError(f"{page}: {error}") from error
    with files.whole_file(page) as file:
        file.write(new)


def strengths(plan: Plan) -> dict:
    """{penalty: {strength: method}} of the methods that are plain training with a penalty."""
    found = {}
    for name, network in plan.networks.items():
        penalty = network.settings.get("method", Config.method)
        if penalty in PENALTIES:
            strength = getattr(plan.settings(name, plan.seeds[0]), f"lambda_{penalty}")
            found.setdefault(penalty, {})[strength] = name
        elif penalty == "none" and name == "none":
            found = {one: {0.0: name} for one in PENALTIES} | found
    return found


if __name__ == "__main__":
    sys.exit(exit_code_of(study))
