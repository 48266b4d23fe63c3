"""What a defence does to numbers that a fault made too large. The promises of its layers are in test_layers.py."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED, filled

from aftt_np import campaign, config, data, models, train
from aftt_np.defences import SATURATIONS, Clamp, Divide, SoftLimit, Squash, mapped
from aftt_np.faults import KINDS, faulty, pattern, sites, stuck
from aftt_np.layers import Conv2d, Dense, ReLU
from aftt_np.network import Network

VALUES = np.array([[-math.inf, -3.0, -0.0, 0.5, 2.0, 2.1, 1e30, math.inf, math.nan]], np.float32)


def out_of(layer, x=VALUES):
    with np.errstate(all="ignore"):
        return layer.forward(x)[0][0].tolist()


def test_clamp_squash_and_soft_limit_by_hand():
    *clamped, last = out_of(Clamp(0.0, 2.0))
    assert clamped == [0, 0, 0, 0.5, 2, 2, 2, 2] and math.isnan(last), "Ranger knows nothing of what is no number"
    assert out_of(Squash(2.0)) == [0, 0, 0, 0.5, 2, 0, 0, 0, 0]
    soft = SoftLimit((9,)).with_params({"limit": np.full(9, 2.0, np.float32)})
    assert out_of(soft) == pytest.approx([0, 0, 0, 0.5, 1.0, 2.1 / (1 + math.exp(2)), 0, 0, 0], abs=1e-5)


@pytest.mark.parametrize("name", SATURATIONS)
def test_a_saturation_by_hand_and_at_the_ends(name):
    there = {"tanh": math.tanh(0.5), "arctan": math.atan(0.5), "softsign": 1 / 3}[name]
    end = math.pi / 2 if name == "arctan" else 1.0
    layer = mapped(Dense(1, 9), SATURATIONS[name]).with_params({"w": VALUES, "b": np.zeros(9, np.float32)})
    y = out_of(layer, np.ones((1, 1), np.float32))
    assert y[3] == pytest.approx(there) and y[2] == 0
    assert y[0] == pytest.approx(-end) and y[6] == y[7] == pytest.approx(end)
    assert y[8] == 0, "what is no number is 0"
    assert max(map(abs, y)) <= end + 1e-6
    divided = mapped(Dense(1, 9), Divide(4.0)).with_params({"w": VALUES, "b": np.zeros(9, np.float32)})
    y = out_of(divided, np.ones((1, 1), np.float32))
    assert (y[3], y[6], y[7], y[8]) == (0.125, np.float32(1e30) / 4, 0, 0), "and what is infinite then, too"


@pytest.mark.parametrize("name", SATURATIONS)
def test_near_0_a_saturation_changes_nothing_and_keeps_the_digits(name):
    v = np.float32([1e-8, -3e-6, 1e-3])
    np.testing.assert_allclose(SATURATIONS[name](v), v, rtol=2e-3)
    np.testing.assert_allclose(SATURATIONS[name](v[:1]), v[:1], rtol=1e-6)


@given(seed=SEED, by=st.sampled_from([0.5, 3.0, 2.0**20]))
def test_scaled_weights_are_the_same_layer(seed, by):
    rng = np.random.default_rng(seed)
    for plain, shape in ((Dense(4, 3), (2, 4)), (Conv2d(2, 3, K=2, S=2, P=1), (2, 4, 4, 2))):
        layer, x = filled(plain, np.float64, rng), rng.standard_normal(shape)
        stored = layer.params | {"w": layer.params["w"] * by}
        scaled = mapped(layer, Divide(by)).with_params(stored)
        np.testing.assert_allclose(scaled.forward(x)[0], layer.forward(x)[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("arch", ["A1", "A2"])
def test_networks_of_saturated_weights_are_broken_like_plain_ones(arch):
    """Faults hit what is stored: sites, patterns and the dead are the same; logits are those of tanh(what is left)."""
    plain, saturated = (
        models.build(arch, (28, 28, 1), 10, seed=3, weights=weights) for weights in ("plain", "tanh")
    )  # fmt: skip
    plain, saturated = (players.extractor + players.classifier for players in (plain, saturated))
    assert {name: p.tobytes() for name, p in plain.params.items()} == {
        name: p.tobytes() for name, p in saturated.params.items()
    }
    x = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    for kind in KINDS:
        assert sites(plain, kind) == sites(saturated, kind)
        if not sites(plain, kind):
            continue
        faults = stuck(kind, pattern(saturated, kind, 1, 0), 0.5)
        broken = faulty(plain, faults)
        used = {name: np.tanh(p) if name.endswith(".w") else p for name, p in broken.params.items()}
        expected = broken.with_params(used).forward(x)[0]
        np.testing.assert_allclose(faulty(saturated, faults).forward(x)[0], expected, rtol=1e-4, atol=1e-5)
        parts = campaign.split(saturated, kind)
        slim = campaign.slim(*parts, faults)(parts[0].forward(x)[0])
        np.testing.assert_allclose(slim, expected, rtol=1e-4, atol=1e-5)


def test_the_option_makes_such_networks():
    players = train.build(config.resolve({"weights": "arctan"}), data.load("fashion-mini"))
    assert players.extractor.layers["extractor/dense1"].map == SATURATIONS["arctan"]
    players = train.build(config.resolve({}), data.load("fashion-mini"))
    assert type(players.extractor.layers["extractor/dense1"]) is Dense


def test_the_discriminator_and_the_decoder_keep_plain_weights():
    players = models.build("A2", (28, 28, 1), 10, seed=0, weights="softsign")
    layers = {name: layer for network in players for name, layer in network.layers.items() if layer.params}
    kinds = {name: type(layer).__name__ for name, layer in layers.items()}
    for name, kind in kinds.items():
        assert kind.startswith("Mapped") == (name.startswith(("extractor", "classifier"))), name


def test_a_flipped_exponent_is_bounded_by_a_saturation():
    """One bit 30 in 128 weights: without tanh the answers are gone, with it they move a little."""
    rng = np.random.default_rng(0)
    network = {}
    for name, through in (("plain", None), ("tanh", SATURATIONS["tanh"])):
        layer = Dense(16, 8) if through is None else mapped(Dense(16, 8), through)
        w = 0.1 * np.random.default_rng(1).standard_normal((16, 8)).astype(np.float32)
        network[name] = Network({"a": layer.with_params({"w": w, "b": np.zeros(8, np.float32)}), "relu": ReLU()})
    x, labels = rng.integers(0, 256, (20, 16), np.uint8), np.zeros(20, int)
    worst = {}
    for name, one in network.items():
        with np.errstate(all="ignore"):
            rows = list(campaign.run(one, x, labels, "bits:float32:30", [0.0, 0.01], range(20), 0))
        assert any(row.hit for row in rows)
        worst[name] = max(row.largest_deviation for row in rows)
    assert worst["plain"] > 1e30 and worst["tanh"] < 20
