"""python -m aftt_np.inject: break a trained network with one kind of fault, and say how well it stands.

    python -m aftt_np.inject runs/mine --fault nodes --rates 0:0.9:0.1 --patterns 30
    python -m aftt_np.inject runs/mine --fault weights --layers extractor/dense1
    python -m aftt_np.inject runs/mine --fault nodes --each-layer
    python -m aftt_np.inject runs/mine --fault bits --memory float32 --rates 1e-8:1e-3:log

What it writes is a folder: faults.csv (a row for each broken network, as they come), summary.json (a mean and its 95 %
interval over patterns for each rate, area under the curve, the rate at which 5 points are lost) and curve.png. The same
command goes on where it was stopped; with more --patterns it adds them.
"""

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from . import campaign, checkpoint, config, faults, files, memory, parallel, plots
from .backend import NAMES, choose, to_device
from .config import Config, Parser, number
from .deep import folded
from .defences import defended
from .errors import INTERRUPTED, CheckpointError, DataError, UsageError, end_with
from .network import Network
from .train import build, ctrl_c_waits, progress_bar, read_images

MOST_RATES = 1000
LONGEST = 100  # letters of the name of a folder
CHANGED = "defended:"  # in a defended run's checkpoint, begins the names of parameters that are not those of training


def rates_of(text: str) -> tuple:
    """"0:0.9:0.1" -> (0.0, 0.1, ..., 0.9), the last one too if a step falls on it; "0,0.4" -> (0.0, 0.4).

    "1e-7:1e-5:log" -> (0.0, 1e-7, 3e-7, 1e-6, 3e-6, 1e-5): about evenly spaced logarithms, and no faults at all.
    """
    read = number(float, 0, 1)
    if ":" not in text:
        return tuple(sorted({read(part) for part in text.split(",")}))
    if text.endswith(":log"):
        ends = [read(part) for part in text.split(":")[:-1]]
        if len(ends) != 2 or not 1e-30 <= ends[0] <= ends[1]:
            raise config.wrong("FIRST:LAST:log, as in 1e-8:1e-3:log, upwards, with a first rate above 0", text)
        ladder = [float(f"{step}e{power}") for power in range(-31, 1) for step in (1, 3)]
        return 0.0, *sorted({*ends, *(rate for rate in ladder if ends[0] < rate < ends[1])})
    parts = [read(part) for part in text.split(":")]
    if len(parts) != 3 or parts[0] > parts[1] or parts[2] * MOST_RATES < 1:
        raise config.wrong("FIRST:LAST:STEP, as in 0:0.9:0.1, upwards, with a step of at least 0.001", text)
    first, last, step = parts
    count = int((last - first) / step + 1e-9) + 1
    return tuple(round(first + i * step, 10) for i in range(count))


def parse(argv):
    """The command line."""
    parser = Parser(prog="python -m aftt_np.inject", description=__doc__.partition("\n\n")[0])
    add = parser.add_argument
    add("run", metavar="RUN", help="the folder of a run of python -m aftt_np.train that is complete")
    kinds = (*faults.KINDS, *faults.MORE_KINDS, *memory.KINDS)
    add("--fault", type=config.choice(kinds), required=True, metavar="KIND", help=", ".join(kinds))
    add("--memory", type=config.choice(tuple(memory.FORMATS)), metavar="FORMAT",
        help=f"what holds the weights whose bits are hit: {', '.join(memory.FORMATS)}")  # fmt: skip
    add("--bit", type=number(int, 0), metavar="B", help="this bit of each weight alone; 0 is the lowest")
    add("--rates", type=rates_of, metavar="LIST",
        help="FIRST:LAST:STEP, FIRST:LAST:log or a list as in 0,0.4,0.68 (default: 0:0.9:0.1; of bits: 1e-8:1e-3:log)")
    add("--patterns", type=number(int, 1), default=30, metavar="N", help="fault patterns at each rate (default: 30)")
    add("--layers", metavar="NAMES", help="where, as in extractor/dense1,classifier/dense1 (default: everywhere)")
    add("--each-layer", action="store_true", help="one layer after the other, and a map of which hurts most")
    add("--fault-seed", type=number(int, 0), default=Config.fault_seed, metavar="N",
        help=f"of the patterns (default: {Config.fault_seed})")  # fmt: skip
    add("--data", metavar="NAME", help="where the run's images are now, if not where they were")
    add("--data-dir", default="", metavar="DIR", help="where to look for data first")
    add("--out", metavar="DIR", help="folder for the result (default: RUN/faults-KIND, one for each question)")
    add("--backend", type=config.choice(NAMES), default="auto", metavar="NAME", help="numpy, cupy or auto (default)")
    add("--workers", type=number(int, 1, config.MOST_THREADS), metavar="N",
        help="so many processes, a pattern each at a time; not given: one process, with all its threads")  # fmt: skip
    add("--scheduler", metavar="ADDRESS", help="a Dask scheduler whose workers do it; needs pip install distributed")
    add("--threads", type=number(int, 1, config.MOST_THREADS), default=parallel.usable_processors(), metavar="N",
        help="processor threads (default: all there are)")  # fmt: skip
    options = parser.parse_args(argv)
    bits = options.fault in memory.KINDS
    if bits and not options.memory:
        raise UsageError(f"--fault {options.fault} needs --memory, one of {', '.join(memory.FORMATS)}")
    if not bits and (options.memory or options.bit is not None):
        raise UsageError(f"--memory and --bit go with {', '.join(memory.KINDS)}; leave them out for {options.fault}")
    if bits:
        options.fault += f":{options.memory}" + ("" if options.bit is None else f":{options.bit}")
        memory.parse(options.fault)
    options.rates = options.rates or rates_of("1e-8:1e-3:log" if bits else "0:0.9:0.1")
    if bits:
        memory.check_rates(options.rates)
    return options


def trained(run: Path, xp, where: str | None, data_dir: str):
    """(network, data set, Checkpoint) of a complete run; the network is extractor + classifier.

    Raises CheckpointError if there is no such run or it is not complete, DataError for other images.
    """
    saved = checkpoint.load(run / "checkpoint.npz")
    if saved.progress.get("phase") != "faults":
        raise CheckpointError(f"the run in {run} is not complete; first: python -m aftt_np.train --resume {run}")
    given = {"data_dir": data_dir} if data_dir else {}
    settings = config.continued(given, saved.settings["settings"], files.read_json(run / "config.json"), run)
    dataset = read_images(settings, where or settings.data, saved.settings["images"])
    players = build(settings, dataset, xp)
    network = players.extractor + players.classifier
    params = {name: to_device(p, xp) for name, p in saved.params.items()}
    network = folded(network.with_params({name: p for name, p in params.items() if name in network.params}))
    if how := saved.settings.get("defence"):
        network = Network(defended(network.layers, how), network.shards)
        changed = {name.removeprefix(CHANGED): p for name, p in params.items() if name.startswith(CHANGED)}
        if how["with"] in ("fitact", "scaling") and not changed:
            raise CheckpointError(f"the run in {run} was defended by another version; defend it again")
        network = network.with_params(changed)
    return network, dataset, saved


def question(network, options) -> tuple[str, list]:
    """A name for what is asked, fit for a folder, and the places that are hit: for each a list of layers, None for all.

    Raises UsageError for a kind or a layer that this network does not have.
    """
    if not faults.sites(network, options.fault):
        raise UsageError(f"--fault {options.fault}: this network has no {options.fault}")
    only = None
    if options.layers is not None:
        asked = [name.strip() for name in options.layers.split(",") if name.strip()]
        if not asked:
            raise UsageError("--layers expects names, as in extractor/dense1,classifier/dense1")
        only = list(faults.sites(network, options.fault, asked))  # in the network's order, each once
    where = list(faults.sites(network, options.fault, only))
    name = "-".join(["faults", options.fault.replace(":", "-"), *(name.replace("/", ".") for name in only or ())])
    if len(name) > LONGEST:  # what a file system takes, and the rest of it by its digest
        name = f"{name[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return (f"{name}-each-layer", [[name] for name in where]) if options.each_layer else (name, [only])


def begin_work():
    """In a worker: Ctrl-C, which a terminal sends to all, is for the process that gives the work; it lives as long."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent():
    """Wait for the end of the process that gives the work, killed perhaps, and end this one: nobody waits for it."""
    multiprocessing.parent_process().join()
    os._exit(INTERRUPTED)


@contextmanager
def born_deaf():
    """Processes that are started within never hear Ctrl-C, from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: from `begin_work` on
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def workers(options, xp):
    """(the executor that is asked for, or None; what is true once Ctrl-C has come, and the pattern is to be the last).

    Nothing is raised within an executor: there it could leave a lock behind that nobody opens again.
    """
    if (options.workers or options.scheduler is not None) and xp is not np:
        raise UsageError("--workers and --scheduler are for processors; leave them out with --backend cupy")
    if options.workers and options.scheduler is not None:
        raise UsageError("--workers are processes here, --scheduler has workers elsewhere; choose one")
    if options.workers:
        # started anew, not forked: a copy of a process that has threads may wait for them forever
        processes = min(options.workers, options.patterns)  # a pattern each
        executor = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=begin_work)
        others = multiprocessing.active_children()

        def end_them():
            for process in set(multiprocessing.active_children()).difference(others):
                process.terminate()

        with ctrl_c_waits(end_them) as interrupted:
            try:
                with born_deaf():
                    for _ in range(processes):  # none is idle yet: each call starts one
                        executor.submit(int)
                yield executor, interrupted
            except BrokenExecutor as error:
                if not interrupted:  # else they were ended
                    raise UsageError("a worker died, perhaps for want of memory; the rows so far are kept; "
                                     "give the command again with fewer --workers") from error  # fmt: skip
            finally:
                executor.shutdown(cancel_futures=True)
    elif options.scheduler is not None:
        try:
            from distributed import Client
        except ImportError:
            raise UsageError("--scheduler needs Dask: pip install distributed") from None
        try:
            client = Client(options.scheduler, timeout=10)
        except (OSError, ValueError) as error:
            raise DataError(f"no Dask scheduler answers at {options.scheduler}: {error or 'too late'}") from error
        with client, ctrl_c_waits() as interrupted:
            yield client.get_executor(), interrupted
    else:
        yield None, ()


def inject(argv=None):
    """The command. Raises the errors of errors.py."""
    options = parse(argv)
    run, xp = Path(options.run), choose(options.backend)
    network, dataset, saved = trained(run, xp, options.data, options.data_dir)
    defence = saved.settings.get("defence", {})
    name, places = question(network, options)
    if options.out and (Path(options.out) / "checkpoint.npz").exists():
        raise UsageError(f"{options.out} is the folder of a run, which keeps its own faults there; name another --out")
    if options.memory:
        made_for = defence.get("made with", {}).get("memory")
        if made_for not in (None, options.memory):
            print(f"note: this run is defended for {made_for}, not for {options.memory}", file=sys.stderr)
        memory.check(memory.parse(options.fault), network)
    # rows of another network or other rates are not added to
    owner = files.digest([saved.sha256, options.fault, places, options.rates, options.fault_seed])
    whose = plots.whose(saved.settings["settings"], dataset.name, dataset.x_test, defence.get("with", ""))
    parallel.keep_memory()
    threads = options.threads if xp is np else 1
    with workers(options, xp) as (executor, interrupted), parallel.use(threads), np.errstate(all="ignore"):
        folder = files.make_folder(Path(options.out) if options.out else run / name)
        with checkpoint.held(folder):
            work = options, places, executor, interrupted
            results, length = carry_out(network, dataset, xp, *work, folder, owner, whose)
    print_map(results) if options.each_layer else print_result(results[0], length)
    print(f"\neverything is in {folder}")


def carry_out(network, dataset, xp, options, places, executor, interrupted, folder: Path, owner, whose) -> tuple:
    """The campaign, and its files; what is said of the faults in each of `places`, and the mean length of outputs."""
    file = checkpoint.RowFile(folder / "faults.csv", campaign.Row._fields, owner)
    x, y = to_device(dataset.x_test, xp), to_device(dataset.y_test, xp)
    results = []
    with progress_bar("faults", len(places) * options.patterns * len(options.rates), 0) as bar:
        for only in places:
            asked = (options.fault, options.rates, options.patterns, options.fault_seed, only)
            rows = []
            for block in campaign.blocks(file, network, x, y, *asked, executor):
                rows += block
                bar.update(len(block))
                if interrupted:
                    raise KeyboardInterrupt
            results.append(campaign.describe(rows))
    whole = memory.parse(options.fault).whole(network)[0] if options.memory else network  # read where no bit is hit
    y_whole = campaign.outputs(whole, x)
    length = float(((y_whole.astype("float64") ** 2).sum(axis=1) ** 0.5).mean())
    about = {"run": options.run, "fault_seed": options.fault_seed, "output_length": length}
    files.write_json(folder / "summary.json", about | ({"each": results} if options.each_layer else results[0]))
    clean = campaign.score(whole, x, y).accuracy
    if options.each_layer:
        figure = plots.layer_map(results, clean, dataset.classes)
    else:
        figure = plots.fault_curves({options.fault: results[0]["points"]}, clean, dataset.classes, intervals=True)
    plots.save(plots.headed(figure, whose), folder / "curve.png")
    return results, length


def print_map(results: list[dict]):
    """A line for each layer, the most harmful rate for rate first; at most 80 columns."""
    print(f"\n{plots.unit(results[0]['fault'])}, one layer at a time; patterns: {results[0]['patterns']}")
    print(f"{'':<30}{'area under':>11}  {'':<16}{'5 points are lost at':>20}")
    print(f"{'layer':<20}{'of them':>10}{'the curve':>11}  {'95 % interval':<16}{'a rate of':>9}{'so many':>11}")
    for result in sorted(results, key=lambda result: result["area"]["mean"] if result["area"] else 0):
        at = result["falls_by_5_at"]
        none = "none" if result["points"][0]["rate"] == 0 else "?"  # without rate 0 nobody knows
        falls = f"{none:>9}{none:>11}"
        if at is not None:
            falls = f"{said(at, result['fault']):>9}{number_of(at * result['population']):>11}"
        if at == 0:
            falls = f"{'below ' + said(result['points'][1]['rate'], result['fault']):>20}"
        area = f"{result['area']['mean']:>11.2f}  {span(result['area']):<16}" if result["area"] else f"{'':<29}"
        print(f"{result['layers']:<20}{result['population']:>10,}{area}{falls}")


def print_result(result: dict, length: float):
    """A line for each rate and what the curve comes to, at most 80 columns; intervals are of 95 %, over patterns."""
    where = result["layers"] if len(result["layers"]) <= 40 else f"{len(result['layers'].split())} layers"
    print(f"\n{plots.unit(result['fault'])} in {where}: {result['population']:,}; patterns: {result['patterns']}")
    print(f"{'':<22}accuracy   {'95 % interval':<18}  outputs deviate by (eq. 4)")
    print(f"{'rate':>7}{'hit':>11}{'%':>12}   {'of the mean':<18}{'at most':>13}{'mean':>12}")
    for point in result["points"]:
        largest, mean = (point[f"{which}_deviation"] for which in ("largest", "mean"))
        epsilon = "".join(f"{'not finite' if value is None else format(value, '.4g'):>{width}}"
                          for value, width in ((largest, 13), (mean, 12)))  # fmt: skip
        hit = f"{said(point['rate'], result['fault']):>7}{number_of(point['hit']):>11}"
        print(f"{hit}{point['mean']:>12.2f}   {span(point):<18}{epsilon}")
        if point["non_finite"]:
            print(f"{'':<8}{point['non_finite']:,} answers are wrong because they are not finite")
    print(f"{'':<12}(mean length of the outputs without faults: {length:.4g})")
    if result["area"]:
        print(f"\n{'area under the curve':<32}{result['area']['mean']:8.2f} %   {span(result['area'])}")
    if result["relative_area"]:
        relative = {key: value and 100 * value for key, value in result["relative_area"].items()}
        print(f"{'... of the accuracy at rate 0':<32}{relative['mean']:8.2f} %   {span(relative)}")
    at = result["falls_by_5_at"]
    none = "none of these rates" if result["points"][0]["rate"] == 0 else "? (needs rate 0)"
    print(f"{'5 points are lost at':<32}{none if at is None else where_it_falls(at, result)}")


def where_it_falls(at: float, result: dict) -> str:
    """The rate at which 5 points are lost, or what is known of it."""
    first = said(result["points"][1]["rate"], result["fault"])
    return said(at, result["fault"], 2).rjust(8) if at else f"   below {first}, the first rate"


def number_of(count: float) -> str:
    """A mean number of faults; of a few, with the share of one that there is on average."""
    return f"{count:,.0f}" if count >= 10 or count == 0 else f"{count:.2g}"


def said(rate: float, kind: str, digits=1) -> str:
    """A rate in percent, or where rates come by decades, as it is."""
    return plots.in_powers(float(f"{rate:.{digits + 1}g}")) if campaign.by_decades(kind) else f"{rate:.{digits}%}"


def span(interval: dict) -> str:
    """An interval, if there is one."""
    return "" if interval["low"] is None else f"{interval['low']:.2f} to {interval['high']:.2f}"


if __name__ == "__main__":
    end_with(inject)
