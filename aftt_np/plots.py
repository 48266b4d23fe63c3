"""Every figure, as a function from numbers to a matplotlib Figure.

Colours are those of Okabe and Ito (2008), told apart by colour-blind readers too; lines also differ in their markers.
Figures are made without pyplot, so nothing global is switched and no window opens.
"""

import io
import textwrap
from collections import Counter
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from PIL import Image  # matplotlib needs it, too

from .campaign import by_decades
from .files import whole_file

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#777777"
YELLOW, SKY, BLACK = "#E69F00", "#56B4E9", "#000000"
KIND_STYLES = {"weights": (BLUE, "o"), "filters": (GREEN, "s"), "nodes": (ORANGE, "^")}
KIND_UNITS = {"weights": "weight elements", "filters": "filters", "nodes": "hidden nodes",
              "weights-at-max": "weight elements", "nodes-transient": "hidden nodes, image by image"}  # fmt: skip
EQUILIBRIUM = {"discriminate": 2 * np.log(2), "confuse": np.log(2)}  # of D = 1/2, eq. 17


def save(figure: Figure, path, palette=False):
    """Write a figure as .png, whole; with a palette of 256 colours, which lines can do with, a third as large."""
    with whole_file(path, "wb") as file, io.BytesIO() as drawn:
        figure.savefig(drawn if palette else file, format="png", dpi=150)
        if palette:
            Image.open(drawn).convert("RGB").quantize(256).save(file, format="png", optimize=True)


def whose(settings: dict, data: str, images, defence="") -> str:
    """Which network answered, and how many images of which data; `settings` are those of its run (config.Config)."""
    trained = f"{settings['method']} ({settings['preset']}{', faults in training' if settings['train_faults'] else ''})"
    network = f"{trained}, {settings['arch']}, seed {settings['seed']}{f', with {defence}' if defence else ''}"
    return f"{network}; {data}, {len(images):,} images"


def headed(figure: Figure, network: str) -> Figure:
    """The figure, with `whose` it is above all else."""
    lines = [*textwrap.wrap(network, int(13 * figure.get_figwidth())), figure.get_suptitle()]
    figure.suptitle("\n".join(filter(None, lines)), fontsize=9, parse_math=False)  # data may have any name
    return figure


def unit(kind: str) -> str:
    """What faults of a kind hit: "bit 30 of weights in float32" for bits:float32:30."""
    _, form, bit = (*kind.split(":"), "", "")[:3]
    return KIND_UNITS.get(kind) or f"{f'bit {bit}' if bit else 'bits'} of weights in {form}"


def axis_of_rates(axes, kind: str, rates, where="") -> float:
    """Make the horizontal axis one for fault rates of this kind, and say by how much they are multiplied there.

    Rates that come by decades are on a logarithmic axis, which has no room for rate 0.
    """
    if not by_decades(kind):
        done = {"nodes-transient": "at 0"}.get(kind, "stuck at 0")
        axes.set(xlabel=f"{done}{where} (%)", xlim=(0, 100))
        return 100
    done = {"bits": "flipped", "bits-at-0": "stuck at 0", "bits-at-1": "stuck at 1"}
    done = done.get(kind.partition(":")[0], "stuck at the largest")
    axes.set(xlabel=f"{unit(kind)} {done}{where}\n(rate)", xscale="log")
    small = [rate for rate in rates if rate > 0] or [1e-9]
    axes.set(xlim=(min(small) / 2, max(small) * 2))
    return 1


def drawn(kind: str, points) -> list:
    """The points that have a place on that axis."""
    return [point for point in points if not by_decades(kind) or point["rate"] > 0]


def losses(metrics: list[dict]) -> Figure:
    """The losses of figure 5 against epochs, and the loss of fine-tuning; `metrics` are the rows of metrics.csv."""
    panels = [
        ("reconstruct", "game 1: reconstruction", "$L_R$ (eq. 11), squared error per image", BLUE),
        ("discriminate", "game 2: discriminator", "$L_D$ (eq. 12), nats per image", ORANGE),
        ("confuse", "game 2: extractor", "$L_G$ (eq. 13), nats per image", GREEN),
        ("finetune", "fine-tuning", "loss per image", PINK),
    ]
    panels = [panel for panel in panels if any(row[f"loss_{panel[0]}"] != "" for row in metrics)]
    figure = Figure(figsize=(3.2 * max(len(panels), 1), 3.2), layout="constrained")
    row_of_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, title, unit, colour) in zip(row_of_axes, panels, strict=True):
        rows = [row for row in metrics if row[f"loss_{name}"] != ""]
        epochs, values = [row["epoch"] for row in rows], [row[f"loss_{name}"] for row in rows]
        axes.plot(epochs, values, color=colour, marker="o", markersize=3)
        if name in EQUILIBRIUM:
            axes.axhline(EQUILIBRIUM[name], color=GREY, linestyle="--", linewidth=1, label="D = 1/2")
            axes.legend(frameon=False, fontsize=8, loc="best")  # where no line is
        axes.set(title=title, xlabel="epoch", ylabel=unit)
        axes.title.set_fontsize(10)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if len(set(epochs)) == 1:
            axes.set_xticks(epochs[:1])  # around one point matplotlib has fractions of an epoch
    return figure


def reconstructions(x, x_hat) -> Figure:
    """Images above what the decoder made of their features; x, x_hat: (N, H, W, C) in [0, 1]."""
    figure = Figure(figsize=(0.75 * len(x) + 0.8, 1.9), layout="constrained")
    for axes, images, label in zip(figure.subplots(2, 1), (x, x_hat), ("input", "recon-\nstructed"), strict=True):
        framed = np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 0)), constant_values=1.0)  # a white line between images
        strip = np.concatenate(list(framed), axis=1)  # (H, N * (W + 1), C)
        axes.imshow(strip.squeeze(), cmap="gray", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(label)
    return figure


def features(z) -> Figure:
    """A histogram of all features z (N, D) against the prior N(0, 1) they are to look like."""
    figure = Figure(figsize=(4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    reach = max(4.0, float(np.quantile(np.abs(z), 0.999)))
    grid = np.linspace(-reach, reach, 201)
    label = f"features: mean {z.mean():.2f}, std {z.std():.2f}"
    axes.hist(z.ravel(), bins=grid[::2], density=True, color=BLUE, alpha=0.6, label=label, histtype="stepfilled")
    axes.plot(grid, np.exp(-grid**2 / 2) / np.sqrt(2 * np.pi), color=ORANGE, label="prior N(0, 1)")
    axes.set(xlabel="value of a feature (before its activation)", ylabel="density")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.set_ylim(top=axes.get_ylim()[1] * 1.25)  # room for the legend
    return figure


def fault_curves(summary: dict, clean: float, classes: int, intervals=False) -> Figure:
    """Accuracy against fault rate for every kind of fault; `summary` is campaign.summarise's, `clean` is in percent.

    The band is one standard deviation between patterns, or with `intervals` the 95 % interval of the mean.
    """
    figure = Figure(figsize=(5.2, 3.9), layout="constrained")
    axes = figure.subplots()
    for kind, points in summary.items():
        colour, marker = KIND_STYLES.get(kind, (PINK, "D"))
        scale, points = axis_of_rates(axes, kind, [p["rate"] for p in points]), drawn(kind, points)
        rate = np.array([scale * point["rate"] for point in points])
        mean = np.array([point["mean"] for point in points])
        std = np.array([point["std"] or 0.0 for point in points])
        low, high = mean - std, mean + std
        if intervals and points and points[0]["patterns"] > 1:
            low, high = (np.array([point[end] for point in points]) for end in ("low", "high"))
        axes.plot(rate, mean, color=colour, marker=marker, markersize=4, label=unit(kind))
        axes.fill_between(rate, low, high, color=colour, alpha=0.2, linewidth=0)
    patterns = next(iter(summary.values()))[0]["patterns"]
    axes.axhline(clean, color=GREY, linestyle="--", linewidth=1, label=f"no faults: {clean:.1f} %")
    axes.axhline(100 / classes, color=GREY, linestyle=":", linewidth=1, label="guessing")
    axes.set(ylabel="accuracy (%)", ylim=(0, 100))
    band = "95 % interval of the mean" if intervals else "one standard deviation"
    axes.set_title(f"fault patterns: {patterns}; line: mean, band: {band}", fontsize=9)
    figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=3)
    return figure


def layer_map(results: list[dict], clean: float, classes: int) -> Figure:
    """Which layer's faults hurt most, rate for rate and number for number.

    `results` are campaign.describe's, of one kind of fault in one layer each; `clean` is in percent. Means over
    patterns, with their 95 % intervals.
    """
    figure = Figure(figsize=(8.4, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    kind = results[0]["fault"]
    per_rate = axis_of_rates(left, kind, [point["rate"] for point in results[0]["points"]], " in this layer")
    looks = zip(cycle((BLUE, ORANGE, GREEN, PINK, GREY)), cycle("o^sDvPX"), strict=False)
    for result, (colour, marker) in zip(results, looks, strict=False):
        points = [point for point in result["points"] if point["rate"] > 0]
        mean = np.array([point["mean"] for point in points])
        reach = [(p["mean"] - (p["low"] or p["mean"]), (p["high"] or p["mean"]) - p["mean"]) for p in points]
        label = f"{result['layers']} ({result['population']:,})"
        for axes, key, scale in ((left, "rate", per_rate), (right, "hit", 1)):
            where = [scale * point[key] for point in points]
            axes.errorbar(
                where, mean, yerr=np.array(reach).reshape(-1, 2).T, color=colour, marker=marker, markersize=4,
                linewidth=1.2, elinewidth=0.8, label=label if axes is left else None,
            )  # fmt: skip
    for axes in (left, right):
        axes.axhline(clean, color=GREY, linestyle="--", linewidth=1, label=f"no faults: {clean:.1f} %")
        axes.axhline(100 / classes, color=GREY, linestyle=":", linewidth=1, label="guessing")
    left.set(ylabel="accuracy (%)", ylim=(0, 100))
    hit = f"stuck at 0 in this layer (number of {unit(kind)})"
    right.set(xlabel=hit if kind in KIND_STYLES else "hit in this layer (how many)", ylabel="accuracy (%)")
    if hits := [point["hit"] for result in results for point in result["points"] if point["hit"] > 0]:
        right.set(xscale="log")
        right.xaxis.set_major_locator(LogLocator(subs=(1, 3) if max(hits) > 30 * min(hits) else (1, 2, 4, 6, 8)))
        right.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        right.xaxis.set_minor_formatter(NullFormatter())
        right.tick_params(axis="x", labelsize=8)
    patterns = results[0]["patterns"]
    figure.suptitle(f"one layer at a time; fault patterns: {patterns}; bars: 95 % interval of the mean", fontsize=9)
    figure.legend(*left.get_legend_handles_labels(), frameon=False, fontsize=8, loc="outside lower center", ncols=3)
    return figure


FAMILIES = {  # a colour by the first of these words that is in a method's name, the same in every figure
    "ranger": SKY, "clipact": PINK, "fitact": YELLOW, "aftt": BLUE, "reconstruction": BLUE, "adversary": BLUE,
    "faults": ORANGE, "lasso": YELLOW, "tikhonov": SKY, "dropout": GREEN, "dropconnect": PINK, "none": BLACK,
}  # fmt: skip


def styles(names) -> dict:
    """{name: how it is drawn}, to tell many lines apart, in grey print too, and where one lies on another."""
    known = {name: next((FAMILIES[word] for word in FAMILIES if word in name), None) for name in names}
    free = [colour for colour in (*dict.fromkeys(FAMILIES.values()), GREY) if colour not in known.values()]
    others = cycle(free or [GREY])
    lines = [("-", "full", 2.0), ("--", "none", 2.1), (":", "none", 2.2), ("-.", "full", 2.3)]  # broken ones above
    looks, met = {}, Counter()
    for (name, colour), marker in zip(known.items(), cycle("o^sDvPX"), strict=False):
        colour = colour or next(others)
        line, fill, order = lines[met[colour] % len(lines)]
        met[colour] += 1
        looks[name] = {"color": colour, "marker": marker, "linestyle": line, "fillstyle": fill, "zorder": order}
    return looks


def lines_of_methods(axes, kind: str, rates, bands: dict, looks: dict, where=""):
    """Accuracy against fault rate on `axes`, a line for each method, its interval as a band; see `method_curves`."""
    scale = axis_of_rates(axes, kind, rates, where)
    places = [place for place, rate in enumerate(rates) if not by_decades(kind) or rate > 0]
    x = [scale * rates[place] for place in places]
    for method, all_points in bands.items():
        points, style = [all_points[place] for place in places], looks[method]
        axes.plot(x, [mean for mean, _, _ in points], label=method, markersize=4, linewidth=1.5, **style)
        if points[0][1] is not None:
            low, high = ([point[end] for point in points] for end in (1, 2))
            axes.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.set(ylim=(0, 100))
    if not by_decades(kind):
        axes.set(xlabel=f"{unit(kind)} {axes.get_xlabel()}", xlim=(0, 105 * max(rates)))
    axes.grid(alpha=0.3)


def about_bands(bands: dict, seeds: str) -> str:
    """What a figure says of its lines and bands."""
    banded = [points[0][1] is not None for points in bands.values()]
    band = "band: 95 % interval over seeds" + ("" if all(banded) else ", where there are three or more")
    return f"line: mean over patterns and {seeds}{f'; {band}' if any(banded) else ''}"


def method_curves(rates, bands: dict, name: str, seeds: str) -> Figure:
    """Accuracy against fault rate, a line for each method; `name`: the kind, and where, as in "nodes in a".

    `bands`: {method: [(mean, low, high) for each of `rates`]} in percent; low and high are its interval, or None.
    `seeds`: how many there are, as in "5 seeds".
    """
    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    axes = figure.subplots()
    kind, _, where = name.partition(" in ")
    lines_of_methods(axes, kind, rates, bands, styles(bands), f" in {' and '.join(where.split())}" if where else "")
    axes.set_ylabel("accuracy (%)")
    axes.set_title(about_bands(bands, seeds), fontsize=9)
    figure.legend(frameon=False, fontsize=8, loc="outside right center")
    return figure


def beside_the_paper(panels: list, seeds: str) -> Figure:
    """Figures 3 and 7: the paper's methods under each kind of fault, its own numbers as stars.

    `panels`: [(kind, rates, bands as in `method_curves`, {method: (rate, accuracy in percent) of the paper})].
    """
    figure = Figure(figsize=(3.4 * len(panels) + 0.6, 3.9), layout="constrained")
    row_of_axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (kind, rates, bands, stars) in zip(row_of_axes, panels, strict=True):
        looks = styles(bands)
        lines_of_methods(axes, kind, rates, bands, looks)
        for method, (rate, accuracy) in stars.items():
            axes.plot(100 * rate, accuracy, color=looks[method]["color"], marker="*", markersize=11, linestyle="",
                      markeredgecolor=BLACK, markeredgewidth=0.6, label=f"{method}: from the paper")  # fmt: skip
        axes.set_ylabel("accuracy (%)")
    figure.suptitle(about_bands(panels[0][2], seeds), fontsize=9)
    handles = {}
    for axes in row_of_axes:
        handles |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    figure.legend(handles.values(), handles, frameon=False, fontsize=8, loc="outside lower center", ncols=3)
    return figure


def places(names, bands: dict, title: str, seeds: str) -> Figure:
    """Where faults hurt most: {method: [(mean, low, high) for each of `names`]}, accuracies in percent."""
    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    axes = figure.subplots()
    apart = np.linspace(-0.3, 0.3, len(bands)) if len(bands) > 1 else [0.0]  # so that no method hides another
    for (method, points), style, shift in zip(bands.items(), styles(bands).values(), apart, strict=True):
        at, mean = np.arange(len(names)) + shift, [point[0] for point in points]
        axes.plot(at, mean, label=method, markersize=5, **style | {"linestyle": ""})
        for x, (_, low, high) in zip(at, points, strict=True):
            if low is not None:
                axes.plot([x, x], [low, high], color=style["color"], linewidth=1, zorder=style["zorder"])
    for edge in range(1, len(names)):
        axes.axvline(edge - 0.5, color=GREY, linewidth=0.5, alpha=0.5)
    axes.set(ylabel="accuracy (%)", ylim=(0, 100), xlim=(-0.5, len(names) - 0.5), xticks=range(len(names)))
    axes.set_xlabel("where")
    axes.set_xticklabels([name.replace("/", "/\n").replace(" ", "\n") for name in names], fontsize=8)
    banded = any(points[0][1] is not None for points in bands.values())
    axes.set_title(f"{title}\n{seeds}{'; bars: 95 % interval over seeds' if banded else ''}", fontsize=9)
    axes.grid(axis="y", alpha=0.3)
    figure.legend(frameon=False, fontsize=8, loc="outside right center")
    return figure


def gap_against_area(gaps, areas, methods, name: str, correlation) -> Figure:
    """Does a small generalisation gap (points) go with a large area under the curve (percent)? A dot a network."""
    figure = Figure(figsize=(7.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for method, style in styles(dict.fromkeys(methods)).items():
        mine = [i for i, other in enumerate(methods) if other == method]
        axes.plot([gaps[i] for i in mine], [areas[i] for i in mine], label=method, markersize=5, alpha=0.8,
                  **style | {"linestyle": ""})  # fmt: skip
    said = "" if correlation is None else f"; rank correlation {correlation:.2f}"
    axes.set_xlabel("generalisation gap (training - held-out accuracy, points)")
    kind, _, where = name.partition(" in ")
    what = [f"area under the curve of {kind if kind in KIND_UNITS else unit(kind)}", *[f"in {where}"] * bool(where)]
    axes.set_ylabel("\n".join(what) + " (%)")
    axes.set_title(f"a dot is a trained network ({len(gaps)}){said}", fontsize=9)
    axes.grid(alpha=0.3)
    figure.legend(frameon=False, fontsize=8, loc="outside right center")
    return figure


def weight_distributions(bins, weights: dict) -> Figure:
    """Figure 2: how the weights of networks are spread; `weights`: {method: (standard deviation, counts in `bins`)}.

    In percent of all weights, a point a bin; `bins` are of one width.
    """
    figure = Figure(figsize=(7.4, 4.2), layout="constrained")
    axes = figure.subplots()
    middle = (bins[1:] + bins[:-1]) / 2
    for (method, (std, counts)), style in zip(weights.items(), styles(weights).values(), strict=True):
        share = 100 * np.array(counts) / sum(counts)
        there = share > 0  # an empty bin has no logarithm
        label = f"{method} (std {std:.4f})"
        axes.plot(middle[there], share[there], label=label, linewidth=1.2, **style | {"marker": ""})
    beyond = f"(beyond {bins[0]:g} and {bins[-1]:g} not shown)"
    axes.set(xlabel=f"weight {beyond}", ylabel="weights in a bin (% of those shown)", yscale="log")
    axes.set_title(f"all weights of one network a method, its first seed; bins of {bins[1] - bins[0]:.2g}", fontsize=9)
    figure.legend(frameon=False, fontsize=8, loc="outside right center")
    return figure


def in_powers(value: float) -> str:
    """A strength, or a small rate, as one writes it: 0, 2.5e-4, 0.1."""
    return np.format_float_scientific(value, exp_digits=1, trim="-") if 0 < value < 0.01 else f"{value:g}"


def strengths(penalty: str, values, lines: dict, seeds: str) -> Figure:
    """What the strength of a penalty does: {what: [(mean, low, high) for each of `values`]}, a panel each.

    `values` rise from 0 and are drawn by their logarithm, 0 a power of ten before the others: the way from
    there, dotted, is not to scale.
    """
    figure = Figure(figsize=(3.0 * len(lines), 3.2), layout="constrained")
    powers = [np.log10(value) for value in values if value]
    without = len(values) - len(powers)  # 0 is there, once, or it is not
    at = [powers[0] - 1] * without + powers
    for axes, (what, points) in zip(figure.subplots(1, len(lines), squeeze=False)[0], lines.items(), strict=True):
        mean = np.array([point[0] for point in points])
        reach = [(m - (m if low is None else low), (m if high is None else high) - m) for m, low, high in points]
        axes.errorbar(at, mean, yerr=np.array(reach).T, color=BLUE, marker="o", markersize=4, capsize=2, linestyle="")
        axes.plot(at[without:], mean[without:], color=BLUE)
        axes.plot(at[: without + 1], mean[: without + 1], color=BLUE, linestyle=":")
        axes.set(xlabel=f"strength of {penalty} ($\\lambda$)", ylabel=what, xticks=at)
        axes.set_xticklabels([in_powers(value) for value in values], fontsize=8)
        axes.grid(alpha=0.3)
    barred = any(low is not None for points in lines.values() for _, low, _ in points)
    figure.suptitle(f"{seeds}{'; bars: 95 % interval over seeds' if barred else ''}", fontsize=9)
    return figure
