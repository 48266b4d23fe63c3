"""The settings of a run as one frozen dataclass, the presets as one table, and the command line made from both.

A setting comes from the command line if it is given there, else from the preset, else from the default below.
"""

import argparse
import difflib
import re
import sys
from dataclasses import asdict, dataclass, field, fields
from itertools import zip_longest

from .backend import NAMES as BACKENDS
from .defences import SATURATIONS
from .errors import CheckpointError, UsageError
from .faults import KINDS
from .losses import LOSSES
from .memory import CEILING
from .models import ACTIVATIONS, ARCHITECTURES
from .parallel import usable_processors

MOST_THREADS = 1024  # more is a mistake
METHODS = ("none", "lasso", "tikhonov", "dropout", "dropconnect", "randbet", "aftt")
FAULT_STEPS = ("together", "in-turn")
GAMES = ("both", "reconstruction", "adversary")
EVALUATE = ("validation", "test")

# One column a preset; `paper` takes what the paper states for Fashion-MNIST (2,000 epochs of games, eq. 15, 5e-5 for
# the discriminator) and the lesson's values where it is silent; its 10,000 iterations on CIFAR-10: --epochs-games 26.
# `tolerant` is ours: no games, but every step under node faults, weight faults or none, with a fifth of the pixels out.
IN_TURN = (("nodes", 0.55, 0.72), ("nodes", 0.55, 0.72), ("weights", 0.5, 0.62))
PRESETS = {
    #                     quick,           lesson,          paper,    tolerant
    "method":            ("aftt",          "aftt",          "aftt",   "none"),
    "epochs_games":      (6,               10,              2000,     0),
    "epochs_finetune":   (15,              30,              100,      140),
    "batch_size":        (128,             128,             128,      256),
    "loss":              ("cross-entropy", "cross-entropy", "mse",    "cross-entropy"),
    "train_faults":      ((),              (),              (),       IN_TURN),
    "fault_steps":       ("together",      "together",      "together", "in-turn"),
    "clean_steps":       (0.0,             0.0,             0.0,      0.65),
    "k":                 (1,               1,               1,        1),
    "lr_reconstruct":    (1e-3,            1e-3,            1e-3,     1e-3),
    "lr_discriminate":   (5e-5,            5e-5,            5e-5,     5e-5),
    "lr_confuse":        (1e-4,            1e-4,            1e-4,     1e-4),
    "lr_finetune":       (1e-3,            1e-3,            1e-3,     1e-3),
    "lambda_lasso":      (1e-5,            1e-5,            1e-5,     1e-5),
    "lambda_tikhonov":   (1e-4,            1e-4,            1e-4,     1e-4),
    "dropout":           (0.5,             0.5,             0.5,      0.5),
    "dropout_pixels":    (0.0,             0.0,             0.0,      0.2),
    "dropconnect":       (0.5,             0.5,             0.5,      0.5),
    "patterns":          (10,              10,              10,       10),
}  # fmt: skip
PRESET_NAMES = ("quick", "lesson", "paper", "tolerant")
METAVARS = {str: "NAME", int: "N", float: "X"}


def train_fault(text: str) -> tuple[str, float, float]:
    """"nodes:0.85" -> ("nodes", 0.0, 0.85); "nodes:0.5:0.75" -> ("nodes", 0.5, 0.75)."""
    kind, *rates = text.split(":")
    if not 1 <= len(rates) <= 2:
        raise wrong("KIND:RATE or KIND:LOW:HIGH, as in nodes:0.85", text)
    low, high = ([0.0] + [number(float, 0, 1)(rate) for rate in rates])[-2:]
    if low > high:
        raise wrong("KIND:LOW:HIGH with the lower rate first", text)
    return choice(KINDS)(kind), low, high


def said_fault(fault: tuple) -> str:
    """What `train_fault` read."""
    kind, low, high = fault
    return f"{kind}:{low:g}:{high:g}" if low else f"{kind}:{high:g}"


def short(text: str) -> str:
    """The beginning of a text that may be of any length."""
    return text if len(text) <= 40 else f"{text[:40]}..."


def wrong(expected: str, text: str) -> argparse.ArgumentTypeError:
    """What a reader of options raises."""
    return argparse.ArgumentTypeError(f"expected {expected}, got {short(text)!r}")


def choice(known):
    """A reader of one of the words `known`; a wrong one is answered with the nearest."""
    in_small = {word.casefold(): word for word in known}

    def read(text):
        if text not in known:
            near = difflib.get_close_matches(text.casefold(), in_small, n=1)
            hint = f"; did you mean {in_small[near[0]]}?" if near else ""
            raise argparse.ArgumentTypeError(f"{short(text)!r} is not one of {', '.join(known)}{hint}")
        return text

    return read


def number(kind, low, high=None):
    """A reader of a number (`kind` is int or float) of at least `low` and at most `high`."""

    def read(text):
        what = "a whole number" if kind is int else "a number"
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= (float("inf") if high is None else high) or value == float("inf"):
            raise wrong(f"{what} {bounds}", text)
        return value

    return read


def setting(default, read, text, *, flags=(), metavar=None, of=""):
    """A dataclass field that knows how the command line reads and explains it, and `of` which method alone it is."""
    return field(default=default, metadata={"read": read, "help": text, "flags": flags, "metavar": metavar, "of": of})


@dataclass(frozen=True)
class Config:
    """Everything a run depends on. Rates of learning are per step, fault rates fractions of elements or units."""

    data: str = setting("fashion-mini", str, "fashion-mini, fashion-mnist, cifar10, cifar10-jpeg or a path (.npz)")
    arch: str = setting(
        "A1", choice(ARCHITECTURES), "A1 or A2, the paper's two networks for such images; AlexNet or VGG16, which have "
        "no games"
    )  # fmt: skip
    width: float = setting(1.0, number(float, 0.01, 4), "share of AlexNet's and VGG16's units that there are")
    method: str = setting("aftt", choice(METHODS), ", ".join(METHODS))
    activation: str = setting(
        "classifier", choice(ACTIVATIONS), "of the features: the classifier's first layer, the extractor's last, none"
    )
    weights: str = setting(
        "plain", choice(("plain", *SATURATIONS)), f"plain, or through {', '.join(SATURATIONS)} before they are used; "
        "faults hit what is stored"
    )  # fmt: skip
    loss: str = setting("cross-entropy", choice(tuple(LOSSES)), "of fine-tuning: cross-entropy, or mse (eq. 15)")
    train_faults: tuple = setting(
        (), train_fault, "fresh faults in every training step, at a rate drawn from [0, RATE] (or KIND:LOW:HIGH: from "
        "[LOW, HIGH]); repeatable", metavar="KIND:RATE",
    )  # fmt: skip
    fault_steps: str = setting(
        "together", choice(FAULT_STEPS), "several --train-faults: together, or in-turn: one of them drawn in each step "
        "(given twice: twice as often)"
    )  # fmt: skip
    clean_steps: float = setting(0.0, number(float, 0, 1), "share of the steps that are spared by --train-faults")
    preset: str = setting("quick", choice(PRESET_NAMES), "epochs, batch, loss, rates, penalties; see --list-presets")
    epochs_games: int = setting(6, number(int, 0), "passes over the images in the games (aftt only)")
    epochs_finetune: int = setting(15, number(int, 0), "passes over the images with labels")
    games: str = setting("both", choice(GAMES), "which of the two games is played: both, reconstruction, adversary")
    batch_size: int = setting(128, number(int, 1), "images a step")
    k: int = setting(1, number(int, 1), "moves of the discriminator to one of the extractor (algorithm 1, line 9)")
    lr_reconstruct: float = setting(1e-3, number(float, 0), "learning rate of game 1")
    lr_discriminate: float = setting(5e-5, number(float, 0), "learning rate of the discriminator in game 2")
    lr_confuse: float = setting(1e-4, number(float, 0), "learning rate of the extractor in game 2")
    lr_finetune: float = setting(
        1e-3, number(float, 0), "learning rate of fine-tuning at its start; falls to 0 in a line", flags=("--lr",)
    )
    lambda_lasso: float = setting(1e-5, number(float, 0), "strength of the Lasso penalty (eq. 9)", of="lasso")
    lambda_tikhonov: float = setting(
        1e-4, number(float, 0), "strength of the Tikhonov penalty (eq. 10)", of="tikhonov"
    )  # fmt: skip
    dropout: float = setting(0.5, number(float, 0, 0.99), "dropout rate of the method dropout", of="dropout")
    dropout_pixels: float = setting(
        0.0, number(float, 0, 0.99), "share of the pixels (of each colour by itself) that fine-tuning sets to 0, anew "
        "in each step; any method"
    )
    dropconnect: float = setting(0.5, number(float, 0, 0.99), "rate of the method dropconnect", of="dropconnect")
    memory: str = setting(
        "int8", choice(("int8", "q2.5")), "what the method randbet reads weights from: int8 or q2.5", of="randbet"
    )  # fmt: skip
    bit_errors: float = setting(0.01, number(float, 0, CEILING), "rate per bit of the method randbet", of="randbet")
    clip_weights: float = setting(
        0.0, number(float, 0), "fine-tuning holds all weights between -X and X; any method; 0: it does not"
    )  # fmt: skip
    patterns: int = setting(10, number(int, 1), "fault patterns a point of the fault curve")
    evaluate: str = setting("test", choice(EVALUATE), "on the test images, or on the last sixth of the training images")
    seed: int = setting(0, number(int, 0), "of initial weights, order, noise and training faults")
    fault_seed: int = setting(1907, number(int, 0), "of the faults in evaluation; the same for all methods")
    backend: str = setting("auto", choice(BACKENDS), "numpy, cupy (GPU), or auto: cupy where there is a GPU")
    threads: int = setting(0, number(int, 0, MOST_THREADS), "processor threads; 0: all there are")
    data_dir: str = setting("", str, "where to look for data first", metavar="DIR")
    out: str = setting("", str, "folder for the run; a fresh one under runs/ if not given", metavar="DIR")
    save_every: float = setting(30.0, number(float, 0), "seconds between checkpoints; 0: after every step")


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is one sentence, and an option is written out."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def parse_known_args(self, args=None, namespace=None):
        self.given = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(self.given, namespace)

    def error(self, message):
        hint = ""
        if message.startswith(("unrecognized", "the following arguments are required")):  # perhaps given, but mistyped
            options = [word.partition("=")[0] for word in self.given if re.match("--[a-z]", word)]
            unknown = next((name for name in options if name not in self._option_string_actions), "")
            near = difflib.get_close_matches(unknown, self._option_string_actions, n=1)
            hint = f"; did you mean {near[0]}, not {unknown}?" if near else ""
        raise UsageError(f"{message.removeprefix('argument ')}{hint} (see {self.prog} --help)")


def parser_for(prog: str, description: str) -> Parser:
    """A parser with an option for every field of Config; what is not given is absent from the result."""
    parser = Parser(
        prog=prog, description=description, argument_default=argparse.SUPPRESS,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30, width=80),
    )  # fmt: skip
    for entry in fields(Config):
        flags = (f"--{entry.name.replace('_', '-')}", *entry.metadata["flags"])
        default = entry.default if entry.default != () and entry.default != "" else "none"
        metavar = entry.metadata["metavar"] or METAVARS[type(entry.default)]
        parser.add_argument(
            *flags, dest=entry.name, type=entry.metadata["read"], metavar=metavar,
            action="append" if entry.name == "train_faults" else "store",
            help=f"{entry.metadata['help']} (default: {default})",
        )  # fmt: skip
    parser.add_argument(
        "--resume", metavar="DIR",
        help="go on with the run in this folder, or begin it there; its settings hold: others are refused",
    )  # fmt: skip
    parser.add_argument("--list-presets", action="store_true", help="print the table of presets and stop")
    return parser


def resolve(given: dict) -> Config:
    """The settings of a run, from what was given on the command line over the preset over the defaults."""
    column = PRESET_NAMES.index(given.get("preset", Config.preset))
    preset = {name: row[column] for name, row in PRESETS.items()}
    config = Config(**{**preset, **given, "train_faults": tuple(given.get("train_faults", preset["train_faults"]))})
    if config.threads == 0:
        config = Config(**{**vars(config), "threads": usable_processors()})
    return config


def unused(settings: Config) -> str:
    """Why a setting that was asked for would do nothing in this run; "" if there is none.

    What the preset has, or the default, was not asked for.
    """
    usual = resolve({"preset": settings.preset})
    asked = [entry for entry in fields(Config) if getattr(settings, entry.name) != getattr(usual, entry.name)]
    for entry in asked:
        option, of = f"--{entry.name.replace('_', '-')}", entry.metadata["of"]
        if of not in ("", settings.method):
            return f"{option} is for --method {of}, not for {settings.method}"
        if entry.name in ("fault_steps", "clean_steps") and not settings.train_faults:
            return f"{option} is for training with faults; give --train-faults, too, or leave it out"
    return ""


FREE = ("data_dir", "out", "save_every")  # settings that the numbers of a run do not depend on


def bound(settings: Config) -> dict:
    """The settings that the numbers of a run depend on, fit for a checkpoint."""
    return {name: value for name, value in asdict(settings).items() if name not in FREE}


def continued(given: dict, saved: dict, said: dict, folder) -> Config:
    """The settings of the run in `folder`, which goes on: those it has saved; all that is `given` has to agree.

    FREE settings may be given anew, else they are as `said` in the run's config.json. So may --data, since it is the
    images that have to agree. Settings that a later version has added are at their defaults. Raises UsageError naming
    an option that does not agree, CheckpointError if settings were saved that there are not.
    """
    defaults = bound(Config())
    names = set(defaults)
    if odd := sorted(saved.keys() - names):
        raise CheckpointError(f"the run in {folder} was begun by another version; it differs in {', '.join(odd)}")
    saved = defaults | saved
    saved |= {"train_faults": tuple(tuple(fault) for fault in saved["train_faults"])}
    asked = {name: value for name, value in given.items() if name in names and name != "data"}
    if asked.get("threads") == 0:
        asked["threads"] = usable_processors()
    if asked.get("backend") == "auto":
        del asked["backend"]
    for name, value in asked.items():
        value = tuple(value) if name == "train_faults" else value
        if value != saved[name]:
            raise UsageError(
                f"--{name.replace('_', '-')} {_said(value)}: the run in {folder} has {_said(saved[name])}; "
                "leave the option out to go on with it, or begin another run"
            )
    kept = ("data_dir", "save_every")
    free = {name: said[name] for name in kept if type(said.get(name)) is type(getattr(Config, name))}
    if not free.get("save_every", 0) >= 0:
        del free["save_every"]
    return Config(**saved, **free | {name: given[name] for name in FREE if name in given})


def _said(value) -> str:
    """A setting as on the command line."""
    if isinstance(value, tuple):
        return " and ".join(map(said_fault, value)) or "none"
    return str(value)


def presets_table() -> str:
    """The presets as text, a column each."""
    rows = [("", *PRESET_NAMES)]
    for name, row in PRESETS.items():
        cells = [[said_fault(one) for one in value] if name == "train_faults" else [value] for value in row]
        for line in zip_longest(*cells, fillvalue=""):  # several faults, a line each
            rows.append((name.replace("_", "-"), *line))
    return "\n".join(f"{name:<16}" + "".join(f"{value:>16}" for value in line) for name, *line in rows)
