"""What the README says is so, and the page of results: commands, files, options, numbers."""

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from aftt_np import campaign, files, findings, paper, plans, report, statistics, study, tables
from aftt_np.config import Config

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "lessons" / "results"
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "lessons/results/README.md")}
README = PAGES["README.md"]
SAID = " ".join(" ".join(PAGES.values()).split())  # as if there were no ends of lines


def test_the_two_lines_stand_there_word_for_word():
    """CI runs the second one as it stands."""
    assert "\npip install -r requirements.txt && python -m aftt_np.train\n" in README
    assert "\npip install -r requirements.txt && python -m pytest\n" in README


def test_every_module_is_in_the_file_tree_in_reading_order():
    import aftt_np

    listed = re.findall(r"^  (\w+)\.py ", README, re.MULTILINE)
    assert listed == re.findall(r"^    (\w+)\.py ", aftt_np.__doc__, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    for path in re.findall(r"(?:data_scripts|lessons|tests|aftt_np)/[\w./-]+\w", PAGES[page]):
        assert (ROOT / path).exists(), f"{page} names {path}, which is not there"


def headings_of(path):
    """The places in a page that a link can lead to, as they are named on the web."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, "lessons/README.md"])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    assert len(links) > 10
    for link in links:
        path, _, heading = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page} leads to {link}, which is not there"
        assert not heading or heading in headings_of(target), f"{page} leads to {link}, which has no such heading"


@pytest.mark.parametrize("page", PAGES)
def test_options_that_are_named_exist(page):
    known = {f"--{entry.name.replace('_', '-')}" for entry in fields(Config)}
    known |= {"--help", "--list-presets", "--lr", "--resume"}
    known |= {option for command in ("bench", "inject", "defend", "study") for option in options_of(command)}
    for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGES[page])):
        assert option in known, f"{page} names {option}, which is no option"


def options_of(command):
    return re.findall(r'add\("(--[a-z-]+)"', (ROOT / "aftt_np" / f"{command}.py").read_text(encoding="utf-8"))


def test_the_table_of_speeds_is_that_of_its_file():
    """Work, network, batch, both times, the ratio with its spread, both peaks."""
    rows = [line for line in README.splitlines() if line.endswith(" MB |")]
    table = json.loads((RESULTS / "bench.json").read_text())
    assert len(rows) == len(table) >= 17
    for line, row in zip(rows, table, strict=True):
        times = [f"{ms:.1f} ms" if ms < 1000 else f"{ms / 1000:.1f} s" for ms in (row["ours_ms"], row["torch_ms"])]
        spread = f"{row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})"
        cells = [row["arch"], str(row["batch"]), *times, spread]
        cells.append(f"{row['ours_peak_mb']:.0f} / {row['torch_peak_mb']:.0f} MB")
        assert [cell.strip() for cell in line.split("|")][3:-1] == cells, f"{row['work']} {row['arch']}"


def test_the_sentence_on_avx_512_is_that_of_its_file():
    table = json.loads((RESULTS / "bench-avx512.json").read_text())
    ratio = {(row["work"], row["data"], row["arch"], row["batch"]): f"{row['ratio']:.2f}" for row in table}
    steps, a1_games = (sorted(ratio[work, "fashion", "A1", B] for B in (128, 256)) for work in ("supervised", "games"))
    a2 = sorted(value for (_, data, arch, _), value in ratio.items() if (data, arch) == ("fashion", "A2"))
    assert f"A1 is nearer, {steps[0]} and {steps[1]} a step, {a1_games[0]} and {a1_games[1]} a game" in SAID
    assert f"A2 is at {a2[0]} to {a2[-1]}" in SAID
    for arch in ("A2", "A1"):
        step, game = (ratio[work, "cifar", arch, 128] for work in ("supervised", "games"))
        assert f"{arch} {step} (game {game})" in SAID


def test_the_sentence_on_flipped_bits_is_that_of_its_file():
    [row] = json.loads((RESULTS / "bench-bits.json").read_text())
    ours, theirs = (f"{row[f'{side}_ms'] / 1000:.1f} s" for side in ("ours", "torch"))
    assert f"{ours} against {theirs} of a plain loop in PyTorch" in SAID
    assert f"ratio {row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f})" in SAID


def number(values, form=".1f"):
    """A mean of seeds and its interval, as the README says them."""
    mean, low, high = statistics.interval(values)
    return f"{mean:{form}} ± {(high - low) / 2:.1f}"


def test_the_plain_words_on_defences_are_those_of_their_rows():
    tables = (RESULTS / "defences-A1" / "tables.md").read_text()

    def means(heading):
        """{method: {column: mean}} of the table below a heading."""
        lines = tables.split(f"## {heading}\n")[1].strip().split("\n\n")[0].splitlines()
        header, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
        return {row[0]: {c: float(v.split()[0]) for c, v in zip(header[2:], row[2:], strict=True)} for row in rows}

    areas, short = means("Areas under the curves"), means("In short")
    everywhere = [m for m, row in areas.items() if min(v for c, v in row.items() if c != "no faults") > 80]
    assert everywhere == ["faults: weights, scaled"] and "the one line that stands above 80 in every column" in SAID
    scaled = areas["none, scaled"]
    assert all(scaled["no faults"] - scaled[f"bits:{form}"] < 1 for form in ("float32", "float16")), "within a point"
    curves = {c.fault: c for c in findings.read(RESULTS / "defences-A1", list(areas), []).curves}

    def gain(fault, method, other):
        a, b = (curves[fault].table(one, range(3)).mean(axis=1) for one in (method, other))
        return number(a - b)

    assert f"(`randbet`) adds {gain('bits:int8', 'randbet 0.01', 'weights within 0.1')} points to that" in SAID
    searched, learned = (gain("weights-at-max", f"none, {limits}", "none") for limits in ("clipact", "fitact"))
    assert f"cost area in these networks ({searched} points of area searched, {learned} learned)" in SAID
    at = {method: row["bits:float32 at 1e-5"] for method, row in short.items()}
    assert f"plain weights stand at {at['none']:.0f} %, no better than guessing" in SAID
    both = {f"{at[m]:.1f}" for m in ("none, scaled", "weights through tanh")}
    assert both == {"90.3"} and "scaled ones and those through tanh at 90.3 %" in SAID
    without = [areas[m]["no faults"] - at[m] for m in ("none, scaled", "weights through tanh")]
    assert max(without) <= 0.1, "to a tenth of a point"
    training = ("tikhonov 1e-4", "dropout 0.2", "faults: nodes", "faults: weights", "weights within 0.1", "aftt")
    most = max(areas[m][f"bits:{f}"] - areas["none"][f"bits:{f}"] for m in training for f in ("float32", "float16"))
    assert most <= 3.5 and f"points at most ({gain('bits:float16', 'faults: weights', 'none')})" in SAID
    [compared] = re.findall(r"Comparisons: (\d+)", tables)
    assert f"With three seeds and {compared} comparisons most of the p do not survive the correction" in SAID
    chances = [float(p) for p in re.findall(r", p ([\d.e-]+) \|", tables.split("## Differences")[1].split("\n## ")[0])]
    assert len(chances) > 100 and sum(p > 0.05 for p in chances) > len(chances) / 2
    of = [number(curves["bits:float32"].table(f"weights through {name}", range(3)).mean(axis=1))
          for name in ("softsign", "tanh", "arctan")]  # fmt: skip
    assert "(areas in float32 {}, {} and {};".format(*of) in SAID and of == sorted(of, reverse=True)
    behind = gain("bits:float32", "none, scaled", "weights through softsign")
    assert f"read through softsign ({behind} points behind)" in SAID
    next_best = max((m for m in areas if not m.endswith("scaled")), key=lambda m: areas[m]["bits:q2.5"])
    before = gain("bits:q2.5", "none, scaled", next_best)
    assert f"scaling again ({before} points of area before the next that trains without faults)" in SAID


def test_the_plain_words_on_stuck_bits_are_those_of_their_rows():
    plan = plans.read(ROOT / "lessons" / "plans" / "defences-A1.toml")
    curves = {c.fault: c for c in findings.read(RESULTS / "defences-A1", plan.methods, list(plan.networks)).curves}

    def area(method, fault, of="area"):
        return curves[f"{fault}:float32"].table(method, range(3), of).mean(axis=1)

    apart = [abs((area(m, "bits-at-1") - area(m, "bits")).mean()) for m in plan.methods]
    assert max(apart) < 0.1 and "no mean area differs by a tenth of a point" in SAID
    few, many = (number(area("none", "bits-at-0", rate)) for rate in (0.01, 0.05))
    assert f"with one bit in a hundred stuck plain weights stand at {few} %, with one in twenty at {many}." in SAID
    held = {m: area(m, "bits-at-0", 0.05) for m in plan.methods if not m.endswith(", scaled")}
    best, second = sorted(held, key=lambda m: -held[m].mean())[:2]
    assert (best, second) == ("faults: weights", "dropout 0.2")
    assert f"training with weight faults holds {number(held[best])} and dropout {number(held[second])}, but" in SAID
    in_a_hundred = area("faults: weights", "bits-at-0", 0.01)
    assert f"plain weights stand higher than the former ({in_a_hundred.mean():.1f})" in SAID
    assert (in_a_hundred < area("none", "bits-at-0", 0.01)).all()
    of_all = {m: area(m, "bits-at-0") for m in plan.methods}
    best, second = sorted(of_all, key=lambda m: -of_all[m].mean())[:2]
    assert (best, second) == ("dropout 0.2", "randbet 0.01")
    said = f"by area dropout is first, {number(of_all[best] - of_all[second])} before `randbet`"
    assert f"{said}, which three seeds do not make clear." in SAID
    assert statistics.difference(*(curves["bits-at-0:float32"].table(m, range(3)) for m in (best, second)))["p"] > 0.05
    gains = {m: area(m, "bits-at-0") - area("none", "bits-at-0") for m in plan.methods}
    assert all(gain.mean() < 0.05 for m, gain in gains.items() if m.startswith("none, ")), "nothing put on afterwards"
    assert f"scaling costs {number(-gains['none, scaled'])} points of area" in SAID


def test_what_limits_win_back_on_vgg16_is_what_the_rows_say():
    """The mark: where 40 points or more are lost, limits win back 60 % of them, at the lower end of the interval."""
    names = ["none", "none, ranger", "none, clipact"]
    found = findings.read(RESULTS / "defences-VGG16", names, ["none"])
    seeds, [curves] = found.seeds["none"], found.curves
    clean, limited = (np.array([found.test[name][seed] for seed in seeds]) for name in ("none", "none, clipact"))

    def at(name, rate):
        return curves.table(name, seeds, rate).mean(axis=1)

    lost = {rate: clean - at("none", rate) for rate in curves.rates}
    rate = next(rate for rate, points in lost.items() if points.min() >= tables.FALLEN)
    back = 100 * (at("none, clipact", rate) - at("none", rate)) / lost[rate]
    assert len(seeds) == 3 and statistics.interval(back)[1] >= 60
    assert f"{rate:.0e} per bit, it has lost {number(lost[rate])}.".replace("e-0", "e-") in SAID
    assert f"win back {number(back)} % of them" in SAID
    assert f"gain {number(at('none, clipact', 1e-5) - at('none', 1e-5))} points" in SAID
    assert f"without faults the difference is {number(limited - clean, '+.1f')} points" in SAID
    silent = [curves.non_finite["none"][seed][:, curves.rates.index(1e-5)].mean() for seed in seeds]
    mean, low, high = statistics.interval(silent)
    assert f"of plain training {mean:,.0f} ± {(high - low) / 2:,.0f} are not finite at 1e-5" in SAID
    assert round(mean / 10_000 * 10) == 7 and "back seven of these points" in SAID, "a tenth of the guesses is right"
    table = tables.won_back(found)
    assert tables.text(statistics.interval(back)) in table
    notebook = json.loads((ROOT / "lessons" / "15_clipping.ipynb").read_text(encoding="utf-8"))
    shown = "".join("".join(out.get("text", "")) for cell in notebook["cells"] for out in cell.get("outputs", []))
    assert table in shown, "run python lessons/build.py 15: it shows rows that have changed since"


def test_the_plain_words_on_a2_are_those_of_its_rows():
    methods = ["none", "none, scaled", "faults: filters", "faults: filters, scaled"]
    found = findings.read(RESULTS / "defences-A2", methods, ["none", "faults: filters"])
    area = {c.fault: {m: c.table(m, found.seeds[m]).mean() for m in methods} for c in found.curves}
    flips = next(c for c in found.curves if c.fault == "bits:float32").table("none, scaled", found.seeds["none"])
    below = number(np.array(list(found.test["none"].values())) - flips.mean(axis=1))
    assert f"the area under flips in float32 is {below} points below" in SAID
    filters, weights = (area[kind] for kind in ("filters", "weights"))
    assert f"helps most against these ({filters['faults: filters']:.0f} against {filters['none']:.0f})" in SAID
    assert f"it still leaves {weights['faults: filters']:.0f}, so no line" in SAID
    assert all(min(of[m] for of in area.values()) < 80 for m in methods)


def test_the_words_on_cifar_10_are_those_of_its_rows():
    methods = ["none", "none, ranger", "none, clipact", "none, scaled"]
    found = findings.read(RESULTS / "defences-AlexNet", methods, ["none"])
    [curves] = found.curves

    none, ranger, limits, scaled = (number(curves.table(m, found.seeds[m], 1e-5).mean(axis=1)) for m in methods)
    assert f"stands at {none} %, Ranger at {ranger}, searched limits at {limits}, and scaled weights" in SAID
    lines = [line.strip("| ").split(" | ") for line in tables.differences(found).splitlines() if "|" in line]
    [*_, columns], _, *rows = lines
    gains = [re.fullmatch(r"\+[\d.]+ ± [\d.]+, p ([\d.e-]+)", row[-1]) for row in rows]
    assert columns == "bits:float32, area" and len(gains) == 3 and all(gains), "all three gain"
    most = max(float(gain[1]) for gain in gains)
    assert f"which need no search, at {scaled}. All three gain area, the correction included (p {most:g} at" in SAID
    seeds = found.seeds["none"]
    below = [found.test["none"][seed] for seed in seeds] - curves.table("none, scaled", seeds).mean(axis=1)
    assert f"lie {number(below)} points of area below the accuracy without faults" in SAID

    methods += ["faults: filters", "faults: filters, scaled"]
    found = findings.read(RESULTS / "defences-cifar10-A2", methods, ["none", "faults: filters"])
    curves = {c.fault: c for c in found.curves}
    scaled = curves["bits:float32"].table("none, scaled", found.seeds["none"]).mean(axis=1)
    clean = {method: np.array(list(of.values())) for method, of in found.test.items()}
    assert abs(clean["none"] - scaled).max() < 0.5, "within half a point"
    stuck = {m: number(curves["filters"].table(m, range(3), 0.4).mean(axis=1)) for m in ("none", "faults: filters")}
    assert f"half of them) holds {stuck['faults: filters']} % where 40 % of the filters are stuck" in SAID
    assert f"plain training has {stuck['none']}; without faults" in SAID
    assert f"they differ by {number(clean['faults: filters'] - clean['none'], '+.1f')} points." in SAID


STUDIES = sorted(path.parent.name for path in RESULTS.glob("*/plan.toml"))


@pytest.mark.parametrize("name", STUDIES)
def test_tables_of_studies_are_those_of_their_rows(name, monkeypatch):
    """tables.md, and what the README took from it: made anew from the rows, under the plan in lessons/plans."""
    monkeypatch.chdir(ROOT)
    path, results = Path("lessons/plans") / f"{name}.toml", Path("lessons/results") / name
    plan = plans.read(path)
    assert plan.text == (results / "plan.toml").read_text(encoding="utf-8"), "the rows are of another plan"
    parts = report.sections(*study.found_in(plan, path, results))
    page = (results / "tables.md").read_text(encoding="utf-8")
    for heading, table in parts.items():
        assert f"## {heading}\n\n{table}" in page if heading else table in page, heading
    asking = [page for page, text in PAGES.items() if f"<!-- {results.as_posix()}: " in text]
    for page in asking:
        command = f"python -m aftt_np.study {path} --results {results} --report --into {page}"
        assert command in PAGES[page], f"{page} does not say how its tables are made"
        assert report.embed(PAGES[page], results.as_posix(), parts) == PAGES[page], f"{command} makes them anew"


@pytest.mark.parametrize("page", PAGES)
def test_no_table_stands_on_a_page_twice(page):
    asked = re.findall(r"^<!-- (lessons/results/.*?) -->", PAGES[page], re.MULTILINE)
    assert sorted(asked) == sorted(set(asked))


@pytest.mark.parametrize("page", PAGES)
def test_figures_on_a_page_are_small(page):
    figures = re.findall(r'src="([\w./-]+\.png)"', PAGES[page])
    assert figures and all((ROOT / page).parent.joinpath(figure).stat().st_size < 200_000 for figure in figures)


def test_the_table_of_studies_says_how_far_each_has_come():
    page = PAGES["lessons/results/README.md"]
    rows = re.findall(r"^\| \[?([\w-]+)[^|]* \| [^|]+ \| (\d+) of (\d+) \| (.*) \|$", page, re.MULTILINE)
    assert sorted(row[0] for row in rows) == sorted(path.stem for path in (ROOT / "lessons" / "plans").glob("*.toml"))
    for name, done, asked, links in rows:
        plan = plans.read(ROOT / "lessons" / "plans" / f"{name}.toml")
        there = (RESULTS / name).is_dir()
        found = there and findings.read(RESULTS / name, plan.methods, list(plan.networks), plan.identities)
        assert int(done) == (sum(map(len, found.seeds.values())) if there else 0), name
        assert int(asked) == len(plan.identities), name
        tables = f", [tables and figures]({name}/tables.md)" if there else ""
        assert links == f"[plan](../plans/{name}.toml){tables}", name


@pytest.mark.parametrize(("name", "heading"), [
    ("core-A1", "Accuracy"), ("tolerant-A1", "Accuracy"), ("lambda-A1", "The strength of a penalty"),
    ("ablation-A1", "In short"),
])  # fmt: skip
def test_lesson_12_was_run_on_these_rows(name, heading, monkeypatch):
    monkeypatch.chdir(ROOT)
    path, results = Path("lessons/plans") / f"{name}.toml", Path("lessons/results") / name
    table = report.sections(*study.found_in(plans.read(path), path, results))[heading].split("\n\n")[-1]
    notebook = json.loads((ROOT / "lessons" / "12_which_claim_survives.ipynb").read_text(encoding="utf-8"))
    said = "".join("".join(out.get("text", "")) for cell in notebook["cells"] for out in cell.get("outputs", []))
    assert table in said, "run python lessons/build.py 11 12: they show rows that have changed since"


def test_the_rank_correlations_are_those_of_their_table():
    gap = {}
    for name in ("core-A1", "lambda-A1"):
        page = (RESULTS / name / "tables.md").read_text(encoding="utf-8")
        gap[name] = re.findall(r"^\| (?:weights|nodes) \|(?: [-\d.]+ \|){4} ([-\d.]+) \|", page, re.MULTILINE)
    said = "rank correlations of {} for weights and {} for nodes".format(*gap["core-A1"])
    assert said in SAID
    assert "{} and {} of both together".format(*gap["lambda-A1"]) in SAID
    assert "the smaller the gap, the lower the curve (1.00, of Lasso and of Tikhonov" in SAID
    for methods in plans.read(ROOT / "lessons" / "plans" / "lambda-A1.toml").strengths().values():
        found = findings.read(RESULTS / "lambda-A1", list(methods.values()), list(methods.values()))
        gaps = [np.mean([found.train[m][seed] - found.test[m][seed] for seed in found.seeds[m]]) for m in found.methods]
        for curves in found.curves:
            areas = [curves.table(m, found.seeds[m]).mean() for m in found.methods]
            assert statistics.rank_correlation(gaps, areas) == pytest.approx(1)


def cells_of(name, heading, method):
    """The cells behind a method's name in a study's table, the last of these rows."""
    page = (RESULTS / name / "tables.md").read_text(encoding="utf-8")
    table = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(rf"^\| {re.escape(method)} \| (.*) \|$", table, re.MULTILINE)[-1].split(" | ")


def points(cell):
    """(mean, what the interval reaches to either side, p) of a difference."""
    return [float(n) for n in re.match(r"([-+][\d.]+) ± ([\d.]+), p ([\d.e-]+)$", cell).groups()]


def said_of(difference):
    """A difference as a sentence has it, without its sign."""
    return f"{abs(difference['mean']):.1f} ± {(difference['high'] - difference['low']) / 2:.1f}"


def over_seeds(values):
    """A mean over seeds as a sentence has it, with its interval."""
    mean, low, high = statistics.interval(values)
    return f"{mean:.1f} ± {(high - low) / 2:.1f}"


def plan_of(name):
    """The plan of a study."""
    return plans.read(ROOT / "lessons" / "plans" / f"{name}.toml")


def apart(curves, method, other):
    """The difference of two methods' areas, over five seeds."""
    return statistics.difference(*(curves.table(m, range(5)) for m in (method, other)))


def read_all(name):
    """What was found of all methods of a study."""
    plan = plan_of(name)
    return findings.read(RESULTS / name, plan.methods, list(plan.networks))


def test_what_penalties_and_games_bring_is_said_as_their_tables_have_it():
    weak, strong, middle = (
        [points(cell) for cell in cells_of("lambda-A1", "Differences", method)[-2:]]
        for method in ("lasso 1e-4", "lasso 1e-3", "tikhonov 1e-3")
    )
    said = "Lasso with 1e-3 takes {:.0f} and {:.0f} points of weights and nodes, with 1e-4 {:.0f} and {:.0f} (p {:g}"
    takes, p = zip(*((-mean, p) for mean, _, p in (*strong, *weak)), strict=True)
    assert f"{said.format(*takes, max(p))} at most)" in SAID
    (of_weights, _, p_weights), (of_nodes, _, p_nodes) = middle
    said = f"takes {-of_nodes:.0f} of nodes (p {p_nodes:g}) and perhaps {-of_weights:.0f} of weights (p {p_weights:g})"
    assert f"Tikhonov with 1e-3 {said}" in SAID and p_nodes < 0.05 < p_weights
    for method in ("lasso 1e-6", "lasso 1e-5", "tikhonov 1e-5", "tikhonov 1e-4", "tikhonov 1e-3"):
        assert all(mean < 0 for mean, _, _ in map(points, cells_of("lambda-A1", "Differences", method)[-2:])), method
    for strength in ("1e-4", "1e-3"):
        ours, papers = cells_of("lambda-A1", "The strength of a penalty", strength)[1:3]
        assert abs(float(ours.split()[0]) - float(papers)) < 1, "within a point of the paper's"
    longer = cells_of("ablation-A1", "Differences", "none, 50 epochs")[-2:]
    (weights, by, p), (nodes, by_nodes, p_nodes) = map(points, longer)
    said = f"{weights:.1f} ± {by:.1f} points of area for weights and {nodes:.1f} ± {by_nodes:.1f} for nodes"
    assert f"Plain training gains {said} by the same number of steps (p {p:g} and {p_nodes:g})." in SAID
    apart, ranges = (read_all(name) for name in ("ablation-A1", "lambda-A1"))
    seeds, of_nodes = range(5), next(curves for curves in apart.curves if curves.fault == "nodes")
    less = [points(cell) for cell in cells_of("ablation-A1", "More plain training", "aftt - none, 50 epochs")[-2:]]
    weights, nodes = (f"{-mean:.1f} ± {by:.1f}" for mean, by, _ in less)
    p_of = f"p {less[0][2]} and {less[1][2]}, among the {paper.against_longer(apart).split()[1].strip('.')} comparisons"
    assert f"So AFTT lies below that by {weights} and {nodes} points ({p_of}" in SAID
    assert f"it then stands {weights} and {nodes} points of area, of weights and of nodes, above AFTT" in SAID
    for game in ("reconstruction only", "adversary only"):
        cells = cells_of("ablation-A1", "More plain training", f"{game} - none, 50 epochs")[-2:]
        assert all(mean < 0 and p < 0.05 for mean, _, p in map(points, cells)), game
    clean = [row["discriminator_accuracy"] for rows in apart.losses["adversary only"].values() for row in rows[:10]]
    assert 0 <= max(clean) < 0.05 and "its discriminator is wrong about more than 95 % of what it sees" in SAID
    lasso = next(c for c in ranges.curves if c.fault == "nodes").table("lasso 1e-6", seeds, 0.68)
    below = said_of(statistics.difference(of_nodes.table("aftt", seeds, 0.68), lasso))
    assert f"AFTT below Lasso: by {below} points at 68 % dead nodes" in SAID
    areas = [[c.table(m, seeds) for m in ("lasso 1e-6", "lasso 1e-5")] for c in ranges.curves]
    weights, nodes = (statistics.difference(*both) for both in areas)
    assert f"1e-6 stands higher here, by {said_of(nodes)} points of area for nodes" in SAID
    assert weights["low"] < 0 < min(weights["mean"], nodes["low"]), "and not clearly for weights"
    first, later, every = (
        {c.fault: statistics.difference(*(c.table(m, some, 0.2) for m in ("tikhonov 1e-3", "none")))
         for c in ranges.curves}
        for some in (range(3), range(3, 5), seeds)
    )  # fmt: skip
    assert f"Tikhonov 1e-3 stood {said_of(first['weights'])} points above plain training" in SAID
    words = f"came later make it {later['weights']['mean']:.1f} above, all five {said_of(every['weights'])};"
    assert f"The two seeds that {words}" in SAID
    assert first["weights"]["low"] > 0 > every["weights"]["low"] and every["nodes"]["high"] < 0
    games = ("aftt", "reconstruction only", "adversary only")
    below = {method: [points(cell) for cell in cells_of("ablation-A1", "Differences", method)[-2:]] for method in games}
    assert all(mean < 0 for of in below.values() for mean, _, _ in of)
    assert f"is clearly below it with each of them (p {max(of[1][2] for of in below.values())} at most)" in SAID


def test_how_strengths_were_chosen_is_said_as_the_rows_have_it():
    of = {m: [float(cell) for cell in cells_of("search-A1", "In short", m)] for m in read_all("search-A1").methods}
    clean, area_of_weights, dead, area_of_nodes = 1, 3, 4, 5
    assert of["lasso 1e-5"][area_of_nodes] > of["lasso 1e-6"][area_of_nodes]
    assert of["lasso 1e-5"][area_of_weights] < of["lasso 1e-6"][area_of_weights]
    for other in ("tikhonov 1e-5", "tikhonov 1e-3"):
        assert all(of["tikhonov 1e-4"][area] > of[other][area] for area in (area_of_weights, area_of_nodes))
    for less, more in (("dropout 0.2", "dropout 0.5"), ("dropconnect 0.3", "dropconnect 0.5")):
        assert of[less][clean] > of[more][clean]
    nodes, more_nodes = of["faults nodes 0.7"], of["faults nodes 0.85"]
    weights, more_weights = of["faults weights 0.6"], of["faults weights 0.8"]
    said = "for area under the curve of weights ({:.2f} for {:.2f}, and {:.2f} for {:.2f})"
    kinds = (more_nodes, nodes, more_weights, weights)
    assert said.format(*(numbers[area_of_weights] for numbers in kinds)) in SAID
    said = "higher without faults ({:.2f} for {:.2f}) and at 68 % dead nodes ({:.2f} for {:.2f})"
    assert said.format(*(numbers[what] for what in (clean, dead) for numbers in (nodes, more_nodes))) in SAID


def test_the_hours_are_those_of_the_clocks():
    clocks = set()  # networks that several studies have, or that are seen in several ways, have the same
    for path in RESULTS.glob("*/runs.csv"):
        clocks |= {(row["training_seconds"], row["fault_seconds"]) for row in files.read_table(path)}
    training, faults = ([float(clock[i]) for clock in clocks if clock[i]] for i in (0, 1))
    hours = [f"{sum(seconds) / 3600:.0f}" for seconds in (training, faults)]
    assert "it was {} hours of training, on a core each, and {} of faults; a training that".format(*hours) in SAID
    assert f"({len(clocks) - len(training)} of {len(clocks)} networks)" in SAID


def test_readings_are_said_as_their_rows_have_them():
    found = read_all("readings-A1")
    highest = {"tikhonov": [], "lasso": []}
    for kind, rate in paper.FAULTS:
        for curves in (c for c in found.curves if c.fault == kind and rate in c.rates):
            for a, b, _, other in paper.pairs_of(found.trained):
                seeds = [seed for seed in found.seeds[a] if seed in found.seeds[b]]
                if paper.name_of(a) == "aftt":
                    mean = statistics.difference(*(curves.table(m, seeds, rate) for m in (a, b)))["mean"]
                    highest[other].append((mean, curves.name))
    assert f"Above Lasso 1e-5 it is at most {max(highest['lasso'])[0]:.1f} points" in SAID
    games, strong = ({c.fault: c for c in read_all(name).curves} for name in ("ablation-A1", "lambda-A1"))
    above = {}
    for kind, rate in paper.FAULTS:
        both = games[kind].table("aftt", range(5), rate), strong[kind].table("lasso 1e-3", range(5), rate)
        above[kind] = statistics.difference(*both)["mean"]
    theirs = {kind: of["aftt"] - of["lasso"] for (kind, _), of in paper.FAULTS.items()}
    said = f"1e-3, it is {above['nodes']:.0f} and {above['weights']:.0f}, all layers hit (five seeds)."
    assert f"{said} The paper has {theirs['nodes']:.1f} and {theirs['weights']:.1f}." in SAID
    over = [of["aftt"] - of["tikhonov"] for of in paper.FAULTS.values()]
    assert "at most (the paper: {:.1f} and {:.1f})".format(*over) in SAID
    assert f"Over Tikhonov it is {max(highest['tikhonov'])[0]:.1f} at most" in SAID
    assert max(highest["tikhonov"])[1] == "weights in extractor/dense1"
    assert sum(mean < 0 for mean, _ in highest["tikhonov"]) > len(highest["tikhonov"]) / 2

    def at(method, kind, layers):
        [curves] = [c for c in found.curves if (c.fault, c.layers) == (kind, layers)]
        return over_seeds(curves.table(method, found.seeds[method], dict(paper.FAULTS.keys())[kind]).mean(axis=1))

    less, more, plain, long = (
        [at(method, kind, "all") for kind in ("nodes", "weights")]
        for method in ("aftt", "aftt, 50 epochs of games", "none", "none, 100 epochs")
    )
    words = f"all layers hit, from {less[0]} to {more[0]} % at 68 % dead nodes, from {less[1]} to {more[1]} at 60 %"
    assert words in SAID
    assert f"after 100 epochs {long[0]} and {long[1]}, for {plain[0]} and {plain[1]} after 20" in SAID
    best = {kind: numbers["aftt"] for (kind, _), numbers in paper.FAULTS.items()}
    for kind, layers in (("nodes", "classifier/dense1"), ("weights", "classifier/dense2")):
        reach = [method for method in found.methods if float(at(method, kind, layers).split()[0]) >= best[kind]]
        before, _ = SAID.split(f"where {layers} has lost its {kind}")
        assert f"{len(reach)} of {len(found.methods)} " in before[-20:], layers
        assert "none" in reach
    mse = "{}, squared error".format
    everywhere = [at(mse("none"), kind, "all") for kind in ("nodes", "weights")]
    assert f"`none` has {everywhere[0]} % at 68 % dead nodes and {everywhere[1]} at 60 %" in SAID
    late = [at(mse(method), "nodes", "classifier/dense1") for method in ("none", "tikhonov 1e-4", "aftt")]
    assert f"nodes: {late[0]} %, with Tikhonov {late[1]}), as the paper says;" in SAID
    assert f"what the games do there three seeds do not show ({late[2]})" in SAID
    lifts = [statistics.difference(*(c.table(mse(m), range(3), rate) for m in ("tikhonov 1e-4", "none")))["mean"]
             for kind, rate in paper.FAULTS for c in found.curves if c.fault == kind and rate in c.rates]  # fmt: skip
    lesson = " ".join((ROOT / "lessons" / "12_which_claim_survives.py").read_text(encoding="utf-8").split("\n# "))
    assert "Tikhonov lifts some layers above plain training, by up to eight points" in lesson and round(max(lifts)) == 8
    dead = [at(method, "nodes", "extractor/dense3") for method in ("aftt, rectified features", "none")]
    assert f"with 68 % of its nodes dead {dead[0]} %, plain training {dead[1]}." in SAID
    in_features = [c for c in found.curves if c.layers == "extractor/dense3"]
    worst = {min(found.methods, key=lambda m: c.table(m, found.seeds[m], c.rates[-1]).mean()) for c in in_features}
    assert worst == {"aftt, rectified features"}, "the worst where the feature layer is hit"


def test_the_parts_of_the_preset_are_said_as_their_table_has_them():
    found = read_all("tolerant-A1")
    of = {method: cells_of("tolerant-A1", "Differences", method) for method in found.methods[1:]}
    [weights, nodes] = found.curves

    def said(method, place):
        """A difference to the first method: 1 without faults, 2 and 3 by area of weights and of nodes."""
        what = [lambda m: np.array([[found.test[m][seed]] for seed in range(5)]),
                lambda m: weights.table(m, range(5)), lambda m: nodes.table(m, range(5))][place - 1]  # fmt: skip
        return said_of(statistics.difference(what(method), what("tolerant, 20 epochs")))

    long, whole = "tolerant", "20 epochs, whole images"
    assert f"time brings most, {said(long, 1)} points without faults, {said(long, 2)} of area for weights and " \
           f"{said(long, 3)} for nodes" in SAID  # fmt: skip
    p = {(method, place): points(cells[place])[2] for method, cells in of.items() for place in (1, 2, 3)}
    clear = {key for key, value in p.items() if value < 0.05}
    every = "tolerant, 20 epochs", *of
    assert {len(seeds) for seeds in read_all("tolerant-A1").seeds.values()} == {5}, "with five seeds"
    in_short = {m: [float(cell.split()[0]) for cell in cells_of("tolerant-A1", "In short", m)] for m in every}
    assert f"a network hardly learns ({in_short['20 epochs, faults together'][1]:.0f} %)" in SAID
    always, alone, from_0 = (f"20 epochs, {it}" for it in ("no step without faults", "nodes alone", "rates from 0"))
    mean = {(method, place): points(cells[place])[0] for method, cells in of.items() for place in (1, 2, 3)}
    assert f"where there are none {said(always, 1)} points of it are missing, and no area is clearly larger" in SAID
    assert mean[always, 1] < 0 and {place for place in (1, 2, 3) if (always, place) in clear} == {1}
    fewer = in_short["tolerant, 20 epochs"][2] - in_short[alone][2]
    words = f"Weight faults bring {said(alone, 2)} of area for weights (p {p[alone, 2]:g}; {fewer:.0f} of 100 images"
    assert f"{words} with 60 % of them stuck) for {said(alone, 3)} of that for nodes" in SAID
    assert mean[alone, 2] < 0 < mean[alone, 3] and {place for place in (1, 2, 3) if (alone, place) in clear} == {2, 3}
    words = f"Rates from 0 would give {said(from_0, 1)} points more without faults (p {p[from_0, 1]:g}) for"
    assert f"{words} {said(from_0, 2)} of area for weights (p {p[from_0, 2]:g})" in SAID
    assert mean[from_0, 1] > 0 > mean[from_0, 2] and (from_0, 3) not in clear
    words = f"stand {said(whole, 1)} points higher without faults, {said(whole, 3)} of area for nodes"
    assert f"{words} (p {p[whole, 1]:g} each)" in SAID and p[whole, 1] == p[whole, 3]
    assert mean[whole, 1] > 0 < mean[whole, 3]
    assert (whole, 2) not in clear and {(long, place) for place in (1, 2, 3)} < clear


def test_what_the_first_study_shows_is_said_as_its_tables_have_it():
    found, plan = read_all("core-A1"), plans.read(ROOT / "lessons" / "plans" / "core-A1.toml")
    weights, nodes = (next(c for c in found.curves if c.fault == kind) for kind in ("weights", "nodes"))
    seeds = found.seeds["none"]
    both = (nodes, 0.68), (weights, 0.6)
    helped = [c.table(f"faults: {c.fault}", seeds, rate).mean() for c, rate in both]
    plain = [c.table("none", seeds, rate).mean() for c, rate in both]
    words = "meeting dead nodes, {:.0f} % are right with 68 % of them dead; meeting stuck weights, {:.0f} % with 60 %"
    assert words.format(*helped) in SAID
    assert f"where plain training has {plain[0]:.0f} %." in SAID and round(plain[0]) == round(plain[1])
    costs = [-points(cells_of("core-A1", "Differences", f"faults: {kind}")[1])[0] for kind in ("nodes", "weights")]
    assert all(2.45 < cost < 3 for cost in costs) and "two and a half to three points without faults" in SAID
    (of_weights, by, p_weights), (of_nodes, _, p_nodes) = map(points, cells_of("core-A1", "Differences", "aftt")[-2:])
    smaller = [said_of(statistics.difference(*(c.table(m, seeds) for m in ("aftt, smaller steps", "none"))))
               for c in (nodes, weights)]  # fmt: skip
    p_smaller = points(cells_of("core-A1", "Differences", "aftt, smaller steps")[-1])[2]
    assert f"it is {smaller[0]} (p {p_smaller:g}) and {smaller[1]}." in SAID
    searched = {m: cells_of("search-A1", "In short", f"aftt, discriminator {m}") for m in ("5e-5", "1e-5")}
    assert all(float(searched["1e-5"][i]) > float(searched["5e-5"][i]) for i in (3, 5)), "did better there"
    assert f"curve of nodes by {-of_nodes:.1f} points (p {p_nodes:g})" in SAID and p_nodes < 0.05 < p_weights
    assert f"of weights by {-of_weights:.1f} ± {by:.1f}, which is not clear" in SAID
    theirs = paper.FAULTS["nodes", 0.68]
    assert f"The paper's {theirs['aftt'] - theirs['lasso']:.1f} points over Lasso at 68 % dead nodes" in SAID
    page = (RESULTS / "core-A1" / "tables.md").read_text(encoding="utf-8").split("## Where the spread comes from")[1]
    row, wider = r"^\| (\w+) \| (.+?) \|.*\| ([\d.]+) to ([\d.]+) \|$", []
    for kind, method, low, high in re.findall(row, page, re.MULTILINE):
        areas = (nodes if kind == "nodes" else weights).table(method, seeds).mean(axis=1)
        _, least, most = statistics.interval(areas)
        wider.append((float(high) - float(low)) / (most - least))
    assert len(wider) == 2 * len(plan.methods)
    assert f"that of an area is {min(wider):.1f} to {max(wider):.1f} times as wide" in SAID
    later = [c.table("dropconnect 0.3", seeds, 0.4) - c.table("none", seeds, 0.4) for c in (nodes, weights)]
    deeper = [c.table("dropconnect 0.3", seeds, 0.8) - c.table("none", seeds, 0.8) for c in (nodes, weights)]
    assert all(statistics.interval(apart.mean(axis=1))[1] > 0 for apart in later), "falls later than plain training"
    assert all(statistics.interval(apart.mean(axis=1))[2] < 0 for apart in deeper), "and then deeper"


def test_where_the_faults_are_is_said_as_the_table_has_it():
    found = read_all("sites-A1")
    assert len(found.methods) == 6 and set(found.methods) <= set(read_all("core-A1").methods)
    assert "Six of these methods with faults in one layer at a time" in SAID
    first, others = {}, {}
    for c in found.curves:
        mean, low, high = statistics.interval(c.table("none", found.seeds["none"], c.rates[-1]).mean(axis=1))
        if c.layers == "extractor/dense1":
            first[c.fault] = f"{mean:.0f} ± {(high - low) / 2:.0f} %"
        else:
            others.setdefault(c.fault, []).append(round(mean))
    ends = {fault: f"{min(means)} to {max(means)} %" for fault, means in others.items()}
    assert f"stands at {first['nodes']}, in any one of the others at {ends['nodes']}, and with 60 %" in SAID
    assert f"of the weights stuck at {first['weights']} and {ends['weights']}" in SAID
    assert "reaches the paper's numbers (five seeds;" in SAID and all(len(s) == 5 for s in found.seeds.values())


def test_methods_in_one_place_are_compared_as_the_tables_have_it():
    page = (RESULTS / "sites-A1" / "tables.md").read_text(encoding="utf-8")

    def of(method):
        """[(mean, what the interval reaches to either side, p)] in every layer: nodes, weights."""
        table = page.split("## One place at a time\n")[1].split("\n## ")[0]
        rows = re.findall(rf"^\| {method} \| 5 \| (.*) \|$", table, re.MULTILINE)
        return [[points(cell) for cell in row.split(" | ")] for row in rows]

    def said(cell):
        return f"{abs(cell[0]):.1f} ± {cell[1]:.1f}"

    dropout, _ = of("dropout 0.2")
    assert all(mean > 0 and p < 0.05 for mean, _, p in dropout)
    words = f"dead, by {said(dropout[0])} points in the first layer and {said(dropout[-1])} in the last."
    assert f"Dropout helps wherever nodes are {words}" in SAID
    nodes, weights = of("faults: nodes")
    words = f"bring {said(nodes[0])} points in the first layer and take {said(nodes[-1])} in the last, and "
    assert words + f"{said(weights[-1])} with weights of the output layer stuck." in SAID
    assert nodes[0][0] > 0 > max(nodes[-1][0], weights[-1][0])
    clear = [(layer, cell) for row in of("aftt") for layer, cell in enumerate(row) if cell[2] < 0.05]
    assert [(layer, cell[0] < 0) for layer, cell in clear] == [(1, True), (2, True)], "below, and nowhere above"
    words = [f"by {said(cell)}{' points' * (layer == 1)} (p {cell[2]})" for layer, cell in clear]
    assert f"nodes of the second layer dead, {words[0]}, and with the weights of the third stuck, {words[1]}," in SAID
    pair = r"^\| (aftt|tikhonov 1e-4) - (tikhonov|lasso).*? in \S+ \| 5 \| \S+ \| (.*) \|$"
    rows = re.findall(pair, page, re.MULTILINE)
    penalties = [points(cell) for better, _, cell in rows if better != "aftt"]
    games = [points(cell) for better, other, cell in rows if (better, other) == ("aftt", "tikhonov")]
    assert len(penalties) == len(games) == 9 and all(mean > 0 for mean, _, _ in penalties)
    clear = sum(p < 0.05 for *_, p in penalties)
    assert f"in all 9 places, by {max(penalties)[0]:.1f} points at most, clearly in {clear}" in SAID
    above, below = (sum(sign * mean > 0 and p < 0.05 for mean, _, p in games) for sign in (1, -1))
    assert above == 0 and f"AFTT stands clearly above Tikhonov in none and clearly below in {below}, and" in SAID
    over_lasso = [points(cell) for better, other, cell in rows if (better, other) == ("aftt", "lasso")]
    assert [place for place, (mean, _, p) in enumerate(over_lasso) if mean > 0 and p < 0.05] == [8], "the output layer"
    assert all(mean > 0 or p > 0.05 for mean, _, p in over_lasso)
    words = f"by {said(over_lasso[8])} with the weights of the output layer stuck (p {over_lasso[8][2]:g})."
    assert f"clearly above Lasso in one, {words}" in SAID
    found, lead = read_all("sites-A1"), []
    for c in (c for c in found.curves if c.layers != "all"):
        aftt, tikhonov = (c.table(m, found.seeds[m], c.rates[-1]).mean() for m in ("aftt", "tikhonov 1e-4"))
        lead.append(float(aftt - tikhonov))
    np.testing.assert_allclose(lead, [mean for mean, _, _ in games], atol=0.01)
    in_order = [place for place, mean in enumerate(lead) if mean > 0]  # Tikhonov is above Lasso in all
    assert f"order in {len(in_order)} of the 9 places; in two of these AFTT leads Tikhonov by less than 0.02" in SAID
    assert sorted(lead[place] > 0.02 for place in in_order) == [False, False, True, True]
    assert {3, 4} <= set(in_order), "the nodes of classifier/dense1 and the weights of extractor/dense1"
    assert all(games[place][2] > 0.05 for place in in_order), "nothing of it clear of chance"


def test_the_map_of_layers_is_said_as_its_rows_have_it():
    of = {}
    for kind in ("weights", "nodes"):
        folder = RESULTS / "layers-A1" / kind
        rows = [campaign.Row(**{name: kind_of(row[name]) for name, kind_of in campaign.Row.__annotations__.items()})
                for row in files.read_table(folder / "faults.csv")]  # fmt: skip
        each = json.loads((folder / "summary.json").read_text())["each"]
        for layer in each:
            mine = [row for row in rows if row.layers == layer["layers"]]
            assert json.loads(json.dumps(campaign.describe(mine))) == layer, "the summary is that of the rows"
        of[kind] = {layer["layers"]: (layer["falls_by_5_at"], layer["population"]) for layer in each}
        areas = {layer["layers"]: layer["area"]["mean"] for layer in each}
        first, second, *others = sorted(areas, key=areas.get)
        assert (first, second) == ("extractor/dense1", "extractor/dense2"), "rate for rate"
        assert max(areas[name] for name in others) - min(areas[name] for name in others) < 1.1, "close together"
    first, second, *others = of["weights"].values()
    assert all(at is None for at, _ in others), "not with 80 % of any other layer's"
    said = [f"{round(at * many, -3):,.0f}" for at, many in (first, second)]
    assert f"with {said[0]} of the first layer's weights stuck ({first[0]:.0%})".replace("%)", " %)") in SAID
    assert f"or {said[1]} of the second's ({second[0]:.0%})".replace("%)", " %)") in SAID
    number = [f"{at * many:.0f}" for at, many in of["nodes"].values()]
    shares = [f"{at * 100:.0f}" for at, _ in of["nodes"].values()]
    assert f"with {number[0]} of the first layer's nodes dead ({shares[0]} %), {number[1]} of the second's" in SAID
    behind = f"{number[2]} and {number[3]} of the two behind ({shares[2]} and {shares[3]} %)."
    assert f"the second's 1,024 ({shares[1]} %), {behind}" in SAID


def test_the_papers_table_ii_comes_out_with_long_games():
    found, core = read_all("readings-A1"), read_all("core-A1")
    long = "aftt, 50 epochs of games"
    of = {m: (np.mean(list(found.train[m].values())), np.mean(list(found.test[m].values()))) for m in found.methods}
    (train, test), theirs = of[long], paper.TABLE_2["fashion", "A1", "aftt"]
    gap, gap_of_paper = train - test, theirs[0] - theirs[1]

    def three(method):
        ours = findings.without_faults(found, method)
        return [over_seeds(values) for values in (*ours, ours[0] - ours[1])]

    said = "{} % in training, {} in test, a gap of {} (the paper: ".format(*three(long)) + f"{theirs[0]}, {theirs[1]},"
    assert f"{said} {gap_of_paper:.2f})" in SAID
    everywhere = [c for c in found.curves if c.layers == "all"]
    lowest = {min(found.methods, key=lambda m: c.table(m, found.seeds[m], c.rates[-1]).mean()) for c in everywhere}
    assert lowest == {long} and len(everywhere) == 2, "stands lowest when all layers are hit"
    areas = {min(found.methods, key=lambda m: c.table(m, found.seeds[m]).mean()) for c in everywhere}
    assert areas == {long}, "falls earliest of all"
    gaps = {m: np.mean([core.train[m][seed] - core.test[m][seed] for seed in core.seeds[m]]) for m in ("none", "aftt")}
    assert f"to {gap:.1f} points in 50 epochs, as in the paper's Table II ({gap_of_paper:.1f}), where plain" in SAID
    assert f"where plain training has {gaps['none']:.1f}" in SAID
    near = "aftt, rectified features"
    closest = sorted((abs(train - theirs[0]) + abs(test - theirs[1]), m) for m, (train, test) in of.items()
                     if paper.name_of(m) == "aftt")
    squared, linear = "aftt, squared error", "aftt, no activation"
    assert [m for _, m in closest[:3]] == [long, near, squared], "nearest to it"
    said = "come features that are rectified before the games see them ({}, {}, a gap of {})"
    assert said.format(*three(near)) in SAID
    assert "and squared error ({}, {}, {}).".format(*three(squared)) in SAID
    said = f"they do not ({gaps['aftt']:.1f} points), unless features are rectified before the games see them"
    assert f"{said} ({three(near)[2]})." in SAID and "falls earliest ([three seeds](" in SAID
    assert {len(seeds) for seeds in found.seeds.values()} == {3}
    assert "Three training seeds of each (of the plain ones those of the studies above): enough for tens of" in SAID
    games, cases = {}, []
    for a, b, better, other in paper.pairs_of(found.trained):
        if better == "aftt":
            games.setdefault(a, [a, "", ""])[("tikhonov", "lasso").index(other) + 1] = b
    for kind, rate in paper.FAULTS:
        for c in (c for c in found.curves if c.fault == kind and rate in c.rates):
            for a, names in games.items():
                seeds = sorted(set.intersection(*(set(found.seeds[m]) for m in names)))
                x, y, z = (c.table(m, seeds, rate).mean() for m in names)
                cases.append((a, c.name, x > y > z, x - y))
    there = {(a, name): lead for a, name, ordered, lead in cases if ordered}
    assert f"above Lasso, are {len(there)} of {len(cases)} cases. Four of them are the weights of the first" in SAID
    first = {a: lead for (a, name), lead in there.items() if name == "weights in extractor/dense1"}
    assert len(first) == 4 and first.keys() == {a for a, *_ in cases} - {squared}, "all readings but squared error"
    assert f"above Tikhonov by {min(first.values()):.1f} to {max(first.values()):.1f} points. Two are, read" in SAID
    late, everywhere_stuck = there["aftt", "nodes in classifier/dense1"], there["aftt", "weights"]
    assert f"classifier/dense1 dead (by {late:.1f};" in SAID
    assert f"weights stuck in all layers (by {everywhere_stuck:.1f}; five seeds do not have it)" in SAID
    [in_core] = [c for c in core.curves if c.fault == "weights"]
    assert in_core.table("aftt", range(5), 0.6).mean() < in_core.table("tikhonov 1e-4", range(5), 0.6).mean()
    assert there.keys() - {(a, "weights in extractor/dense1") for a in first} == {
        ("aftt", "nodes in classifier/dense1"), ("aftt", "weights"), (squared, "nodes in extractor/dense3"),
        (linear, "nodes in extractor/dense3"), (linear, "weights in classifier/dense1"),
    }  # fmt: skip
    in_features = [there[m, "nodes in extractor/dense3"] for m in (squared, linear)]
    words = "with squared error (by {:.1f}) and where features have no activation (by {:.1f};".format(*in_features)
    [features] = [c for c in found.curves if c.name == "nodes in extractor/dense3"]
    both = [over_seeds(features.table(m, range(3), 0.68).mean(axis=1)) for m in (linear, "none, no activation")]
    assert f"{words} AFTT has {both[0]} % there, plain training with such features {both[1]})" in SAID
    assert f"classifier/dense1 stuck, the lead is {there[linear, 'weights in classifier/dense1']:.1f}." in SAID
    table = (RESULTS / "readings-A1" / "tables.md").read_text(encoding="utf-8").split("\n## The paper's order\n")[1]
    leads = re.findall(r"^\| aftt[^|]* - tikhonov[^|]*\|.*\| \+\S+ ± \S+, p (\S+) \|$", table, re.MULTILINE)
    assert len(leads) >= len(there) and min(map(float, leads)) > 0.05, "none of these leads is clear of chance"
    accuracies, lost = paper.FAULTS["nodes", 0.68].values(), (4.8, 9.92, 38.29)  # section VI-D
    clean = [f"{accuracy + points:.2f}" for accuracy, points in zip(accuracies, lost, strict=True)]
    assert f"lost there ({lost[0]}, {lost[1]} and {lost[2]}) make {clean[0]}, {clean[1]} and {clean[2]} %" in SAID
    papers = {test for (images, *_), (_, test) in paper.TABLE_2.items() if images == "fashion"}
    assert not papers & {float(value) for value in clean}
    gap = {}
    for c in everywhere:
        areas_of, gaps_of, _ = findings.networks(found, c)
        gap[c.fault] = statistics.rank_correlation(gaps_of, areas_of)
    assert f"rank correlations of {gap['weights']:.2f} (weights) and {gap['nodes']:.2f} (nodes)." in SAID
    rows = [line.strip("| ").split(" | ") for line in paper.distances(found).splitlines()[2:]]
    apart = {(row[0].split()[4], row[0].split()[-1]): [float(cell) for cell in row[1:]] for row in rows[1:]}
    best = {}
    for kind in ("nodes", "weights"):
        one_layer = {place: away for (what, place), away in apart.items() if what == kind and place != "all"}
        assert all(min(away) > 40 for (_, place), away in apart.items() if place == "all"), "none comes near"
        place = min(one_layer, key=lambda place: min(one_layer[place]))
        best[kind] = place, one_layer[place].index(min(one_layer[place])), min(one_layer[place])
    assert best["nodes"][:2] == ("extractor/dense3", 1) and best["weights"][:2] == ("extractor/dense2", 0)
    assert f"but {best['nodes'][2]:.1f} and {best['weights'][2]:.1f} points from three numbers each" in SAID


def table_2():
    """The paper's table II with ours beside it, as far as there are rows."""
    rows = ["| %, the paper's and ours | training | here | test | here | gap | here |", "| --- " * 7 + "|"]
    for study_name, images, arch in (("core-A1", "fashion", "A1"), ("core-A2", "fashion", "A2"),
                                     ("core-cifar10-A2", "cifar10", "A2")):  # fmt: skip
        found = read_all(study_name)
        of_paper = {key[2]: value for key, value in paper.TABLE_2.items() if key[:2] == (images, arch)}
        for word, (train, test) in of_paper.items():
            for method in (m for m in found.trained if paper.name_of(m) == word and "," not in m):
                ours = findings.without_faults(found, method)
                cells = [tables.text(statistics.interval(values)) for values in (*ours, ours[0] - ours[1])]
                papers = [f"{number:.2f}" for number in (train, test, train - test)]
                label = f"{'Fashion-MNIST' if images == 'fashion' else 'CIFAR-10'}, {arch}: {method}"
                pairs = [f"{theirs} | {here}" for theirs, here in zip(papers, cells, strict=True)]
                rows.append(f"| {' | '.join([label, *pairs])} |")
    return "\n".join(rows)


def test_table_ii_stands_beside_ours():
    assert table_2() in PAGES["lessons/results/README.md"], "the rows have changed: table_2() says what it should be"
    here, there = [], []
    for name, images, arch in (("core-A1", "fashion", "A1"), ("core-A2", "fashion", "A2"),
                               ("core-cifar10-A2", "cifar10", "A2")):  # fmt: skip
        found = read_all(name)
        seeds = [seed for seed in found.seeds["none"] if seed in found.seeds["aftt"]]
        gaps = [[[found.train[m][seed] - found.test[m][seed]] for seed in seeds] for m in ("aftt", "none")]
        here.append(statistics.difference(*gaps))
        (train, test), (plain, plain_test) = (paper.TABLE_2[images, arch, method] for method in ("aftt", "none"))
        there.append(f"{train - test - (plain - plain_test):.2f}")
    corrected = statistics.holm({i: one["p"] for i, one in enumerate(here)})
    signed = [f"{'+' if one['mean'] > 0 else '-'}{said_of(one)}" for one in here]
    said = "AFTT's gap minus that of plain training is {} points with A1, {} with A2, {} on CIFAR-10"
    assert f"{said.format(*signed)} (p {corrected[2]:.2g}, of three; the paper: {', '.join(there)})" in SAID
    assert min(corrected[0], corrected[1]) > 0.1 and here[1]["low"] < 0, "no gap is clearly another"


def test_gap_and_area_of_all_studies_of_a1():
    dots = {}  # {(method, seed): (gap, area of weights, of nodes)}
    for name in ("core-A1", "lambda-A1", "ablation-A1", "tolerant-A1", "defences-A1"):
        found, known = read_all(name), {method for method, _ in dots}
        areas = {c.fault: c for c in found.curves}
        for method in (method for method in found.trained if method not in known):
            for seed in found.seeds[method]:
                gap = found.train[method][seed] - found.test[method][seed]
                dots[method, seed] = gap, *(areas[kind].table(method, [seed]).mean() for kind in ("weights", "nodes"))
    methods = list(dict.fromkeys(method for method, _ in dots))
    of_methods = [np.mean([dot for (name, _), dot in dots.items() if name == method], axis=0) for method in methods]
    rho = []
    for some in (np.array(of_methods), np.array(list(dots.values()))):
        rho.append([statistics.rank_correlation(some[:, 0], some[:, i]) for i in (1, 2)])
    said = f"{len(methods)} methods of the five studies of A1 with these rates little is left: {rho[0][0]:.2f} and"
    said += f" {rho[0][1]:.2f}, of their {len(dots)} networks {rho[1][0]:.2f} and {rho[1][1]:.2f}"
    assert f"{said} (lesson 12 prints them all)" in SAID
    notebook = (ROOT / "lessons" / "12_which_claim_survives.ipynb").read_text(encoding="utf-8")
    for count, what, (weights, nodes) in zip((len(methods), len(dots)), ("methods", "networks"), rho, strict=True):
        assert f"{count} {what}: weights {weights:+.2f}, nodes {nodes:+.2f}" in notebook


def test_the_preset_is_above_the_papers_best_in_all_three_numbers():
    """The first half of the mark to beat: at the lower end of the intervals, over five seeds."""
    found = read_all("tolerant-A1")
    seeds = found.seeds["tolerant"]
    of = [[found.test["tolerant"][seed] for seed in seeds]]
    for kind, rate in paper.FAULTS:
        [curves] = [curves for curves in found.curves if curves.fault == kind]
        of.append(curves.table("tolerant", seeds, rate).mean(axis=1))
    without, nodes, weights = (tables.text(statistics.interval(values)) for values in of)
    assert f"With {without} % without faults, {nodes} at 68 % dead nodes and {weights} at 60 % stuck weights" in SAID
    _, clean = paper.TABLE_2["fashion", "A1", "aftt"]
    theirs = [clean, *(numbers["aftt"] for numbers in paper.FAULTS.values())]
    assert len(seeds) == 5 and all(statistics.interval(a)[1] > b for a, b in zip(of, theirs, strict=True))
    rounded = [f"{np.mean(values):.0f}" for values in of]
    plain = np.mean(list(read_all("core-A1").test["none"].values()))
    words = "in 140 epochs: {} % without faults, where plain training has {:.0f} in 20, and {} and {} with these"
    assert words.format(rounded[0], plain, *rounded[1:]) in SAID
    words = "above the paper's {:.2f} (its best of A1), {:.2f} and {:.2f} (of a network that it does not name) in all"
    assert words.format(*theirs) in SAID
    words = "{:.2f} % without faults (of A1), {:.2f} at 68 % dead nodes and {:.2f} at 60 % stuck weights (of a network"
    assert words.format(*theirs) in SAID
    assert "The paper has {1:.2f} % at 68 % dead nodes and {2:.2f} % at 60 % stuck weights".format(*theirs) in SAID


def test_the_preset_on_images_held_back_is_said_as_its_row_has_it():
    names = plans.read(ROOT / "lessons" / "plans" / "search-tolerant-A1.toml").methods
    of = {name: [float(cell) for cell in cells_of("search-tolerant-A1", "In short", name)[1:]] for name in names}
    clean, weights, _, nodes, _ = of["the preset"]
    assert clean == max(row[0] for row in of.values()), "the highest accuracy of the five"
    assert f"there without faults, {clean:.2f} %, and with {nodes:.2f} at 68 % dead nodes and {weights:.2f} at" in SAID
    here = [float(cell.split()[0]) for cell in cells_of("tolerant-A1", "In short", "tolerant")[1:]]
    assert abs(clean - here[0]) < 0.1 and nodes > here[3] and weights > here[1], "no worse there than here"


def new_patterns(name, kind, pair):
    """The interval of a difference of areas that holds for new seeds and patterns, as a sentence has it."""
    page = (RESULTS / name / "tables.md").read_text(encoding="utf-8").split("spread of the differences comes from\n")[1]
    [(low, high)] = re.findall(rf"^\| {kind} \| {re.escape(pair)} \|.*\| (\S+) to (\S+) \|$", page, re.MULTILINE)
    return f"{float(low):+.1f} to {float(high):+.1f}"


def test_what_rescaling_does_to_a2_is_said_as_its_rows_have_it():
    def gains(name, method):
        """{fault: (the mean, as a sentence has it, whether it is clear)}; the first column is without faults."""
        first = cells_of(name, "Differences", method)[1:]
        heads = ["filters", "weights", "of convolutions", "nodes"] if name == "core-A2" else ["weights", "nodes"]
        cells = dict(zip(["no faults", *heads], first, strict=True))
        of = {kind: points(cell) for kind, cell in cells.items() if cell}
        return {kind: (mean, f"{abs(mean):.1f} ± {by:.1f}", p < 0.05) for kind, (mean, by, p) in of.items()}

    dropped = "dropconnect 0.3"
    alone, rescaled, plain = (gains("core-A2", m) for m in (dropped, f"{dropped}, rescaled", "none, rescaled"))
    words = {kind: said for kind, (_, said, _) in alone.items()}
    assert f"lifts by itself, by {words['weights']} points for weights, as much as filter or node" in SAID
    assert f"and by {words['filters']} and {words['nodes']} for filters and nodes; without faults it costs" in SAID
    assert f"without faults it costs {words['no faults']}." in SAID and alone["no faults"][0] < 0
    assert f"With convolutions it helps by itself, weights by {words['weights']} points of area" in SAID
    assert all(clear for _, _, clear in (*alone.values(), *rescaled.values()))
    as_much = [gains("core-A2", f"faults: {kind}")["weights"][0] for kind in ("filters", "nodes")]
    assert alone["weights"][0] == pytest.approx(np.mean(as_much), abs=0.5)
    words = [rescaled[kind][1] for kind in ("weights", "filters", "nodes")]
    assert "known, it is {}, {} and {}.".format(*words) in SAID
    assert not any(clear for _, _, clear in plain.values()) and plain["filters"][1] == plain["nodes"][1]
    words = f"(+{plain['filters'][1]} for filters and for nodes, -{plain['weights'][1]} for weights)"
    assert words in SAID and plain["weights"][0] < 0 < min(plain["filters"][0], plain["nodes"][0])
    dense, alone, rescaled = (gains("core-A1", m) for m in ("none, rescaled", dropped, f"{dropped}, rescaled"))
    assert f"on A1 it gains {dense['weights'][1]} for weights and {dense['nodes'][1]} for nodes." in SAID
    for kind in ("weights", "nodes"):
        assert not alone[kind][2] and rescaled[kind][2], "moves the areas of A1 only where it is rescaled"


def test_faults_of_both_kinds_are_said_as_the_rows_have_them():
    found = read_all("core-A2")
    of = {c.name: c for c in found.curves}

    def apart(kind, method, what="area"):
        both, other = (of[kind].table(m, range(5), what) for m in ("faults: both", method))
        return statistics.difference(both, other)

    clean, ours, others = apart("nodes", "none", 0), {}, {}
    for kind, other in (("weights", "nodes"), ("nodes", "weights")):
        ours[kind], others[kind] = apart(kind, f"faults: {kind}"), apart(kind, f"faults: {other}")
        assert ours[kind]["high"] < 0 < others[kind]["low"], "below the kind that comes, above the other one"
    assert f"That costs {said_of(clean)} points without faults." in SAID and clean["high"] < 0
    words = f"by {said_of(ours['weights'])} points of area for weights and {said_of(ours['nodes'])} for nodes, and"
    assert words in SAID
    words = f"by {said_of(others['nodes'])} for nodes after stuck weights and {said_of(others['weights'])} for weights"
    p = max(one["p"] for one in (*ours.values(), *others.values()))
    assert f"{words} after stuck nodes (p {p:.2g} at most, each by itself)" in SAID
    trained = {name: plans.read(ROOT / "lessons" / "plans" / f"{name}.toml").networks
               for name in ("core-A2", "core-cifar10-A2", "sites-A1")}  # fmt: skip
    kinds = [trained["core-A2"][f"faults: {name}"].settings["train_faults"] for name in ("nodes", "weights", "both")]
    assert kinds[0] + kinds[1] == kinds[2] == [("nodes", 0, 0.7), ("weights", 0, 0.7)], "up to 70 % of each"
    assert [len(trained[name]) for name in ("core-cifar10-A2", "sites-A1")] == [6, 6]
    assert "on CIFAR-10 there are six of them, and with faults in one layer at a time six, on A1." in SAID


def test_points_lost_to_stuck_filters_are_those_of_the_rows():
    """The second half of the mark to beat: at most the paper's 12.58, over seeds."""
    methods = ["none", "faults: filters", "aftt", "tikhonov 1e-4", "lasso 1e-5"]
    found = findings.read(RESULTS / "core-A2", methods, methods)
    [curves] = [curves for curves in found.curves if curves.name == "filters"]
    of = {}
    for method, seeds in found.seeds.items():
        left = curves.table(method, seeds, 0.4).mean(axis=1)
        of[method] = statistics.interval([found.test[method][seed] for seed in seeds] - left)
    for method, words in (("none", "plain training loses"), ("faults: filters", "training with filter faults")):
        mean, low, high = of[method]
        assert f"{words} {mean:.1f} ± {(high - low) / 2:.1f}" in SAID
        assert f"filter faults loses {mean:.1f} ± {(high - low) / 2:.1f} points" in SAID or method == "none"
    assert of["faults: filters"][2] < paper.FILTER_LOSS["aftt"]
    lost = [f"{mean:.1f} ± {(high - low) / 2:.1f}" for mean, low, high in (of[method] for method in methods[2:])]
    assert "here AFTT loses {}, Tikhonov {} and Lasso {}.".format(*lost) in SAID
    words = "{aftt:.2f} with its own training, {tikhonov:.2f} with Tikhonov and {lasso:.2f} with Lasso"
    assert words.format(**paper.FILTER_LOSS) in SAID


def test_what_games_do_on_a2_is_said_as_its_rows_have_it():
    found, seeds, longer = read_all("core-A2"), [0, 1, 2, 3, 4], ("none, 30 epochs", "none, 50 epochs")
    assert all(found.seeds[method] == seeds for method in ("none", "aftt", *longer))
    of = {c.name: {m: c.table(m, seeds) for m in ("none", "aftt", *longer)} for c in found.curves}
    above = {name: statistics.difference(table["aftt"], table["none"]) for name, table in of.items()}
    words = "above plain training by {weights} points of area for weights, {nodes} for nodes and {filters} for filters"
    said = {name: said_of(one) for name, one in above.items()}
    assert words.format(**said) in SAID and f"above `none`, by {said['weights']} points of area for weights" in SAID
    _, clean, *areas = cells_of("core-A2", "Differences", "aftt")
    chances = {c.name: points(cell)[2] for c, cell in zip(found.curves, areas, strict=True)}
    assert min(chances.values()) == chances["weights"] > 0.05 and points(clean)[2] > 0.05, "none of them is clear"
    assert f"clear (p {chances['weights']:g} for weights)" in SAID
    assert f"not clear among all comparisons (p {chances['weights']:g})" in SAID
    comparisons = tables.differences(found).split("Comparisons: ")[1].split(".")[0]
    assert f"Among the {comparisons} comparisons of the table" in SAID
    assert all(len(found.seeds[method]) == 5 for method in found.methods), "five training seeds of each"
    gained = {(name, m): statistics.difference(of[name][m], of[name]["none"]) for name in of for m in longer}
    [(place, length)] = [key for key, one in gained.items() if one["low"] > 0]
    assert (place, length) == ("weights in extractor/conv1 extractor/conv2", longer[1]), "and nothing elsewhere"
    chance = points(cells_of("core-A2", "Differences", length)[-2])[2]
    assert f"It gains {said_of(gained[place, length])} points where only the weights of convolutions" in SAID
    assert f"(50 epochs, p {chance:g} in the table before this one)" in SAID
    _, clean, *areas = cells_of("core-A2", "More plain training", f"aftt - {length}")
    rest = {c.name: points(cell) for c, cell in zip(found.curves, areas, strict=True)}
    words = {name: said_of(statistics.difference(of[name]["aftt"], of[name][length])) for name in of}
    p = rest["weights"][2]
    assert p == min(row[2] for row in rest.values()) < 0.05 < sorted(row[2] for row in rest.values())[1]
    assert f"above the longer one by {words['weights']} points for weights (p {p:g}) and, less clearly, by" in SAID
    assert f"by {words[place]} for those of convolutions and {words['nodes']} for nodes. For new" in SAID
    anew = {kind: new_patterns("core-A2", kind, f"aftt - {length}") for kind in ("weights", "nodes")}
    assert f"the first of these is {anew['weights']} and the last {anew['nodes']}. So three points for" in SAID
    assert f"as many steps is {words['weights']} points below (p {p:g}, among the ten comparisons made for" in SAID
    assert "Comparisons: 10." in paper.against_longer(found)
    with_faults = {name: [c.table(m, seeds) for m in ("aftt, faults: filters", "faults: filters")]
                   for name, c in ((c.name, c) for c in found.curves)}  # fmt: skip
    with_faults["no faults"] = [[[found.test[m][seed]] for seed in seeds]
                                for m in ("aftt, faults: filters", "faults: filters")]  # fmt: skip
    more = {name: statistics.difference(*tables) for name, tables in with_faults.items()}
    p = statistics.holm({name: one["p"] for name, one in more.items()})
    three = "filters", "nodes", "no faults"
    said = [said_of(more[name]) for name in three]
    assert "bring {} points of area for filters, {} for nodes and {} points without".format(*said) in SAID
    assert "(p {:.2g}, {:.2g} and {:.2g}, of five)".format(*(p[name] for name in three)) in SAID and len(p) == 5
    a1 = {c.fault: statistics.difference(*(c.table(m, seeds) for m in ("aftt, faults: nodes", "faults: nodes")))
          for c in read_all("core-A1").curves}  # fmt: skip
    assert f"they take {said_of(a1['nodes'])} for nodes and {said_of(a1['weights'])} for weights." in SAID
    assert all(one["mean"] < 0 for one in a1.values()) and all(more[name]["mean"] > 0 for name in three)
    assert all(one["mean"] > 0 for one in above.values())
    brought = [points(cell)[0] for kind in ("filters", "nodes", "weights", "both")
               for cell in cells_of("core-A2", "Differences", f"faults: {kind}")[2:]]  # fmt: skip
    assert f"faults in training bring {min(brought):.0f} to {max(brought):.0f}. This was asked when rows" in SAID
    assert f"Faults in training bring {min(brought):.0f} to {max(brought):.0f} (" in SAID
    brought += [points(cell)[0] for kind in ("nodes", "weights", "both")
                for cell in cells_of("core-A1", "Differences", f"faults: {kind}")[2:]]  # fmt: skip
    assert f"; faults in training bring {min(brought):.0f} to {max(brought):.0f}." in SAID
    assert round(max(points(cell)[0] for cell in areas)) == 3


def test_what_games_do_on_a2_with_other_seeds_is_said_as_its_rows_have_it():
    before, again = ({c.name: c for c in read_all(name).curves} for name in ("core-A2", "games-A2"))
    five, others = {}, {}
    for kind, c in again.items():
        first = before[kind]
        assert first.rates == c.rates and not set(first.accuracy["aftt"]) & set(c.accuracy["aftt"]), "other seeds"
        five[kind], others[kind] = (of.table("aftt", seeds) - of.table("none", seeds)
                                    for of, seeds in ((first, range(5)), (c, range(5, 10))))  # fmt: skip
    alone = {kind: statistics.difference(apart, 0 * apart) for kind, apart in others.items()}
    words = f"by {said_of(alone['weights'])} points of area for weights (p {alone['weights']['p']:.2g} for this"
    assert words in SAID and alone["weights"]["low"] > 0
    assert f"and for nodes it does not (-{said_of(alone['nodes'])})." in SAID and alone["nodes"]["mean"] < 0
    ten = {kind: np.concatenate([five[kind], others[kind]]) for kind in again}
    of_ten = {kind: statistics.difference(apart, 0 * apart) for kind, apart in ten.items()}
    assert [kind for kind, one in of_ten.items() if one["low"] > 0] == ["weights"], "nothing that ten seeds show"
    said = {kind: said_of(one) for kind, one in of_ten.items()}
    _, low, high = statistics.bootstrap(ten["weights"])
    words = f"make it {said['weights']} for weights (for new fault patterns, too, {low:+.1f} to {high:+.1f}), "
    assert words + f"{said['nodes']} for nodes and {said['filters']} for filters. So the games bring A2" in SAID
    assert "by the new seeds alone half a point to four, and" in SAID
    assert (round(alone["weights"]["low"], 1), round(alone["weights"]["high"])) == (0.5, 4)
    assert f"about two points of area above where weights are stuck ({said_of(alone['weights'])}); faults" in SAID
    lesson = (ROOT / "lessons" / "12_which_claim_survives.py").read_text(encoding="utf-8")
    assert "about two points of area above plain training" in lesson and round(alone["weights"]["mean"]) == 2
    words = f"asked again, give {said_of(alone['weights'])}, all ten {said['weights']}, and for nodes and filters"
    assert f"{words} nothing that is clear." in SAID


def test_each_game_alone_on_a2_is_said_as_its_rows_have_it():
    found = read_all("games-A2")
    assert {len(seeds) for seeds in found.seeds.values()} == {5} and len(found.methods) == 4
    [weights] = [c for c in found.curves if c.fault == "weights"]

    def minus(method, other):
        return statistics.difference(*(weights.table(m, range(5, 10)) for m in (method, other)))

    clean, _, taken, _ = map(points, cells_of("games-A2", "Differences", "adversary only")[1:])
    assert max(clean[0], taken[0]) < 0 and max(clean[2], taken[2]) < 0.05
    words = f"Alone that takes {-taken[0]:.1f} ± {taken[1]:.1f} points of area from weights (p {taken[2]:g}, of the"
    words += f" table's 12) and {-clean[0]:.1f} ± {clean[1]:.1f} without faults (p {clean[2]:g}), and lies"
    assert f"{words} {said_of(minus('aftt', 'adversary only'))} below both games together." in SAID
    assert "Comparisons: 12." in tables.differences(found) and minus("aftt", "adversary only")["low"] > 0
    assert f"doing: alone that takes {-taken[0]:.1f} ± {taken[1]:.1f} from weights (p {taken[2]:g})." in SAID
    only = "reconstruction only"
    above, p = minus(only, "none"), points(cells_of("games-A2", "Differences", only)[3])[2]
    words = f"stands {said_of(above)} above plain training for weights (p {above['p']:.2g} by itself, {p:g} of the"
    assert f"{words} table's)" in SAID and above["low"] < 0 < above["mean"]
    assert f"does not lie above it (-{said_of(minus('aftt', only))})." in SAID and minus("aftt", only)["mean"] < 0
    played = [found.losses["aftt"], found.losses["adversary only"], read_all("core-A2").losses["aftt"]]
    right = [[row["discriminator_accuracy"] for row in rows if row["phase"] == "games"] for of in played
             for rows in of.values()]  # fmt: skip
    assert [len(rows) for rows in right] == 15 * [10]
    said = f"the discriminator is right about {100 * min(rows[-1] for rows in right):.1f} % of what it sees, or more"
    assert f"{said}, with the other game and without it" in SAID


def leads(name, method, other):
    """{fault: what a method's area is apart from another one's, as a sentence has it; its p in the table}."""
    found, key = read_all(name), f"{method} - {other}"
    seeds = [seed for seed in found.seeds[method] if seed in found.seeds[other]]
    everywhere = {c.name: statistics.difference(*(c.table(m, seeds) for m in (method, other))) for c in found.curves}
    cells = dict(zip(everywhere, cells_of(name, "Games and penalties", key)[2:], strict=True))
    return {kind: (said_of(one), one["mean"], points(cells[kind])[2]) for kind, one in everywhere.items()}


def test_games_and_penalties_with_convolutions_are_said_as_their_tables_have_it():
    tikhonov, lasso = (leads("core-A2", "aftt", other) for other in ("tikhonov 1e-4", "lasso 1e-5"))
    between = leads("core-A2", "tikhonov 1e-4", "lasso 1e-5")
    in_order = [kind for kind, (_, apart, _) in between.items() if min(apart, tikhonov[kind][1], lasso[kind][1]) > 0]
    assert in_order == ["weights", "weights in extractor/conv1 extractor/conv2", "nodes"]
    assert "in the paper's order for weights and for nodes. One difference of these is clear" in SAID
    every = [p for table in (tikhonov, lasso, between) for _, _, p in table.values()]
    assert [p for p in every if p < 0.05] == [tikhonov["nodes"][2]]
    anew = new_patterns("core-A2", "nodes", "aftt - tikhonov 1e-4")
    said = f"(p {tikhonov['nodes'][2]:g}, of 15 comparisons; for new fault patterns, too, it would be {anew})"
    assert f"by {tikhonov['nodes'][0]} points for nodes {said}; above Lasso it is" in SAID
    assert "above Lasso it is {} (p {:g}), and".format(lasso["nodes"][0], lasso["nodes"][2]) in SAID
    there = [f"{paper.FILTER_LOSS[other] - paper.FILTER_LOSS['aftt']:.2f}" for other in ("tikhonov", "lasso")]
    said = "where the paper's distances at 40 % are {} and {} points, AFTT leads by {} and {} of area."
    assert said.format(*there, tikhonov["filters"][0], lasso["filters"][0]) in SAID
    cifar = leads("core-cifar10-A2", "aftt", "tikhonov 1e-4")
    assert cifar["filters"][1] > 0 < cifar["nodes"][1] and cifar["weights"][1] < 0
    (filters, _, p), (weights, _, p_weights), (nodes, _, p_nodes) = (cifar[k] for k in ("filters", "weights", "nodes"))
    said = f"AFTT gains {filters} points of area for filters and {nodes} for nodes and loses {weights} for weights"
    assert f"{said} (five seeds; p {p:g}, {p_nodes:g} and {p_weights:g}, of four)" in SAID
    _, _, *cells = cells_of("core-cifar10-A2", "Differences", "tikhonov 1e-4")
    below = {kind: points(cell) for kind, cell in zip(("filters", "nodes"), cells[::2], strict=True)}
    assert all(mean < 0 and p > 0.05 for mean, _, p in below.values()), "below, neither clear"
    words = {kind: f"{-mean:.1f} ± {by:.1f}" for kind, (mean, by, _) in below.items()}
    assert f"plain training ({words['filters']} for filters, {words['nodes']} for nodes, neither clear)" in SAID
    [lead] = {word.split()[0] for word in words.values()}
    assert f"Of its lead {lead} points are Tikhonov's distance" in SAID


def test_what_there_is_of_cifar10_is_said_as_it_is():
    found = read_all("core-cifar10-A2")
    seeds = dict.fromkeys(("none", "none, 30 epochs", "tikhonov 1e-4", "dropout 0.2", "faults: filters", "aftt"), 5)
    assert {method: len(found.seeds[method]) for method in found.methods} == seeds, "more is known now"
    assert "which asks for six methods and five seeds" in SAID and "Each method has five seeds." in SAID
    tests = {
        method: list(map(points, cells_of("core-cifar10-A2", "Differences", method)[1:]))
        for method in seeds if method != "none"
    }  # fmt: skip
    clean, filters, weights, nodes = tests["faults: filters"]
    said = "{:.1f} ± {:.1f} points of area for filters and {:.1f} ± {:.1f} for nodes".format(*filters[:2], *nodes[:2])
    said += f" (p {filters[2]:g} and {nodes[2]:g})".replace("e-0", "e-")
    assert f"in training bring {said}" in SAID
    assert f"without faults ({clean[0]:+.1f} ± {clean[1]:.1f})" in SAID and clean[2] > 0.05 < weights[2]
    assert f"Faults in training bring {filters[0]:.0f} for filters and {nodes[0]:.0f} for nodes ([CIFAR-10](" in SAID
    clean, filters, weights, nodes = tests["dropout 0.2"]
    said = "Dropout brings {:.1f} ± {:.1f} and {:.1f} ± {:.1f} (p {:g} and {:g}), and {:.1f} ± {:.1f} without faults"
    assert said.format(*filters[:2], *nodes[:2], filters[2], nodes[2], *clean[:2]) + f" (p {clean[2]:g})" in SAID
    assert weights[2] > 0.05
    clean, *broken = tests["tikhonov 1e-4"]
    assert min(p for _, _, p in (clean, *broken)) > 0.05
    said = "nothing that is clear ({:+.1f} ± {:.1f} without faults, p {:g})"
    assert said.format(*clean) in SAID
    clean, filters, weights, nodes = tests["aftt"]
    said = f"of {sum(map(len, tests.values()))} comparisons)"
    assert "by {:.1f} ± {:.1f} points of area for nodes (p {:g}, ".format(*nodes) + said in SAID
    said = "For filters it is {:+.1f} ± {:.1f}, for weights {:+.1f} ± {:.1f}, which is not clear among so many"
    assert said.format(*filters[:2], *weights[:2]) + f" (p {filters[2]:g} and {weights[2]:g})" in SAID
    assert min(p for _, _, p in (clean, filters, weights)) > 0.05
    assert points(cells_of("core-A2", "Differences", "aftt")[3])[0] > 2 > 0 > weights[0], "more there, less here"
    clean = {method: np.mean(list(found.test[method].values())) for method in found.methods}
    assert all(clean[method] == pytest.approx(70, abs=1) for method in seeds if method != "dropout 0.2")
    assert f"(dropout: {clean['dropout 0.2']:.0f})" in SAID
    assert all(np.mean(list(found.train[method].values())) > 99.9 for method in ("none", "aftt"))
    [weights] = [c for c in found.curves if c.name == "weights"]
    left = weights.table("none", found.seeds["none"], 0.2).mean() / np.mean(list(found.test["none"].values()))
    assert 0.28 < left < 0.39 and "plain training has lost two thirds of its right answers" in SAID
    for name in ("core-A1", "core-A2"):
        other = read_all(name)
        [curve] = [c for c in other.curves if c.name == "weights"]
        assert curve.table("none", other.seeds["none"], 0.2).mean() > 60, "they fall later"


def test_on_cifar10_as_many_plain_steps_stand_above_the_games():
    found, longer = read_all("core-cifar10-A2"), "none, 30 epochs"
    of = {c.fault: c for c in found.curves}
    games, plain = (plan_of("core-cifar10-A2").settings(name, 0) for name in ("aftt", longer))
    assert games.epochs_finetune + 3 * games.epochs_games == plain.epochs_finetune, "a batch of games is three steps"
    _, filters, weights, nodes = map(points, cells_of("core-cifar10-A2", "Differences", longer)[1:])
    said = "{:.1f} ± {:.1f} for filters, {:.1f} ± {:.1f} for nodes (p {:g} and {:g}) and, less clearly, {:.1f} ± {:.1f}"
    said = said.format(*filters[:2], *nodes[:2], filters[2], nodes[2], *weights[:2])
    assert f"30 epochs, gains more: {said} for weights (p {weights[2]:g})" in SAID and max(filters[2], nodes[2]) < 0.05
    rows = map(points, cells_of("core-cifar10-A2", "More plain training", f"aftt - {longer}")[1:])
    clean, filters, weights, nodes = rows
    below = {kind: said_of(apart(of[kind], "aftt", longer)) for kind in of}
    at_most = max(p for mean, _, p in (filters, weights, nodes) if mean < 0)
    where = "by {filters}{} for filters, {weights} for weights and {nodes} for nodes (p {:g} at most".format
    assert f"AFTT lies below it under every kind of fault, {where('', at_most, **below)}, of four;" in SAID
    said = f"Plain training with as many steps stands above AFTT, {where(' points of area', at_most, **below)})"
    assert f"{said}. It leads Tikhonov" in SAID and "On CIFAR-10 plain training with as many steps stands above" in SAID
    assert max(filters[0], weights[0], nodes[0]) < 0 < clean[0] and max(clean[2], at_most) < 0.05
    clean_of = [np.array([[found.test[m][seed]] for seed in range(5)]) for m in ("aftt", longer)]
    assert f"and above it by {said_of(statistics.difference(*clean_of))} without faults (p {clean[2]:g})" in SAID
    for kind in of:
        assert new_patterns("core-cifar10-A2", kind, f"aftt - {longer}").count("-") == 2, "below for new patterns, too"
    leads = {kind: apart(of[kind], longer, "tikhonov 1e-4") for kind in of}
    words = {kind: said_of(one) for kind, one in leads.items()}
    assert min(one["low"] for one in leads.values()) > 0
    said = f"leads it by more, {words['filters']} for filters and {words['nodes']} for nodes, and does not"
    assert f"{said} trail for weights (+{words['weights']}; each by itself)" in SAID
    theirs = [said_of(apart(of[kind], "aftt", "tikhonov 1e-4")) for kind in ("filters", "nodes")]
    said = f"leads Tikhonov by {words['filters']} and {words['nodes']} for filters and nodes, AFTT by"
    assert f"{said} {theirs[0]} and {theirs[1]}." in SAID
    lesson = " ".join((ROOT / "lessons" / "12_which_claim_survives.py").read_text(encoding="utf-8").split("\n# "))
    assert "On CIFAR-10, `core-cifar10-A2`, plain training with as many steps stands above the games." in lesson


def table_rows():
    """(folder of the run, label, the numbers of the row) of every table row that names a run of lessons/results."""
    for line in README.splitlines():
        if found := re.match(r"\| (.*?) \|(.*)\| \[rows\]\(lessons/results/([\w.-]+)/summary\.json\) \|$", line):
            yield found[3], found[1], [float(n) for n in re.findall(r"(?<![\w.])\d+\.\d+", found[2])]


def test_tables_agree_with_the_runs_they_name():
    rows = list(table_rows())
    assert rows, "no table names its runs"
    for folder, label, numbers in rows:
        summary = json.loads((RESULTS / folder / "summary.json").read_text())
        at = {(kind, p["rate"]): p["mean"] for kind, points in summary["faults"].items() for p in points}
        expected = [summary["train_accuracy"], summary["test_accuracy"], at["nodes", 0.2], at["nodes", 0.4],
                    at["nodes", 0.68], at["weights", 0.2], at["weights", 0.4], at["weights", 0.6]]  # fmt: skip
        assert numbers == pytest.approx(expected, abs=0.0501), f"{label}: README does not say what {folder} holds"
