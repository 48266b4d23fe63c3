"""The paper's numbers, and ours beside them: its tables and figures, and in which order its methods come."""

import re

import numpy as np

from . import plots
from .findings import Findings, bands_of, ranges_of, without_faults
from .statistics import difference, holm, interval
from .tables import chance, differences, markdown, percent, text

IMAGES = {"fashion-mnist": "fashion", "cifar10": "cifar10", "cifar10-jpeg": "cifar10"}  # ours: the paper's
TABLE_1 = {0.0: (98.60, 88.90), 1e-4: (97.84, 89.89), 1e-3: (93.88, 88.86), 0.1: (66.57, 65.74)}  # training, test
TABLE_2 = {  # (images, architecture, method): accuracy in training, in test, percent
    ("fashion", "A1", "none"): (99.51, 89.42), ("fashion", "A1", "lasso"): (98.42, 88.96),
    ("fashion", "A1", "tikhonov"): (97.16, 88.52), ("fashion", "A1", "aftt"): (95.78, 90.25),
    ("fashion", "A2", "none"): (99.60, 90.94), ("fashion", "A2", "lasso"): (96.98, 91.19),
    ("fashion", "A2", "tikhonov"): (95.74, 90.61), ("fashion", "A2", "aftt"): (96.00, 91.55),
    ("cifar10", "A1", "none"): (96.35, 86.11), ("cifar10", "A1", "lasso"): (79.95, 77.78),
    ("cifar10", "A1", "tikhonov"): (93.87, 87.21), ("cifar10", "A1", "aftt"): (91.36, 87.58),
    ("cifar10", "A2", "none"): (85.16, 81.71), ("cifar10", "A2", "lasso"): (83.90, 81.68),
    ("cifar10", "A2", "tikhonov"): (84.83, 81.71), ("cifar10", "A2", "aftt"): (82.00, 80.87),
}  # fmt: skip
FAULTS = {  # accuracy in percent; the paper does not say of which network, in which layers, over which patterns
    ("nodes", 0.68): {"aftt": 84.60, "tikhonov": 78.51, "lasso": 51.09},
    ("weights", 0.6): {"aftt": 84.36, "tikhonov": 81.66, "lasso": 61.42},
}
FIGURE_3 = {  # section IV, on digits: accuracy without and with a penalty
    ("weights", 0.5): (54.49, 84.78), ("filters", 0.5): (51.43, 79.90), ("nodes", 0.6): (69.08, 93.46),
}  # fmt: skip
PENALISED = {"none": False, "lasso": True, "tikhonov": True}  # of figure 3
FILTER_LOSS = {"aftt": 12.58, "tikhonov": 24.98, "lasso": 30.44}  # points lost at 40 % of the filters


def name_of(method: str) -> str | None:
    """Which method of the paper this is, perhaps under a reading: "lasso" of "lasso 1e-5, squared error", or None."""
    named = re.fullmatch(r"(none|aftt|lasso|tikhonov)( [\d.e-]+)?(, .*)?", method)
    return named[1] if named and "faults" not in method else None


def pairs_of(methods) -> list:
    """[(the better one, the other, their names in the paper)] of `methods`, where AFTT is among them.

    A reading of the paper ("aftt, squared error") meets penalties under the same reading; where there are none, AFTT
    meets the plain ones. What has several strengths is left out: the paper compares one of each.
    """
    def reading(method):
        return method.partition(", ")[2]

    of = {word: [m for m in methods if name_of(m) == word] for word in ("aftt", "tikhonov", "lasso")}
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


def by_strength(found: Findings, strengths: dict) -> str:
    """Table I, for each penalty with several strengths: what they do to the gap, and to the areas under the curves."""
    said, curves = "", [curves for curves in found.curves if curves.is_a_curve]
    for penalty, methods in ranges_of(found, strengths).items():
        table_1 = TABLE_1.items() if penalty == "tikhonov" else ()
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


def longer_pairs(methods) -> list:
    """What plays games (AFTT, or "... only" one) without faults in training, beside each "none, ... epochs"."""
    played = [method for method in methods if name_of(method) == "aftt" or method.endswith(" only")]
    longer = [method for method in methods if re.fullmatch(r"none, \d+ epochs", method)]
    return [(method, other) for method in played for other in longer]


def pairs_to_compare(found: Findings) -> list:
    """[(method, the one it is compared with)]: each other one with the first, and pairs for questions of the paper."""
    first, *others = found.methods
    asked = [(better, other) for better, other, *_ in pairs_of(found.trained)] + longer_pairs(found.trained)
    return list(dict.fromkeys([(method, first) for method in others] + asked))


def against_longer(found: Findings) -> str:
    """These pairs, under all faults that there are, by area."""
    pairs = longer_pairs(found.trained)
    return differences(found, pairs) if pairs else ""


def order(found: Findings) -> str:
    """Does the paper's order appear, aftt above tikhonov above lasso, wherever there are faults at its rates?"""
    said, papers = {}, {}
    for (kind, rate), numbers in FAULTS.items():
        for curves in (c for c in found.curves if c.fault == kind and rate in c.rates):
            for a, b, better, other in pairs_of(found.trained):
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


def order_of_areas(found: Findings) -> str:
    """The same pairs of methods under all faults that there are, by area, where the paper has no number beside."""
    pairs = [(better, other) for better, other, *_ in pairs_of(found.trained)]
    return differences(found, pairs) if pairs else ""


def distances(found: Findings) -> str:
    """How far from the paper's numbers each reading of AFTT is: the mean of |here - paper|, a row for each place.

    First of AFTT's accuracies in training and test (table II); then of AFTT, Tikhonov and Lasso with the faults of
    section VI-D. With which penalties an AFTT goes says `pairs_of`.
    """
    games = {}  # {AFTT under a reading: {its name in the paper: itself, or a penalty}}
    for a, b, better, other in pairs_of(found.trained):
        if better == "aftt":
            games.setdefault(a, {"aftt": a})[other] = b
    games = {a: names for a, names in games.items() if len(names) == 3}

    def away(pairs):
        return f"{np.mean([abs(here - paper) for here, paper in pairs]):.2f}"

    of_aftt = TABLE_2["fashion", "A1", "aftt"]
    means = {a: [values.mean() for values in without_faults(found, a)] for a in games}
    rows = [["aftt: accuracy in training and test", *(away(zip(means[a], of_aftt, strict=True)) for a in games)]]
    for (kind, rate), papers in FAULTS.items():
        for c in (c for c in found.curves if c.fault == kind and rate in c.rates):
            rows.append([f"aftt, tikhonov, lasso: {percent(rate)} {kind} in {c.layers}"])
            for names in games.values():
                here = {word: c.table(method, found.seeds[method], rate).mean() for word, method in names.items()}
                rows[-1].append(away((here[word], papers[word]) for word in names))
    return markdown(["points from the paper", *games], rows) if games else ""


def beside(found: Findings, data: str, arch: str) -> str:
    """Our numbers beside the paper's, for the methods that it has, under every reading that has been trained."""
    rows, images = [], IMAGES.get(data)

    def add(method, what, paper, values):
        rows.append([method, what, f"{paper:.2f}", text(interval(values))])

    for method in found.trained:
        word, seeds, (train, test) = name_of(method), found.seeds[method], without_faults(found, method)
        if (images, arch, word) in TABLE_2:
            of_train, of_test = TABLE_2[images, arch, word]
            add(method, "training accuracy", of_train, train)
            add(method, "test accuracy", of_test, test)
            add(method, "generalisation error", of_train - of_test, train - test)
        for curves in found.curves if images == "fashion" else ():
            for (kind, rate), numbers in FAULTS.items() if arch == "A1" else ():
                if word in numbers and curves.fault == kind and rate in curves.rates and method in curves.accuracy:
                    values = curves.means(method, seeds, rate)
                    add(method, f"{rate:.0%} {kind} in {curves.layers}", numbers[word], values)
            for (kind, rate), (plain, regularised) in FIGURE_3.items():
                if (curves.fault, curves.layers) == (kind, "all") and rate in curves.rates and word in PENALISED:
                    values = curves.means(method, seeds, rate)
                    paper = regularised if PENALISED[word] else plain
                    add(method, f"{rate:.0%} {kind} in all; the paper: on digits, figure 3", paper, values)
            if (arch, curves.name) == ("A2", "filters") and word in FILTER_LOSS and 0.4 in curves.rates:
                lost = test - curves.means(method, seeds, 0.4)
                add(method, "points lost at 40% filters", FILTER_LOSS[word], lost)
    return markdown(["method", "", "paper", "here"], rows) if rows else ""


def panels(found: Findings, images: str, arch: str) -> list:
    """Figures 3 and 7: the paper's methods under each kind of fault everywhere, for `plots.beside_the_paper`.

    None where the paper has no number. Of filters it prints the points lost; here they are taken from table II.
    """
    there = {word: [method for method in found.trained if name_of(method) == word and "," not in method]
             for word in ("none", "lasso", "tikhonov", "aftt")}  # fmt: skip
    methods = {word: names[0] for word, names in there.items() if len(names) == 1}  # not of several strengths
    papers = {}
    if IMAGES.get(images) == "fashion" and arch == "A1":
        papers = {kind: {word: (rate, at[word]) for word in at} for (kind, rate), at in FAULTS.items()}
    elif IMAGES.get(images) == "fashion" and arch == "A2":
        clean = {word: TABLE_2["fashion", "A2", word][1] for word in FILTER_LOSS}
        papers = {"filters": {word: (0.4, clean[word] - lost) for word, lost in FILTER_LOSS.items()}}
    made = []
    for kind in ("weights", "filters", "nodes") if len(methods) > 2 else ():
        for c in (c for c in found.curves if (c.name, c.is_a_curve) == (kind, True)):
            stars = {methods[word]: star for word, star in papers.get(kind, {}).items() if word in methods}
            made.append((kind, c.rates, bands_of(found, c, methods.values()), stars))
    return made if any(stars for *_, stars in made) else []
