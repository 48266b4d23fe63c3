"""All tables and figures of a study, made from what it found alone, into its folder and into pages."""

import re
from pathlib import Path

from . import paper, plots, tables
from .files import fit_name, make_folder, whole_file
from .findings import WEIGHT_BINS, Findings, bands_of, by_place, can_be_ranked, networks, ranges_of, without_faults
from .statistics import interval, rank_correlation


def sections(about: dict, found: Findings) -> dict:
    """{heading: what stands below it} of tables.md.

    `about` has the title, the command, the names of images and architecture, whether they are the test images, and the
    methods that are one penalty at several strengths, {penalty: {strength: method}}.
    """
    as_in_the_paper = about["tested"] and paper.IMAGES.get(about["images"]) == "fashion" and about["arch"] == "A1"
    patterns = max(len(of[seed]) for curves in found.curves for of in curves.accuracy.values() for seed in of)
    parts = {
        "": f"Made by `{about['command']}`.\nPercent on the {'test' if about['tested'] else 'last training'} images, "
            f"{patterns} fault patterns; behind ±: the 95 % interval over seeds (Student's t).\n",
        "In short": tables.in_short(found),
        "Areas under the curves": tables.all_areas(found),
        "Accuracy": tables.accuracies(found),
        "Differences":
            f"Each method minus {found.methods[0]}, paired by seed and pattern, with 95 % intervals over seeds; p of "
            "Student's t test, corrected by Holm; the intervals are of each by itself. " + tables.differences(found)
            if len(found.methods) > 1 else "",
        "In other words": tables.in_other_words(found),
        "Won back":
            f"Of the points that {found.methods[0]} has lost, percent that each other method has not lost, counted "
            f"from the accuracy of {found.methods[0]} without faults: at the lowest rate at which it has lost "
            f"{tables.FALLEN} or more with every seed. At higher rates it may be less. The heading is of all seeds, a "
            "row of those that both have.\n\n"
            + back if (back := tables.won_back(found)) else "",
        "Where the spread comes from": tables.variances(found),
        "Where the spread of the differences comes from":
            "The same of what lies between two methods, paired. The intervals over seeds above are for these fault "
            "patterns; the last column is for new ones, too, each by itself and not corrected.\n\n" + apart
            if (apart := tables.variances_of_differences(found, paper.pairs_to_compare(found))) else "",
        "One place at a time": tables.sites(found),
        "The strength of a penalty":
            "What more of a penalty does to the generalisation gap, and what to the curves. The paper does not say of "
            "which network and images its table I is.\n\n" + strong
            if (strong := paper.by_strength(found, about["strengths"])) else "",
        "The paper's order":
            "Differences that have to be above 0 if AFTT is to be better than Tikhonov, and Tikhonov than Lasso, in "
            "points, paired by seed and pattern, tested as above, in this table alone. (With all three, one row is the "
            "sum of two others. A reading of AFTT that no penalty shares is compared with the plain ones.) "
            + compared_with_paper
            if as_in_the_paper and (compared_with_paper := paper.order(found)) else "",
        "Games and penalties":
            "Above 0 where the methods are in the paper's order, AFTT, Tikhonov, Lasso; tested as above, in this table "
            "alone. " + ordered
            if not as_in_the_paper and (ordered := paper.order_of_areas(found)) else "",
        "More plain training":
            "What plays games minus plain training that took more epochs, tested as above, in this table alone. "
            + longer
            if (longer := paper.against_longer(found)) else "",
        "How far from the paper":
            "The mean distance from the paper's numbers, in points, under each reading of AFTT.\n\n" + far
            if as_in_the_paper and (far := paper.distances(found)) else "",
        "Beside the paper": paper.beside(found, about["images"], about["arch"]) if about["tested"] else "",
        "Does the generalisation gap predict the curve? (Spearman's rank correlation)": tables.correlations(found),
    }  # fmt: skip
    return {head: body.strip() + "\n" for head, body in parts.items() if body.strip()}


def embed(page: str, folder: str, parts: dict | None) -> str:
    """`page` with every table that it asks for: between `<!-- FOLDER: HEADING -->` and `<!-- end -->`.

    Raises ValueError if it asks for none of this folder, for a heading that there is not, or without an end. Without
    `parts` this is all that is done.
    """
    asked = re.compile(rf"(<!-- {re.escape(folder)}: ([^<>\n]+?) -->)\r?\n(?:(?!<!--).)*?<!-- end -->", re.DOTALL)

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
        plots.save(figure, make_folder(folder / "figures") / f"{name}.png", palette=True)


def number_of_seeds(found: Findings, methods) -> str:
    """How many seeds these methods have, as in "1 to 3 seeds"."""
    many = [len(found.seeds[method]) for method in methods]
    least, most = min(many), max(many)
    return f"{least} to {most} seeds" if least < most else f"{most} seeds" if most > 1 else "one seed"


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
    if panels := paper.panels(found, about["images"], about["arch"]):
        drawn["beside-the-paper"] = plots.beside_the_paper(panels, many)
    for (kind, rate), here in by_place(found).items():
        bands = {
            method: [interval(c.means(method, found.seeds[method], rate)) for c in here]
            for method in found.methods
        }
        title = f"{tables.percent(rate)} of the {kind} stuck in one place at a time"
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
