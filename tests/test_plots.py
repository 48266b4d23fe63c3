"""Every figure: it shows the numbers it was given, says what its axes are, and is the same bytes every time."""

import inspect
import io
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from aftt_np import campaign, plots
from aftt_np.config import resolve

KINDS = ("weights", "filters", "nodes")
LOSS_COLUMNS = ("loss_reconstruct", "loss_discriminate", "loss_confuse", "loss_finetune")
GAMES, FINETUNE = LOSS_COLUMNS[:3], LOSS_COLUMNS[3:]

# ---- small inputs


def metrics(games=3, finetune=2):
    """Rows of metrics.csv; a column that a phase does not have is empty."""
    rows = []
    for phase, columns, epochs in (("games", GAMES, games), ("finetune", FINETUNE, finetune)):
        for epoch in range(1, epochs + 1):
            losses = {column: 0.5 + i + 1 / epoch for i, column in enumerate(columns)}
            rows.append(dict.fromkeys(LOSS_COLUMNS, "") | {"phase": phase, "epoch": epoch} | losses)
    return rows


def images(C, N=3, side=8):
    return np.random.default_rng(0).random((N, side, side, C), dtype=np.float32)


def summary(kinds=KINDS, patterns=3, rates=(0.0, 0.2, 0.68)):
    """What campaign.summarise makes of the rows of a run."""
    return campaign.summarise(
        campaign.Row(kind, "all", rate, pattern, 90 - 80 * rate - pattern, 1, 9, 0)
        for kind in kinds for rate in rates for pattern in range(patterns)
    )  # fmt: skip


Z = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)

FIGURES = {  # name: (function of plots.py, arguments)
    "losses": (plots.losses, (metrics(),)),
    "losses, fine-tuning only": (plots.losses, (metrics(games=0),)),
    "losses, one epoch of games": (plots.losses, (metrics(1, finetune=0),)),
    "reconstructions": (plots.reconstructions, (images(1), images(1))),
    "reconstructions in colour": (plots.reconstructions, (images(3), images(3))),
    "reconstruction of one image": (plots.reconstructions, (images(1, N=1), images(1, N=1))),
    "features": (plots.features, (Z,)),
    "features far out": (plots.features, (1e4 * Z,)),
    "features that are all the same": (plots.features, (np.zeros((5, 4), np.float32),)),
    "fault curves": (plots.fault_curves, (summary(), 91.3, 10)),
    "fault curves of one pattern": (plots.fault_curves, (summary(patterns=1), 91.3, 10)),
    "fault curves of one kind and rate": (plots.fault_curves, (summary(["nodes"], rates=[0.2]), 12.0, 2)),
}
LAYERS = [summary(["weights"], patterns=patterns)["weights"] for patterns in (3, 1)]


def layer(name, points, population):
    """What campaign.describe says of one layer, as far as a picture needs it."""
    return {"fault": "weights", "layers": name, "population": population, "patterns": 3, "points": points}


FIGURES |= {
    "fault curves with intervals": (plots.fault_curves, (summary(), 91.3, 10, True)),
    "fault curves of one pattern with intervals": (plots.fault_curves, (summary(patterns=1), 91.3, 10, True)),
    "layer map": (plots.layer_map, ([layer(f"layer{i}", LAYERS[0], 10**i) for i in range(14)], 91.3, 10)),
    "layer map of one pattern": (plots.layer_map, ([layer("dense1", LAYERS[1], 9)], 91.3, 10)),
}
BANDS = {f"method {i}": [(90 - i - 80 * rate, 80 - i - 80 * rate, 95 - i) for rate in (0, 0.4, 0.8)] for i in range(11)}
NO_BANDS = {"one": [(90.0, None, None), (50.0, None, None)]}
COUNTS = {"none": (0.03, [1, 2, 1]), "lasso 1e-5": (0.02, [0, 4, 0])}
LINES = {"accuracy (%)": [(90.0, 89.0, 91.0), (88.0, 87.0, 89.0)], "area (%)": [(50.0, None, None), (40.0, None, None)]}

FIGURES |= {
    "curves of many methods": (plots.method_curves, ((0, 0.4, 0.8), BANDS, "nodes", "5 seeds")),
    "curves of bits": (plots.method_curves, ((0.0, 1e-6, 1e-5), BANDS, "bits:float32 in extractor/dense1", "5 seeds")),
    "curves of one seed": (plots.method_curves, ((0.2, 0.4), NO_BANDS, "weights in extractor/dense1", "one seed")),
    "beside the paper": (
        plots.beside_the_paper, ([("nodes", (0, 0.4, 0.8), BANDS, {"method 3": (0.68, 84.6)}),
                                  ("weights", (0.2, 0.4), NO_BANDS, {})], "5 seeds"),
    ),
    "places": (plots.places, (["all", "extractor/dense1", "a b"], BANDS, "40% of the nodes stuck", "5 seeds")),
    "one place of one seed": (
        plots.places, (["extractor/dense1"], {"one": NO_BANDS["one"][:1]}, "60% of the weights", "one seed")
    ),
    "gap against area": (plots.gap_against_area, ([1.0, 2.0, 3.0], [50.0, 60.0, 55.0], ["a", "b", "a"], "nodes", 0.5)),
    "gap of one network": (plots.gap_against_area, ([1.0], [50.0], ["a"], "nodes", None)),
    "weights": (plots.weight_distributions, (np.linspace(-1, 1, 4), COUNTS)),
    "strengths": (plots.strengths, ("lasso", [0, 1e-5], LINES, "5 seeds")),
    "strengths of one seed": (plots.strengths, ("lasso", [0, 1e-5], {"area (%)": NO_BANDS["one"]}, "one seed")),
}
each_figure = pytest.mark.parametrize("name", FIGURES)


def draw(name):
    function, arguments = FIGURES[name]
    return function(*arguments)


drawn = cache(draw)  # for tests that only look


@cache
def saved(name):
    return png(drawn(name))


def png(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=20)
    return file.getvalue()


def words(figure):
    """All words in a picture: titles, labels, notes and legends."""
    return " ".join(text.get_text() for text in figure.findobj(Text))


# ---- what holds for all figures


def test_the_table_has_every_figure():
    functions = [function for _, function in inspect.getmembers(plots, inspect.isfunction)]
    figures = {function for function in functions if function.__annotations__.get("return") is Figure}
    assert figures == {function for function, _ in FIGURES.values()} | {plots.headed}  # which makes none


@each_figure
def test_a_figure_can_be_saved(name):
    """Warnings are errors, so nothing in it is NaN, squeezed to nothing or missing from the font."""
    assert saved(name).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["losses", "reconstructions", "features", "fault curves"])
def test_the_same_numbers_give_the_same_bytes(name):
    assert png(draw(name)) == saved(name)


def test_a_palette_makes_a_figure_of_lines_small_and_leaves_it_as_it_looks(tmp_path):
    for name, palette in (("full.png", False), ("palette.png", True)):
        plots.save(draw("curves of many methods"), tmp_path / name, palette)
    full, small = (tmp_path / name for name in ("full.png", "palette.png"))
    assert small.stat().st_size < full.stat().st_size / 2
    pixels = [np.asarray(Image.open(path).convert("RGB")).astype(int) for path in (full, small)]
    assert pixels[0].shape == pixels[1].shape and np.abs(pixels[0] - pixels[1]).mean() < 1
    white = (pixels[0] == 255).all(axis=2)
    assert (pixels[1][white] == 255).all(), "a ground that is no longer white"


def test_saving_does_not_change_a_figure():
    figure = draw("fault curves of one kind and rate")
    assert png(figure) == png(figure)


@each_figure
def test_axes_with_numbers_are_labelled(name):
    """An axis with ticks has a label; in a panel of losses the title names the quantity and its unit."""
    for axes in drawn(name).axes:
        if len(axes.get_xticks()):
            assert axes.get_xlabel(), f"{name}: the x axis of {axes.get_title()!r} has no label"
        if len(axes.get_yticks()):
            quantity = axes.get_ylabel() or axes.get_title()
            assert quantity, f"{name}: a y axis has no label"
            known = ("%", "nats", "image", "density")
            assert any(unit in quantity for unit in known), f"{name}: {quantity!r} has no unit"


@each_figure
def test_nothing_is_drawn_from_nan(name):
    for axes in drawn(name).axes:
        assert np.isfinite([axes.get_xlim(), axes.get_ylim()]).all(), f"{name}: limits that are not numbers"
        for line in axes.lines:
            assert np.isfinite(np.asarray(line.get_xydata(), float)).all(), f"{name}: a line through NaN"


@pytest.mark.parametrize("name", ["losses", "reconstructions", "features", "fault curves"])
def test_inputs_stay_as_they_are(name):
    before = deepcopy(FIGURES[name][1])
    draw(name)
    np.testing.assert_equal(FIGURES[name][1], before, f"{name}: an input was written to")


# ---- losses


@settings(max_examples=5)
@given(st.integers(0, 4), st.integers(1, 4))
def test_losses_show_every_epoch_of_every_phase(games, finetune):
    rows = metrics(games, finetune)
    figure = plots.losses(rows)
    columns = (GAMES if games else ()) + FINETUNE
    assert len(figure.axes) == len(columns), "a panel for each loss there is"
    for axes, column in zip(figure.axes, columns, strict=True):
        points = [[row["epoch"], row[column]] for row in rows if row[column] != ""]
        np.testing.assert_allclose(axes.lines[0].get_xydata(), points, err_msg=column)


def test_losses_by_hand():
    """Three games of figure 5 and fine-tuning, with the equilibrium of game 2: L_D = 2 log 2, L_G = log 2."""
    figure = plots.losses(metrics())
    panels = figure.axes
    said = ["reconstruction", "discriminator", "extractor", "fine-tuning"]
    for axes, word in zip(panels, said, strict=True):
        assert word in axes.get_title()
        assert axes.get_xlabel() == "epoch"
    heights = [[line.get_ydata()[0] for line in axes.lines[1:]] for axes in panels]
    assert heights == [[], [2 * np.log(2)], [np.log(2)], []], "the lines of equilibrium"
    assert words(figure).count("D = 1/2") == 2


def test_epochs_are_whole_numbers():
    for axes in plots.losses(metrics(2, 2)).axes:
        ticks = axes.get_xticks()
        np.testing.assert_array_equal(ticks, np.round(ticks), "an epoch between two epochs")


# ---- reconstructions


def column_of(image, strip):
    """Where `image` stands in a row of images."""
    W = image.shape[1]
    found = [i for i in range(strip.shape[1] - W + 1) if np.array_equal(strip[:, i : i + W], image)]
    assert found, "an image is not in its row"
    return found[0]


@settings(max_examples=8)
@given(st.integers(1, 4), st.sampled_from([1, 3]))
def test_every_image_stands_above_its_reconstruction(N, C):
    x, x_hat = images(C, N), 1 - images(C, N)
    rows = plots.reconstructions(x, x_hat).axes
    assert ["input" in axes.get_ylabel() for axes in rows] == [True, False]
    strips = [np.asarray(axes.images[0].get_array()) for axes in rows]
    above = [column_of(image.squeeze(), strips[0]) for image in x]
    below = [column_of(image.squeeze(), strips[1]) for image in x_hat]
    assert above == below == sorted(above), "images and reconstructions are out of line"
    assert {axes.images[0].get_clim() for axes in rows} == {(0, 1)}, "the brightness depends on the image"


# ---- features


@settings(max_examples=4)
@given(st.integers(-3, 3), st.sampled_from([0.1, 1.0, 5.0]), st.integers(0, 99))
def test_the_histogram_of_features_stands_beside_the_prior(mean, std, seed):
    z = mean + std * np.random.default_rng(seed).standard_normal((50, 10))
    figure = plots.features(z)
    (axes,) = figure.axes
    (prior,) = axes.lines
    grid, density = prior.get_data()
    np.testing.assert_allclose(density, np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi))
    (outline,) = axes.patches
    x, height = outline.get_xy().T
    area = abs(np.sum(x * np.roll(height, -1) - height * np.roll(x, -1))) / 2  # of a polygon, by its corners
    assert abs(area - 1) < 1e-9, f"the histogram has an area of {area}"
    inside = abs(z) < grid[-1]
    assert inside.mean() > 0.99, f"only {inside.mean():.1%} of the features lie in the picture"
    for said in (f"mean {z.mean():.2f}", f"std {z.std():.2f}", "N(0, 1)"):
        assert said in words(figure), f"{said!r} is missing in: {words(figure)}"


# ---- faults


@settings(max_examples=6)
@given(st.lists(st.sampled_from(KINDS), min_size=1, unique=True), st.integers(1, 4), st.sampled_from([2, 10]))
def test_fault_curves_show_mean_and_band_of_every_kind(kinds, patterns, classes):
    points = summary(kinds, patterns)
    (axes,) = plots.fault_curves(points, 90.0, classes).axes
    *curves, clean, guessing = axes.lines
    assert len(curves) == len(points) == len(axes.collections)
    for line, band, (kind, entries) in zip(curves, axes.collections, points.items(), strict=True):
        assert line.get_label() == plots.KIND_UNITS[kind]
        expected = [[100 * entry["rate"], entry["mean"]] for entry in entries]
        np.testing.assert_allclose(line.get_xydata(), expected, err_msg=kind)
        edges = band.get_paths()[0].vertices
        for entry in entries:
            heights = edges[np.isclose(edges[:, 0], 100 * entry["rate"]), 1]
            std = entry["std"] or 0.0
            wanted = entry["mean"] - std, entry["mean"] + std
            np.testing.assert_allclose((heights.min(), heights.max()), wanted, err_msg=f"the band of {kind}")
    assert clean.get_ydata()[0] == 90 and guessing.get_ydata()[0] == 100 / classes
    assert str(patterns) in axes.get_title()
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 100), (0, 100))


def test_epochs_are_whole_however_few_there_are():
    for games, finetune in ((1, 1), (2, 1), (1, 30)):
        figure = plots.losses(metrics(games, finetune))
        figure.draw_without_rendering()
        for axes in figure.axes:
            assert all(text.get_text().strip("\N{MINUS SIGN}").isdigit() for text in axes.get_xticklabels())


@pytest.mark.parametrize("data", ["tiny", "costs $x_{$", "a-long-name-" * 9])
def test_figures_of_a_run_say_which_network_and_images(data):
    trained = vars(resolve({"preset": "tolerant", "arch": "A2", "seed": 3}))
    whose = plots.whose(trained, data, range(1234), "clipact")
    assert whose == f"none (tolerant, faults in training), A2, seed 3, with clipact; {data}, 1,234 images"
    assert plots.whose(vars(resolve({})), "a", [1]) == "aftt (quick), A1, seed 0; a, 1 images"
    layers = plots.layer_map([layer("dense1", LAYERS[1], 9)], 91.3, 10)
    before = layers.get_suptitle()
    for figure in (layers, plots.fault_curves(summary(), 91.3, 10), plots.losses(metrics(games=0)), plots.features(Z)):
        plots.headed(figure, whose)
        lines = figure.get_suptitle().split("\n")
        assert figure is not layers or lines.pop() == before
        assert "".join(lines).replace(" ", "") == whose.replace(" ", "")
        figure.draw_without_rendering()
        box = figure._suptitle.get_window_extent()
        assert 0 <= box.x0 and box.x1 <= figure.bbox.width, "the title goes beyond the picture"


def test_fault_curves_with_intervals_show_them():
    points = summary(["nodes"], patterns=4)
    (axes,) = plots.fault_curves(points, 90.0, 10, intervals=True).axes
    edges = axes.collections[0].get_paths()[0].vertices
    for entry in points["nodes"]:
        heights = edges[np.isclose(edges[:, 0], 100 * entry["rate"]), 1]
        np.testing.assert_allclose((heights.min(), heights.max()), (entry["low"], entry["high"]))
    assert "95 % interval" in axes.get_title()


def test_a_layer_map_shows_each_layer_against_rates_and_numbers():
    points = campaign.summarise(
        campaign.Row("nodes", "dense1", rate, pattern, 90 - 80 * rate - pattern, int(100 * rate), 100, 0)
        for rate in (0.0, 0.2, 0.5) for pattern in range(3)
    )["nodes"]  # fmt: skip
    figure = plots.layer_map([layer("dense1", points, 100)], 91.3, 10)
    left, right = figure.axes
    expected = [[20, 73], [50, 49]]  # rate 0 is the line of no faults
    np.testing.assert_allclose(left.lines[0].get_xydata(), expected)
    np.testing.assert_allclose(right.lines[0].get_xydata(), expected)
    ends = left.collections[0].get_segments()[0][:, 1]
    np.testing.assert_allclose(sorted(ends), (points[1]["low"], points[1]["high"]))
    assert "dense1 (100)" in words(figure) and right.get_xscale() == "log"


def test_a_method_has_its_colour_in_every_figure():
    many = plots.styles(["none", "lasso 1e-5", "dropout 0.2", "faults: nodes", "faults: weights", "aftt", "20 epochs"])
    few = plots.styles(["aftt", "aftt, smaller steps", "none", "lasso 1e-5"])
    for name in ("none", "lasso 1e-5", "aftt"):
        assert many[name]["color"] == few[name]["color"], name
    assert few["aftt"]["color"] == few["aftt, smaller steps"]["color"] != few["lasso 1e-5"]["color"]
    assert few["aftt"]["linestyle"] != few["aftt, smaller steps"]["linestyle"], "lines of one colour are told apart"
    own = [look["color"] for name, look in many.items() if name != "20 epochs"]
    assert many["20 epochs"]["color"] not in own, "what has no colour of its own takes one that is free"
    for looks in (many, few, plots.styles(f"method {i}" for i in range(7))):
        assert len({look["marker"] for look in looks.values()}) == len(looks), "in grey print"


def test_the_papers_numbers_are_stars_in_the_colour_of_their_method():
    bands = {"none": [(90, None, None), (40, None, None)], "aftt": [(90, None, None), (30, None, None)]}
    figure = plots.beside_the_paper([("nodes", (0, 0.8), bands, {"aftt": (0.68, 84.6)})], "one seed")
    [axes] = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    star = lines["aftt: from the paper"]
    np.testing.assert_allclose(star.get_xydata(), [[68, 84.6]])
    assert star.get_color() == lines["aftt"].get_color() and star.get_marker() == "*"
    np.testing.assert_allclose(lines["none"].get_xydata(), [[0, 90], [80, 40]])
    assert axes.get_xlabel() == "hidden nodes stuck at 0 (%)"


def test_curves_say_what_is_stuck_and_where():
    label = plots.method_curves((0, 0.8), NO_BANDS, "weights in a/conv1 a/conv2", "one seed").axes[0].get_xlabel()
    assert label == "weight elements stuck at 0 in a/conv1 and a/conv2 (%)"
    label = plots.method_curves((0, 1e-5), NO_BANDS, "bits:float32", "one seed").axes[0].get_xlabel()
    assert label == "bits of weights in float32 flipped\n(rate)"


def test_what_was_hit_is_said_in_words_beside_the_area():
    for name, said in (("bits:q2.5", "bits of weights in q2.5"), ("nodes", "nodes"),
                       ("weights in a/conv1 a/conv2", "weights\nin a/conv1 a/conv2")):  # fmt: skip
        axes = plots.gap_against_area([1.0], [50.0], ["a"], name, None).axes[0]
        assert axes.get_ylabel() == f"area under the curve of {said} (%)"


def test_bands_are_said_to_be_of_three_seeds_where_some_have_less():
    few = {"few": [(90, None, None)] * 2}
    for bands, said in ((BANDS, "seeds"), (BANDS | few, "seeds, where there are three or more")):
        assert plots.about_bands(bands, "1 to 5 seeds").endswith(f"; band: 95 % interval over {said}")
    assert plots.about_bands(few, "one seed") == "line: mean over patterns and one seed"


def test_empty_bins_have_no_place_on_a_logarithmic_axis():
    figure = plots.weight_distributions(np.linspace(-1, 1, 4), COUNTS)
    points = {line.get_label().partition(" (")[0]: line.get_xydata() for line in figure.axes[0].lines}
    np.testing.assert_allclose(points["lasso 1e-5"], [[0, 100]], atol=1e-9, err_msg="percent")
    assert len(points["none"]) == 3


def test_places_show_every_method_in_every_layer():
    names = ["extractor/dense1", "all"]
    bands = {"none": [(70, 60, 80), (30, 20, 40)], "aftt": [(65, 50, 80), (28, 8, 48)]}
    [axes] = plots.places(names, bands, "68% of the nodes", "2 seeds").axes
    dots = {line.get_label(): line.get_xydata() for line in axes.lines if line.get_linestyle() == "None"}
    spans = [line.get_xydata() for line in axes.lines if len(line.get_xydata()) == 2 and line.get_linewidth() == 1]
    for method, points in bands.items():
        np.testing.assert_array_equal(dots[method][:, 1], [mean for mean, _, _ in points])
        np.testing.assert_array_equal(np.rint(dots[method][:, 0]), [0, 1], "each in the column of its layer")
        for (x, _), (_, low, high) in zip(dots[method], points, strict=True):
            assert any(np.array_equal(span, [(x, low), (x, high)]) for span in spans), f"{method}: no bar {low}, {high}"
    assert len({x for xy in dots.values() for x in xy[:, 0]}) == 4, "one method hides another"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["extractor/\ndense1", "all"]


def test_strengths_lie_where_their_logarithms_do():
    points = [(1.0, None, None)] * 4
    [axes] = plots.strengths("tikhonov", [0, 1e-5, 2.5e-4, 0.1], {"area (%)": points}, "3 seeds").axes
    x = axes.lines[0].get_xdata().astype(float)
    np.testing.assert_allclose(np.diff(x), [1, np.log10(25), np.log10(400)])
    np.testing.assert_array_equal(axes.get_xticks(), x)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1e-5", "2.5e-4", "0.1"]
    _, *_, to_scale, not_to_scale = axes.lines
    np.testing.assert_array_equal(to_scale.get_xdata(), x[1:])
    np.testing.assert_array_equal(not_to_scale.get_xdata(), x[:2])
    assert (to_scale.get_linestyle(), not_to_scale.get_linestyle()) == ("-", ":")


@pytest.mark.parametrize("name", ["curves of many methods", "curves of one seed", "places", "one place of one seed",
                                  "strengths", "strengths of one seed"])  # fmt: skip
def test_figures_of_studies_say_how_many_seeds(name):
    """And of an interval only if they show one."""
    many = FIGURES[name][1][-1]
    assert many.endswith((" seeds", " seed")) and many in words(drawn(name))
    assert ("95 % interval over seeds" in words(drawn(name))) == (many != "one seed")


def test_kinds_are_told_apart_without_colour():
    figure = plots.fault_curves(summary(), 91.3, 10)
    curves = figure.axes[0].lines[:3]
    assert len({line.get_marker() for line in curves}) == 3, "two kinds have one marker"
    assert len({line.get_color() for line in curves}) == 3, "two kinds have one colour"
    for said in (*(plots.unit(kind) for kind in KINDS), "no faults: 91.3 %", "guessing"):
        assert said in words(figure), f"{said!r} is not in the legend"
