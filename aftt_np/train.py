"""python -m aftt_np.train: train a network, break it with faults, and show how well it stands.

Algorithm 1 from end to end: the games (method aftt alone), fine-tuning (every method), the fault curve, the pictures.
"""

import csv
import math
import sys
import time
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info
from tqdm import tqdm

from . import campaign, checkpoint, config, data, faults, games, models, parallel, plots
from .backend import choose, describe, to_device, to_host
from .config import Config
from .errors import DivergedError, UsageError, exit_code_of
from .finetune import finetune
from .losses import LOSSES, PENALTIES
from .network import Network
from .optim import Adam
from .rng import Stream

LOOK = 512  # images that the health of the games is judged on
CURVE = tuple(round(0.1 * i, 1) for i in range(10))  # fault rates of the curve
TABLE = {"weights": (0.2, 0.4, 0.6), "filters": (0.2, 0.4, 0.68), "nodes": (0.2, 0.4, 0.68)}  # and of the last table
SYMBOLS = {"reconstruct": "L_R", "discriminate": "L_D", "confuse": "L_G", "finetune": "L_C"}  # the paper's names
COLUMNS = (
    "phase", "epoch", "loss_reconstruct", "loss_discriminate", "loss_confuse", "loss_finetune",
    "discriminator_accuracy", "extractor_gradient", "feature_spread",
)  # fmt: skip


class Run:
    """One training run: its settings, images (on the device), networks and folder."""

    def __init__(self, settings: Config, dataset: data.Dataset, xp, folder: Path):
        self.settings, self.dataset, self.xp, self.folder = settings, dataset, xp, folder
        self.x, self.y = to_device(dataset.x_train, xp), to_device(dataset.y_train, xp)
        self.players = build(settings, dataset, xp)
        self.model = self.players.extractor + self.players.classifier  # what is deployed
        self.metrics = []

    def play_games(self):
        """Algorithm 1, lines 1 to 18."""
        settings, history, warned = self.settings, [], set()
        adams = games.Adams.make(
            self.players, (settings.lr_reconstruct, settings.lr_discriminate, settings.lr_confuse)
        )

        def step(number, x, labels):
            noise = Stream("noise", settings.seed, "games", number, xp=self.xp)
            return games.play(self.players, x, adams, settings.k, noise, self._faults("games", number))

        epochs = self._epochs("games", settings.epochs_games, step, ("reconstruct", "discriminate", "confuse"))
        for epoch, losses in epochs:
            look = data.to_unit(self.x[:LOOK])
            history.append(games.health(self.players, look, Stream("health", settings.seed, epoch, xp=self.xp)))
            for what, warning in games.warnings(history).items():
                if what not in warned:
                    tqdm.write(f"warning: {warning}", file=sys.stderr)
                warned.add(what)
            self._end_epoch("games", epoch, losses, history[-1])

    def finetune(self):
        """Algorithm 1, lines 19 to 24. The learning rate falls to 0 in a straight line."""
        settings, (extractor, _, _, classifier) = self.settings, self.players
        adam = Adam(extractor.params | classifier.params, settings.lr_finetune)
        loss = LOSSES[settings.loss]
        penalty = None
        if settings.method in PENALTIES:
            penalty = partial(PENALTIES[settings.method], strength=getattr(settings, f"lambda_{settings.method}"))
        total = settings.epochs_finetune * (len(self.x) // settings.batch_size)

        def step(number, x, labels):
            adam.rate = settings.lr_finetune * (1 - number / total)
            noise = Stream("noise", settings.seed, "finetune", number, xp=self.xp)
            broken_by = self._faults("finetune", number)
            return (finetune(extractor, classifier, x, labels, loss, adam, penalty, broken_by, noise),)

        for epoch, losses in self._epochs("finetune", settings.epochs_finetune, step, ("finetune",)):
            self._end_epoch("finetune", epoch, losses)

    def _faults(self, phase: str, number: int) -> faults.Faults:
        """The training faults of one step."""
        stream = Stream("train", self.settings.seed, phase, number, xp=self.xp)
        return faults.train_faults(self.model, self.settings.train_faults, stream)

    def _epochs(self, phase: str, epochs: int, step, names):
        """Call `step(number, x, labels)` for all batches of all epochs; yields (epoch, its mean losses by name).

        Batches depend on the seed, the phase and the epoch alone: all methods with one seed see the same.
        """
        settings = self.settings
        steps = len(self.x) // settings.batch_size
        look_every = 1 if self.xp is np else 50  # on a GPU every look waits for the device
        with progress_bar(phase, epochs * steps) as bar:
            for epoch in range(epochs):
                order = Stream("order", settings.seed, phase, epoch)
                sums = [0] * len(names)
                for i, (x, labels) in enumerate(data.epoch_batches(self.x, self.y, settings.batch_size, order)):
                    number = epoch * steps + i
                    losses = step(number, x, labels)  # 0-d arrays, still on the device
                    sums = [total + loss for total, loss in zip(sums, losses, strict=True)]
                    if (i + 1) % look_every == 0 or i + 1 == steps:
                        means = {name: float(total) / (i + 1) for name, total in zip(names, sums, strict=True)}
                        check_finite(means, phase, number)
                        shown = (f"{SYMBOLS[name]} {mean:.3g}" for name, mean in means.items())
                        bar.set_postfix_str(" ".join(shown), refresh=False)
                        bar.update(number + 1 - bar.n)
                if bar.disable:
                    print(f"{phase} {epoch + 1}/{epochs}  " + "  ".join(f"{k} {v:.4g}" for k, v in means.items()))
                yield epoch, means

    def _end_epoch(self, phase: str, epoch: int, losses: dict, look: games.Health | None = None):
        """Put the epoch on record: a row of metrics.csv, and the checkpoint. Raises DivergedError before it would."""
        check_params(self.players.params, f"epoch {epoch + 1} of {phase}")
        row = dict.fromkeys(COLUMNS, "") | {"phase": phase, "epoch": epoch + 1}
        row |= {f"loss_{name}": value for name, value in losses.items()} | (look._asdict() if look else {})
        self.metrics.append(row)
        write_rows(self.folder / "metrics.csv", COLUMNS, (row.values() for row in self.metrics))
        checkpoint.save(self.folder / "checkpoint.npz", self.players.params, asdict(self.settings))

    def evaluate(self) -> tuple[dict, list]:
        """Accuracies without faults (percent), and a row for every broken network."""
        settings, dataset, xp = self.settings, self.dataset, self.xp
        x_test, y_test = to_device(dataset.x_test, xp), to_device(dataset.y_test, xp)
        train = campaign.score(self.model, self.x, self.y).accuracy
        test = campaign.score(self.model, x_test, y_test).accuracy
        rows, kinds = [], campaign.kinds_of(self.model)
        rates = {kind: sorted({*CURVE, *TABLE[kind]}) for kind in kinds}
        with progress_bar("faults", settings.patterns * sum(map(len, rates.values()))) as bar:
            for kind in kinds:
                fault_runs = campaign.run(
                    self.model, x_test, y_test, kind, rates[kind], settings.patterns, settings.fault_seed
                )
                for row in fault_runs:
                    rows.append(row)
                    bar.update()
        return {"train": train, "test": test, "generalisation_error": train - test}, rows

    def draw_games(self):
        """Pictures of what the games made: of the extractor before it is fine-tuned."""
        x = data.to_unit(to_device(self.dataset.x_test[:LOOK], self.xp))
        z, _ = self.players.extractor.forward(x)
        x_hat, _ = self.players.decoder.forward(z[:10])
        self._draw("reconstructions", plots.reconstructions(to_host(x[:10]), to_host(x_hat)))
        self._draw("features", plots.features(to_host(z)))

    def draw_results(self, clean: float, summary: dict):
        """Pictures of the whole run; `clean` is the accuracy without faults in percent."""
        self._draw("faults", plots.fault_curves(summary, clean, self.dataset.classes))
        if self.metrics:
            self._draw("losses", plots.losses(self.metrics))

    def _draw(self, name: str, figure):
        """Write one figure, whole."""
        folder = checkpoint.make_folder(self.folder / "figures")
        with checkpoint.whole_file(folder / f"{name}.png", "wb") as file:
            figure.savefig(file, format="png", dpi=150)


def progress_bar(what: str, total: int) -> tqdm:
    """A bar that leaves room for the losses in 80 columns, and is silent where there is no terminal."""
    layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
    return tqdm(total=total, desc=what, disable=None, dynamic_ncols=True, bar_format=layout)


def build(settings: Config, dataset: data.Dataset, xp=np) -> models.Players:
    """The networks that the settings ask for."""
    dropout = settings.dropout if settings.method == "dropout" else 0.0
    shards = settings.threads if xp is np else 1
    return models.build(settings.arch, dataset.image_shape, dataset.classes, settings.seed, dropout, xp, shards)


def check_finite(losses: dict, phase: str, number: int):
    """Raise DivergedError if a loss is no longer a number."""
    for name, value in losses.items():
        if not math.isfinite(value):
            raise DivergedError(
                f"the loss of {name} is {value} at step {number} of {phase}; the checkpoint is of the last good epoch, "
                f"if there was one; try a lower --lr-{name}"
            )


def check_params(params: dict, when: str):
    """Raise DivergedError if a parameter is no longer a number; this reads from the device."""
    for name, p in params.items():
        if not math.isfinite(float(abs(p).max())):
            raise DivergedError(
                f"{name} is no longer finite after {when}; the checkpoint is of the last good epoch, if there was one; "
                "try lower learning rates"
            )


def write_rows(path: Path, header, rows):
    """A .csv file, whole."""
    with checkpoint.whole_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def check_fit(settings: Config, dataset: data.Dataset):
    """Raise UsageError for settings that are right in themselves but do not fit the data or each other."""
    if settings.batch_size > len(dataset.x_train):
        raise UsageError(
            f"--batch-size {settings.batch_size} is more than the {len(dataset.x_train)} training images; lower it"
        )
    players = build(settings, dataset)
    kinds = [kind for kind, _ in settings.train_faults]
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise UsageError(f"--train-faults {kind} is given {kinds.count(kind)} times; give each kind once")
        if not faults.sites(players.extractor + players.classifier, kind):
            raise UsageError(f"--train-faults {kind}: {settings.arch} has no {kind} for such images")


def print_table(settings: Config, accuracy: dict, summary: dict, model: Network):
    """The result in numbers, at most 80 columns; every share with what it is a share of."""
    held_out = settings.evaluate
    print(f"\n{'training accuracy':<34}{accuracy['train']:8.2f} %")
    print(f"{held_out + ' accuracy':<34}{accuracy['test']:8.2f} %")
    print(f"{'generalisation error (eq. 8)':<34}{accuracy['generalisation_error']:8.2f} points")
    print(f"\n{held_out} accuracy with faults (patterns: {settings.patterns}; mean +- std)")
    for kind, points in summary.items():
        print(f"{plots.KIND_UNITS[kind]}, {points[0]['population']:,} in")
        for name, shape in faults.sites(model, kind).items():
            print(f"    {name:<24}{math.prod(shape):>12,}")
        for point in points:
            if point["rate"] in TABLE[kind]:
                spread = "" if point["std"] is None else f" +- {point['std']:.2f}"
                wrong = f", {point['non_finite']:,} answers not finite" if point["non_finite"] else ""
                stuck = f"{point['rate']:.0%}: {point['hit']:,.0f} stuck on average"
                print(f"  {stuck:<32}{point['mean']:8.2f} %{spread}{wrong}")


def report(settings: Config, dataset: data.Dataset, xp, folder: Path) -> dict:
    """The resolved settings and what they meet: images, device, libraries. Printed first, and kept in config.json."""
    try:
        installed = version("aftt_np")
    except PackageNotFoundError:
        installed = "run from its folder, not installed"
    blas = {f"{lib['internal_api']} {lib['version']}" for lib in threadpool_info() if lib["user_api"] == "blas"}
    return asdict(settings) | {
        "train_faults": [f"{kind}:{rate}" for kind, rate in settings.train_faults],
        "out": str(folder),
        "training_images": len(dataset.x_train),
        f"{settings.evaluate}_images": len(dataset.x_test),
        "shards": settings.threads if xp is np else 1,
        "device": describe(xp),
        "blas": ", ".join(sorted(blas)),
        "python": sys.version.split()[0],
        "aftt_np": installed,
    }


def results(run: Run, accuracy: dict, summary: dict, seconds: float) -> dict:
    """The content of summary.json; accuracies in percent, None for the images that were not looked at."""
    settings, tested = run.settings, run.settings.evaluate == "test"
    return {
        "method": settings.method,
        "train_faults": [f"{kind}:{rate}" for kind, rate in settings.train_faults],
        "data": run.dataset.name,
        "arch": settings.arch,
        "seed": settings.seed,
        "backend": run.xp.__name__,
        "train_accuracy": accuracy["train"],
        "test_accuracy": accuracy["test"] if tested else None,
        "validation_accuracy": None if tested else accuracy["test"],
        "generalisation_error": accuracy["generalisation_error"],
        "parameters": sum(p.size for p in run.model.params.values()),
        "seconds": round(seconds, 1),
        "faults": summary,
    }


def train(argv=None):
    """The command. Raises the errors of errors.py."""
    parser = config.parser_for("python -m aftt_np.train", "Train a network, break it with faults, show how it stands.")
    given = vars(parser.parse_args(argv))
    if given.pop("list_presets", False):
        print(config.presets_table())
        return
    settings = config.resolve(given)
    xp = choose(settings.backend)
    dataset = data.load(settings.data, settings.data_dir or None)
    dataset = data.hold_out(dataset, settings.evaluate, len(dataset.x_train) // 6)
    check_fit(settings, dataset)
    name = f"{settings.method}-{dataset.name}-{settings.arch}-seed{settings.seed}"
    folder = checkpoint.new_folder(settings.out, name)
    head = report(settings, dataset, xp, folder)
    print("\n".join(f"{name:<18}{'none' if value in ('', []) else value}" for name, value in head.items()))
    checkpoint.write_json(folder / "config.json", head)
    started = time.perf_counter()
    parallel.keep_memory()
    with parallel.use(head["shards"]), np.errstate(all="ignore"):  # losses and parameters are looked at
        run = Run(settings, dataset, xp, folder)
        if settings.method == "aftt":
            run.play_games()
            run.draw_games()
        run.finetune()
        accuracy, rows = run.evaluate()
        summary = campaign.summarise(rows)
        write_rows(folder / "faults.csv", campaign.Row._fields, rows)
        run.draw_results(accuracy["test"], summary)
    seconds = time.perf_counter() - started
    checkpoint.write_json(folder / "summary.json", results(run, accuracy, summary, seconds))
    print_table(settings, accuracy, summary, run.model)
    print(f"\neverything is in {folder}")


if __name__ == "__main__":
    sys.exit(exit_code_of(train))
