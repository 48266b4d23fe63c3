"""The command that defends a trained network: what is chosen, what is stored, and what it is worth."""

import json
import sys
from contextlib import suppress

import numpy as np
import pytest
from strategies import filled
from test_campaign import DEEP, some_images
from test_inject import here, rows_of, trained  # noqa: F401  (fixtures)

from aftt_np import campaign, checkpoint, defend, inject, models, train
from aftt_np.data import to_unit
from aftt_np.defences import Clamp, SoftLimit, Squash, defended
from aftt_np.errors import UsageError, exit_code_of
from aftt_np.faults import faulty, pattern, stuck
from aftt_np.layers import Conv2d, Dense, Flatten, LeakyReLU, ReLU
from aftt_np.network import Network


def a_network(seed=0, leaky=False):
    """x (N, 4, 4, 1) -> logits (N, 3)."""
    rng = np.random.default_rng(seed)
    layers = {"conv1": Conv2d(1, 4, K=2), "relu1": LeakyReLU(0.1) if leaky else ReLU(), "flatten": Flatten(),
              "dense1": Dense(36, 6), "relu2": ReLU(), "dense2": Dense(6, 3)}  # fmt: skip
    return Network({name: filled(layer, np.float32, rng, 0.4) for name, layer in layers.items()})


def outputs_of(network, x):
    """{activation: its outputs on all images}."""
    z, found = to_unit(x), {}
    for name, layer in network.layers.items():
        z, _ = layer.forward(z)
        found[name] = z
    return {name: found[name] for name in defend.activations(network)}


@pytest.mark.parametrize("leaky", [False, True])
def test_ranger_clamps_to_what_there_is_on_the_images(leaky, monkeypatch):
    monkeypatch.setattr(campaign, "BATCH", 7)
    network, (x, _) = a_network(leaky=leaky), some_images()
    how, changed = defend.ranger(network, x)
    assert changed == {}
    for name, z in outputs_of(network, x).items():
        assert how["limits"][name] == [min(float(z.min()), 0.0), float(z.max())]
    new = Network(defended(network.layers, how))
    assert [type(layer) for layer in new.layers.values()].count(Clamp) == 2
    np.testing.assert_array_equal(new.forward(to_unit(x))[0], network.forward(to_unit(x))[0])
    bright = to_unit(x) * 1e6
    assert abs(new.forward(bright)[0]).max() < 1e-3 * abs(network.forward(bright)[0]).max()


def test_the_search_ends_at_the_best_limit():
    asked = []

    def area(limit):
        asked.append(limit)
        return 100 - 10 * (limit - 2.2) ** 2

    best = defend.search(area, 9.0)
    assert best == pytest.approx(2.2, abs=0.12)
    assert len(asked) == len(set(asked)) <= 4 * defend.ROUNDS
    assert defend.search(lambda limit: limit, 9.0) == 9.0 and defend.search(lambda limit: -limit, 9.0) == 0.0
    assert defend.search(lambda limit: 50.0, 9.0) >= 0  # all the same: any will do


def test_the_search_goes_on_in_the_interval_around_the_best():
    asked = []
    defend.search(lambda limit: asked.append(limit) or -abs(limit - 2.9), 9.0)
    assert asked[:4] == [0, 3, 6, 9] and asked[4:6] == [2, 4], "from 0 to 6, in three; 0 and 6 are known"


@pytest.mark.parametrize("seed", [0, 2])
def test_clipact_finds_limits_under_which_flipped_bits_hurt_less(seed):
    network, (x, _) = a_network(seed), some_images(200)
    labels = network.forward(to_unit(x))[0].argmax(axis=1)
    said, kind, rates = [], "bits:float16:14", (0.0, 3e-3, 1e-2)
    with np.errstate(all="ignore"):
        how, changed = defend.clipact(network, x, labels, kind, rates, say=said.append)
        new = Network(defended(network.layers, how))
        before, after = (
            np.mean([row.accuracy for row in campaign.run(one, x, labels, kind, rates, range(20), fault_seed=1)])
            for one in (network, new)
        )
    assert changed == {} and len(said) == 2
    largest = {name: float(abs(z).max()) for name, z in outputs_of(network, x).items()}
    assert all(0 <= how["limits"][name] <= largest[name] for name in largest)
    assert sum(isinstance(layer, Squash) for layer in new.layers.values()) == 2
    assert after > before + 3, f"{before} before, {after} with limits"


def test_limits_are_not_searched_under_the_patterns_that_judge_them(monkeypatch):
    seen, run = set(), campaign.run
    monkeypatch.setattr(campaign, "run", lambda *args: seen.add(args[6]) or run(*args))
    defend.clipact(a_network(), *some_images(), "bits:int8", (0.0, 1e-3, 1e-2), say=str)
    assert len(seen) == 1 and not seen & {0, 1, train.Config.fault_seed}


def test_the_estimate_of_the_search_counts_what_it_classifies(monkeypatch):
    classified, run = [], campaign.run
    monkeypatch.setattr(campaign, "run", lambda n, x, y, kind, rates, *rest: (
        classified.append(len(x) * len(rates) * defend.PATTERNS) or run(n, x, y, kind, rates, *rest)
    ))  # fmt: skip
    monkeypatch.setattr(defend, "IMAGES", 9)
    defend.chosen("clipact:int8", a_network(), *some_images(60))
    wanted = defend.images_searched("clipact:int8", a_network())
    assert 0.7 * wanted <= sum(classified) <= wanted
    assert defend.images_searched("ranger", a_network()) == 0


def test_fitact_moves_limits_alone_and_begins_at_the_largest_outputs():
    network, (x, y) = a_network(), some_images()
    how, limits = defend.fitact(network, x, y, epochs=0, rate=0.1)
    for name, z in outputs_of(network, x).items():
        np.testing.assert_array_equal(limits[f"{name}.limit"], z.max(axis=0))
    before = {name: p.copy() for name, p in network.params.items()}
    how, moved = defend.fitact(network, x, y, epochs=2, rate=0.1)
    assert limits.keys() == moved.keys() and any((limits[name] != moved[name]).any() for name in limits)
    new = Network(defended(network.layers, how)).with_params(moved)
    for name, p in before.items():
        np.testing.assert_array_equal(new.params[name], p)
    assert [type(layer) for layer in new.layers.values()].count(SoftLimit) == 2


@pytest.mark.parametrize("kind", ["weights", "filters", "nodes"])
def test_dead_units_take_their_limits_along(kind):
    rng = np.random.default_rng(0)
    layers = {name: layer for name, layer in DEEP.items() if not isinstance(layer, LeakyReLU)}
    network = Network({name: filled(layer, np.float64, rng) for name, layer in layers.items()})
    network = Network({**network.part(0, 1).layers, "relu0": ReLU(), **network.part(1).layers})
    x = rng.standard_normal((7, 4, 4, 1))
    how = {"with": "fitact", "limits": {"relu0": (3, 3, 4), "extractor/relu2": (20,), "classifier/relu1": (6,)}}
    new = Network(defended(network.layers, how))
    limits = {name: 1 + rng.random(p.shape) for name, p in new.params.items() if name.endswith("limit")}
    new = new.with_params(limits)
    for rate in (0.0, 0.4, 0.8, 1.0):
        faults = stuck(kind, pattern(new, kind, 1, 0), rate)
        shared, rest = campaign.split(new, kind)
        z, _ = shared.forward(x)
        slim = campaign.slim(shared, rest, faults)(z)
        np.testing.assert_allclose(slim, faulty(new, faults).forward(x)[0], atol=1e-12)


def test_tiny_weights_are_scaled_by_a_number_that_there_is():
    network = a_network()
    tiny = network.with_params({"dense1.w": network.params["dense1.w"] * np.float32(2.0**-40)})
    how, changed = defend.scaling(tiny, "float32")
    assert all(np.isfinite(p).all() and np.isfinite(np.float32(1) / np.float32(by)) for p, by in
               zip(changed.values(), how["by"].values(), strict=True))  # fmt: skip
    new = Network(defended(tiny.layers, how)).with_params(changed)
    x, _ = some_images()
    np.testing.assert_array_equal(new.forward(to_unit(x))[0], tiny.forward(to_unit(x))[0])


def test_fitact_that_diverges_is_one_sentence():
    network, (x, y) = a_network(), some_images()
    with np.errstate(all="ignore"), pytest.raises(defend.DivergedError, match="finite in epoch 1; lower --lr"):
        defend.fitact(network, x, y, epochs=1, rate=float("inf"))


@pytest.mark.parametrize("form", ["float32", "float16", "q2.5"])
def test_scaled_weights_are_read_as_they_were(form):
    network, (x, _) = a_network(), some_images()
    how, changed = defend.scaling(network, form)
    new = Network(defended(network.layers, how)).with_params(changed)
    np.testing.assert_array_equal(new.forward(to_unit(x))[0], network.forward(to_unit(x))[0])
    for name, by in how["by"].items():
        largest = abs(changed[f"{name}.w"]).max()
        assert largest <= defend.TOP[form] and np.log2(by) == round(np.log2(by))
        assert largest > defend.TOP[form] / 2 or by == 2.0**127


def test_scaling_is_no_help_against_weights_that_are_stuck_at_0():
    """0 / c = 0: the broken networks are the same, number for number."""
    network, (x, y) = a_network(), some_images()
    how, changed = defend.scaling(network, "float32")
    new = Network(defended(network.layers, how)).with_params(changed)
    plain, scaled = (list(campaign.run(one, x, y, "weights", [0.3, 0.7], range(3), 0)) for one in (network, new))
    assert plain == scaled


@pytest.mark.parametrize(("name", "more"), [
    ("ranger", []), ("clipact", ["--rates", "1e-5,1e-4", "--memory", "float16"]), ("fitact", ["--epochs", "1"]),
    ("scaling", ["--memory", "q2.5"]),
])  # fmt: skip
def test_a_defended_run_stands_beside_the_first_and_can_be_broken(here, capsys, monkeypatch, name, more):  # noqa: F811
    monkeypatch.setattr(defend, "IMAGES", 5)
    before = {path.name: path.read_bytes() for path in (here / "mine").iterdir() if path.is_file()}
    defend.defend(["mine", "--with", name, "--backend", "numpy", "--threads", "1", *more])
    said = capsys.readouterr().out
    out = {"clipact": "mine-clipact-float16", "scaling": "mine-scaling-q2.5"}.get(name, f"mine-{name}")
    assert f"the defended run is in {out}\n" in said and max(map(len, said.splitlines())) <= 80
    assert {path.name: path.read_bytes() for path in (here / "mine").iterdir() if path.is_file()} == before
    saved = checkpoint.load(here / out / "checkpoint.npz")
    how = saved.settings["defence"]
    assert how["with"] == name and json.loads((here / out / "config.json").read_text())["defence"] == how
    first = [line.split()[0] for line in said.splitlines()]
    assert first[: first.index("without")] == list(how["by" if name == "scaling" else "limits"]), said
    assert how["made with"].get("epochs") == (1 if name == "fitact" else None)
    inject.inject([out, "--fault", "filters", "--rates", "0,0.5", "--patterns", "2", "--backend", "numpy"])
    rows = rows_of(here / out / "faults-filters" / "faults.csv")
    plain, dataset, _ = inject.trained(here / "mine", np, None, "")
    layers = defended(plain.layers, how)
    changed = {key: p for key, p in saved.params.items() if key.startswith(inject.CHANGED)}
    for form in ("q2.5", "float16"):
        bits = ("--fault", "bits", "--memory", form, "--rates", "0,1e-3", "--patterns", "1", "--backend", "numpy")
        with suppress(UsageError):  # what does not fit in there
            inject.inject([out, *bits])
        noted = f"note: this run is defended for {more and more[-1]}, not for {form}" in capsys.readouterr().err
        assert noted == (name in ("clipact", "scaling") and form not in more)
    assert bool(changed) == (name in ("fitact", "scaling"))
    network = Network(layers).with_params({key.removeprefix(inject.CHANGED): p for key, p in changed.items()})
    for row in rows:
        faults = stuck("filters", pattern(network, "filters", 1907, row.pattern), row.rate)
        assert row.accuracy == campaign.score(faulty(network, faults), dataset.x_test, dataset.y_test).accuracy


def test_the_search_sees_no_test_image(here, monkeypatch):  # noqa: F811
    seen = []
    chosen = {"with": "clipact", "limits": {}}, {}
    monkeypatch.setattr(defend, "clipact", lambda network, x, y, *rest: seen.append(x) or chosen)
    monkeypatch.setattr(defend, "IMAGES", 4)
    defend.defend(["mine", "--with", "clipact", "--backend", "numpy"])
    _, dataset, _ = inject.trained(here / "mine", np, None, "")
    np.testing.assert_array_equal(seen[0], dataset.x_train[-6:][:4])


BAD = {
    "--with": ("", "x", "clip", "RANGER"),
    "--memory": ("", "x", "float64"),
    "--rates": ("", "x", "0:1:log", "0.1", "1e-6:0.06:log", "nan", "0", "0,1e-3"),
    "--epochs": ("", "-1", "x", "1.5"),
    "--lr": ("", "-1", "nan", "inf", "x"),
    "--data": ("x", "absent.npz"),
    "--out": ("tiny.npz", "tiny.npz/x", "mine", "a" * 300),
    "--backend": ("", "x", "cupy"),
    "--threads": ("", "0", "-1", "1025"),
}


@pytest.mark.parametrize("option", BAD)
def test_bad_values_get_one_sentence_and_leave_nothing_behind(here, capsys, monkeypatch, option):  # noqa: F811
    monkeypatch.setitem(sys.modules, "cupy", None)
    before = sorted(here.rglob("*"))
    of, _ = defend.OPTIONS.get(option.strip("-"), (("ranger",), None))  # a defence that has this option
    for value in BAD[option]:
        code = exit_code_of(defend.defend, ["mine", "--with", of[0], "--backend", "numpy", option, value])
        said = capsys.readouterr().err
        assert code in (2, 4, 5) and said.startswith("error: ") and said.count("\n") == 1, f"{option} {value!r}: {said}"
    assert sorted(here.rglob("*")) == before


def test_what_does_not_fit_is_one_sentence(here, capsys):  # noqa: F811
    def refused(command, *argv):
        assert exit_code_of(command, list(argv)) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        return said

    numpy = "--backend", "numpy"
    scaling = "mine", "--with", "scaling", "--memory", "int8"
    assert "scaling changes nothing in int8" in refused(defend.defend, *scaling, *numpy)
    for option in (("--memory", "float32"), ("--rates", "1e-5"), ("--epochs", "3"), ("--lr", "1e-3")):
        said = refused(defend.defend, "mine", "--with", "ranger", *option, *numpy)
        assert f"{option[0]} is for " in said and said.endswith(", not for ranger; leave it out\n")
    defend.defend(["mine", "--with", "ranger", *numpy])
    said = refused(defend.defend, "mine", "--with", "ranger", *numpy)
    assert "mine-ranger already holds a run; name another folder with --out" in said
    assert "is defended already, with ranger" in refused(defend.defend, "mine-ranger", "--with", "fitact", *numpy)
    assert "is a defended copy; break it with" in refused(train.train, "--resume", "mine-ranger")
    through = models.build("A1", (28, 28, 1), 10, seed=0, weights="tanh")
    with pytest.raises(defend.UsageError, match=r"plain weights; those of extractor/dense1 go through Tanh"):
        defend.check("scaling", through.extractor)
    with pytest.raises(defend.UsageError, match=r"fitact is for networks of ReLU; relu1 is LeakyReLU\(slope=0.1\)"):
        defend.check("fitact", a_network(leaky=True))
    for name in ("clip", "ranger:float64", "", "ranger:"):
        if name == "ranger:":
            assert defend.parse_name(name) == ("ranger", "float32")
        else:
            with pytest.raises(defend.UsageError, match="expected one of ranger, clipact, fitact, scaling"):
                defend.parse_name(name)
