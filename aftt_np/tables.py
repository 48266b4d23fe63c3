"""Tables of what a study found, in Markdown.

A value is a mean over seeds and patterns. What follows it behind ± is its 95 % interval over seeds (Student's t): it
is about the method, trained anew, under these fault patterns.
"""

from functools import partial
from itertools import product

import numpy as np

from . import plots
from .campaign import by_decades, falls_at
from .findings import Curves, Findings, by_place, can_be_ranked, networks, without_faults
from .statistics import bootstrap, difference, holm, interval, of_method, rank_correlation

TELLING = {"weights": 0.6, "filters": 0.4, "nodes": 0.68}  # the rates of section VI-D
OF_BITS = 1e-5  # that of FT-ClipAct and of SAF, per bit
FALLEN = 40  # points that have to be lost before it is asked how many of them are won back


def text(value, form=".2f") -> str:
    """(mean, low, high) as it stands in a table: the interval as what it reaches to either side."""
    mean, low, high = value
    return f"{mean:{form}}" if low is None else f"{mean:{form}} ± {(high - low) / 2:{form.removeprefix('+')}}"


def markdown(header, rows) -> str:
    """A table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def percent(rate: float) -> str:
    """A rate as a table has it, in percent; those of bits are too small for that."""
    return f"{rate:.0%}" if rate >= 0.01 or rate == 0 else plots.in_powers(rate)


def shown(curves: Curves) -> list:
    """What a table shows of a campaign: the accuracy at some of its rates, and the area under the curve."""
    if not curves.is_a_curve:
        return curves.rates
    return [*(rate for rate in (1e-6, 1e-5, 1e-4, 1e-3, 0.2, 0.4, 0.6, 0.68) if rate in curves.rates), "area"]


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
    there = {what for (_, what), one in said.items() if one["mean"] or one["p"]}
    columns = [what for what in columns if what in there]
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
    """Where the spread of every method's areas comes from; see `spread`."""
    curves = [curves for curves in found.curves if curves.is_a_curve]
    return spread("method", {(c.name, m): c.table(m, found.seeds[m]) for c in curves for m in found.methods}, ".2f")


def variances_of_differences(found: Findings, pairs) -> str:
    """The same of the differences between the areas of `pairs` of methods, over the seeds that both have."""
    apart = {}
    for c, (a, b) in product((curves for curves in found.curves if curves.is_a_curve), pairs):
        if seeds := [seed for seed in found.seeds[a] if seed in found.seeds[b]]:
            apart[c.name, f"{a} - {b}"] = c.table(a, seeds) - c.table(b, seeds)
    return spread("difference", apart, "+.2f")


def spread(what: str, areas: dict, form: str) -> str:
    """Standard deviations of areas due to the seed, the pattern, and neither alone; the interval for both anew.

    `areas`: {(the curve's name, whose): percent, (seeds, patterns)}; of one seed or pattern nothing is said.
    """
    rows = []
    for key, table in areas.items():
        if parts := of_method(table)["variance"]:
            _, low, high = bootstrap(table)
            rows.append([*key, *(f"{part**0.5:.2f}" for part in parts.values()), f"{low:{form}} to {high:{form}}"])
    header = ["area under the curve of", what, "sd of seeds", "sd of patterns", "rest", "95 %, new seeds and patterns"]
    return markdown(header, rows) if rows else ""


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
