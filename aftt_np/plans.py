"""The plan of a study: which methods, seeds and faults; read from a .toml file, and judged before hours of work.

    title = "What the figures and tables are called"
    seeds = [0, 1, 2, 3, 4]         # of training
    patterns = 30                   # of faults, the same for all
    [settings]                      # of all runs: options of python -m aftt_np.train
    data = "fashion-mnist"
    [[campaigns]]                   # what is broken, where (all, each, or names with commas), at which rates
    fault = "nodes"
    layers = "all"
    rates = "0,0.2,0.4,0.68"
    [methods]                       # what each adds to the settings; all are compared with the first
    none = { method = "none" }
    "none, rescaled" = { network = "none", rescaled = true }  # the same networks, seen in another way
    "none, clipped" = { network = "none", defence = "clipact:float32" }  # or defended; names as in defend.parse_name
    aftt = { method = "aftt" }
"""

import argparse
import difflib
import json
import tomllib
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from . import config, defend, faults, memory, train
from .config import Config, number
from .deep import folded
from .errors import AfttError, DataError, UsageError
from .files import digest, fit_name
from .inject import rates_of
from .losses import PENALTIES

KEYS = ("title", "seeds", "patterns", "fault_seed", "settings", "campaigns", "methods")
VIEWS = {"rescaled": False, "defence": None, "network": None}  # what a method says of another one's network
NOT_TRAINING = ("threads", "backend", "patterns", "fault_seed")  # settings that the trained network is not known by
OF_ALL = ("data", "arch", "width", "evaluate")  # settings that all methods of a plan share, since they are compared
LONGEST_NAME = 100  # letters of the name of a method, which is part of names of files
WRONG = (AfttError, ValueError, TypeError, argparse.ArgumentTypeError)  # what reading a value raises
SCHEMA = 1  # to be raised when a default of Config changes: rows that were made under the old one are others


class Campaign(NamedTuple):
    """One way to break networks: `layers` is all, each, or names with commas between them."""

    fault: str
    layers: str
    rates: tuple

    def places(self, network) -> list:
        """Where it hits: for each place a list of layers, or None for all of them. UsageError for unknown names."""
        if self.layers == "all":
            return [None]
        if self.layers == "each":
            return [[name] for name in faults.sites(network, self.fault)]
        return [list(faults.sites(network, self.fault, [name.strip() for name in self.layers.split(",")]))]


class Trained(NamedTuple):
    """One kind of network to train, and the methods that look at it: {name: rescaled or not, or a defence}."""

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
    networks: dict  # {name of the method that is trained: Trained}
    text: str  # of the file

    @property
    def methods(self) -> list[str]:
        """All methods, as they stand in the plan."""
        return [method for network in self.networks.values() for method in network.methods]

    @property
    def jobs(self) -> list:
        """(name of a network, seed), seed by seed, so that what is stopped half way has some seeds of all methods."""
        return [(name, seed) for seed in self.seeds for name in self.networks]

    @property
    def identities(self) -> dict:
        """{(method, seed): identity} of all that the plan asks for."""
        return {(m, seed): self.identity(name, seed) for name, seed in self.jobs for m in self.networks[name].methods}

    def settings(self, name: str, seed: int) -> Config:
        """The settings of one training run."""
        given = self.networks[name].settings | {"seed": seed, "fault_seed": self.fault_seed, "patterns": self.patterns}
        return config.resolve(given)

    def identity(self, name: str, seed: int) -> str:
        """A digest of all that the plan says of the rows of one network; neither titles nor threads are in it."""
        what = [
            SCHEMA, of_training(config.bound(self.settings(name, seed))), self.networks[name].methods, self.campaigns,
            self.patterns, self.fault_seed,
        ]  # fmt: skip
        what += [defend.made_with(view) for view in self.networks[name].methods.values() if isinstance(view, str)]
        return digest(what)[:16]

    def strengths(self) -> dict:
        """{penalty: {strength: method}} of plain training and the methods that are plain training with a penalty."""
        found, plain = {penalty: {} for penalty in PENALTIES}, None
        for name in self.networks:
            settings = config.bound(self.settings(name, self.seeds[0]))
            method = settings["method"]
            strength = settings.get(f"lambda_{method}", 0.0)
            rest = {key: value for key, value in settings.items() if key != "method" and not key.startswith("lambda_")}
            if method == "none" and plain is None:
                plain = rest
                found = {penalty: {0.0: name} for penalty in PENALTIES}
            elif method in PENALTIES and rest == plain:
                found[method][strength] = name
        return found


def of_training(settings: dict) -> dict:
    """The settings that a trained network depends on and that are not at their defaults.

    A setting that a later version adds has its default in older runs. See SCHEMA for defaults that change.
    """
    settings, defaults = (json.loads(json.dumps(one)) for one in (settings, config.bound(Config())))
    chosen = {name: value for name, value in settings.items() if value != defaults.get(name)}
    return {name: value for name, value in chosen.items() if name not in NOT_TRAINING}


def read(path: Path) -> Plan:
    """A plan. Raises DataError for a file that is none, UsageError for what a plan cannot say."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        folders = path.parent, Path("lessons/plans")
        there = {other.stem: other for folder in folders for other in folder.glob("*.toml")}
        near = [there[name] for name in difflib.get_close_matches(path.stem, there, n=1) if there[name] != path]
        hint = f"did you mean {near[0]}?" if near else "check the path"
        raise DataError(f"cannot read the plan {path}: {error.strerror or error}; {hint}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as TOML: {error}") from error
    try:
        for key in content:
            config.choice(KEYS)(key)

        def said(key, read, default=None):
            """What the plan has under `key`, read; what is wrong there is told with the key."""
            with at(key):
                return read(content[key] if default is None else content.get(key, default))

        settings = said("settings", read_settings, {})
        networks = said("methods", lambda own: read_methods(own, settings))
        plan = Plan(
            name=path.stem,
            title=said("title", lambda title: " ".join(str(title).split())),
            seeds=said("seeds", lambda seeds: tuple(number(int, 0)(str(seed)) for seed in list_of(seeds))),
            patterns=said("patterns", lambda patterns: number(int, 1)(str(patterns))),
            fault_seed=said("fault_seed", lambda seed: number(int, 0)(str(seed)), Config.fault_seed),
            campaigns=said("campaigns", lambda several: tuple(read_campaign(one) for one in list_of(several))),
            networks=networks,
            text=text,
        )
        if not (plan.seeds and plan.campaigns and networks):
            raise ValueError("it needs at least one seed, one campaign and one method")
        names = [fit_name(name).casefold() for name in plan.methods]  # folders of some systems take a for A
        for of_what, values in (("seeds", plan.seeds), ("names of methods, as names of files,", names)):
            if len(set(values)) < len(values):
                raise ValueError(f"two of its {of_what} are the same")
    except KeyError as error:
        raise UsageError(f"the plan {path} says nothing of {error.args[0]}") from error
    except WRONG as error:
        raise UsageError(f"the plan {path}: {error}") from error
    return plan


@contextmanager
def at(where: str):
    """What is wrong within is said with the place in the plan where it stands."""
    try:
        yield
    except WRONG as error:
        raise ValueError(f"{where}: {error}") from error


def list_of(value) -> list:
    """`value`, if it is a list."""
    if not isinstance(value, list):
        raise ValueError(f"expected a list in brackets, got {config.short(repr(value))}")
    return value


def table_of(value) -> dict:
    """A copy of `value`, if it is a table."""
    if not isinstance(value, dict):
        raise ValueError(f"expected a table, as in {{ method = \"none\" }}, got {config.short(repr(value))}")
    return dict(value)


def read_methods(said: dict, settings: dict) -> dict:
    """The plan's [methods], as networks; `settings` are those of all."""
    networks = {}
    for name, own in table_of(said).items():
        plain = name.isprintable() and name == name.strip() and name and name[0] != "-" and "|" not in name
        if not plain or len(name) > LONGEST_NAME:
            raise ValueError(f"{config.short(name)!r} cannot be the name of a method; choose a few plain words")
        with at(repr(name)):
            read_method(name, table_of(own), settings, networks)
    return networks


def read_method(name: str, own: dict, settings: dict, networks: dict):
    """Add one method to the networks before it, or to the methods of one of them."""
    rescaled, defence, of = (own.pop(key, default) for key, default in VIEWS.items())
    if not isinstance(rescaled, bool):
        raise ValueError(f"rescaled is true or false, got {rescaled!r}")
    if defence is not None and (rescaled or of is None):
        raise ValueError("a defence is of the network of a method before it, and not rescaled")
    if defence is not None:
        kind, _ = defend.parse_name(str(defence))
        if defence != kind and kind not in defend.OPTIONS["memory"][0]:
            raise ValueError(f"{kind} is the same for every memory; say {kind} alone")
    if of is None:
        if odd := sorted(key for key in own if key in OF_ALL):
            raise ValueError(f"{', '.join(odd)} belongs to [settings], since all methods are compared")
        networks[name] = Trained(settings | read_settings(own), {})
    elif of not in networks or own:
        raise ValueError(f"the network {of!r} of a method before it, rescaled or defended, nothing else")
    networks[of or name].methods[name] = rescaled if defence is None else str(defence)


def read_settings(said: dict) -> dict:
    """Options of training, {name: value}, as the command line would have read them."""
    known = {entry.name: entry.metadata["read"] for entry in fields(Config)} | {"lr": number(float, 0)}
    known = {name: how for name, how in known.items() if name not in ("seed", "fault_seed", "patterns", "out")}
    given = {}
    for key, value in table_of(said).items():
        name = config.choice(tuple(known))(key.replace("-", "_"))
        several = name == "train_faults"
        read_one = known[name]
        name = "lr_finetune" if name == "lr" else name
        if name in given:
            raise ValueError(f"{key} is said twice")
        with at(key):
            given[name] = [read_one(str(one)) for one in list_of(value)] if several else read_one(str(value))
    return given


def read_campaign(said: dict) -> Campaign:
    """One of the plan's [[campaigns]]."""
    said = table_of(said)
    for key in said:
        config.choice(Campaign._fields)(key)
    fault = str(said["fault"])
    bits = fault.startswith("bits")
    with at("fault"):
        memory.parse(fault) if bits else config.choice(faults.KINDS + faults.MORE_KINDS)(fault)
    with at("rates"):
        rates = rates_of(str(said.get("rates", "1e-8:1e-3:log" if bits else "0:0.9:0.1")))
        if bits:
            memory.check_rates(rates)
    return Campaign(fault, str(said.get("layers", "all")), rates)


def check(plan: Plan) -> dict:
    """{name of a network: SHA-256 of its images}; raises the errors of errors.py for what does not fit together."""
    images, found = {}, {}
    for name, network in plan.networks.items():
        settings = plan.settings(name, plan.seeds[0])
        key = settings.data, settings.data_dir, settings.evaluate
        if key not in images:
            images[key] = train.read_images(settings, settings.data)
            found[key] = images[key].sha256
        train.check_fit(settings, images[key])
        players = train.build(settings, images[key])
        model = folded(players.extractor + players.classifier)
        for view in network.methods.values():
            if isinstance(view, str):
                check_defence(plan, view, model)
        if settings.weights != "plain" and True in network.methods.values():
            raise UsageError(f"the plan {plan.name}: {name} has weights that go through a function; it is not rescaled")
        check_campaigns(plan, model, True in network.methods.values())
        found[name] = found[key]
    return {name: found[name] for name in plan.networks}


def check_defence(plan: Plan, view: str, model):
    """Raise UsageError for a defence that does not fit this network, or the memories that are hit."""
    defend.check(view, model)
    forms = {memory.parse(asked.fault).format for asked in plan.campaigns if asked.fault.startswith("bits")}
    if view.startswith("scaling:") and forms - {defend.parse_name(view)[1]}:
        raise UsageError(f"the plan {plan.name}: {view} is for one memory, and others are hit; say scaling alone")


def check_campaigns(plan: Plan, model, rescaled: bool):
    """Raise UsageError for campaigns that this network cannot have, or that are the same as another."""
    seen = set()
    for asked in plan.campaigns:
        if not faults.sites(model, asked.fault):
            raise UsageError(f"the plan {plan.name}: this network has no {asked.fault} that could be hit")
        if rescaled and asked.fault not in faults.KINDS:
            raise UsageError(f"the plan {plan.name}: nothing is rescaled for {asked.fault}; leave one of them out")
        if rescaled and 1 in asked.rates:
            raise UsageError(f"the plan {plan.name}: at rate 1 nothing is left to be rescaled; leave it out")
        for only in asked.places(model):
            place = asked.fault, "all" if only is None else " ".join(only)
            if place in seen:
                raise UsageError(f"the plan {plan.name}: two campaigns on {place[0]} in {place[1]}; make one of them")
            seen.add(place)
