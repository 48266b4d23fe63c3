"""python -m aftt_np.train: train a network, break it with faults, and show how well it stands.

Algorithm 1 from end to end: the games (method aftt alone), fine-tuning (every method), the fault curve, the pictures.
"""

import math
import os
import shlex
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info
from tqdm import tqdm

from . import campaign, checkpoint, config, data, faults, files, games, memory, models, parallel, plots
from .backend import choose, describe, to_device, to_host
from .config import Config
from .deep import folded
from .errors import CheckpointError, DataError, DivergedError, UsageError, end_with
from .finetune import finetune
from .losses import LOSSES, PENALTIES
from .network import Network
from .optim import Adam
from .randbet import clip_weights, randbet
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
    """One training run: its settings, images (on the device), networks, folder, and how far it has come.

    A checkpoint is written every `save_every` seconds, after Ctrl-C and at the end of a phase. All that a run needs
    to go on is in it: every random stream is found by its name, which the number of the step is a part of.
    """

    def __init__(self, settings: Config, dataset: data.Dataset, xp, folder: Path):
        self.settings, self.dataset, self.xp, self.folder = settings, dataset, xp, folder
        self.x, self.y = to_device(dataset.x_train, xp), to_device(dataset.y_train, xp)
        self.identity = {"settings": config.bound(settings), "images": dataset.sha256, "made_with": made_with(xp)}
        self.players = build(settings, dataset, xp)
        self.model = self.players.extractor + self.players.classifier  # what learns the labels
        self.phase = "games" if settings.method == "aftt" else "finetune"  # then "faults"
        self.step, self.sums, self.metrics = 0, {}, []
        self.adams, self.saved, self.sha256 = {}, None, ""
        self.saved_at = time.monotonic()
        self.losses_at = self.params_at = 0  # the step at which they were last looked at

    def go_on(self, saved: checkpoint.Checkpoint):
        """Be as the run was when `saved` was written. Raises CheckpointError if it holds other parameters."""
        params = self.players.params
        if {name: p.shape for name, p in saved.params.items()} != {name: p.shape for name, p in params.items()}:
            raise CheckpointError(f"the checkpoint in {self.folder} holds the parameters of other networks")
        for name, p in params.items():
            p[...] = to_device(saved.params[name], self.xp)
        self.phase, self.step, self.sums, self.metrics = (
            saved.progress[key] for key in ("phase", "step", "sums", "metrics")
        )
        self.losses_at = self.params_at = self.step
        self.saved, self.sha256 = saved, saved.sha256
        so_far, now = saved.settings["made_with"], self.identity["made_with"]
        self.identity["made_with"] = so_far
        if so_far.split("; then ")[-1] != now:
            self.identity["made_with"] = f"{so_far}; then {now}"
            print(f"warning: this run was made with {so_far}; its bytes may be others from here on", file=sys.stderr)

    @property
    def deployed(self) -> Network:
        """What is used, and broken, after training."""
        return folded(self.model)

    def save(self):
        """Write the checkpoint. Raises DivergedError before it would hold what is not a number."""
        self._check_params()
        progress = {"phase": self.phase, "step": self.step, "sums": self.sums, "metrics": self.metrics}
        progress["adam_steps"] = {name: adam.t for name, adam in self.adams.items()}
        moments = {f"{name}/{key}": p for name, adam in self.adams.items() for key, p in adam.moments.items()}
        path = self.folder / "checkpoint.npz"
        self.sha256 = checkpoint.save(path, self.players.params, self.identity, progress, moments)
        self.saved_at = time.monotonic()

    def play_games(self):
        """Algorithm 1, lines 1 to 18."""
        settings, history, warned = self.settings, [], set()
        if not settings.epochs_games:
            tqdm.write("warning: no games are played: --epochs-games is 0", file=sys.stderr)
        adams = games.Adams.make(
            self.players, (settings.lr_reconstruct, settings.lr_discriminate, settings.lr_confuse)
        )

        def step(number, x, labels):
            noise = Stream("noise", settings.seed, "games", number, xp=self.xp)
            broken_by = self._faults("games", number)
            if settings.games == "reconstruction":
                extractor, decoder, _, _ = self.players
                return (games.reconstruct(extractor, decoder, x, adams.reconstruct, broken_by),)
            play = games.play if settings.games == "both" else games.compete
            return play(self.players, x, adams, settings.k, noise, broken_by)

        def look(epoch):
            x = data.to_unit(self.x[:LOOK])
            return games.health(self.players, x, Stream("health", settings.seed, epoch, xp=self.xp))

        losses = {
            "both": ("reconstruct", "discriminate", "confuse"),
            "reconstruction": ("reconstruct",),
            "adversary": ("discriminate", "confuse"),
        }[settings.games]
        for row in self._epochs("games", settings.epochs_games, step, losses, adams._asdict(), look):
            history.append(games.Health(*(row[name] for name in games.Health._fields)))
            for what, warning in games.warnings(history).items():
                if what not in warned:
                    tqdm.write(f"warning: {warning}", file=sys.stderr)
                warned.add(what)

    def finetune(self):
        """Algorithm 1, lines 19 to 24. The learning rate falls to 0 in a straight line."""
        settings, (extractor, _, _, classifier) = self.settings, self.players
        adam = Adam(extractor.learned | classifier.learned, settings.lr_finetune)
        loss = LOSSES[settings.loss]
        penalty = None
        if settings.method in PENALTIES:
            penalty = partial(PENALTIES[settings.method], strength=getattr(settings, f"lambda_{settings.method}"))
        total = settings.epochs_finetune * (len(self.x) // settings.batch_size)

        def step(number, x, labels):
            adam.rate = settings.lr_finetune * (1 - number / total)
            noise = Stream("noise", settings.seed, "finetune", number, xp=self.xp)
            if settings.method == "randbet":
                bits = Stream("train", settings.seed, "bits", number)
                asked = memory.Memory(settings.memory), settings.bit_errors, bits
                value = randbet(extractor, classifier, x, labels, loss, adam, *asked, noise)
            else:
                broken_by = self._faults("finetune", number)
                value = finetune(extractor, classifier, x, labels, loss, adam, penalty, broken_by, noise)
            if settings.clip_weights:
                clip_weights(self.model.params, settings.clip_weights)
            return (value,)

        list(self._epochs("finetune", settings.epochs_finetune, step, ("finetune",), {"finetune": adam}))

    def _faults(self, phase: str, number: int) -> faults.Faults:
        """The training faults of one step."""
        stream = Stream("train", self.settings.seed, phase, number, xp=self.xp)
        if self.settings.method == "dropconnect":
            return faults.drop_connect(self.model, self.settings.dropconnect, stream)
        in_turn, clean = self.settings.fault_steps == "in-turn", self.settings.clean_steps
        return faults.train_faults(self.model, self.settings.train_faults, stream, in_turn, clean)

    def begin(self, phase: str, adams: dict):
        """Enter a phase, or the middle of it where a resumed run left it; `adams` are those who move in it."""
        if phase != self.phase:
            self.phase, self.step, self.sums, self.losses_at, self.params_at = phase, 0, {}, 0, 0
        elif self.saved:
            for name, t in self.saved.progress["adam_steps"].items():
                mine = {key.partition("/")[2]: p for key, p in self.saved.moments.items() if key.startswith(f"{name}/")}
                adams[name].go_on(t, mine)
        self.adams, self.saved = adams, None

    def _epochs(self, phase: str, epochs: int, step, names, adams: dict, look=lambda epoch: None):
        """Call `step(number, x, labels)` for all batches of all epochs, and put each epoch on record; yields its row.

        Epochs that a resumed run has behind it are not repeated, and their rows come first.
        """
        steps = len(self.x) // self.settings.batch_size
        self.begin(phase, adams)
        yield from (row for row in self.metrics if row["phase"] == phase)
        with progress_bar(phase, epochs * steps, self.step) as bar, ctrl_c_waits() as interrupted:
            for epoch in range(self.step // steps, epochs):
                means = self._take_steps(phase, epoch, steps, step, names, bar, interrupted)
                if bar.disable:
                    print(f"{phase} {epoch + 1}/{epochs}  " + "  ".join(f"{k} {v:.4g}" for k, v in means.items()))
                health = look(epoch)
                row = dict.fromkeys(COLUMNS, "") | {"phase": phase, "epoch": epoch + 1}
                row |= {f"loss_{name}": value for name, value in means.items()} | (health._asdict() if health else {})
                self._check_params()
                self.metrics.append(row)
                self.write_metrics()
                stop = bool(interrupted)  # looked at once: a later Ctrl-C is seen after the next step
                if stop or epoch + 1 == epochs or self._save_is_due():
                    self.save()
                if stop:
                    raise KeyboardInterrupt
                yield row

    def _take_steps(self, phase: str, epoch: int, steps: int, step, names, bar, interrupted) -> dict:
        """The steps of one epoch that have not been taken yet; returns the epoch's mean losses by name.

        Batches depend on the seed, the phase and the epoch alone: all methods with one seed see the same.
        """
        order = Stream("order", self.settings.seed, phase, epoch)
        sums = [self.sums.get(name, 0) for name in names]
        look_every = 1 if self.xp is np else 50  # on a GPU every look waits for the device
        for i, (x, labels) in enumerate(data.epoch_batches(self.x, self.y, self.settings.batch_size, order)):
            if epoch * steps + i < self.step:
                continue
            losses = step(self.step, x, labels)  # 0-d arrays, still on the device
            sums = [total + loss for total, loss in zip(sums, losses, strict=True)]
            self.step += 1
            stop = bool(interrupted)
            due = stop or self._save_is_due()
            if due or i + 1 == steps or self.step % look_every == 0:
                self.sums = {name: float(total) for name, total in zip(names, sums, strict=True)}
                means = {name: total / (i + 1) for name, total in self.sums.items()}
                self._check_losses(means)
                bar.set_postfix_str(" ".join(f"{SYMBOLS[k]} {mean:.3g}" for k, mean in means.items()), refresh=False)
                bar.update(self.step - bar.n)
            if due and i + 1 < steps:  # after the last one the epoch is put on record first
                self.save()
                if stop:
                    raise KeyboardInterrupt
        self.sums = {}
        return means

    def _save_is_due(self) -> bool:
        return time.monotonic() - self.saved_at >= self.settings.save_every

    def write_metrics(self):
        """metrics.csv, a row for each epoch so far."""
        files.write_rows(self.folder / "metrics.csv", COLUMNS, (row.values() for row in self.metrics))

    def _check_losses(self, means: dict):
        """Raise DivergedError if a loss is no longer a number, and name the first tensor that is ruined."""
        for name, value in means.items():
            if not math.isfinite(value):
                ruined = self._first_ruined()
                tensor = f"{ruined} is no longer finite" if ruined else "all parameters are still finite"
                where = self._where(self.losses_at)
                raise DivergedError(f"the loss of {name} is {value} {where}; {tensor}; {self._advice()}")
        self.losses_at = self.step

    def _check_params(self):
        """Raise DivergedError if a parameter is no longer a number; this reads from the device, once a step at most."""
        if self.params_at == self.step:
            return
        if ruined := self._first_ruined():
            raise DivergedError(f"{ruined} is no longer finite {self._where(self.params_at)}; {self._advice()}")
        self.params_at = self.step

    def _where(self, looked_at: int) -> str:
        """The steps since the last look, in which something went wrong."""
        first, last = looked_at + 1, self.step
        steps = f"at step {last}" if first >= last else f"between steps {first} and {last}"
        return f"{steps} of {self.phase}"

    def _advice(self) -> str:
        """What is left, and what may help: the rates of all who move here, since one can ruin another's loss."""
        lower = [f"--lr-{name}" for name in self.adams]
        if self.phase == "finetune" and self.settings.method in PENALTIES:
            lower.append(f"--lambda-{self.settings.method}")
        return f"the last good checkpoint is kept; begin another run with a lower {' or '.join(lower)}"

    def _first_ruined(self) -> str | None:
        """The first parameter that is no longer a number, if there is one."""
        return next((name for name, p in self.players.params.items() if not math.isfinite(float(abs(p).max()))), None)

    def evaluate(self) -> tuple[dict, list]:
        """Accuracies without faults (percent), and a row for every broken network."""
        settings, dataset, xp = self.settings, self.dataset, self.xp
        x_test, y_test = to_device(dataset.x_test, xp), to_device(dataset.y_test, xp)
        deployed = self.deployed
        train = campaign.score(deployed, self.x, self.y).accuracy
        test = campaign.score(deployed, x_test, y_test).accuracy
        kinds = campaign.kinds_of(deployed)
        rates = {kind: sorted({*CURVE, *TABLE[kind]}) for kind in kinds}
        file = checkpoint.RowFile(self.folder / "faults.csv", campaign.Row._fields, self.sha256)
        rows = []
        with progress_bar("faults", settings.patterns * sum(map(len, rates.values())), len(file.rows)) as bar:
            for kind in kinds:
                for block in campaign.blocks(
                    file, deployed, x_test, y_test, kind, rates[kind], settings.patterns, settings.fault_seed
                ):
                    rows += block
                    bar.update(len(rows) - bar.n if len(rows) > bar.n else 0)
        return {"train": train, "test": test, "generalisation_error": train - test}, rows

    def draw_games(self):
        """Pictures of what the games made: of the extractor before it is fine-tuned."""
        x = data.to_unit(to_device(self.dataset.x_test[:LOOK], self.xp))
        z, _ = self.players.extractor.forward(x)
        x_hat, _ = self.players.decoder.forward(z[:10])
        self._draw("reconstructions", plots.reconstructions(to_host(x[:10]), to_host(x_hat)), x[:10])
        self._draw("features", plots.features(to_host(z)), x)

    def draw_results(self, clean: float, summary: dict):
        """Pictures of the whole run; `clean` is the accuracy without faults in percent."""
        self._draw("faults", plots.fault_curves(summary, clean, self.dataset.classes), self.dataset.x_test)
        if self.metrics:
            self._draw("losses", plots.losses(self.metrics), self.dataset.x_train)

    def _draw(self, name: str, figure, images):
        """Write one figure, whole; it is about these images."""
        figure = plots.headed(figure, plots.whose(vars(self.settings), self.dataset.name, images))
        plots.save(figure, files.make_folder(self.folder / "figures") / f"{name}.png")


def progress_bar(what: str, total: int, done: int) -> tqdm:
    """A bar that leaves room for the losses in 80 columns, and is silent where there is no terminal."""
    layout = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
    return tqdm(total=total, initial=done, desc=what, disable=None, dynamic_ncols=True, bar_format=layout)


def build(settings: Config, dataset: data.Dataset, xp=np) -> models.Players:
    """The networks that the settings ask for."""
    dropout = settings.dropout if settings.method == "dropout" else 0.0
    shards = settings.threads if xp is np else 1
    return models.build(
        settings.arch, dataset.image_shape, dataset.classes, settings.seed, dropout, xp, shards, settings.activation,
        settings.dropout_pixels, settings.weights, settings.width,
    )  # fmt: skip


@contextmanager
def ctrl_c_waits(again=None):
    """Within, the first Ctrl-C only makes the list that this gives true: the step comes to its end. The second stops.

    `again`: called for the second, and every later one, if that is to do something else. In another thread than the
    program's first nobody can catch Ctrl-C, and where it is ignored (nohup) it stays so.
    """
    asked = []

    def ask(number, frame):
        asked.append(number)
        if again is None:
            signal.signal(signal.SIGINT, before)
        elif len(asked) > 1:
            again()

    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        yield asked
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


def check_fit(settings: Config, dataset: data.Dataset):
    """Raise UsageError for settings that are right in themselves but do not fit the data or each other."""
    if settings.batch_size > len(dataset.x_train):
        raise UsageError(
            f"--batch-size {settings.batch_size} is more than the {len(dataset.x_train)} training images; lower it"
        )
    players = build(settings, dataset)
    if settings.method == "aftt" and not players.decoder.layers:
        raise UsageError(f"{settings.arch} has no decoder to play the games with; use another --method, or A1 or A2")
    if settings.width != 1 and settings.arch in ("A1", "A2"):
        raise UsageError(f"--width is for AlexNet and VGG16; {settings.arch} has the paper's sizes")
    if players.extractor.follows and (settings.method == "randbet" or settings.clip_weights):
        asked = "--clip-weights" if settings.clip_weights else "--method randbet"
        used = f"the weights of {settings.arch} are scaled by their normalisation before they are used"
        raise UsageError(f"{asked} is for A1 and A2; {used}")
    if settings.method == "randbet" and settings.loss != "cross-entropy":
        raise UsageError(f"--method randbet goes by a cross-entropy; leave out --loss {settings.loss}")
    if why := config.unused(settings):
        raise UsageError(why)
    kinds = [kind for kind, _, _ in settings.train_faults]
    if kinds and settings.method in ("dropconnect", "randbet"):
        own = f"--method {settings.method} has faults of its own"
        raise UsageError(f"{own}; leave out --train-faults, or a preset with them")
    for kind in kinds:
        if settings.fault_steps == "together" and kinds.count(kind) > 1:  # in turn, twice is twice as often
            times = f"--train-faults {kind} is given {kinds.count(kind)} times"
            raise UsageError(f"{times}; give each kind once, or use --fault-steps in-turn")
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
        print(f"{plots.unit(kind)}, {points[0]['population']:,} in")
        for name, shape in faults.sites(model, kind).items():
            print(f"    {name:<24}{math.prod(shape):>12,}")
        for point in points:
            if point["rate"] in TABLE[kind]:
                spread = "" if point["std"] is None else f" +- {point['std']:.2f}"
                wrong = f", {point['non_finite']:,} answers not finite" if point["non_finite"] else ""
                stuck = f"{point['rate']:.0%}: {point['hit']:,.0f} stuck on average"
                print(f"  {stuck:<32}{point['mean']:8.2f} %{spread}{wrong}")


def print_memory(settings: Config, network: Network, folder: Path):
    """How to look at weights as the memory holds them that they were trained for; on stderr, if it cannot hold them."""
    print(f"\nall this is of the weights before they are stored; as {settings.memory} holds them:")
    print(f"python -m aftt_np.inject {shlex.quote(str(folder))} --fault bits --memory {settings.memory} "
          f"--rates 0,{settings.bit_errors:g}")  # fmt: skip
    try:
        memory.check(memory.Memory(settings.memory), network)
    except UsageError as error:
        print(f"warning: {error}", file=sys.stderr)


def made_with(xp) -> str:
    """The library, its version, the device and the BLAS with its kernels: another one may round in another way."""
    blas = [lib for lib in threadpool_info() if lib["user_api"] == "blas"]
    names = {f"{lib['internal_api']} {lib['version']} {lib.get('architecture', '')}".strip() for lib in blas}
    return ", ".join([describe(xp), *sorted(names)])


def report(settings: Config, dataset: data.Dataset, xp, folder: Path) -> dict:
    """The resolved settings and what they meet: images, device, libraries. Printed first, and kept in config.json."""
    try:
        installed = version("aftt_np")
    except PackageNotFoundError:
        installed = "run from its folder, not installed"
    return asdict(settings) | {
        "train_faults": [config.said_fault(fault) for fault in settings.train_faults],
        "out": settings.out or str(folder),
        "training_images": len(dataset.x_train),
        f"{settings.evaluate}_images": len(dataset.x_test),
        "shards": settings.threads if xp is np else 1,
        "made_with": made_with(xp),
        "python": sys.version.split()[0],
        "aftt_np": installed,
    }


def results(run: Run, accuracy: dict, summary: dict, seconds: float) -> dict:
    """The content of summary.json; accuracies in percent, None for the images that were not looked at."""
    settings, tested = run.settings, run.settings.evaluate == "test"
    return {
        "method": settings.method,
        "train_faults": [config.said_fault(fault) for fault in settings.train_faults],
        "fault_steps": settings.fault_steps,
        "clean_steps": settings.clean_steps,
        "weights": settings.weights,
        "dropout_pixels": settings.dropout_pixels,
        "data": run.dataset.name,
        "arch": settings.arch,
        "seed": settings.seed,
        "backend": run.xp.__name__,
        "train_accuracy": accuracy["train"],
        "test_accuracy": accuracy["test"] if tested else None,
        "validation_accuracy": None if tested else accuracy["test"],
        "generalisation_error": accuracy["generalisation_error"],
        "parameters": sum(p.size for p in run.deployed.params.values()),
        "seconds": None if seconds is None else round(seconds, 1),  # not known of a run that was interrupted
        "faults": summary,
    }


def train(argv=None):
    """The command. Raises the errors of errors.py."""
    parser = config.parser_for("python -m aftt_np.train", "Train a network, break it with faults, show how it stands.")
    given = vars(parser.parse_args(argv))
    if given.pop("list_presets", False):
        print(config.presets_table())
        return
    wanted = given.pop("resume", None)
    if wanted is None:
        begin(config.resolve(given))
        return
    if not wanted or Path(wanted).is_file():
        raise UsageError(f"--resume expects the folder of a run, got {wanted or 'nothing'}")
    if "out" in given:
        raise UsageError("--resume names the folder of the run; leave --out out")
    if not os.path.lexists(Path(wanted) / "checkpoint.npz"):
        if not given:
            remedy = "check the path, or put the options of the run behind it that is to begin there"
            raise CheckpointError(f"there is no run in {wanted} to go on with; {remedy}")
        print(f"there is nothing to go on with in {wanted}: a run begins")
        begin(config.resolve(given | {"out": wanted}))
        return
    with checkpoint.held(Path(wanted)) as folder:
        saved = checkpoint.load(folder / "checkpoint.npz")
        if "defence" in saved.settings:
            raise UsageError(f"the run in {folder} is a defended copy; break it with python -m aftt_np.inject {folder}")
        settings = config.continued(given, saved.settings["settings"], files.read_json(folder / "config.json"), folder)
        xp = choose(settings.backend)
        try:
            dataset = read_images(settings, given.get("data", settings.data), saved.settings["images"])
        except DataError as error:
            raise DataError(f"{error} (--data says where the run's images are, if they have moved)") from error
        carry_out(settings, dataset, xp, folder, saved)


def begin(settings: Config):
    """A run from its start, in a folder of its own; nothing is made before all that was asked for is judged."""
    xp = choose(settings.backend)
    settings = replace(settings, backend=xp.__name__)  # what "auto" came to
    if settings.data_dir and not os.path.isdir(settings.data_dir):
        raise DataError(f"--data-dir {settings.data_dir}: there is no such folder")
    dataset = read_images(settings, settings.data)
    check_fit(settings, dataset)
    if absent := set(range(dataset.classes)).difference(dataset.y_train.tolist()):
        print(f"note: labels are from 0 to {dataset.classes - 1}, and {len(absent)} of these classes have no image to "
              "train on", file=sys.stderr)  # fmt: skip
    name = f"{settings.method}-{dataset.name}-{settings.arch}-seed{settings.seed}"
    with checkpoint.held(checkpoint.new_folder(settings.out, name)) as folder:
        checkpoint.expect_empty(folder)  # once more: another process may have been here before it was held
        carry_out(settings, dataset, xp, folder, None)


def read_images(settings: Config, where: str, sha256: str = "") -> data.Dataset:
    """The images to train on and to evaluate on; DataError if they should have another `sha256`."""
    dataset = data.load(where, settings.data_dir or None)
    dataset = data.hold_out(dataset, settings.evaluate, len(dataset.x_train) // 6)
    if sha256 and dataset.sha256 != sha256:
        raise DataError(f"the images in {where} are not those that the run was begun with; name those with --data")
    return dataset


def carry_out(settings: Config, dataset: data.Dataset, xp, folder: Path, saved: checkpoint.Checkpoint | None):
    """The run itself, from its beginning or from where it was `saved`; Ctrl-C is answered with how to go on."""
    try:
        if saved and is_complete(folder, saved):
            print(f"the run in {folder} is complete")
            return
        work_through(settings, dataset, xp, folder, saved)
    except KeyboardInterrupt:
        if not (folder / "checkpoint.npz").exists():
            raise KeyboardInterrupt("interrupted before anything was saved; give the same command again") from None
        option = "=" if str(folder).startswith("-") else " "
        command = f"python -m aftt_np.train --resume{option}{shlex.quote(str(folder))}"
        raise KeyboardInterrupt(f"interrupted; to go on: {command}") from None


def is_complete(folder: Path, saved: checkpoint.Checkpoint) -> bool:
    """Whether nothing is left to be done or made again. Raises CheckpointError if the sealed rows have changed."""
    settled = "faults" in files.read_json(folder / "summary.json") and files.read_json(folder / "config.json")
    if not settled or not all((folder / name).is_file() for name in ("metrics.csv", "faults.csv", "faults.csv.seal")):
        return False
    checkpoint.RowFile(folder / "faults.csv", campaign.Row._fields, saved.sha256)
    return True


@contextmanager
def computing(settings: Config, xp):
    """Within, the processor and NumPy are used as `settings` say; what is not a number is looked for, not warned of."""
    parallel.keep_memory()
    with parallel.use(settings.threads if xp is np else 1), np.errstate(all="ignore"):
        yield


def learn(settings: Config, dataset: data.Dataset, xp, folder: Path, saved: checkpoint.Checkpoint | None) -> Run:
    """The games and fine-tuning, from the beginning or from where they were `saved`; for use within `computing`."""
    head = report(settings, dataset, xp, folder)
    print("\n".join(f"{name:<18}{'none' if value in ('', []) else value}" for name, value in head.items()))
    run = Run(settings, dataset, xp, folder)
    if saved:
        run.go_on(saved)
        print(f"going on at step {run.step:,} of {run.phase}")
        head["made_with"] = run.identity["made_with"]
    else:
        run.save()  # from here on there is something to go on with
    run.write_metrics()
    files.write_json(folder / "config.json", {name: value for name, value in head.items() if name != "out"})
    if run.phase == "games":
        run.play_games()
        run.draw_games()
    if run.phase != "faults":
        run.finetune()
        run.begin("faults", adams={})
        run.save()
    return run


def work_through(settings: Config, dataset: data.Dataset, xp, folder: Path, saved: checkpoint.Checkpoint | None):
    """Training, the fault curve and the pictures."""
    started = time.perf_counter()
    with computing(settings, xp):
        run = learn(settings, dataset, xp, folder, saved)
        accuracy, rows = run.evaluate()
        summary = campaign.summarise(rows)
        run.draw_results(accuracy["test"], summary)
    seconds = None if saved else time.perf_counter() - started
    files.write_json(folder / "summary.json", results(run, accuracy, summary, seconds))
    print_table(settings, accuracy, summary, run.deployed)
    if settings.method == "randbet":
        print_memory(settings, run.deployed, folder)
    print(f"\neverything is in {folder}")


if __name__ == "__main__":
    end_with(train)
