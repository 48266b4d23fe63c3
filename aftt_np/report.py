"""What a study found, from its rows alone: tables in Markdown, and figures.

A value is a mean over seeds and patterns. What follows it behind ± is its 95 % interval over seeds (Student's t): it
is about the method, trained anew, under these fault patterns.
"""

import re
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from . import plots
from .campaign import area, by_decades, falls_at
from .errors import DataError
from .files import fit_name, make_folder, read_table, reading, whole_file
from .statistics import bootstrap, difference, holm, interval, of_method, rank_correlation

WEIGHT_BINS = np.linspace(-0.25, 0.25, 101)
TELLING = {"weights": 0.6, "filters": 0.4, "nodes": 0.68}  # the rates of section VI-D
OF_BITS = 1e-5  # that of FT-ClipAct and of SAF, per bit
FALLEN = 40  # points that have to be lost before it is asked how many of them are won back
PAPER_IMAGES = {"fashion-mnist": "fashion", "cifar10": "cifar10", "cifar10-jpeg": "cifar10"}  # ours: the paper's
PAPER_TABLE_1 = {0.0: (98.60, 88.90), 1e-4: (97.84, 89.89), 1e-3: (93.88, 88.86), 0.1: (66.57, 65.74)}  # training, test
PAPER_TABLE_2 = {  # (images, architecture, method): accuracy in training, in test, percent
    ("fashion", "A1", "none"): (99.51, 89.42), ("fashion", "A1", "lasso"): (98.42, 88.96),
    ("fashion", "A1", "tikhonov"): (97.16, 88.52), ("fashion", "A1", "aftt"): (95.78, 90.25),
    ("fashion", "A2", "none"): (99.60, 90.94), ("fashion", "A2", "lasso"): (96.98, 91.19),
    ("fashion", "A2", "tikhonov"): (95.74, 90.61), ("fashion", "A2", "aftt"): (96.00, 91.55),
    ("cifar10", "A1", "none"): (96.35, 86.11), ("cifar10", "A1", "lasso"): (79.95, 77.78),
    ("cifar10", "A1", "tikhonov"): (93.87, 87.21), ("cifar10", "A1", "aftt"): (91.36, 87.58),
    ("cifar10", "A2", "none"): (85.16, 81.71), ("cifar10", "A2", "lasso"): (83.90, 81.68),
    ("cifar10", "A2", "tikhonov"): (84.83, 81.71), ("cifar10", "A2", "aftt"): (82.00, 80.87),
}  # fmt: skip
PAPER_FAULTS = {  # accuracy in percent; the paper does not say of which network, in which layers, over which patterns
    ("nodes", 0.68): {"aftt": 84.60, "tikhonov": 78.51, "lasso": 51.09},
    ("weights", 0.6): {"aftt": 84.36, "tikhonov": 81.66, "lasso": 61.42},
}
PAPER_FIGURE_3 = {  # section IV, on digits: accuracy without and with a penalty
    ("weights", 0.5): (54.49, 84.78), ("filters", 0.5): (51.43, 79.90), ("nodes", 0.6): (69.08, 93.46),
}  # fmt: skip
PENALISED = {"none": False, "lasso": True, "tikhonov": True}  # of figure 3
PAPER_FILTER_LOSS = {"aftt": 12.58, "tikhonov": 24.98, "lasso": 30.44}  # points lost at 40 % of the filters


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


# ---- tables


def without_faults(found: Findings, method: str) -> tuple:
    """(accuracies in training, on held-out images), an array over the seeds each, percent."""
    return tuple(np.array([of[method][seed] for seed in found.seeds[method]]) for of in (found.train, found.test))


def text(value, form=".2f") -> str:
    """(mean, low, high) as it stands in a table: the interval as what it reaches to either side."""
    mean, low, high = value
    return f"{mean:{form}}" if low is None else f"{mean:{form}} ± {(high - low) / 2:{form.removeprefix('+')}}"


def markdown(header, rows) -> str:
    """A table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def shown(curves: Curves) -> list:
    """What a table shows of a campaign: the accuracy at some of its rates, and the area under the curve."""
    if not curves.is_a_curve:
        return curves.rates
    return [*(rate for rate in (1e-6, 1e-5, 1e-4, 1e-3, 0.2, 0.4, 0.6, 0.68) if rate in curves.rates), "area"]


def percent(rate: float) -> str:
    """A rate as a table has it, in percent; those of bits are too small for that."""
    return f"{rate:.0%}" if rate >= 0.01 or rate == 0 else plots.in_powers(rate)


def chance(adjusted: dict, key) -> str:
    """What is said of the probability p of a difference, corrected; nothing, where it was not tested."""
    return f", p {adjusted[key]:.2g}".replace("e-0", "e-") if key in adjusted else ""


def accuracies(found: Findings) -> str:
    """Every method without faults, and with faults everywhere."""
    columns = [(c, what) for c in found.curves if c.is_a_curve or c.layers == "all" for what in shown(c)]
    header = ["method", "seeds", "training", "held out", "gap"]
    header += [f"{c.name} area" if what == "area" else f"{c.name} {percent(what)}" for c, what in columns]
    rows = []
    for method in found.methods:
        seeds, (train, test) = found.seeds[method], without_faults(found, method)
        cells = [method, len(seeds), *(text(interval(values)) for values in (train, test, train - test))]
        for curves, what in columns:
            cells.append(text(interval(curves.means(method, seeds, what))))
        rows.append(cells)
    return markdown(header, rows)


def in_short(found: Findings) -> str:
    """Every method: without faults, at the most telling rate of every kind of fault, and the area under the curve."""
    def said(c, what):
        if what == "area":
            return f"area under the curve of {c.fault}"
        return f"{percent(what)} {c.fault} stuck" if c.fault in TELLING else f"{c.fault} at {percent(what)}"

    everywhere = [curves for curves in found.curves if curves.layers == "all"]
    columns = [(c, what) for c in everywhere for what in (TELLING.get(c.fault, OF_BITS), "area") if what in shown(c)]
    header = ["accuracy in %", "seeds", "no faults"]
    header += [said(c, w) for c, w in columns]
    rows = []
    for method in found.methods:
        seeds = found.seeds[method]
        cells = [method, len(seeds), text(interval([found.test[method][seed] for seed in seeds]))]
        rows.append(cells + [text(interval(c.means(method, seeds, what))) for c, what in columns])
    return markdown(header, rows)


def all_areas(found: Findings) -> str:
    """Every method: without faults, and the area under every curve of faults everywhere."""
    everywhere = [curves for curves in found.curves if curves.layers == "all" and curves.is_a_curve]
    rows = []
    for method in found.methods:
        seeds = found.seeds[method]
        cells = [method, len(seeds), text(interval([found.test[method][seed] for seed in seeds]))]
        rows.append(cells + [text(interval(c.means(method, seeds))) for c in everywhere])
    return markdown(["area, %", "seeds", "no faults", *(c.fault for c in everywhere)], rows) if everywhere else ""


def against_longer(found: Findings) -> str:
    """What plays games (AFTT, or "... only" one) without faults in training, against "none, ... epochs"."""
    played = [method for method in found.trained if of_the_paper(method) == "aftt" or method.endswith(" only")]
    longer = [method for method in found.trained if re.fullmatch(r"none, \d+ epochs", method)]
    pairs = [(method, other) for method in played for other in longer]
    return differences(found, pairs) if pairs else ""


def differences(found: Findings, pairs=None) -> str:
    """Every method against the first, or of `pairs`: without faults, and under the faults of every curve."""

    def clean(method, seeds):
        """(seeds, 1), or None for a method that looks at another one's network and has no accuracy of its own."""
        own = method in found.trained or all(found.test[method] != found.test[other] for other in found.trained)
        return [[found.test[method][seed]] for seed in seeds] if own else None

    areas = {f"{curves.name}, area": curves.table for curves in found.curves if curves.is_a_curve}
    return compared(found, {"without faults": clean} | areas, pairs)


def compared(found: Findings, columns: dict, pairs=None) -> str:
    """Every method minus the first, paired by seed and pattern; p after Holm's correction over the whole table.

    `columns`: {heading: a function of (method, seeds) that gives numbers (seeds, patterns), in percent, or None}.
    `pairs`: [(method, the one it is compared with)], if these are others.
    """
    first, *others = found.methods
    heading = "difference" if pairs else f"minus {first}"
    names = {pair: " - ".join(pair) for pair in pairs} if pairs else {(method, first): method for method in others}
    said, common = {}, {}
    for pair in names:
        method, other = pair
        common[pair] = seeds = [seed for seed in found.seeds[method] if seed in found.seeds[other]]
        for what, numbers in columns.items() if seeds else ():
            a, b = numbers(method, seeds), numbers(other, seeds)
            if a is not None:
                said[pair, what] = difference(a, b)
    adjusted = holm({key: one["p"] for key, one in said.items() if one["p"] is not None})
    columns = [what for what in columns if any(key[1] == what and one["mean"] for key, one in said.items())]
    rows = []
    for pair, name in names.items():
        cells = [name, len(common[pair])]
        for what in columns:
            one = said.get((pair, what))
            here = text((one["mean"], one["low"], one["high"]), "+.2f") if one else ""
            cells.append(here + chance(adjusted, (pair, what)))
        rows.append(cells)
    return f"Comparisons: {len(adjusted)}.\n\n" + markdown([heading, "seeds", *columns], rows) if rows else ""


def in_other_words(found: Findings) -> str:
    """What else can be said of a curve: relative to the accuracy without faults, where it falls, eq. 4, overflows."""
    rows = []
    for curves in found.curves:
        rate = TELLING.get(curves.fault, OF_BITS)
        if not (curves.is_a_curve and curves.rates[0] == 0 and rate in curves.rates):
            continue
        at = curves.rates.index(rate)
        for method in found.methods:
            seeds, clean = found.seeds[method], found.test[method]
            relative = [100 * float(curves.table(method, [seed]).mean()) / clean[seed] for seed in seeds]
            means = [curves.accuracy[method][seed].mean(axis=0) for seed in seeds]
            falls = [falls_at(curves.rates, mean, 5.0, curves.fault) for mean in means]
            known = [fall for fall in falls if fall]  # 0: below the first rate
            deviation = [float(curves.deviation[method][seed][:, at].mean()) for seed in seeds]
            fallen = f"{len(known)} of {len(seeds)} fall so far"
            if below := falls.count(0.0):
                fallen = f"{below} of {len(seeds)} below a rate of {percent(curves.rates[1])}"
            if len(known) == len(seeds):
                decades = f"a rate of 10^({text(interval(np.log10(known)))})"
                fallen = decades if by_decades(curves.fault) else text(interval(100 * np.array(known)))
            relative = text(interval(relative))
            deviation = text(interval(deviation)) if np.isfinite(deviation).all() else "too large"
            silent = text(interval([float(curves.non_finite[method][seed][:, at].mean()) for seed in seeds]), ".1f")
            rows.append([curves.name, method, relative, fallen, percent(rate), deviation, silent])
    header = ["", "method", "area, % of that without faults", "5 points are lost at (%)", "at a rate of",
              "outputs deviate by (eq. 4, mean)", "images with answers that are not finite"]  # fmt: skip
    overflows = any(c.non_finite[m][seed].any() for c in found.curves for m in found.methods for seed in found.seeds[m])
    end = None if overflows else -1
    return markdown(header[:end], [row[:end] for row in rows]) if rows else ""


def won_back(found: Findings) -> str:
    """Of the points that the first method has lost, how many percent each other one has not lost.

    At the lowest rate of a curve at which these are FALLEN or more with every seed; (a - b) / (c - b), where a and b
    are the accuracies of the other and of the first at that rate, c that of the first without faults, its weights as
    they were trained; for each seed, over all patterns.
    """
    first, *others = found.methods
    common = {method: [seed for seed in found.seeds[method] if seed in found.seeds[first]] for method in others}

    def lost(method, seeds, curves, rate):
        """Points, for each seed."""
        return np.array([found.test[first][seed] for seed in seeds]) - curves.means(method, seeds, rate)

    columns, cells = [], {method: [method, len(seeds)] for method, seeds in common.items()}
    for curves in (curves for curves in found.curves if curves.layers == "all"):
        by_rate = {rate: lost(first, found.seeds[first], curves, rate) for rate in curves.rates}
        rate = next((rate for rate, points in by_rate.items() if points.min() >= FALLEN), None)
        if rate is not None:
            columns.append(f"{curves.fault} at {percent(rate)}, {text(interval(by_rate[rate]))} lost")
            for method, seeds in common.items():
                still, at_first = (lost(one, seeds, curves, rate) if seeds else None for one in (method, first))
                cells[method].append(text(interval(100 * (1 - still / at_first))) if seeds else "")
    return markdown(["won back, %", "seeds", *columns], cells.values()) if columns and others else ""


def variances(found: Findings) -> str:
    """Standard deviations of the area due to the seed, the pattern, and neither alone; the interval for both anew."""
    rows = []
    for curves in found.curves:
        for method in found.methods if curves.is_a_curve else ():
            table = curves.table(method, found.seeds[method])
            parts = of_method(table)["variance"]
            if parts:
                _, low, high = bootstrap(table)
                rows.append([curves.name, method, *(f"{part**0.5:.2f}" for part in parts.values()),
                             f"{low:.2f} to {high:.2f}"])  # fmt: skip
    header = ["area under the curve of", "method", "sd of seeds", "sd of patterns", "rest",
              "95 %, new seeds and patterns"]  # fmt: skip
    return markdown(header, rows) if rows else ""


def by_place(found: Findings) -> dict:
    """{(fault, rate): the curves that have it} of what was broken in one place at a time, at one rate."""
    groups = dict.fromkeys((c.fault, c.rates[-1]) for c in found.curves if c.layers != "all" and not c.is_a_curve)
    for kind, rate in groups:
        here = [c for c in found.curves if c.fault == kind and rate in c.rates]
        groups[kind, rate] = [c for c in here if c.layers == "all" or not c.is_a_curve]
    return groups


def sites(found: Findings) -> str:
    """Accuracy with faults in one place at a time, at one rate: a column for each place."""
    said = ""
    for (kind, rate), here in by_place(found).items():
        rows = [
            [method, *(text(interval(c.means(method, found.seeds[method], rate))) for c in here)]
            for method in found.methods
        ]
        said += markdown([f"{percent(rate)} of the {kind} in", *(c.layers for c in here)], rows) + "\n"
        if tested := compared(found, {c.layers: partial(c.table, what=rate) for c in here}):
            said += f"Each method minus {found.methods[0]}, tested as above, in this table alone. {tested}\n"
    return said


def ranges_of(found: Findings, strengths: dict) -> dict:
    """Of `strengths`, {penalty: {strength: method}}, what has been trained, where that is enough for a curve."""
    there = {penalty: {value: m for value, m in sorted(methods.items()) if m in found.methods}
             for penalty, methods in strengths.items()}  # fmt: skip
    return {penalty: methods for penalty, methods in there.items() if len(methods) > 2}  # none and one are no curve


def by_strength(found: Findings, strengths: dict) -> str:
    """Table I, for each penalty with several strengths: what they do to the gap, and to the areas under the curves."""
    said, curves = "", [curves for curves in found.curves if curves.is_a_curve]
    for penalty, methods in ranges_of(found, strengths).items():
        table_1 = PAPER_TABLE_1.items() if penalty == "tikhonov" else ()
        paper = {value: (train, test, train - test) for value, (train, test) in table_1}
        header = [f"λ of {penalty}", "seeds"]
        for what in ("training", "held out", "gap"):
            header += [what, f"{what}, paper"] if paper else [what]
        rows = []
        for value, method in methods.items():
            train, test = without_faults(found, method)
            cells = [plots.in_powers(value), len(train)]
            theirs = [f"{number:.2f}" for number in paper[value]] if value in paper else 3 * [""]
            for ours, papers in zip((train, test, train - test), theirs, strict=True):
                cells += [text(interval(ours)), papers] if paper else [text(interval(ours))]
            of_curves = (c.means(method, found.seeds[method]) for c in curves)
            rows.append(cells + [text(interval(areas)) for areas in of_curves])
        said += markdown(header + [f"{c.name}, area" for c in curves], rows) + "\n"
    return said


def of_the_paper(method: str) -> str | None:
    """Which method of the paper this is, perhaps under a reading: "lasso" of "lasso 1e-5, squared error", or None."""
    named = re.fullmatch(r"(none|aftt|lasso|tikhonov)( [\d.e-]+)?(, .*)?", method)
    return named[1] if named and "faults" not in method else None


def pairs_of_the_paper(methods) -> list:
    """[(the better one, the other, their names in the paper)] of `methods`, where AFTT is among them.

    A reading of the paper ("aftt, squared error") meets penalties under the same reading; where there are none, AFTT
    meets the plain ones. What has several strengths is left out: the paper compares one of each.
    """
    def reading(method):
        return method.partition(", ")[2]

    of = {word: [m for m in methods if of_the_paper(m) == word] for word in ("aftt", "tikhonov", "lasso")}
    for word in ("tikhonov", "lasso"):
        readings = [reading(method) for method in of[word]]
        of[word] = [method for method in of[word] if readings.count(reading(method)) == 1]
    pairs = []
    for better, other in (("aftt", "tikhonov"), ("aftt", "lasso"), ("tikhonov", "lasso")) if of["aftt"] else ():
        for a in of[better]:
            met = [b for b in of[other] if reading(b) == reading(a)]
            met = met or [b for b in of[other] if better == "aftt" and not reading(b)]
            pairs += [(a, b, better, other) for b in met]
    return pairs


def order(found: Findings) -> str:
    """Does the paper's order appear, aftt above tikhonov above lasso, wherever there are faults at its rates?"""
    said, papers = {}, {}
    for (kind, rate), numbers in PAPER_FAULTS.items():
        for curves in (c for c in found.curves if c.fault == kind and rate in c.rates):
            for a, b, better, other in pairs_of_the_paper(found.trained):
                seeds = [seed for seed in found.seeds[a] if seed in found.seeds[b]]
                key = f"{a} - {b}", f"{percent(rate)} {kind} in {curves.layers}"
                if seeds:
                    said[key] = difference(*(curves.table(method, seeds, rate) for method in (a, b))), len(seeds)
                    papers[key] = numbers[better] - numbers[other]
    adjusted = holm({key: one["p"] for key, (one, _) in said.items() if one["p"] is not None})
    rows, within, known = [], 0, 0
    for key, (one, seeds) in said.items():
        here = text((one["mean"], one["low"], one["high"]), "+.2f") + chance(adjusted, key)
        rows.append([*key, seeds, f"{papers[key]:+.2f}", here])
        known += one["low"] is not None
        within += one["low"] is not None and one["low"] <= papers[key] <= one["high"]
    above = sum(one["mean"] > 0 for one, _ in said.values())
    counted = f"Above 0: {above} of {len(said)}; the paper's difference is within the interval: {within} of {known}."
    return f"{counted}\n\n" + markdown(["difference", "faults", "seeds", "paper", "here"], rows) if rows else ""


def far_from_the_paper(found: Findings) -> str:
    """How far from the paper's numbers each reading of AFTT is: the mean of |here - paper|, a row for each place.

    First of AFTT's accuracies in training and test (table II); then of AFTT, Tikhonov and Lasso with the faults of
    section VI-D. With which penalties an AFTT goes says `pairs_of_the_paper`.
    """
    games = {}  # {AFTT under a reading: {its name in the paper: itself, or a penalty}}
    for a, b, better, other in pairs_of_the_paper(found.trained):
        if better == "aftt":
            games.setdefault(a, {"aftt": a})[other] = b
    games = {a: names for a, names in games.items() if len(names) == 3}

    def away(pairs):
        return f"{np.mean([abs(here - paper) for here, paper in pairs]):.2f}"

    of_aftt = PAPER_TABLE_2["fashion", "A1", "aftt"]
    means = {a: [values.mean() for values in without_faults(found, a)] for a in games}
    rows = [["aftt: accuracy in training and test", *(away(zip(means[a], of_aftt, strict=True)) for a in games)]]
    for (kind, rate), papers in PAPER_FAULTS.items():
        for c in (c for c in found.curves if c.fault == kind and rate in c.rates):
            rows.append([f"aftt, tikhonov, lasso: {percent(rate)} {kind} in {c.layers}"])
            for names in games.values():
                here = {word: c.table(method, found.seeds[method], rate).mean() for word, method in names.items()}
                rows[-1].append(away((here[word], papers[word]) for word in names))
    return markdown(["points from the paper", *games], rows) if games else ""


def beside_the_paper(found: Findings, data: str, arch: str) -> str:
    """Our numbers beside the paper's, for the methods that it has, under every reading that has been trained."""
    rows, images = [], PAPER_IMAGES.get(data)

    def add(method, what, paper, values):
        rows.append([method, what, f"{paper:.2f}", text(interval(values))])

    for method in found.trained:
        word, seeds, (train, test) = of_the_paper(method), found.seeds[method], without_faults(found, method)
        if (images, arch, word) in PAPER_TABLE_2:
            of_train, of_test = PAPER_TABLE_2[images, arch, word]
            add(method, "training accuracy", of_train, train)
            add(method, "test accuracy", of_test, test)
            add(method, "generalisation error", of_train - of_test, train - test)
        for curves in found.curves if images == "fashion" else ():
            for (kind, rate), numbers in PAPER_FAULTS.items() if arch == "A1" else ():
                if word in numbers and curves.fault == kind and rate in curves.rates and method in curves.accuracy:
                    values = curves.means(method, seeds, rate)
                    add(method, f"{rate:.0%} {kind} in {curves.layers}", numbers[word], values)
            for (kind, rate), (plain, regularised) in PAPER_FIGURE_3.items():
                if (curves.fault, curves.layers) == (kind, "all") and rate in curves.rates and word in PENALISED:
                    values = curves.means(method, seeds, rate)
                    paper = regularised if PENALISED[word] else plain
                    add(method, f"{rate:.0%} {kind} in all; the paper: on digits, figure 3", paper, values)
            if (arch, curves.name) == ("A2", "filters") and word in PAPER_FILTER_LOSS and 0.4 in curves.rates:
                lost = test - curves.means(method, seeds, 0.4)
                add(method, "points lost at 40% filters", PAPER_FILTER_LOSS[word], lost)
    return markdown(["method", "", "paper", "here"], rows) if rows else ""


def correlations(found: Findings) -> str:
    """Does the generalisation gap, or the accuracy without faults, go with the area? Over networks, and over methods.

    Networks of one method are alike, so that of the methods' means is the one to go by; it has few values.
    """
    rows = []
    for curves in found.curves:
        if curves.is_a_curve and can_be_ranked(found):
            of_networks = areas, gaps, tests = networks(found, curves)
            ends = np.cumsum([len(found.seeds[method]) for method in found.trained])[:-1]
            of_methods = [[part.mean() for part in np.split(np.array(values), ends)] for values in of_networks]
            numbers = [rank_correlation(one, areas) for one in (gaps, tests)]
            numbers += [rank_correlation(one, of_methods[0]) for one in of_methods[1:]]
            said = ["" if one is None else f"{one:.2f}" for one in numbers]
            rows.append([curves.name, len(areas), *said[:2], len(found.trained), *said[2:]])
    header = ["area under the curve of", "networks", "with the gap", "with the accuracy without faults",
              "methods", "with the gap", "with the accuracy without faults"]  # fmt: skip
    return markdown(header, rows) if rows else ""


def can_be_ranked(found: Findings) -> bool:
    """Whether there is an order to speak of: two networks are always in perfect order, those of one method alike."""
    return len(found.trained) > 1 and sum(len(found.seeds[method]) for method in found.trained) > 2


def networks(found: Findings, curves: Curves) -> tuple:
    """(areas, gaps, held-out accuracies) of all networks, in percent and points, method by method."""
    pairs = [(method, seed) for method in found.trained for seed in found.seeds[method]]
    areas = [float(curves.table(method, [seed]).mean()) for method, seed in pairs]
    tests = [found.test[method][seed] for method, seed in pairs]
    return areas, [found.train[method][seed] - found.test[method][seed] for method, seed in pairs], tests


# ---- all of it


def sections(about: dict, found: Findings) -> dict:
    """{heading: what stands below it} of tables.md.

    `about` has the title, the command, the names of images and architecture, whether they are the test images, and the
    methods that are one penalty at several strengths, {penalty: {strength: method}}.
    """
    as_in_the_paper = about["tested"] and PAPER_IMAGES.get(about["images"]) == "fashion" and about["arch"] == "A1"
    patterns = max(len(of[seed]) for curves in found.curves for of in curves.accuracy.values() for seed in of)
    parts = {
        "": f"Made by `{about['command']}`.\nPercent on the {'test' if about['tested'] else 'last training'} images, "
            f"{patterns} fault patterns; behind ±: the 95 % interval over seeds (Student's t).\n",
        "In short": in_short(found),
        "Areas under the curves": all_areas(found),
        "Accuracy": accuracies(found),
        "Differences":
            f"Each method minus {found.methods[0]}, paired by seed and pattern, with 95 % intervals over seeds; p of "
            "Student's t test, corrected by Holm; the intervals are of each by itself. " + differences(found)
            if len(found.methods) > 1 else "",
        "In other words": in_other_words(found),
        "Won back":
            f"Of the points that {found.methods[0]} has lost, percent that each other method has not lost, counted "
            f"from the accuracy of {found.methods[0]} without faults: at the lowest rate at which it has lost {FALLEN} "
            "or more with every seed. At higher rates it may be less. The heading is of all seeds, a row of those that "
            "both have.\n\n"
            + back if (back := won_back(found)) else "",
        "Where the spread comes from": variances(found),
        "One place at a time": sites(found),
        "The strength of a penalty":
            "What more of a penalty does to the generalisation gap, and what to the curves. The paper does not say of "
            "which network and images its table I is.\n\n" + strong
            if (strong := by_strength(found, about["strengths"])) else "",
        "The paper's order":
            "Differences that have to be above 0 if AFTT is to be better than Tikhonov, and Tikhonov than Lasso, in "
            "points, paired by seed and pattern, tested as above, in this table alone. (With all three, one row is the "
            "sum of two others. A reading of AFTT that no penalty shares is compared with the plain ones.) "
            + compared_with_paper
            if as_in_the_paper and (compared_with_paper := order(found)) else "",
        "More plain training":
            "What plays games minus plain training that took more epochs, tested as above, in this table alone. "
            + longer
            if (longer := against_longer(found)) else "",
        "How far from the paper":
            "The mean distance from the paper's numbers, in points, under each reading of AFTT.\n\n" + far
            if as_in_the_paper and (far := far_from_the_paper(found)) else "",
        "Beside the paper": beside_the_paper(found, about["images"], about["arch"]) if about["tested"] else "",
        "Does the generalisation gap predict the curve? (Spearman's rank correlation)": correlations(found),
    }  # fmt: skip
    return {head: body.strip() + "\n" for head, body in parts.items() if body.strip()}


def embed(page: str, folder: str, parts: dict | None) -> str:
    """`page` with every table that it asks for: between `<!-- FOLDER: HEADING -->` and `<!-- end -->`.

    Raises ValueError if it asks for none of this folder, for a heading that there is not, or without an end. Without
    `parts` this is all that is done.
    """
    asked = re.compile(rf"(<!-- {re.escape(folder)}: (.+?) -->)\r?\n(?:(?!<!--).)*?<!-- end -->", re.DOTALL)

    def table(found):
        if found[2] not in parts:
            raise ValueError(f"there is no table {found[2]!r} in {folder}; there are: {', '.join(filter(None, parts))}")
        return f"{found[1]}\n{parts[found[2]]}<!-- end -->"

    begun = page.count(f"<!-- {folder}: ")
    if not begun or begun != len(asked.findall(page)):
        needed = f"a line <!-- {folder}: HEADING --> and below it a line <!-- end --> for each table"
        raise ValueError(f"expected {needed}; found {begun} beginnings, {len(asked.findall(page))} of them with an end")
    return asked.sub(table, page) if parts else page


def write(about: dict, found: Findings, folder: Path):
    """tables.md and the figures, into `folder`; see `sections`."""
    parts = sections(about, found)
    with whole_file(folder / "tables.md") as file:
        file.write(f"# {about['title']}\n\n" + "\n".join(f"## {h}\n\n{b}" if h else b for h, b in parts.items()))
    for name, figure in figures(about, found).items():
        figure.suptitle("\n".join(filter(None, (about["title"], figure.get_suptitle()))), fontsize=10)
        plots.save(figure, make_folder(folder / "figures") / f"{name}.png")


def number_of_seeds(found: Findings, methods) -> str:
    """How many seeds these methods have, as in "1 to 3 seeds"."""
    many = [len(found.seeds[method]) for method in methods]
    least, most = min(many), max(many)
    return f"{least} to {most} seeds" if least < most else f"{most} seeds" if most > 1 else "one seed"


def bands_of(found: Findings, curves: Curves, methods) -> dict:
    """{method: [(mean, low, high) at each rate]}, the interval over seeds."""
    def band(method):
        return [interval(curves.means(method, found.seeds[method], rate)) for rate in curves.rates]

    return {method: band(method) for method in methods}


def panels_of_the_paper(found: Findings, images: str, arch: str) -> list:
    """Figures 3 and 7: the paper's methods under each kind of fault everywhere, for `plots.beside_the_paper`."""
    there = {word: [method for method in found.trained if of_the_paper(method) == word and "," not in method]
             for word in ("none", "lasso", "tikhonov", "aftt")}  # fmt: skip
    methods = {word: names[0] for word, names in there.items() if len(names) == 1}  # not of several strengths
    papers = {}
    if PAPER_IMAGES.get(images) == "fashion" and arch == "A1":
        papers = {kind: {word: (rate, at[word]) for word in at} for (kind, rate), at in PAPER_FAULTS.items()}
    elif PAPER_IMAGES.get(images) == "fashion" and arch == "A2":
        clean = {word: PAPER_TABLE_2["fashion", "A2", word][1] for word in PAPER_FILTER_LOSS}
        papers = {"filters": {word: (0.4, clean[word] - lost) for word, lost in PAPER_FILTER_LOSS.items()}}
    panels = []
    for kind in ("weights", "filters", "nodes") if len(methods) > 2 else ():
        for c in (c for c in found.curves if (c.name, c.is_a_curve) == (kind, True)):
            stars = {methods[word]: star for word, star in papers.get(kind, {}).items() if word in methods}
            panels.append((kind, c.rates, bands_of(found, c, methods.values()), stars))
    return panels


def figures(about: dict, found: Findings) -> dict:
    """{name: figure} of all that there is something to draw of; `about` as in `sections`."""
    drawn, many, strengths = {}, number_of_seeds(found, found.methods), about["strengths"]
    for curves in found.curves:
        if curves.is_a_curve:
            bands = bands_of(found, curves, found.methods)
            drawn[fit_name(f"curves-{curves.name}")] = plots.method_curves(curves.rates, bands, curves.name, many)
        if curves.is_a_curve and can_be_ranked(found):
            areas, gaps, _ = networks(found, curves)
            of = [method for method in found.trained for _ in found.seeds[method]]
            drawn[fit_name(f"gap-{curves.name}")] = plots.gap_against_area(
                gaps, areas, of, curves.name, rank_correlation(gaps, areas)
            )
    if panels := panels_of_the_paper(found, about["images"], about["arch"]):
        drawn["beside-the-paper"] = plots.beside_the_paper(panels, many)
    for (kind, rate), here in by_place(found).items():
        bands = {
            method: [interval(c.means(method, found.seeds[method], rate)) for c in here]
            for method in found.methods
        }
        title = f"{percent(rate)} of the {kind} stuck in one place at a time"
        drawn[fit_name(f"places-{kind}")] = plots.places([c.layers for c in here], bands, title, many)
    if found.weights:
        one = {method: next(iter(found.weights[method].values())) for method in found.trained}
        drawn["weights"] = plots.weight_distributions(WEIGHT_BINS, one)
    for method, of_seeds in found.losses.items():
        rows = of_seeds[min(of_seeds)]
        if method in found.methods and any(row["phase"] == "games" for row in rows):
            drawn[fit_name(f"losses-{method}")] = figure = plots.losses(rows)
            figure.suptitle(f"{method}, seed {min(of_seeds)}")
    for penalty, methods in ranges_of(found, strengths).items():
        lines = {"held-out accuracy (%)": [], "generalisation gap (points)": []}
        for method in methods.values():
            train, test = without_faults(found, method)
            lines["held-out accuracy (%)"].append(interval(test))
            lines["generalisation gap (points)"].append(interval(train - test))
            for curves in found.curves:
                if curves.is_a_curve:
                    areas = curves.means(method, found.seeds[method])
                    lines.setdefault(f"{curves.name}: area (%)", []).append(interval(areas))
        of_these = number_of_seeds(found, methods.values())
        drawn[f"strength-{penalty}"] = plots.strengths(penalty, list(methods), lines, of_these)
    return drawn
