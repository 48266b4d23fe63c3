"""What a study found, read from its rows: who was trained, how accurate it is, how it stands every fault.

Read from the files in a folder of results, or refused.
"""

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .campaign import area
from .errors import DataError
from .files import read_table, reading
from .statistics import interval

WEIGHT_BINS = np.linspace(-0.25, 0.25, 101)


class Curves(NamedTuple):
    """All rows of one kind of fault in one place."""

    fault: str
    layers: str
    rates: list
    accuracy: dict  # {method: {seed: array (patterns, rates), percent}}
    deviation: dict  # the same of the mean deviation of the outputs (eq. 4)
    non_finite: dict  # and of the images whose answers were not finite, and count as wrong

    def table(self, method: str, seeds, what="area"):
        """(seeds, patterns): areas under the curves, or accuracies at the rate `what`; percent."""
        values = np.array([self.accuracy[method][seed] for seed in seeds])  # (seeds, patterns, rates)
        if what != "area":
            return values[:, :, self.rates.index(what)]
        return area(self.fault, self.rates, values)

    def means(self, method: str, seeds, what="area"):
        """(seeds,): the same as `table`, the mean over patterns."""
        return self.table(method, seeds, what).mean(axis=1)

    @property
    def name(self) -> str:
        """What a table's heading says."""
        return self.fault if self.layers == "all" else f"{self.fault} in {self.layers}"

    @property
    def is_a_curve(self) -> bool:
        """Whether it has rates enough for an area."""
        return area(self.fault, self.rates, self.rates) is not None


class Findings(NamedTuple):
    """The results of a study, read from its folder."""

    methods: list  # those of which there is something
    trained: list  # those of them that have networks of their own
    seeds: dict  # {method: [seed]}
    train: dict  # {method: {seed: accuracy in percent}}
    test: dict
    curves: list
    losses: dict  # {method: {seed: rows of metrics.csv}}
    weights: dict  # {method: {seed: (standard deviation, counts in WEIGHT_BINS)}}


def read(results: Path, methods, trained, identities=None) -> Findings:
    """The rows in a folder of results, of `methods`, of which those `trained` do not look at another one's networks.

    `identities`: {(method, seed): what `plan` has to be in runs.csv}, if not all that is there is wanted. Raises
    DataError for a file that is damaged, or rows that are not the same patterns and rates for all.
    """
    with reading(results / "runs.csv"):
        runs = {(row["method"], int(row["seed"])): row for row in read_table(results / "runs.csv")}
        if identities is not None:
            runs = {key: row for key, row in runs.items() if identities.get(key) == row["plan"]}
        train, test = {}, {}
        for (method, seed), row in runs.items():
            train.setdefault(method, {})[seed] = as_accuracy(row["train_accuracy"])
            test.setdefault(method, {})[seed] = as_accuracy(row["accuracy"])
    seeds = {method: sorted(seed for name, seed in runs if name == method) for method in methods}
    there = [method for method in methods if seeds[method]]
    own = [method for method in there if method in trained]
    curves = [curves_of(results, *place, of, runs) for place, of in broken(results, runs).items()]
    if runs and not curves:
        raise DataError(f"{results}: the rows of {len(runs)} networks are missing; run the study again")
    losses, weights = losses_of(results), weights_of(results)
    for what, of in (("losses", losses), ("weights", weights)):
        if of and any(seed not in of.get(method, {}) for method in own for seed in seeds[method]):
            raise DataError(f"{results}: the {what} of some networks are missing; run the study again")
    return Findings(there, own, seeds, train, test, curves, losses, weights)


def broken(results: Path, runs) -> dict:
    """{(fault, layers): {(method, seed) in `runs`: {(pattern, rate): (accuracy, deviation, non-finite)}}}."""
    places = {}
    with reading(results / "rows.csv.gz"):
        for row in read_table(results / "rows.csv.gz"):
            place, key = (row["fault"], row["layers"]), (row["method"], int(row["seed"]))
            if key in runs:
                at = int(row["pattern"]), float(row["rate"])
                mine = places.setdefault(place, {}).setdefault(key, {})
                if at in mine:
                    said = f"{key[0]}, seed {key[1]}, has the rate {at[1]} of {' in '.join(place)} twice"
                    raise DataError(f"{results}: {said}; run the study again")
                mine[at] = as_accuracy(row["accuracy"]), float(row["mean_deviation"]), int(row["non_finite"])
    return places


def curves_of(results: Path, fault: str, layers: str, of: dict, runs) -> Curves:
    """What `broken` gives of one place, as arrays. Raises DataError if not all networks have the same there."""
    patterns, rates = (sorted({at[i] for mine in of.values() for at in mine}) for i in (0, 1))
    wanted = list(product(patterns, rates))
    if any(sorted(mine) != wanted for mine in of.values()) or len(of) < len(runs):
        raise DataError(f"{results}: the networks differ in the patterns or rates of {fault} in {layers}")
    measured = {}, {}, {}
    for (method, seed), mine in of.items():
        for table, values in zip(measured, np.array([mine[at] for at in wanted]).T, strict=True):
            table.setdefault(method, {})[seed] = values.reshape(len(patterns), len(rates))
    return Curves(fault, layers, rates, *measured)


def losses_of(results: Path) -> dict:
    """{method: {seed: its rows of metrics.csv, numbers as numbers}}."""
    losses = {}
    with reading(results / "losses.csv.gz"):
        for row in read_table(results / "losses.csv.gz"):
            method, seed, phase, *values = row.values()
            numbers = ["" if value == "" else float(value) for value in values]
            one = dict(zip(list(row)[2:], [phase, *numbers], strict=True))
            losses.setdefault(method, {}).setdefault(int(seed), []).append(one)
    return losses


def weights_of(results: Path) -> dict:
    """{method: {seed: (standard deviation of its weights, how many are in each of WEIGHT_BINS)}}."""
    weights = {}
    with reading(results / "weights.csv.gz"):
        for row in read_table(results / "weights.csv.gz"):
            method, seed, std, *counts = row.values()
            weights.setdefault(method, {})[int(seed)] = (float(std), [int(count) for count in counts])
    return weights


def as_accuracy(text: str) -> float:
    """An accuracy in percent, from a file. Raises ValueError if it is none."""
    value = float(text)
    if not 0 <= value <= 100:
        raise ValueError(f"{text} is no accuracy in percent")
    return value


def without_faults(found: Findings, method: str) -> tuple:
    """(accuracies in training, on held-out images), an array over the seeds each, percent."""
    return tuple(np.array([of[method][seed] for seed in found.seeds[method]]) for of in (found.train, found.test))


def bands_of(found: Findings, curves: Curves, methods) -> dict:
    """{method: [(mean, low, high) at each rate]}: the interval over seeds, where there are three or more."""
    def band(method):
        points = [interval(curves.means(method, found.seeds[method], rate)) for rate in curves.rates]
        return points if len(found.seeds[method]) > 2 else [(mean, None, None) for mean, _, _ in points]

    return {method: band(method) for method in methods}


def by_place(found: Findings) -> dict:
    """{(fault, rate): the curves that have it} of what was broken in one place at a time, at one rate."""
    groups = dict.fromkeys((c.fault, c.rates[-1]) for c in found.curves if c.layers != "all" and not c.is_a_curve)
    for kind, rate in groups:
        here = [c for c in found.curves if c.fault == kind and rate in c.rates]
        groups[kind, rate] = [c for c in here if c.layers == "all" or not c.is_a_curve]
    return groups


def ranges_of(found: Findings, strengths: dict) -> dict:
    """Of `strengths`, {penalty: {strength: method}}, what has been trained, where that is enough for a curve."""
    there = {penalty: {value: m for value, m in sorted(methods.items()) if m in found.methods}
             for penalty, methods in strengths.items()}  # fmt: skip
    return {penalty: methods for penalty, methods in there.items() if len(methods) > 2}  # none and one are no curve


def can_be_ranked(found: Findings) -> bool:
    """Whether there is an order to speak of: two networks are always in perfect order, those of one method alike."""
    return len(found.trained) > 1 and sum(len(found.seeds[method]) for method in found.trained) > 2


def networks(found: Findings, curves: Curves) -> tuple:
    """(areas, gaps, held-out accuracies) of all networks, in percent and points, method by method."""
    pairs = [(method, seed) for method in found.trained for seed in found.seeds[method]]
    areas = [float(curves.table(method, [seed]).mean()) for method, seed in pairs]
    tests = [found.test[method][seed] for method, seed in pairs]
    return areas, [found.train[method][seed] - found.test[method][seed] for method, seed in pairs], tests
