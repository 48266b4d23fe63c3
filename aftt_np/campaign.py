"""Accuracy against fault rate, over many fault patterns, and what can be said of it.

A claim about one given network takes its interval over patterns: the network is fixed, the faults are the chance.
"""

import math
import os
from contextlib import nullcontext
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import NamedTuple

import numpy as np

from .backend import array_module
from .data import to_unit
from .faults import Faults, faulty, masked, pattern, sites, stuck
from .layers import Conv2d, Dense, Flatten
from .network import Network
from .parallel import pieces, side_by_side, use

BATCH = 250  # images classified at a time: what they are in between stays in the processor's cache


class Row(NamedTuple):
    """One network broken in one way; the columns of faults.csv."""

    fault: str  # kind
    layers: str  # where: "all", or names
    rate: float  # probability that an element, filter or node is stuck, fraction
    pattern: int
    accuracy: float  # percent
    hit: int  # how many elements, filters or nodes are stuck
    population: int  # how many there are
    non_finite: int  # images with a logit that is not a number: counted as wrong


def row_of(texts) -> Row:
    """A Row, from the texts in its line of a .csv file."""
    return Row(*(kind(text) for kind, text in zip(Row.__annotations__.values(), texts, strict=True)))


class Score(NamedTuple):
    """Of one network on one set of images."""

    accuracy: float  # percent
    non_finite: int  # images


def score(network: Network, x, labels) -> Score:
    """Classify images x (N, H, W, C), uint8. A non-finite logit makes an answer wrong, whatever argmax says."""
    return scores(network, [lambda logits: logits], x, labels)[0]


def scores(shared: Network, rests, x, labels) -> list[Score]:
    """Scores of several networks that begin with `shared`; each of `rests` makes logits of what that gives."""

    def classify(part):
        z, _ = shared.forward(to_unit(x[part]))
        return [count(rest(z), labels[part]) for rest in rests]

    parts = side_by_side(classify, pieces(len(x), BATCH))
    totals = [[sum(numbers) for numbers in zip(*of_parts, strict=True)] for of_parts in zip(*parts, strict=True)]
    return [Score(100 * int(right) / len(x), len(x) - int(finite)) for right, finite in totals]


def count(logits, labels) -> tuple:
    """How many of the answers are right, and how many are numbers: 0-d arrays, still on the device."""
    finite = array_module(logits).isfinite(logits).all(axis=1)
    return ((logits.argmax(axis=1) == labels) & finite).sum(), finite.sum()


def run(network: Network, x, labels, kind: str, rates, patterns, fault_seed: int, only=None, executor=None):
    """Break `network` at every rate under every pattern; yields a Row for each, pattern by pattern.

    The patterns are those of (fault_seed, number) for the numbers in `patterns`, so all networks of one shape meet the
    same faults. `only`: names of the layers that are hit, if not all are. `executor`: any concurrent.futures.Executor,
    whose workers take a pattern each, on one core each; the rows and their order are the same whatever it is. Without
    one the images are classified a part on each core.
    """
    rates = tuple(rates)
    if not all(0 <= rate <= 1 for rate in rates):
        raise ValueError(f"rates are fractions from 0 to 1, got {rates}")
    if x.dtype != np.uint8:
        raise ValueError(f"a campaign expects images of pixels from 0 to 255, uint8, got {x.dtype}")
    task = partial(of_pattern, network, x, labels, kind, rates, fault_seed, only, score(network, x, labels))
    if executor is None:
        for number in patterns:
            yield from task(number)
    else:
        with use(1):
            for rows in executor.map(partial(alone, task, os.getpid()), patterns):
                yield from rows


def alone(task, home: int, number) -> list[Row]:
    """The rows of one pattern, in a worker that is one of many: a process, or a thread of the process `home`."""
    with nullcontext() if os.getpid() == home else use(1), np.errstate(all="ignore"):
        return list(task(number))


def of_pattern(network: Network, x, labels, kind: str, rates, fault_seed: int, only, whole: Score, number: int):
    """The rows of one pattern; `whole` is the score without faults.

    What needs no second look is not computed twice: the network without a fault, the layers all broken ones share.
    """
    xp = array_module(x)
    shared, rest = split(network, kind, only)
    layers = "all" if only is None else " ".join(sites(network, kind, only))
    together = [rates] if shared.params else [[rate] for rate in rates]  # networks that share nothing: one at a time
    u = pattern(network, kind, fault_seed, number, only)
    for group in together:
        faults = [stuck(kind, u, rate, xp) for rate in group]
        counts = [[sum(n) for n in zip(*f.counts(network, kind, only).values(), strict=True)] for f in faults]
        broken = [slim(shared, rest, f) for f, (hit, _) in zip(faults, counts, strict=True) if hit]
        results = iter(scores(shared, broken, x, labels) if broken else ())
        for rate, (hit, population) in zip(group, counts, strict=True):
            result = next(results) if hit else whole
            yield Row(kind, layers, rate, number, result.accuracy, hit, population, result.non_finite)


def blocks(
    file, network: Network, x, labels, kind: str, rates, patterns: int, fault_seed: int, only=None, executor=None
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
    rows = run(network, x, labels, kind, rates, range(done, patterns), fault_seed, only, executor)
    while block := list(islice(rows, len(rates))):
        file.append(block)
        yield block


def split(network: Network, kind: str, only=None) -> tuple[Network, Network]:
    """The layers that all networks share that are broken in this way, unbroken, and the layers after them.

    They are those before the first that can be hit. A dead unit of that one only puts zeros into what follows, so for
    whole units the shared part goes on, up to the next layer that learns or that flattens units into features. Raises
    ValueError for a layer that does not make 0 of 0: a unit before it is not dead when its weights are.
    """
    layers, hit = list(network.layers.items()), sites(network, kind, only)
    if not hit:
        raise ValueError(f"this network has no {kind} that could be hit")
    end = min(place for place, (name, _) in enumerate(layers) if name in hit)
    learning = [place for place, (_, layer) in enumerate(layers) if layer.params]
    if kind != "weights" and end != learning[-1]:  # units of the last layer are the output, and stay in their places
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
        w, b = layer.params["w"], layer.params["b"]
        M, written = len(b), faults.masks.get(f"{name}.b") if name != last else None
        if read is not None:  # channels are fastest in flattened features and last but one in w: (..., channels, M)
            places = alive(read)
            w = masked(w.reshape(-1, len(read), M)[:, places], read[places][:, None])
        if written is not None:
            w, b = w[..., alive(written)], b[alive(written)]
        if isinstance(layer, Conv2d):
            w = w.reshape(layer.K, layer.K, -1, len(b))
            layer = replace(layer, C=w.shape[2], F=len(b))
        else:
            w = w.reshape(-1, len(b))
            layer = replace(layer, D=len(w), M=len(b))
        layers[name] = layer.with_params({"w": w, "b": b})
        read = written
    network = Network(layers)
    if first is None:
        return lambda z: network.forward(z)[0]
    places = alive(first)
    return lambda z: network.forward(z[..., places])[0]


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
    population, how many were hit on average, and the answers that were wrong because a logit was not finite.
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
        })
    return summary


def describe(rows) -> dict:
    """All that is said of one campaign: `rows` are of one kind and place, with the same rates for every pattern.

    `points`: see `summarise`. `area`: of each pattern's curve, by trapezoids over the rates, divided by their range: a
    mean accuracy in percent. `relative_area`: each of them over the accuracy at rate 0, a fraction. Both are {mean,
    low, high}, the 95 % interval over patterns, or None if they do not exist. `falls_by_5_at`: the rate at which the
    mean accuracy has fallen by 5 points, in a line between two rates; None if it never does, or if rate 0 is not there.
    Raises ValueError for rows that are not of one kind and place, or not of the same rates for every pattern.
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
    if len(rates) > 1:
        areas = np.trapezoid(accuracy, rates, axis=1) / (rates[-1] - rates[0])
        described["area"] = dict(zip(("mean", "low", "high"), interval(areas), strict=True))
        if rates[0] == 0 and (accuracy[:, 0] > 0).all():
            relative = interval(areas / accuracy[:, 0])
            described["relative_area"] = dict(zip(("mean", "low", "high"), relative, strict=True))
    if rates[0] == 0:
        described["falls_by_5_at"] = falls_at(rates, accuracy.mean(axis=0), 5.0)
    return described


def falls_at(rates, accuracy, points: float) -> float | None:
    """The rate at which accuracy (percent) first lies `points` below that at the first rate; None if it never does."""
    floor = accuracy[0] - points
    for i in range(1, len(rates)):
        if accuracy[i] <= floor:
            share = (accuracy[i - 1] - floor) / (accuracy[i - 1] - accuracy[i])
            return float(rates[i - 1] + share * (rates[i] - rates[i - 1]))
    return None


def interval(values, level: float = 0.95) -> tuple:
    """(mean, low, high): Student's t interval of the mean of independent values; low, high are None for one value."""
    values = np.asarray(values, np.float64)
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return mean, None, None
    half = t_quantile((1 + level) / 2, n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
    return mean, mean - half, mean + half


def t_quantile(p: float, freedom: int) -> float:
    """The value below which Student's t with so many degrees of freedom lies with probability p, 1/2 <= p < 1."""
    a, below = _t_distribution(freedom)
    return math.sqrt(freedom) * math.tan(float(np.interp(p, below, a)))


def t_tails(t: float, freedom: int) -> float:
    """The probability that Student's t lies further from 0 than `t`, on either side."""
    a, below = _t_distribution(freedom)
    return 2 * (1 - float(np.interp(math.atan(abs(t) / math.sqrt(freedom)), a, below)))


@cache
def _t_distribution(freedom: int) -> tuple:
    """Angles a from 0 to pi/2, and the probability that t lies below sqrt(freedom) tan(a).

    In the angle the density of t is proportional to cos(a)^(freedom - 1): summed up over a fine grid, by trapezoids.
    """
    a = np.linspace(0, math.pi / 2, 200_001)
    density = np.cos(a) ** (freedom - 1)
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return a, 0.5 + 0.5 * below / below[-1]


# A claim about a method is about training anew: its independent values are the seeds. The pairs of seed and pattern are
# not independent, since all values of one seed share a network, and all of one pattern share their faults.


def of_method(table) -> dict:
    """What a method reaches: table (seeds, patterns) of areas or accuracies -> mean, interval over seeds, variances.

    `low`, `high`: Student's t interval of the mean over the seeds' means; it holds for new seeds under these patterns,
    which all seeds meet. `variance`: how much of the variance of one value is due to the seed, to the pattern, and to
    neither alone (a two-way analysis of variance, negative estimates set to 0); None with fewer than two of either.
    """
    table = np.asarray(table, np.float64)
    mean, low, high = interval(table.mean(axis=1))
    return {"seeds": len(table), "mean": mean, "low": low, "high": high, "variance": variances(table)}


def variances(table) -> dict | None:
    """{"seed": ..., "pattern": ..., "rest": ...} of table (seeds, patterns): see `of_method`."""
    S, P = table.shape
    if min(S, P) < 2:
        return None
    seeds, patterns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    rest = ((table - seeds - patterns + table.mean()) ** 2).sum() / ((S - 1) * (P - 1))
    seed = (float(seeds.var(ddof=1)) * P - rest) / P
    pattern = (float(patterns.var(ddof=1)) * S - rest) / S
    return {"seed": max(seed, 0.0), "pattern": max(pattern, 0.0), "rest": float(rest)}


def difference(a, b) -> dict:
    """How much higher method a stands than b, both (seeds, patterns), paired by seed and pattern.

    The mean difference with its 95 % interval over seeds, and the two-sided p of Student's t test that it is 0 (None
    for one seed). Raises ValueError if the two are not of one shape.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired methods need the same seeds and patterns, got {a.shape} and {b.shape}")
    of_seeds = (a - b).mean(axis=1)
    mean, low, high = interval(of_seeds)
    n, p = len(of_seeds), None
    if n > 1:
        error = float(of_seeds.std(ddof=1)) / math.sqrt(n)
        p = t_tails(mean / error, n - 1) if error else float(mean == 0)
    return {"mean": mean, "low": low, "high": high, "p": p}


def holm(p_values: dict) -> dict:
    """Holm's correction for several comparisons (1979): {what: p} -> {what: adjusted p}.

    The chance that any of those called different at a level is a mistake then stays below that level.
    """
    adjusted, highest = {}, 0.0
    for rank, (what, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p))
        adjusted[what] = highest
    return {what: adjusted[what] for what in p_values}
