"""What a study found: read from rows or refused, tables and figures of it, the paper's numbers beside it."""


import numpy as np
import pytest
from matplotlib.text import Text

from aftt_np import campaign, config, files, findings, paper, report, statistics, study, tables
from aftt_np.errors import DataError

ABOUT = {"strengths": {}, "images": "fashion-mnist", "arch": "A1"}  # as far as figures ask


def made_up(tmp_path, effect=5.0, seeds=4, patterns=6):
    """Results that are known: the second method is `effect` points better at every rate above 0; noise of 1 point."""
    rng = np.random.default_rng(0)
    runs, rows = [], []
    of_pattern = rng.normal(0, 1, patterns)
    for method, better in (("none", 0.0), ("other", effect)):
        for seed in range(seeds):
            runs.append((method, seed, "x", "y", 18, 99.0 - better, 90.0, 1.0, 1.0, "numpy"))
            for pattern in range(patterns):
                for rate in (0.0, 0.4, 0.8):
                    accuracy = 90.0 if rate == 0 else 80 - 50 * rate + better + of_pattern[pattern] + rng.normal(0, 0.1)
                    rows.append((method, seed, *campaign.Row("nodes", "all", rate, pattern, accuracy, 1, 9, 0)))
    files.write_rows(tmp_path / "runs.csv", study.RUN_COLUMNS, runs)
    files.write_rows(tmp_path / "rows.csv.gz", study.ROW_COLUMNS, rows)
    return findings.read(tmp_path, ["none", "other"], ["none", "other"])


def invented(accuracy, rates, train=95.0, test=90.0):
    """What a study found of networks that all met one pattern of dead nodes; `accuracy`: {method: [of a seed, ...]}."""
    seeds = {method: list(range(len(of))) for method, of in accuracy.items()}
    by_seed = {m: {seed: np.array([of], float) for seed, of in enumerate(rows)} for m, rows in accuracy.items()}
    clean = ({m: dict.fromkeys(seeds[m], value) for m in accuracy} for value in (train, test))
    curves = [findings.Curves("nodes", "all", rates, by_seed, by_seed, by_seed)]
    return findings.Findings(list(accuracy), list(accuracy), seeds, *clean, curves, {}, {})


def test_methods_without_a_seed_in_common_are_not_compared(tmp_path):
    made_up(tmp_path)
    runs = [row for row in files.read_table(tmp_path / "runs.csv") if (row["method"] == "none") == (row["seed"] == "0")]
    files.write_rows(tmp_path / "runs.csv", study.RUN_COLUMNS, [row.values() for row in runs])
    found = findings.read(tmp_path, ["none", "other"], ["none", "other"])
    assert tables.differences(found).splitlines()[-1].startswith("| other | 0 |")


def test_the_spread_of_differences_is_that_of_pairs_over_the_seeds_that_both_have():
    of = {"none": [[60, 62], [61, 61], [64, 60]], "aftt": [[61, 65], [63, 67]], "lasso 1e-5": [[50, 50]]}
    curves = {m: {seed: np.array([[90, 2 * area - 90] for area in areas], float) for seed, areas in enumerate(rows)}
              for m, rows in of.items()}  # fmt: skip
    found = invented({m: [[90, 60]] * len(rows) for m, rows in of.items()}, [0.0, 0.8])
    found = found._replace(curves=[found.curves[0]._replace(accuracy=curves)])
    pairs = paper.pairs_to_compare(found)
    assert pairs == [("aftt", "none"), ("lasso 1e-5", "none"), ("aftt", "lasso 1e-5")]
    apart = np.array([[1, 3], [2, 6]], float)
    parts, (_, low, high) = statistics.variances(apart), statistics.bootstrap(apart)
    *_, row = tables.variances_of_differences(found, pairs).splitlines()
    said = " | ".join(f"{part**0.5:.2f}" for part in parts.values())
    assert row == f"| nodes | aftt - none | {said} | {low:+.2f} to {high:+.2f} |", "nothing of one seed"
    about = ABOUT | {"title": "", "command": "", "tested": False}
    assert row in report.sections(about, found)["Where the spread of the differences comes from"]


def test_rows_that_do_not_fit_are_refused(tmp_path):
    made_up(tmp_path)
    rows = files.read_table(tmp_path / "rows.csv.gz")
    twice = [*rows, rows[0]]
    fewer = [row for row in rows if (row["pattern"], row["rate"]) != ("2", "0.4")]  # of all networks alike
    for wrong, said in (
        (rows[:-1], "differ in the patterns or rates"), (fewer, "differ in the patterns or rates"),
        (twice, "has the rate 0.0 of nodes"),
    ):  # fmt: skip
        files.write_rows(tmp_path / "rows.csv.gz", study.ROW_COLUMNS, [row.values() for row in wrong])
        with pytest.raises(DataError, match=said):
            findings.read(tmp_path, ["none", "other"], ["none", "other"])


def test_one_place_has_one_curve_in_other_words(tmp_path):
    found = made_up(tmp_path)
    found = found._replace(curves=[c._replace(rates=[0.0, 0.68, 0.8]) for c in found.curves])
    lines = tables.in_other_words(found).splitlines()
    assert lines[2].startswith("| nodes | none | ") and lines[2].endswith(" | 68% | 0.00 ± 0.00 |")
    relative = 100 * np.mean(found.curves[0].table("none", range(4))) / 90
    assert f"| {relative:.2f} ± " in lines[2] and "not finite" not in lines[0]


def test_answers_that_are_not_finite_are_told_where_there_are_any(tmp_path):
    """In the mean over patterns, at the rate of the row beside it; with its interval over seeds."""
    found = made_up(tmp_path)
    curves = [c._replace(rates=[0.0, 0.68, 0.8]) for c in found.curves]
    counts = curves[0].non_finite["other"]
    assert set(counts) == set(range(4)) and counts[0].shape == (6, 3)
    for seed in counts:
        counts[seed][:] = [0, 10 * seed + 5, 1000]
    lines = tables.in_other_words(found._replace(curves=curves)).splitlines()
    assert lines[0].endswith("| images with answers that are not finite |")
    assert lines[2].endswith("| 0.0 ± 0.0 |") and lines[3].endswith("| 20.0 ± 20.5 |"), lines[3]


def test_the_tables_say_what_is_in_the_rows(tmp_path):
    found = made_up(tmp_path)
    [curves] = found.curves
    assert curves.table("none", [0]).shape == (1, 6)
    by_hand = (90 + 2 * 60 + 40) / 4  # trapezoids over 0, 0.4, 0.8
    assert float(curves.table("none", range(4)).mean()) == pytest.approx(by_hand, abs=1.5)
    lines = tables.accuracies(found).splitlines()
    assert lines[0] == "| method | seeds | training | held out | gap | nodes 40% | nodes area |"
    assert lines[2].startswith("| none | 4 | 99.00 ± 0.00 | 90.00 ± 0.00 | 9.00 ± 0.00 | ")
    mean, low, high = statistics.interval(curves.table("none", range(4)).mean(axis=1))
    of_seeds = f"{mean:.2f} ± {(high - low) / 2:.2f}"
    assert lines[2].endswith(f" | {of_seeds} |"), "the interval is over seeds, not over pairs of seed and pattern"
    areas = tables.all_areas(found).splitlines()
    assert areas[0] == "| area, % | seeds | no faults | nodes |"
    assert areas[2] == f"| none | 4 | 90.00 ± 0.00 | {of_seeds} |"
    said = tables.differences(found)
    assert "Comparisons: 1." in said, "the accuracies without faults are all the same"
    assert "| other | 4 | +3.7" in said.splitlines()[-1], "5 points over three quarters of the range"
    assert tables.correlations(found).splitlines()[-1].startswith("| nodes | 8 | -0.8"), "small gap, large area"


def test_what_is_won_back_is_a_share_of_what_was_lost(tmp_path):
    found = made_up(tmp_path)
    [curves] = found.curves
    none, other = (np.array([curves.accuracy[m][seed][:, 2].mean() for seed in range(4)]) for m in ("none", "other"))
    lost, back = (statistics.interval(values) for values in (90 - none, 100 * (other - none) / (90 - none)))
    header, _, row = tables.won_back(found).splitlines()
    assert header == f"| won back, % | seeds | nodes at 80%, {tables.text(lost)} lost |", "30 points at 40% are too few"
    assert row == f"| other | 4 | {tables.text(back)} |" and 8 < back[0] < 12, "5 of 50 points"
    lower = found._replace(test=found.test | {"other": dict.fromkeys(range(4), 70.0)})
    assert tables.won_back(lower) == tables.won_back(found), "what counts is what the first had without faults"
    in_one = found._replace(curves=[curves._replace(layers="extractor/dense1")])
    unhurt = found._replace(test={m: dict.fromkeys(range(4), 79.0) for m in found.methods})
    assert tables.won_back(in_one) == tables.won_back(unhurt) == tables.won_back(found._replace(methods=["none"])) == ""
    apart = found._replace(seeds={"none": [0, 1], "other": [2, 3]})
    assert tables.won_back(apart).splitlines()[-1] == "| other | 0 |  |"


def test_p_values_are_corrected_over_the_whole_table(tmp_path):
    found = made_up(tmp_path, effect=0.03)
    for seed in range(4):
        found.test["other"][seed] += 0.3 * seed  # something to compare without faults, too
    areas = statistics.difference(*(found.curves[0].table(method, range(4)) for method in ("other", "none")))["p"]
    clean = statistics.difference(*([[found.test[m][seed]] for seed in range(4)] for m in ("other", "none")))["p"]
    low, high = sorted((areas, clean))
    said = tables.differences(found)
    for p in (2 * low, max(2 * low, high)):
        assert f"p {min(1, p):.2g}" in said, "the smaller of two is doubled"


def test_one_rate_in_one_place_is_compared_as_it_is(tmp_path):
    found = made_up(tmp_path)
    [curves] = found.curves
    accuracy = {m: {seed: table[:, 1:2] for seed, table in of.items()} for m, of in curves.accuracy.items()}
    found = found._replace(curves=[curves._replace(layers="extractor/dense1", rates=[0.4], accuracy=accuracy)])
    drawn = report.figures(ABOUT, found)["places-nodes"].axes[0]
    heights = {line.get_label(): line.get_ydata() for line in drawn.lines}
    for method in found.methods:
        np.testing.assert_allclose(heights[method], [np.mean(list(accuracy[method].values()))], err_msg=method)
    assert "Comparisons: 0." in tables.differences(found), "places have a table of their own"
    first, last = tables.sites(found).split("Each method minus none")
    assert first.splitlines()[0] == "| 40% of the nodes in | extractor/dense1 |"
    assert "Comparisons: 1." in last
    header, _, row = last.strip().splitlines()[-3:]
    assert header == "| minus none | seeds | extractor/dense1 |"
    assert row.startswith("| other | 4 | +5.0") or row.startswith("| other | 4 | +4.9"), row


def test_two_networks_or_one_method_have_no_rank_correlation(tmp_path):
    found = made_up(tmp_path)
    assert tables.correlations(found) and "gap-nodes" in report.figures(ABOUT, found)
    for few in (
        found._replace(trained=["none"], methods=["none"]),
        found._replace(seeds={method: [0] for method in found.methods}),
    ):
        assert not tables.correlations(few) and "gap-nodes" not in report.figures(ABOUT, few)


def test_a_single_rate_everywhere_has_no_area(tmp_path):
    found = made_up(tmp_path)
    [curves] = found.curves
    accuracy = {m: {seed: table[:, 1:2] for seed, table in of.items()} for m, of in curves.accuracy.items()}
    found = found._replace(curves=[curves._replace(rates=[0.68], accuracy=accuracy)])
    assert tables.in_short(found).splitlines()[0] == "| accuracy in % | seeds | no faults | 68% nodes stuck |"


def test_a_method_that_looks_at_anothers_network_is_not_tested_twice(tmp_path):
    found = made_up(tmp_path)
    found.test["other"] = {seed: 89.0 + seed / 7 for seed in range(4)}
    assert "Comparisons: 2." in tables.differences(found)
    looking = found._replace(trained=["none"], test=found.test | {"other": found.test["none"]})
    assert "Comparisons: 1." in tables.differences(looking), "its accuracies are those of the network it looks at"
    assert "Comparisons: 2." in tables.differences(found._replace(trained=["none"])), "a defended one has its own"


def test_numbers_of_the_paper_stand_beside_ours(tmp_path):
    found = made_up(tmp_path)
    said = paper.beside(found, "fashion-mnist", "A1")
    assert "| none | test accuracy | 89.42 | 90.00 ± 0.00 |" in said and "other" not in said
    assert paper.beside(found, "fashion-mini", "A1") == ""
    readings = invented({"aftt, squared error": [[90, 32]], "aftt, faults: nodes": [[90, 80]]}, [0.0, 0.68])
    said = paper.beside(readings, "fashion-mnist", "A1")
    for row in ("training accuracy | 95.78 | 95.00 |", "68% nodes in all | 84.60 | 32.00 |"):
        assert f"| aftt, squared error | {row}" in said
    assert "faults" not in said
    on_digits = invented({"none": [[90, 49]], "tikhonov 1e-4": [[90, 46]], "aftt": [[90, 42]]}, [0.0, 0.6])
    said = paper.beside(on_digits, "fashion-mnist", "A1")
    for method, theirs, here in (("none", "69.08", "49.00"), ("tikhonov 1e-4", "93.46", "46.00")):
        assert f"| {method} | 60% nodes in all; the paper: on digits, figure 3 | {theirs} | {here} |" in said
    assert "| aftt | 60%" not in said, "figure 3 has no games"


def test_the_strength_of_a_penalty_stands_beside_table_i():
    strengths = {"lasso": {0.0: "none", 1e-5: "lasso 1e-5"}, "tikhonov": {0.1: "strong", 0.0: "none", 1e-5: "weak"}}
    accuracy = {"none": [[90, 70], [90, 72]], "lasso 1e-5": [[90, 70]], "strong": [[80, 60]], "weak": [[90, 30]]}
    said = paper.by_strength(invented(accuracy, [0.0, 0.8]), strengths).splitlines()
    assert said[0] == (
        "| λ of tikhonov | seeds | training | training, paper | held out | held out, paper | gap | gap, paper |"
        " nodes, area |"
    ), "one strength of lasso is no range"
    assert said[2].startswith("| 0 | 2 | 95.00 ± 0.00 | 98.60 | 90.00 ± 0.00 | 88.90 | 5.00 ± 0.00 | 9.70 | 80.50 ± ")
    assert said[3] == "| 1e-5 | 1 | 95.00 |  | 90.00 |  | 5.00 |  | 60.00 |", "the paper has no such strength"
    assert said[4] == "| 0.1 | 1 | 95.00 | 66.57 | 90.00 | 65.74 | 5.00 | 0.83 | 70.00 |"
    lasso = {"lasso": {0.0: "none", 1e-5: "lasso 1e-5", 1e-4: "weak"}}
    assert "paper" not in paper.by_strength(invented(accuracy, [0.0, 0.8]), lasso), "table I is of Tikhonov"


def test_the_number_of_seeds_is_that_of_every_method():
    one, three = [[90, 50]], [[90, 50]] * 3
    cases = ({"a": one}, "one seed"), ({"a": three, "b": one}, "1 to 3 seeds"), ({"a": three}, "3 seeds")
    for accuracy, said in cases:
        assert report.number_of_seeds(invented(accuracy, [0.0, 0.8]), accuracy) == said
    found = invented({"a": three}, [0.0, 0.8])
    found.seeds["not yet"] = []
    told = {text.get_text() for text in report.figures(ABOUT, found)["curves-nodes"].findobj(Text)}
    assert any(words.startswith("line: mean over patterns and 3 seeds") for words in told), "it counts who is not there"


def test_how_far_the_paper_is_under_each_reading():
    accuracy = {
        "aftt": [[90, 80], [90, 90]], "tikhonov 1e-4": [[90, 78.51]] * 2, "lasso 1e-5": [[90, 41.09]] * 2,
        "aftt, squared error": [[90, 84.60]] * 2, "tikhonov 1e-4, squared error": [[90, 75.51]] * 2, "none": [[90, 1]],
    }  # fmt: skip
    found = invented(accuracy, [0.0, 0.68], train=96.0, test=90.0)
    header, _, accuracies, nodes = paper.distances(found).splitlines()
    assert header == "| points from the paper | aftt | aftt, squared error |"
    assert accuracies == "| aftt: accuracy in training and test | 0.23 | 0.23 |", "0.22 and 0.25 points"
    assert nodes == "| aftt, tikhonov, lasso: 68% nodes in all | 3.47 | 4.33 |", "(0.4 + 0 + 10) / 3, (0 + 3 + 10) / 3"
    for lacking in ({"none": [[90, 1]]}, {"aftt": [[90, 1]], "tikhonov 1e-4": [[90, 1]]}):
        assert paper.distances(invented(lacking, [0.0, 0.68])) == ""


def test_games_are_compared_with_plain_training_of_several_lengths():
    accuracy = {
        "none": [[90, 60], [90, 62]], "none, 50 epochs": [[90, 70], [90, 74]], "aftt": [[90, 61], [90, 64]],
        "adversary only": [[90, 80]], "aftt, faults: nodes": [[90, 80]] * 2, "lasso 1e-5": [[90, 50]] * 2,
    }  # fmt: skip
    found = invented(accuracy, [0.0, 0.8])
    said = paper.against_longer(found)
    mean, low, high = statistics.interval([-4.5, -5.0])  # half of what they differ at the end
    counted, _, header, _, aftt, alone = said.splitlines()
    assert counted == "Comparisons: 1." and header == "| difference | seeds | nodes, area |"
    assert aftt.startswith(f"| aftt - none, 50 epochs | 2 | {mean:+.2f} ± {(high - low) / 2:.2f}, p 0.033")
    assert alone == "| adversary only - none, 50 epochs | 1 | +5.00 |"
    assert paper.against_longer(invented({"none": [[90, 60]], "aftt": [[90, 61]]}, [0.0, 0.8])) == ""


def test_figures_3_and_7_have_one_line_a_method_and_the_papers_stars():
    accuracy = {
        "none": [[90, 30]], "tikhonov 1e-4": [[90, 31]], "lasso 1e-5": [[90, 32]], "aftt": [[90, 33]],
        "aftt, squared error": [[90, 20]], "aftt, faults: nodes": [[90, 80]],
    }  # fmt: skip
    found = invented(accuracy, [0.0, 0.68])
    [(kind, rates, bands, stars)] = paper.panels(found, "fashion-mnist", "A1")
    assert (kind, rates, list(bands)) == ("nodes", [0.0, 0.68], ["none", "lasso 1e-5", "tikhonov 1e-4", "aftt"])
    assert stars == {"aftt": (0.68, 84.60), "tikhonov 1e-4": (0.68, 78.51), "lasso 1e-5": (0.68, 51.09)}
    assert [point[0] for point in bands["aftt"]] == [90, 33]
    filters = found._replace(curves=[found.curves[0]._replace(fault="filters")])
    [(_, _, _, stars)] = paper.panels(filters, "fashion-mnist", "A2")
    assert stars["aftt"] == (0.4, pytest.approx(91.55 - 12.58)), "accuracy without faults, minus the points lost"
    for images, arch in (("cifar10-jpeg", "A2"), ("fashion-mini", "A1")):
        assert paper.panels(found, images, arch) == [], "not its network: there is nothing beside ours"
    of_two = found._replace(trained=[*found.trained, "lasso 1e-4"])
    assert "lasso" not in str(paper.panels(of_two, "fashion-mnist", "A1")), "the paper has one of each"
    two = found._replace(trained=["none", "aftt"])
    assert paper.panels(two, "fashion-mnist", "A1") == []
    assert "beside-the-paper" in report.figures(ABOUT, found) and "beside-the-paper" not in report.figures(ABOUT, two)


def test_there_is_a_band_where_there_are_three_seeds():
    found = invented({"none": [[90, 60]] * 2, "aftt": [[90, 61], [90, 63], [90, 62]]}, [0.0, 0.8])
    bands = findings.bands_of(found, found.curves[0], found.methods)
    assert bands["none"] == [(90, None, None), (60, None, None)]
    assert bands["aftt"][1] == statistics.interval([61, 63, 62])


def test_games_meet_penalties_by_area_where_the_paper_has_no_number():
    accuracy = {"none": [[90, 60], [90, 61]], "tikhonov 1e-4": [[90, 30], [90, 32]], "aftt": [[90, 34], [90, 37]]}
    found = invented(accuracy, [0.0, 0.5])
    counted, _, header, _, row = paper.order_of_areas(found).splitlines()
    assert counted == "Comparisons: 1." and header.startswith("| difference | seeds | nodes, area")
    assert row.startswith("| aftt - tikhonov 1e-4 | 2 | +2.25 ± ")
    assert paper.order_of_areas(invented({"none": [[90, 60]], "aftt": [[90, 61]]}, [0.0, 0.5])) == ""


def test_what_was_tested_and_is_0_on_average_stands_there():
    found = invented({"none": [[90, 60], [90, 62]], "aftt": [[90, 62], [90, 60]]}, [0.0, 0.5])
    assert "| aftt | 2 | +0.00 ± 12.71, p 1 |" in tables.differences(found)


def test_the_papers_order_is_looked_for_wherever_there_are_its_rates():
    accuracy = {
        "aftt": [[90, 32], [90, 34], [90, 33]], "tikhonov 1e-4": [[90, 30], [90, 32.1], [90, 30.9]],
        "lasso 1e-5": [[90, 31], [90, 37], [90, 31]], "aftt, squared error": [[90, 20], [90, 21], [90, 22]],
        "tikhonov 1e-4, squared error": [[90, 30], [90, 31.1], [90, 31.9]], "aftt, faults: nodes": [[90, 80]] * 3,
    }  # fmt: skip
    found = invented(accuracy, [0.0, 0.68])
    counted, _, _, _, *rows = paper.order(found).splitlines()
    assert counted == "Above 0: 1 of 5; the paper's difference is within the interval: 0 of 5."
    cells = {row.split(" | ")[0].removeprefix("| "): row.split(" | ")[1:] for row in rows}
    assert list(cells) == [
        "aftt - tikhonov 1e-4", "aftt, squared error - tikhonov 1e-4, squared error", "aftt - lasso 1e-5",
        "aftt, squared error - lasso 1e-5", "tikhonov 1e-4 - lasso 1e-5",
    ], "no faults in training, and penalties under the same reading if there are such"  # fmt: skip
    said = statistics.difference(*(np.array(accuracy[m])[:, 1:] for m in ("aftt", "tikhonov 1e-4")))
    assert cells["aftt - tikhonov 1e-4"][:3] == ["68% nodes in all", "3", "+6.09"]
    assert cells["aftt - tikhonov 1e-4"][3].startswith(f"+2.00 ± {(said['high'] - said['low']) / 2:.2f}, p ")
    assert cells["aftt - lasso 1e-5"][2:] == ["+33.51", "+0.00 ± 6.57, p 1 |"]  # 4.303 standard errors of 1, -3, 2
    for difference, within in ((33.5, 1), (20.0, 0), (50.0, 0)):  # the paper's is 33.51
        lower = [[90, 80 - difference + other] for other in (-0.5, 0.0, 0.5)]
        found = invented({"aftt": [[90, 80]] * 3, "lasso 1e-5": lower}, [0.0, 0.68])
        said = f"Above 0: 1 of 1; the paper's difference is within the interval: {within} of 1."
        assert paper.order(found).startswith(said), difference
    several = accuracy | {"lasso 1e-4": [[90, 10]] * 3, "tikhonov 1e-3": [[90, 10]] * 3}
    assert [row[:2] for row in paper.pairs_of(several)] == [
        ("aftt, squared error", "tikhonov 1e-4, squared error")
    ], "of several strengths none is the one to compare"
    without = {name: rows for name, rows in accuracy.items() if not name.startswith("aftt")}
    assert paper.order(invented(without, [0.0, 0.68])) == "" == paper.order(invented(accuracy, [0.0, 0.6]))


def test_every_number_of_the_paper_is_in_its_tables():
    """Training - test is the generalisation error that table II prints, to its rounding, but for one misprint."""
    printed = {
        ("fashion", "A1", "none"): 10.09, ("fashion", "A1", "lasso"): 9.46, ("fashion", "A1", "tikhonov"): 8.64,
        ("fashion", "A1", "aftt"): 5.53, ("fashion", "A2", "none"): 8.66, ("fashion", "A2", "lasso"): 5.79,
        ("fashion", "A2", "tikhonov"): 5.13, ("fashion", "A2", "aftt"): 4.55, ("cifar10", "A1", "none"): 10.24,
        ("cifar10", "A1", "lasso"): 2.17, ("cifar10", "A1", "tikhonov"): 6.66, ("cifar10", "A1", "aftt"): 3.78,
        ("cifar10", "A2", "none"): 3.45, ("cifar10", "A2", "lasso"): 2.22, ("cifar10", "A2", "tikhonov"): 3.12,
        ("cifar10", "A2", "aftt"): 1.13,
    }  # fmt: skip
    assert printed.keys() == paper.TABLE_2.keys()
    wrong = [key for key, (train, test) in paper.TABLE_2.items() if abs(train - test - printed[key]) > 0.011]
    assert wrong == [("fashion", "A2", "aftt")], "96.00 - 91.55 is 4.45"
    assert {name for _, _, name in paper.TABLE_2} <= set(config.METHODS)
