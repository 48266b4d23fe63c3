"""Accuracy against fault rate, over many fault patterns."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .backend import array_module
from .data import to_unit
from .faults import Faults, faulty, masked, pattern, sites, stuck
from .layers import Conv2d, Dense, Flatten
from .network import Network
from .parallel import pieces, side_by_side

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


def run(network: Network, x, labels, kind: str, rates, patterns, fault_seed: int):
    """Break `network` at every rate under every pattern; yields a Row for each, pattern by pattern.

    The patterns are those of (fault_seed, number) for the numbers in `patterns`, so all networks of one shape meet the
    same faults. What
    needs no second look is not computed twice: the network without a fault, and the layers that all broken ones share.
    """
    xp = array_module(x)
    shared, rest = split(network, kind)
    together = [rates] if shared.params else [[rate] for rate in rates]  # networks that share nothing: one at a time
    whole = score(network, x, labels)
    for number in patterns:
        u = pattern(network, kind, fault_seed, number)
        for group in together:
            faults = [stuck(kind, u, rate, xp) for rate in group]
            counts = [[sum(n) for n in zip(*f.counts(network, kind).values(), strict=True)] for f in faults]
            broken = [slim(shared, rest, f) for f, (hit, _) in zip(faults, counts, strict=True) if hit]
            results = iter(scores(shared, broken, x, labels) if broken else ())
            for rate, (hit, population) in zip(group, counts, strict=True):
                result = next(results) if hit else whole
                yield Row(kind, "all", rate, number, result.accuracy, hit, population, result.non_finite)


def split(network: Network, kind: str) -> tuple[Network, Network]:
    """The layers that all networks share that are broken in this way, unbroken, and the layers after them.

    They are those before the first that can be hit. A dead unit of that one only puts zeros into what follows, so for
    whole units the shared part goes on, up to the next layer that learns or that flattens units into features. Raises
    ValueError for a layer that does not make 0 of 0: a unit before it is not dead when its weights are.
    """
    layers, hit = list(network.layers.items()), sites(network, kind)
    if not hit:
        raise ValueError(f"this network has no {kind} that could be hit")
    end = min(place for place, (name, _) in enumerate(layers) if name in hit)
    if kind != "weights":
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
    before = [faults.masks.get(f"{name}.b") for name, layer in shared.layers.items() if layer.params]
    first = read = before[-1] if before else None  # a mask: which units of the layer before are alive
    for name, layer in layers.items():
        if not layer.params:
            continue
        w, b = layer.params["w"], layer.params["b"]
        M, written = len(b), faults.masks.get(f"{name}.b")
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


def summarise(rows) -> dict:
    """{kind: [a point for each rate]}: mean and sample standard deviation of the accuracy (percent) over patterns.

    A point also has the number of patterns, the population, how many were hit on average, and the answers that were
    wrong because a logit was not finite.
    """
    groups = {}
    for row in rows:
        groups.setdefault((row.fault, row.rate), []).append(row)
    summary = {}
    for (kind, rate), group in sorted(groups.items()):
        accuracy = [row.accuracy for row in group]
        summary.setdefault(kind, []).append({
            "rate": rate,
            "mean": float(np.mean(accuracy)),
            "std": float(np.std(accuracy, ddof=1)) if len(group) > 1 else None,
            "patterns": len(group),
            "hit": float(np.mean([row.hit for row in group])),
            "population": group[0].population,
            "non_finite": sum(row.non_finite for row in group),
        })
    return summary
