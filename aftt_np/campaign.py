"""Accuracy against fault rate, over many fault patterns, and what can be said of it.

A claim about one given network takes its interval over patterns: the network is fixed, the faults are the chance.
"""

import os
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from .backend import array_module, to_device
from .data import to_unit
from .defences import Mapped, SoftLimit
from .faults import KINDS, Faults, faulty, masked, pattern, sites, stuck
from .layers import Conv2d, Dense, Flatten
from .memory import Memory, check_rates, parse
from .network import Network
from .parallel import pieces, side_by_side, use
from .rng import Stream
from .statistics import interval

BATCH = 250  # images classified at a time: what they are in between stays in the processor's cache
RATES = tuple(i / 10 for i in range(10))


class Row(NamedTuple):
    """One network broken in one way; the columns of faults.csv."""

    fault: str  # kind: of faults.py, or of memory.py as in bits:float32
    layers: str  # where: "all", or names
    rate: float  # probability that an element, filter or node is stuck, or a bit hit; fraction
    pattern: int
    accuracy: float  # percent
    hit: int  # how many elements, filters or nodes are stuck, or bits hit; nodes-transient: nodes times images
    population: int  # how many there are
    non_finite: int  # images with a logit that is not a number: counted as wrong
    largest_deviation: float = 0.0  # of the outputs from those without faults, |H(x) - H_fault(x)| of eq. 4: over all
    mean_deviation: float = 0.0  # images x, and on average; in units of the logits; inf where its square is not finite


def row_of(texts) -> Row:
    """A Row, from the texts in its line of a .csv file."""
    return Row(*(kind(text) for kind, text in zip(Row.__annotations__.values(), texts, strict=True)))


class Score(NamedTuple):
    """Of one network on one set of images."""

    accuracy: float  # percent
    non_finite: int  # images
    largest_deviation: float = 0.0  # see Row
    mean_deviation: float = 0.0


def score(network: Network, x, labels) -> Score:
    """Classify images x (N, H, W, C), uint8. A non-finite logit makes an answer wrong, whatever argmax says."""
    return Score(*of_all([count(outputs(network, x), labels, 0.0)], len(x))[:2])


def outputs(network: Network, x):
    """The logits (N, M) of images x (N, H, W, C), uint8."""
    parts = side_by_side(lambda part: network.forward(to_unit(x[part]))[0], pieces(len(x), BATCH))
    return array_module(x).concatenate(parts)


def scores(shared: Network, rests, x, labels, whole) -> list[Score]:
    """Scores of several networks that begin with `shared`; each of `rests` makes logits of what that gives for a part.

    `whole` (N, M) are the logits without faults.
    """

    def classify(part):
        z, _ = shared.forward(to_unit(x[part]))
        return [count(rest(z, part), labels[part], whole[part]) for rest in rests]

    parts = side_by_side(classify, pieces(len(x), BATCH))
    return [of_all(of_parts, len(x)) for of_parts in zip(*parts, strict=True)]


def count(logits, labels, whole) -> tuple:
    """How many answers are right, and are numbers; largest deviation from `whole`, and their sum; all on the device."""
    xp = array_module(logits)
    finite = xp.isfinite(logits).all(axis=1)
    deviation = xp.where(finite, ((logits - whole) ** 2).sum(axis=1) ** 0.5, float("inf"))  # (N,)
    return ((logits.argmax(axis=1) == labels) & finite).sum(), finite.sum(), deviation.max(), deviation.sum()


def of_all(parts, N: int) -> Score:
    """One score, from what `count` found in each part of N images."""
    right, finite, largest, total = zip(*parts, strict=True)
    deviations = max(map(float, largest)), sum(map(float, total)) / N
    rounded = (float(f"{value:.6g}") for value in deviations)
    return Score(100 * sum(map(int, right)) / N, N - sum(map(int, finite)), *rounded)


def run(
    network: Network, x, labels, kind: str, rates=RATES, patterns=range(30), fault_seed=1907, only=None, executor=None,
    rescaled=False,
):  # fmt: skip
    """Break `network` at every rate under every pattern; yields a Row for each, pattern by pattern.

    What is not given is as `python -m aftt_np.inject` has it; bits want rates of their own. The patterns are those of
    (fault_seed, number) for the numbers in `patterns`, so all networks of one shape meet the same faults. `kind`: of
    faults.KINDS, or a name that memory.parse reads; then `network` is what comes out of that memory, also where no bit
    is hit. `only`: names of the layers that are hit, if not all are. `executor`: any concurrent.futures.Executor,
    whose workers take a pattern each, on one core each; the rows and their order are the same whatever it is. Without
    one the images are classified a part on each core. `rescaled`: what works is multiplied by 1 / (1 - rate), as if
    the rate were known where the network is used. x: uint8 (N, H, W, C), labels: integers (N,). Raises ValueError for
    what cannot be.
    """
    rates, patterns, stored = tuple(rates), list(patterns), None
    check(x, labels, kind, rates, patterns, rescaled)
    if kind.startswith("bits"):
        network, stored = parse(kind).whole(network)
    whole = outputs(network, x)
    largest, outside = whole.shape[1] - 1, labels[(labels < 0) | (labels >= whole.shape[1])]
    if len(outside):
        raise ValueError(f"labels of {largest + 1} outputs are from 0 to {largest}, got {int(outside[0])}")
    task = partial(of_pattern, network, stored, x, labels, kind, rates, fault_seed, only, rescaled, whole)
    if executor is None:
        for number in patterns:
            yield from task(number)
    else:
        with use(1):
            for rows in executor.map(partial(alone, task, os.getpid()), patterns):
                yield from rows


def check(x, labels, kind: str, rates, patterns, rescaled: bool):
    """Raise ValueError for what `run` cannot do, before it begins."""
    if not all(0 <= rate <= 1 for rate in rates):
        raise ValueError(f"rates are fractions from 0 to 1, got {rates}")
    if kind.startswith("bits"):
        check_rates(rates)
    if rescaled and 1 in rates:
        raise ValueError("where everything is stuck nothing can be rescaled; leave the rate 1 out")
    if rescaled and kind not in KINDS:
        raise ValueError(f"what works is rescaled for faults that set the rest to 0 for good, not for {kind}")
    if len(set(patterns)) < len(patterns) or not all(number >= 0 and number == int(number) for number in patterns):
        raise ValueError(f"patterns are whole numbers from 0, none of them twice, got {patterns}")
    if x.dtype != np.uint8:
        raise ValueError(f"a campaign expects images of pixels from 0 to 255, uint8, got {x.dtype}")
    if not len(x) or getattr(labels, "shape", None) != (len(x),) or labels.dtype.kind not in "iu":
        got = " ".join(str(getattr(labels, what, "")) for what in ("dtype", "shape")).strip() or type(labels).__name__
        raise ValueError(f"a campaign expects images and a label of each, integers of shape ({len(x)},), got {got}")


def alone(task, home: int, number) -> list[Row]:
    """The rows of one pattern, in a worker that is one of many: a process, or a thread of the process `home`."""
    with nullcontext() if os.getpid() == home else use(1), np.errstate(all="ignore"):
        return list(task(number))


class Broken(NamedTuple):
    """What one pattern does at one rate."""

    hit: int  # see Row
    population: int
    rest: object  # a function from what unbroken layers give for some images to their logits; None: nothing is broken


def with_stuck(network: Network, kind: str, parts, only, rescaled, xp, u: dict, rate: float) -> Broken:
    """The network with the faults u < rate; `parts` of it are what `split` gives."""
    faults = stuck(kind, u, rate, xp)._replace(scale=1 / (1 - rate) if rescaled else 1.0)
    hit, population = (sum(n) for n in zip(*faults.counts(network, kind, only).values(), strict=True))
    if not (hit or rescaled):
        return Broken(hit, population, None)
    rest = slim(*parts, faults)
    return Broken(hit, population, lambda z, part: rest(z))


def with_bits_hit(network: Network, memory: Memory, stored: dict, parts, only, places: dict, rate: float) -> Broken:
    """The network as it is read from a memory with faults; `stored` is what was written, see memory.py."""
    params, hit = memory.struck(stored, places, rate)
    rest, population = parts[1].with_params(params), sum(memory.population(network, only).values())
    return Broken(hit, population, (lambda z, part: rest.forward(z)[0]) if hit else None)


def with_units_out(parts, u: dict, rate: float) -> Broken:
    """The network whose units say nothing for the images with u < rate; u: {layer: (N, M)}, a row for each image."""

    def rest(z, part):
        for name, layer in parts[1].layers.items():
            z, _ = layer.forward(z)
            if name in u:
                works = to_device(u[name][part] >= rate, array_module(z))  # (n, M)
                z = z * works.reshape(len(z), *[1] * (len(z.shape) - 2), -1)
        return z

    hit = sum(int((of_layer < rate).sum()) for of_layer in u.values())
    return Broken(hit, sum(of_layer.size for of_layer in u.values()), rest if hit else None)


def of_pattern(
    network: Network, stored, x, labels, kind: str, rates, fault_seed: int, only, rescaled, whole, number: int
):  # fmt: skip
    """The rows of one pattern; `whole` (N, M) are the logits without faults, `stored` what a memory holds, for bits.

    What needs no second look is not computed twice: the network without a fault, the layers all broken ones share.
    """
    xp = array_module(x)
    shared, _ = parts = split(network, kind, only)
    layers = "all" if only is None else " ".join(sites(network, kind, only))
    together = [rates] if shared.params else [[rate] for rate in rates]  # networks that share nothing: one at a time
    if kind == "nodes-transient":
        stream = Stream("evaluate", fault_seed, number, kind)
        of = sites(network, kind, only)
        u = {name: stream[f"{name}.w"].generator().random((len(x), *shape), np.float32) for name, shape in of.items()}
        break_it = partial(with_units_out, parts, u)
    elif stored is None:
        u = pattern(network, kind, fault_seed, number, only)
        break_it = partial(with_stuck, network, kind, parts, only, rescaled, xp, u)
    else:
        places = parse(kind).pattern(network, fault_seed, number, only)
        break_it = partial(with_bits_hit, network, parse(kind), stored, parts, only, places)
    for group in together:
        broken = [break_it(rate) for rate in group]
        rests = [one.rest for one in broken if one.rest]
        results = iter(scores(shared, rests, x, labels, whole) if rests else ())
        for rate, (hit, population, changed) in zip(group, broken, strict=True):
            result = next(results) if changed else of_all([count(whole, labels, whole)], len(x))
            accuracy, non_finite, *deviations = result
            yield Row(kind, layers, rate, number, accuracy, hit, population, non_finite, *deviations)


def blocks(
    file, network: Network, x, labels, kind: str, rates, patterns: int, fault_seed: int, only=None, executor=None,
    rescaled=False,
):  # fmt: skip
    """The rows of `run` for patterns 0 to `patterns` - 1, a list for each; what `file` has is not made again.

    `file` (a RowFile, or anything with `rows` and `append`) gets every pattern's rows before they are yielded.
    """
    layers = "all" if only is None else " ".join(sites(network, kind, only))
    had = [row for row in map(row_of, file.rows) if (row.fault, row.layers) == (kind, layers)]
    done = len(had) // len(rates)
    yield from (had[i * len(rates) : (i + 1) * len(rates)] for i in range(min(done, patterns)))
    if done >= patterns:
        return
    rows = run(network, x, labels, kind, rates, range(done, patterns), fault_seed, only, executor, rescaled)
    while block := list(islice(rows, len(rates))):
        file.append(block)
        yield block


def split(network: Network, kind: str, only=None) -> tuple[Network, Network]:
    """The layers that all networks share that are broken in this way, unbroken, and the layers after them.

    They are those before the first that can be hit. A dead unit of that one only puts zeros into what follows, so for
    whole units the shared part goes on, up to the next layer that learns or that flattens units into features. Raises
    ValueError for a layer that does not make 0 of 0: a unit before it is not dead when its weights are.
    """
    if network.follows:
        raise ValueError("a campaign is on the network as it is used: fold its batch normalisation, see deep.py")
    layers, hit = list(network.layers.items()), sites(network, kind, only)
    if not hit:
        raise ValueError(f"this network has no {kind} that could be hit")
    end = min(place for place, (name, _) in enumerate(layers) if name in hit)
    learning = [place for place, (_, layer) in enumerate(layers) if layer.params]
    of_units = kind in ("filters", "nodes")
    if of_units and end != learning[-1]:  # units of the last layer are the output, and stay in their places
        for name, layer in layers:
            if not (isinstance(layer, Dense | Conv2d) or layer.keeps_zero):
                raise ValueError(f"{name}: a campaign on {kind} expects layers that make 0 of 0, got {layer}")
        end = next(i for i, (_, layer) in enumerate(layers) if i > end and (layer.params or isinstance(layer, Flatten)))
    return network.part(0, end), network.part(end)


def slim(shared: Network, rest: Network, faults: Faults):
    """A function from what `shared` gives to the logits of the broken network, to rounding.

    Dead units hand on 0, so they are left out: their columns of w, their b, and the rows of the next layer's w that
    read them. Where a whole layer is dead one unit stays. This reads from the device.
    """
    layers = dict(faulty(rest, faults).layers)
    last = [name for name, layer in layers.items() if layer.params][-1]  # its units are the output: they stay, as 0
    before = [faults.masks.get(f"{name}.b") for name, layer in shared.layers.items() if layer.params]
    first = read = before[-1] if before else None  # a mask: which units of the layer before are alive
    for name, layer in layers.items():
        if not layer.params:
            continue
        if isinstance(layer, SoftLimit):  # each neuron that is left keeps its limit
            limit = layer.params["limit"]
            if read is not None:
                limit = limit.reshape(-1, len(read))[:, alive(read)].reshape(*limit.shape[:-1], -1)
            layers[name] = replace(layer, shape=limit.shape).with_params({"limit": limit})
            continue
        w, b = layer.read() if isinstance(layer, Mapped) else layer.params["w"], layer.params["b"]
        M, written = len(b), faults.masks.get(f"{name}.b") if name != last else None
        if read is not None:  # channels are fastest in flattened features and last but one in w: (..., channels, M)
            places = alive(read)
            w = masked(w.reshape(-1, len(read), M)[:, places], read[places][:, None])
        if written is not None:
            w, b = w[..., alive(written)], b[alive(written)]
        if isinstance(layer, Conv2d):
            w = w.reshape(layer.K, layer.K, -1, len(b))
            layer = Conv2d(w.shape[2], len(b), layer.K, layer.S, layer.P)
        else:
            w = w.reshape(-1, len(b))
            layer = Dense(len(w), len(b))
        layers[name] = layer.with_params({"w": w, "b": b})
        read = written
    network = Network(layers)
    if first is None:
        return lambda z: network.forward(z)[0]
    places, scale = alive(first), faults.scale
    return lambda z: network.forward(z[..., places] if scale == 1 else z[..., places] * z.dtype.type(scale))[0]


def alive(mask):
    """The places of the 1s in a mask (M,), or of its first number if there are none."""
    places = array_module(mask).flatnonzero(mask)
    return places if len(places) else slice(0, 1)


def kinds_of(network: Network) -> list[str]:
    """The kinds of fault that can hit this network: filters only where there are convolutions."""
    return [kind for kind in ("weights", "filters", "nodes") if sites(network, kind)]


# ---- statistics


def summarise(rows) -> dict:
    """{kind: [a point for each rate]}: mean and sample standard deviation of the accuracy (percent) over patterns.

    A point also has `low` and `high`, the 95 % interval of the mean over patterns, the number of patterns, the
    population, how many were hit on average, the answers that were wrong because a logit was not finite, and epsilon of
    eq. 4: the largest deviation of the outputs over images and patterns, and the mean; None where it is not a number.
    """
    groups, places = {}, {}
    for row in rows:
        groups.setdefault((row.fault, row.rate), []).append(row)
        if places.setdefault(row.fault, row.layers) != row.layers:
            raise ValueError(f"rows of one place at a time, got {row.fault} in {places[row.fault]} and in {row.layers}")
    summary = {}
    for (kind, rate), group in sorted(groups.items()):
        accuracy = [row.accuracy for row in group]
        mean, low, high = interval(accuracy)
        summary.setdefault(kind, []).append({
            "rate": rate,
            "mean": mean,
            "std": float(np.std(accuracy, ddof=1)) if len(group) > 1 else None,
            "low": low,
            "high": high,
            "patterns": len(group),
            "hit": float(np.mean([row.hit for row in group])),
            "population": group[0].population,
            "non_finite": sum(row.non_finite for row in group),
            "largest_deviation": number(max(row.largest_deviation for row in group)),
            "mean_deviation": number(np.mean([row.mean_deviation for row in group])),
        })
    return summary


def number(value) -> float | None:
    """`value` for a .json file, which has no infinity."""
    return float(value) if np.isfinite(value) else None


def by_decades(kind: str) -> bool:
    """Whether rates of this kind come by orders of magnitude: then it is their logarithms that are evenly spaced."""
    return kind.startswith("bits") or kind == "weights-at-max"


def area(kind: str, rates, accuracy):
    """The areas under curves (..., rates), by trapezoids over the rates, divided by their range: a mean accuracy.

    Where rates come by decades it is over their logarithms, without rate 0. None for curves of fewer than two points.
    """
    x, accuracy = np.asarray(rates, np.float64), np.asarray(accuracy, np.float64)
    if by_decades(kind):
        x, accuracy = np.log10(x[x > 0]), accuracy[..., x > 0]
    return np.trapezoid(accuracy, x, axis=-1) / (x[-1] - x[0]) if len(x) > 1 else None


def describe(rows) -> dict:
    """All that is said of one campaign: `rows` are of one kind and place, with the same rates for every pattern.

    `points`: see `summarise`. `area`: of each pattern's curve, see above, percent. `relative_area`: each of them over
    the accuracy at rate 0, a fraction. Both are {mean, low, high}, the 95 % interval over patterns, or None if they do
    not exist. `falls_by_5_at`: see `falls_at`; None if rate 0 is not there, too. Raises
    ValueError for rows that are not of one kind and place, or not of the same rates for every pattern.
    """
    curves = {}
    for row in rows:
        curves.setdefault(row.pattern, {})[row.rate] = row.accuracy
    rates = sorted({row.rate for row in rows})
    if not rows or any(sorted(curve) != rates for curve in curves.values()) or len(rows) != len(curves) * len(rates):
        raise ValueError("a curve needs the same rates for every pattern, each once")
    if len({row.fault for row in rows}) > 1:
        raise ValueError("a curve is of one kind of fault")
    accuracy = np.array([[curve[rate] for rate in rates] for curve in curves.values()])  # (patterns, rates)
    [points] = summarise(rows).values()
    described = {
        "fault": rows[0].fault, "layers": rows[0].layers, "population": rows[0].population, "patterns": len(curves),
        "area": None, "relative_area": None, "falls_by_5_at": None, "points": points,
    }  # fmt: skip
    areas = area(rows[0].fault, rates, accuracy)
    if areas is not None:
        described["area"] = dict(zip(("mean", "low", "high"), interval(areas), strict=True))
        if rates[0] == 0 and (accuracy[:, 0] > 0).all():
            relative = interval(areas / accuracy[:, 0])
            described["relative_area"] = dict(zip(("mean", "low", "high"), relative, strict=True))
    if rates[0] == 0:
        described["falls_by_5_at"] = falls_at(rates, accuracy.mean(axis=0), 5.0, rows[0].fault)
    return described


def falls_at(rates, accuracy, points: float, kind="weights") -> float | None:
    """The rate at which accuracy (percent) first lies `points` below that at the first rate; None if it never does.

    On a line between two rates; where rates come by decades, on one between their logarithms, and 0.0 if it has fallen
    at the first rate above 0 already, since nobody knows where below that.
    """
    floor = accuracy[0] - points
    for i in range(1, len(rates)):
        if accuracy[i] <= floor:
            share = (accuracy[i - 1] - floor) / (accuracy[i - 1] - accuracy[i])
            if by_decades(kind):
                return float(rates[i - 1] ** (1 - share) * rates[i] ** share if rates[i - 1] else 0.0)
            return float(rates[i - 1] + share * (rates[i] - rates[i - 1]))
    return None
