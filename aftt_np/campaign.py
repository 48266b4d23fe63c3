"""Accuracy against fault rate, over many fault patterns."""

from typing import NamedTuple

import numpy as np

from .backend import array_module
from .data import to_unit
from .faults import faulty, pattern, sites, stuck
from .layers import pieces
from .network import Network

BATCH = 1000  # images classified at a time


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


class Score(NamedTuple):
    """Of one network on one set of images."""

    accuracy: float  # percent
    non_finite: int  # images


def score(network: Network, x, labels) -> Score:
    """Classify images x (N, H, W, C), uint8. A non-finite logit makes an answer wrong, whatever argmax says."""
    xp = array_module(x)
    right = xp.zeros((), int)
    finite = xp.zeros((), int)
    for part in pieces(len(x), BATCH):
        logits, _ = network.forward(to_unit(x[part]))  # (n, classes)
        is_finite = xp.isfinite(logits).all(axis=1)
        right += ((logits.argmax(axis=1) == labels[part]) & is_finite).sum()
        finite += is_finite.sum()
    return Score(100 * int(right) / len(x), len(x) - int(finite))


def run(network: Network, x, labels, kind: str, rates, patterns: int, fault_seed: int):
    """Break `network` at every rate under every pattern; yields a Row for each, pattern by pattern.

    The patterns are those of (fault_seed, 0 .. patterns - 1), so all networks of one shape meet the same faults.
    """
    xp = array_module(x)
    for number in range(patterns):
        u = pattern(network, kind, fault_seed, number)
        for rate in rates:
            faults = stuck(kind, u, rate, xp)
            counts = faults.counts(network, kind).values()
            result = score(faulty(network, faults), x, labels)
            hit, population = (sum(column) for column in zip(*counts, strict=True))
            yield Row(kind, "all", rate, number, result.accuracy, hit, population, result.non_finite)


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
