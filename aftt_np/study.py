"""python -m aftt_np.study: every method of a plan, trained with every seed, broken in every way that it names.

    python -m aftt_np.study lessons/plans/core-A1.toml --estimate
    python -m aftt_np.study lessons/plans/core-A1.toml --results lessons/results/core-A1
    python -m aftt_np.study lessons/plans/core-A1.toml --results lessons/results/core-A1 --report

The first says how long it will take here, the second does it, the third makes tables and figures from rows alone.
plans.py says what a plan is. Each network is trained and broken by a process of its own, in a folder of its own. What
is stopped goes on with the same command; what the results hold is not made again, on whatever machine they were made.
"""

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from . import campaign, checkpoint, config, defend, files, findings, plans, report, train
from .backend import choose, to_device, to_host
from .config import Config, Parser, number
from .errors import INTERRUPTED, AfttError, CheckpointError, DataError, UsageError, end_with, exit_code_of
from .files import digest, fit_name
from .network import Network
from .plans import Plan

RUN_COLUMNS = ("method", "seed", "plan", "images", "rows", "train_accuracy", "accuracy", "training_seconds",
               "fault_seconds", "made_with")  # fmt: skip
ROW_COLUMNS = ("method", "seed", *campaign.Row._fields)
LOSS_COLUMNS = ("method", "seed", *train.COLUMNS)
WEIGHT_COLUMNS = ("method", "seed", "std", *(f"{edge:.3f}" for edge in findings.WEIGHT_BINS[:-1]))
TABLES = {"runs": "runs.csv", "rows": "rows.csv.gz", "losses": "losses.csv.gz", "weights": "weights.csv.gz"}
COLUMNS = {"rows": ROW_COLUMNS, "losses": LOSS_COLUMNS, "weights": WEIGHT_COLUMNS, "runs": RUN_COLUMNS}  # runs last:
# a network counts as done when it stands there, and its rows have to be there before
PARENT = "AFTT_STUDY"  # environment variable: the process that a network is made for
POLL = 0.2  # seconds between looks at the processes
FEW_STEPS = (5, 25)  # of training, that the estimate goes by
LONG = ("clipact", "fitact")  # defences that take minutes to choose
STOP = 60.0  # seconds that processes get to save where they are


# ---- one network


def one(plan: Plan, name: str, seed: int, folder: Path):
    """Train one network, break it in every way of the plan; the last file it writes is result.json."""
    settings, identity = plan.settings(name, seed), plan.identity(name, seed)
    xp = choose(settings.backend)
    dataset = train.read_images(settings, settings.data)
    with checkpoint.held(files.make_folder(folder)), train.computing(settings, xp):
        if outcome(folder, identity).get("images") == dataset.sha256:
            return
        path = folder / "checkpoint.npz"
        saved = checkpoint.load(path) if os.path.lexists(path) else None
        wanted = plans.of_training(config.bound(settings)), dataset.sha256
        if saved and wanted != (plans.of_training(saved.settings["settings"]), saved.settings["images"]):
            saved = None  # the plan or the images have changed since
        started = time.perf_counter()
        run = train.learn(settings, dataset, xp, folder, saved)
        trained = time.perf_counter()
        x, y = to_device(dataset.x_test, xp), to_device(dataset.y_test, xp)
        rows, own = {}, {}
        for method, view in plan.networks[name].methods.items():
            model_for = seen_as(view, run, folder)
            if isinstance(view, str):
                model = model_for(plan.campaigns[0].fault)
                of_all = {"train_accuracy": (run.x, run.y), "accuracy": (x, y)}
                own[method] = {what: campaign.score(model, *images).accuracy for what, images in of_all.items()}
            rows[method] = break_it(plan, run, model_for, x, y, method, view, folder)
        weights = np.concatenate([to_host(p).ravel() for key, p in run.deployed.params.items() if key.endswith(".w")])
        made = {
            "plan": identity,
            "images": dataset.sha256,
            "rows": rows,
            "own": own,
            "train_accuracy": campaign.score(run.deployed, run.x, run.y).accuracy,
            "accuracy": campaign.score(run.deployed, x, y).accuracy,
            "training_seconds": None if saved else round(trained - started, 1),  # None: not all of it was here
            "fault_seconds": round(time.perf_counter() - trained, 1),
            "made_with": run.identity["made_with"],
            "losses": [list(row.values()) for row in run.metrics],
            "weights": [float(weights.std()), *np.histogram(weights, findings.WEIGHT_BINS)[0].tolist()],
        }
        files.write_json(folder / "result.json", made | {"sha256": digest(made)})


def outcome(folder: Path, identity: str) -> dict:
    """What `one` has written to a folder, with the rows of each method; {} if it is not whole, or of another plan."""
    made = files.read_json(folder / "result.json")
    seal = made.pop("sha256", None)
    if seal != digest(made) or made["plan"] != identity:
        return {}
    rows = {method: [] for method in made["rows"]}
    for method, sealed in made["rows"].items():
        for name, sha256 in sealed.items():
            path = folder / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                return {}
            rows[method] += files.read_table(path)
    return made | {"rows": rows}


def seen_as(view, run: train.Run, folder: Path):
    """A function from a kind of fault to the network of a run as one method sees it: defended, or as it is."""
    made = {}

    def model_for(kind: str) -> Network:
        if not isinstance(view, str):
            return run.deployed
        name = defend.named_for(view, kind)
        if name not in made:
            made[name] = defend.with_defence(run.deployed, *chosen(name, run, folder))
        return made[name]

    return model_for


def chosen(name: str, run: train.Run, folder: Path) -> tuple[dict, dict]:
    """What `defend.chosen` chooses for a run; what takes long is kept in `folder`, and chosen anew where it is gone."""
    defence = defend.parse_name(name)
    search = partial(defend.chosen, name, run.deployed, run.x, run.y, defend.RATES, defend.EPOCHS, defend.LR)
    if defence[0] not in LONG:
        return search()
    path = folder / f"defence-{'-'.join(defence)}.npz"
    chosen_for = {"defence": defence, "network": run.sha256, "images": run.dataset.sha256}
    chosen_for = json.loads(json.dumps(chosen_for | {"made_with": defend.made_with(name)}))  # tuples are lists there
    with suppress(CheckpointError):  # missing, or damaged
        kept = checkpoint.load(path)
        if kept.settings.get("chosen_for") == chosen_for:
            return kept.settings["how"], {key: to_device(p, run.xp) for key, p in kept.params.items()}
    how, changed = search()
    checkpoint.save(path, changed, {"chosen_for": chosen_for, "how": how})
    return how, changed


def break_it(plan: Plan, run: train.Run, model_for, x, y, method: str, view, folder: Path) -> dict:
    """All campaigns of the plan on one network, as one method sees it: a file for each. Returns {its name: SHA-256}."""
    sealed = {}
    for place, asked in enumerate(plan.campaigns):
        made_with = [defend.made_with(view)] if isinstance(view, str) else []
        owner = digest([run.sha256, run.dataset.sha256, asked, plan.fault_seed, view, *made_with])
        path = rows_path(folder, method, place)
        seal = path.with_name(f"{path.name}.seal")
        if files.read_json(seal).get("owner") != owner:  # of a plan that has changed since
            seal.unlink(missing_ok=True)
        file, model = checkpoint.RowFile(path, campaign.Row._fields, owner), model_for(asked.fault)
        for only in asked.places(model):
            what = (asked.fault, asked.rates, plan.patterns, plan.fault_seed, only)
            for block in campaign.blocks(file, model, x, y, *what, rescaled=view is True):
                print(f"{method}: {asked.fault} in {block[0].layers}, pattern {block[0].pattern + 1}", flush=True)
        sealed[path.name] = file.digest.hexdigest()
    return sealed


def rows_path(folder: Path, method: str, place: int) -> Path:
    """Where the rows of one method and the plan's campaign number `place` are, for one seed."""
    return folder / f"faults-{fit_name(method)}-{place}.csv"


def alone(plan: Plan, job: tuple, folder: Path) -> int:
    """Do one job, with all that there is to say in its log; returns its exit code."""
    log = log_of(folder)
    if parent := os.environ.get(PARENT):
        threading.Thread(target=stop_without, args=(int(parent),), daemon=True).start()
    with open(log, "a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            code = exit_code_of(one, plan, *job, folder)
        except Exception:
            traceback.print_exc()  # the last line of the log is what the study says of it
            code = 1
    if code and not parent:
        print(f"error: {failure(job, code, folder)}", file=sys.stderr)
    return code


def log_of(folder: Path) -> Path:
    """Where all goes that is said of a network whose folder this is; the folder is made."""
    return files.make_folder(folder) / "log.txt"


def stop_without(parent: int):
    """Interrupt this process when the study that it works for is gone, killed perhaps: nobody waits for it."""
    while os.getppid() == parent:
        time.sleep(1)
    signal.raise_signal(signal.SIGINT)
    time.sleep(STOP)
    os._exit(INTERRUPTED)  # where that does not help; nothing on disk is ever half written


# ---- all of them


def work(plan: Plan, jobs: list, folder: Path, results: Path, workers: int):
    """Have a process do each job, `workers` at a time; what is done goes into the results at once.

    Raises the first of the errors that the processes ended with, when all others are done.
    """
    waiting, running, failures = deque(jobs), {}, []
    path = folder / f"{fit_name(plan.name)}.toml"
    with files.whole_file(path) as file:  # the plan as it is now, should somebody edit it meanwhile
        file.write(plan.text)
    with train.progress_bar("networks", len(plan.jobs), len(plan.jobs) - len(jobs)) as bar:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    job = waiting.popleft()
                    running[job] = start(path, job, folder)
                for job, process in list(running.items()):
                    if process.poll() is not None:
                        del running[job]
                        code = process.returncode
                        if code or job in collect(plan, folder, results):
                            failures.append(failure(job, code, job_folder(folder, job)))
                            tqdm.write(f"warning: {failures[-1]}; the others go on", file=sys.stderr)
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
    command = [sys.executable, "-m", "aftt_np.study", str(path), "--out", str(folder), "--only", job[0], str(job[1])]
    environment = os.environ | {PARENT: str(os.getpid())}
    with open(log_of(job_folder(folder, job)), "ab") as log:  # also what Python says before `alone` begins
        # in a session of its own: Ctrl-C in a terminal is for us to answer
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                env=environment)  # fmt: skip


def failure(job: tuple, code: int, folder: Path) -> AfttError:
    """What to say of a process that ended badly, with the exit code that it had."""
    log = log_of(folder)
    last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if log.exists() else []
    said = " ".join(last).removeprefix("error: ") or f"ended with code {code}"
    error = AfttError(f"{job[0]}, seed {job[1]}: {said} (see {log})")
    error.exit_code = code if code > 0 else DataError.exit_code
    return error


@contextmanager
def stoppable():
    """Within, `kill` and a closed terminal are answered as Ctrl-C is: the processes save where they are.

    Where Ctrl-C is ignored, as behind & in a script, it stays so, but not in the processes: they are stopped with it.
    """
    stops = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {one: signal.getsignal(one) for one in stops if signal.getsignal(one) == signal.SIG_DFL}
        for one in before:
            signal.signal(one, interrupt)
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)  # a handler is not inherited
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def interrupt(signum, frame):
    """What a signal does within `stoppable`."""
    raise KeyboardInterrupt("stopped; to go on, give the same command again")


def job_folder(folder: Path, job: tuple) -> Path:
    """The folder of one network."""
    return folder / f"{fit_name(job[0])}-seed{job[1]}"


# ---- the results


def collect(plan: Plan, folder: Path, results: Path, images=None, write=True) -> list:
    """Put what the jobs have made into the results, beside what is there; returns the jobs still to be done.

    A network is done if its rows are there, all of them, under the plan as it is, and of these `images` ({network:
    SHA-256}; None: of any). Rows that the plan does not speak of stay.
    """
    tables = {name: {} for name in TABLES}
    for name, table in tables.items():
        for row in rows_of(name, results):
            table.setdefault((row["method"], int(row["seed"])), []).append(tuple(row.values()))
    missing, changed = [], False
    for job in plan.jobs:
        name, seed = job
        methods, identity = plan.networks[name].methods, plan.identity(name, seed)
        wanted = images and images[name]
        if all(is_there(tables, (method, seed), identity, wanted) for method in methods):
            continue
        made = outcome(job_folder(folder, job), identity)
        new = {name: {} for name in TABLES}
        for method in methods if made else ():
            key = method, seed
            own = made["own"].get(method, {})  # a defended network has accuracies of its own
            run = made | {"method": method, "seed": seed, "rows": len(made["rows"][method])} | own
            new["runs"][key] = [tuple("" if run[column] is None else str(run[column]) for column in RUN_COLUMNS)]
            new["losses"][key] = [(*key, *row) for row in made["losses"]]
            new["weights"][key] = [(*key, *made["weights"])]
            new["rows"][key] = [(*key, *row.values()) for row in made["rows"][method]]
        if all(is_there(new, (method, seed), identity, wanted) for method in methods):
            changed, tables = True, {table: tables[table] | new[table] for table in TABLES}
        else:
            missing.append(job)
    if changed and write:
        order = dict.fromkeys([(method, seed) for method in plan.methods for seed in plan.seeds])
        for name, columns in COLUMNS.items():
            rows = [row for key in order | tables[name] for row in tables[name].get(key, ())]
            files.write_rows(files.make_folder(results) / TABLES[name], columns, rows)
    return missing


def rows_of(name: str, results: Path) -> list[dict]:
    """One of the tables among the results; [] if it is not there. Raises DataError if it is damaged."""
    with files.reading(results / TABLES[name]):
        rows = files.read_table(results / TABLES[name])
        if any(tuple(row) != COLUMNS[name] or not row["seed"].isdecimal() for row in rows):
            raise ValueError(f"its columns should be {', '.join(COLUMNS[name])}")
        return rows


def is_there(tables: dict, key: tuple, identity: str, images: str | None) -> bool:
    """Whether all that there is to know of (method, seed) is in the tables."""
    [run] = [dict(zip(RUN_COLUMNS, row, strict=True)) for row in tables["runs"].get(key, ())][:1] or [{}]
    right = run.get("plan") == identity and (images is None or run["images"] == images)
    return right and all(key in tables[name] for name in TABLES) and str(len(tables["rows"][key])) == run["rows"]


@contextmanager
def results_of(plan: Plan, folder: Path, images: dict | None, replace: bool):
    """The folder of results, for this process and this plan alone. Raises UsageError if it holds another plan's.

    That is one with another title, or, where rows are not to be replaced, rows that this plan would make otherwise.
    """
    with checkpoint.held(files.make_folder(folder)):
        there = folder / "plan.toml"
        if there.exists() and (title := plans.read(there).title) != plan.title:
            raise UsageError(f"{folder} holds the results of another plan, {title!r}; name another one with --results")
        others = set()
        for row in rows_of("runs", folder):
            job = row["method"], int(row["seed"])
            now = plan.identities.get(job, row["plan"]), (images or {}).get(job[0], row["images"])
            if now != (row["plan"], row["images"]):
                others.add(job)
        if others and not replace:
            raise UsageError(
                f"{folder} holds rows of {len(others)} networks that this plan makes otherwise now (other settings, "
                "faults, rates or images); name another folder with --results, or let them go with --replace"
            )
        with files.whole_file(there) as file:
            file.write(plan.text)
        yield


def found_in(plan: Plan, path: Path, results: Path) -> tuple:
    """(what they are about, what was found) as report.py asks for it. Raises DataError if there is nothing."""
    found = findings.read(results, plan.methods, list(plan.networks), plan.identities)
    if not found.methods:
        raise DataError(f"there are no rows of this plan in {results} yet; run the study first")
    settings = plan.settings(*plan.jobs[0])
    about = {
        "title": plan.title,
        "command": "python -m aftt_np.study {} --results {} --report".format(*map(quoted, (path, results))),
        "images": settings.data,
        "arch": settings.arch,
        "tested": settings.evaluate == "test",
        "strengths": plan.strengths(),
    }
    return about, found


def quoted(path: Path) -> str:
    """A path as one types it."""
    return f'"{path.as_posix()}"' if " " in str(path) else path.as_posix()


def show(plan: Plan, path: Path, results: Path, pages: list[Path]):
    """Tables and figures of what there is, and the tables that `pages` ask for."""
    about, found = found_in(plan, path, results)
    report.write(about, found, results)
    for page in pages:
        fill(page, results.as_posix(), report.sections(about, found))
    done = sum(map(len, found.seeds.values()))
    print(f"{done} of {len(plan.identities)} networks; tables and figures are in {results}")


def fill(page: Path, folder: str, parts: dict | None):
    """Put the tables that a page asks for into it; without `parts` only look whether it does.

    Raises DataError if it cannot be read, UsageError for a mistake in what it asks for.
    """
    try:
        with open(page, encoding="utf-8", newline="") as file:  # its ends of lines stay as they are
            old = file.read()
        new = report.embed(old, folder, parts)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {page}: {getattr(error, 'strerror', None) or error}") from error
    except ValueError as error:
        raise UsageError(f"{page}: {error}") from error
    if parts and new != old:
        with files.whole_file(page) as file:
            file.write(new)


# ---- how long it will take


def estimate(plan: Plan, jobs: list, workers: int):
    """Print how long `jobs` will take on this machine, from a few steps and one fault pattern of each network."""
    todo = {name: sum(job[0] == name for job in jobs) for name in plan.networks}
    if jobs:
        print("tries some steps of each; the times of training and faults are of one network")
        print(f"{'network':<34}{'to do':>6}{'training':>12}{'faults':>12}{'together':>14}", flush=True)
    total = 0.0
    for name, seeds in todo.items():
        if seeds:
            training, breaking = cost(plan, name)
            total += seeds * (training + breaking)
            times = f"{span(training):>12}{span(breaking):>12}{span(seeds * (training + breaking)):>14}"
            print(f"{name[:33]:<34}{seeds:>6}{times}", flush=True)
    workers = max(1, min(workers, len(jobs)))
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
    started, rows = time.perf_counter(), 0
    for asked in plan.campaigns:
        for only in asked.places(run.deployed):
            what = (asked.fault, asked.rates, range(1), plan.fault_seed, only)
            rows += sum(1 for _ in campaign.run(run.deployed, x, y, *what))
    one_pattern, views = time.perf_counter() - started, plan.networks[name].methods.values()
    images = sum(defend.images_searched(view, run.deployed) for view in views if isinstance(view, str))
    return max(training, 0.0), one_pattern * (plan.patterns * len(views) + images / (rows * len(x)))


def span(seconds: float) -> str:
    """A time as people say it."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


# ---- the command


def parse(argv):
    """The command line."""
    parser = Parser(prog="python -m aftt_np.study", description=__doc__.partition("\n\n")[0])
    add = parser.add_argument
    add("plan", metavar="PLAN", type=Path, help="a .toml file, as in lessons/plans")
    add("--out", metavar="DIR", help="folder for the networks (default: runs/study-PLAN)")
    add("--results", metavar="DIR", help="folder for rows, tables and figures (default: OUT/results)")
    add("--workers", type=number(int, 1, config.MOST_THREADS), default=1, metavar="N",
        help="networks at a time; each uses the threads that the plan says (default: 1)")  # fmt: skip
    add("--replace", action="store_true", help="let rows go that the plan, as it is now, makes otherwise")
    add("--into", metavar="FILE", type=Path, action="append", default=[],
        help="a page to put tables into, where it asks for them (repeatable)")  # fmt: skip
    add = parser.add_mutually_exclusive_group().add_argument
    add("--estimate", action="store_true", help="try some steps of each method, say how long it will take here, stop")
    add("--report", action="store_true", help="make tables and figures from the rows that there are, and stop")
    add("--only", nargs=2, metavar=("METHOD", "SEED"), help="one network and nothing else, as on another machine")
    return parser.parse_args(argv)


def study(argv=None):
    """The command. Raises the errors of errors.py."""
    options = parse(argv)
    plan = plans.read(options.plan)
    folder = Path(options.out or Path("runs") / f"study-{plan.name}")
    results = Path(options.results) if options.results else folder / "results"
    if options.only:
        job = next((job for job in plan.jobs if [job[0], str(job[1])] == options.only), None)
        if job is None:
            there = f"it has {'; '.join(plan.networks)}; of seeds {', '.join(map(str, plan.seeds))}"
            raise UsageError(f"the plan has no network {options.only[0]} with seed {options.only[1]}: {there}")
        sys.exit(alone(plan, job, job_folder(folder, job)))
    for one in (folder, results):
        if (one / "checkpoint.npz").exists():
            raise UsageError(f"{one} is the folder of a run; a study has folders of its own: name another one")
    for page in options.into:
        fill(page, results.as_posix(), None)
    if options.estimate:
        estimate(plan, collect(plan, folder, results, plans.check(plan), write=False), options.workers)
        return
    if options.report and not results.is_dir():
        raise DataError(f"there are no rows of this plan in {results} yet; run the study first")
    images = None if options.report else plans.check(plan)
    with results_of(plan, results, images, options.replace), stoppable():
        jobs = collect(plan, folder, results, images)
        try:
            if jobs and not options.report:
                with checkpoint.held(files.make_folder(folder)):
                    work(plan, jobs, folder, results, options.workers)
        except AfttError:
            with suppress(AfttError):  # what went wrong first is what to say
                show(plan, options.plan, results, options.into)
            raise
        show(plan, options.plan, results, options.into)


if __name__ == "__main__":
    end_with(study)
