"""Faults: found by name, nested, at their rate; the broken copy and the exact gradient through it."""

import math

import numpy as np
import pytest
from gradcheck import check_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED, filled

from aftt_np.errors import UsageError
from aftt_np.faults import (
    KINDS,
    NO_FAULTS,
    Faults,
    drop_connect,
    faulty,
    living_features,
    pattern,
    sites,
    stuck,
    train_faults,
)  # fmt: skip
from aftt_np.layers import Conv2d, Dense, Dropout, Flatten, LeakyReLU, MaxPool2d, ReLU
from aftt_np.models import build
from aftt_np.network import Network
from aftt_np.rng import Stream

RATE = st.floats(0, 1)


def small_model(seed=0, F=3, M=5):
    """x (N, 6, 6, 1) -> logits (N, 2): one convolution, two dense layers, the last of them the output."""
    rng = np.random.default_rng(seed)
    layers = {
        "extractor/conv": Conv2d(1, F, K=3), "extractor/pool": MaxPool2d(2), "extractor/flatten": Flatten(),
        "classifier/relu": LeakyReLU(0.1), "classifier/dense1": Dense(4 * F, M), "classifier/relu1": ReLU(),
        "classifier/dense2": Dense(M, 2),
    }  # fmt: skip
    return Network({name: filled(layer, np.float64, rng) for name, layer in layers.items()})


def test_sites_are_what_the_kinds_say():
    model = small_model()
    assert sites(model, "weights") == {
        "extractor/conv": (3, 3, 1, 3), "classifier/dense1": (12, 5), "classifier/dense2": (5, 2),
    }  # fmt: skip
    assert sites(model, "filters") == {"extractor/conv": (3,)}
    assert sites(model, "nodes") == {"extractor/conv": (3,), "classifier/dense1": (5,)}  # the output layer excepted
    with pytest.raises(UsageError, match="synapses"):
        sites(model, "synapses")


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEED, number=st.integers(0, 50), low=RATE, high=RATE)
def test_faults_nest_over_rates(kind, seed, number, low, high):
    low, high = sorted((low, high))
    model = small_model()
    u = pattern(model, kind, seed, number)
    few, many = stuck(kind, u, low), stuck(kind, u, high)
    assert few.masks.keys() == many.masks.keys()
    for name in few.masks:
        assert (few.masks[name] >= many.masks[name]).all(), f"{name}: a fault at {low} is none at {high}"


@pytest.mark.parametrize("kind", KINDS)
def test_rate_0_hits_nothing_and_rate_1_everything(kind):
    model = small_model()
    u = pattern(model, kind, 0, 0)
    assert all(mask.all() for mask in stuck(kind, u, 0.0).masks.values())
    assert not any(mask.any() for mask in stuck(kind, u, 1.0).masks.values())


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_faults_do_not_depend_on_other_layers_or_their_order(kind):
    model = small_model()
    name, layer = "extractor/conv", model.layers["extractor/conv"]
    alone = Network({"other/dense": Dense(2, 2), name: layer, "last/dense": Dense(1, 1)})
    with_dropout = Network({name: layer, "extractor/dropout": Dropout(0.5), **model.layers})
    reference = pattern(model, kind, 3, 1)[name]
    for other in (alone, with_dropout):
        np.testing.assert_array_equal(pattern(other, kind, 3, 1)[name], reference)
    names = {(kind, fault_seed, number) for fault_seed in range(3) for number in range(3)}
    fields = {key: pattern(model, key[0], *key[1:])[name].tobytes() for key in names}
    assert len(set(fields.values())) == len(names), "two patterns share a field"
    twins = Network({"a": Dense(4, 4), "b": Dense(4, 4), "c": Conv2d(1, 4, K=2), "out": Dense(4, 4)})
    drawn = [u.tobytes() for u in pattern(twins, kind, 0, 0).values()]
    assert len(set(drawn)) == len(drawn), "two layers share a field"


def test_training_and_evaluation_faults_have_other_names():
    model = small_model(F=40)
    evaluated = pattern(model, "filters", 0, 0)["extractor/conv"]
    trained = Stream("train", 0, "games", 0)["filters"]["extractor/conv.w"].generator().random(40)
    assert not np.isclose(evaluated, trained).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [0.01, 0.2, 0.68])
def test_the_realised_rate_lies_in_its_binomial_interval_in_every_layer(kind, rate):
    model = small_model(F=400, M=300)
    faults = stuck(kind, pattern(model, kind, 5, 0), rate)
    for name, (hit, population) in faults.counts(model, kind).items():
        sigma = math.sqrt(population * rate * (1 - rate))
        assert abs(hit - population * rate) < 4.5 * sigma, f"{name}: {hit} of {population} hit at rate {rate}"


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEED, rate=RATE)
def test_the_broken_copy_and_the_untouched_original(kind, seed, rate):
    model = small_model(seed)
    before = {name: p.copy() for name, p in model.params.items()}
    faults = stuck(kind, pattern(model, kind, seed, 0), rate)
    broken = faulty(model, faults)
    for name, p in model.params.items():
        np.testing.assert_array_equal(p, before[name], f"{name} of the original was written")
        if name in faults.masks:
            np.testing.assert_array_equal(broken.params[name], p * faults.masks[name])
            assert broken.params[name] is not p
        else:
            assert broken.params[name] is p, f"{name} is not hit, yet copied"
    hit_by_kind = {
        "weights": {"extractor/conv.w", "classifier/dense1.w", "classifier/dense2.w"},
        "filters": {"extractor/conv.w", "extractor/conv.b"},
        "nodes": {"extractor/conv.w", "extractor/conv.b", "classifier/dense1.w", "classifier/dense1.b"},
    }
    assert faults.masks.keys() == hit_by_kind[kind], "the wrong tensors are hit"


def test_a_dead_node_is_a_zero_activation():
    model = small_model()
    u = {"extractor/conv": np.array([0.1, 0.9, 0.9]), "classifier/dense1": np.array([0.9, 0.1, 0.9, 0.9, 0.1])}
    x = np.random.default_rng(0).standard_normal((4, 6, 6, 1))
    for name, layer in faulty(model, stuck("nodes", u, 0.5)).layers.items():
        x, _ = layer.forward(x)
        if name == "extractor/pool":
            assert not x[..., 0].any() and x[..., 1:].all()
        if name in ("classifier/dense1", "classifier/relu1"):
            assert not x[:, [1, 4]].any() and x[:, 0].any()


@pytest.mark.parametrize("kind", KINDS)
@given(seed=SEED, rate=RATE)
def test_the_gradient_through_a_broken_network(kind, seed, rate):
    """f(stored weights) = <dy, broken forward>: pullback must give its derivative by the stored weights."""
    rng = np.random.default_rng(seed)
    model, x = small_model(seed), rng.standard_normal((3, 6, 6, 1))
    faults = stuck(kind, pattern(model, kind, seed, 0), rate)
    y, tape = faulty(model, faults).forward(x)
    dy = rng.standard_normal(y.shape)
    _, grads = faulty(model, faults).backward(dy, tape, need_dx=False)

    def f(params):
        return (dy * faulty(model.with_params(params), faults).forward(x)[0]).sum()

    check_gradient(f, model.params, faults.pullback(grads), rng, f"{kind} at {rate}")


def test_two_kinds_at_once_hit_what_either_hits():
    model = small_model()
    nodes, weights = (stuck(kind, pattern(model, kind, 0, 0), 0.5) for kind in ("nodes", "weights"))
    both = nodes | weights
    w = model.params["classifier/dense1.w"]
    expected = w * nodes.masks["classifier/dense1.w"] * weights.masks["classifier/dense1.w"]
    np.testing.assert_array_equal(faulty(model, both).params["classifier/dense1.w"], expected)
    np.testing.assert_array_equal(both.masks["classifier/dense1.b"], nodes.masks["classifier/dense1.b"])
    assert (NO_FAULTS | nodes).masks.keys() == nodes.masks.keys()


def test_training_faults_are_new_every_step_and_their_rate_is_uniform_up_to_the_highest():
    model = small_model(F=200)
    rates = []
    for step in range(200):
        faults = train_faults(model, [("filters", 0.0, 0.6)], Stream("train", 0, "games", step))
        rates.append(1 - faults.masks["extractor/conv.b"].mean())
    assert max(rates) < 0.6 + 4 * math.sqrt(0.6 * 0.4 / 200)
    assert abs(np.mean(rates) - 0.3) < 4 * 0.6 / math.sqrt(12 * 200), "not uniform in [0, 0.6]"
    assert len(set(rates)) > 50
    again = train_faults(model, [("filters", 0.0, 0.6)], Stream("train", 0, "games", 7))
    assert 1 - again.masks["extractor/conv.b"].mean() == rates[7]
    assert train_faults(model, [], Stream("train", 0)) == NO_FAULTS


def test_training_faults_between_two_rates_in_turn_and_with_steps_without():
    """400 steps, of which a quarter has none and the others weight or node faults, never both."""
    model = small_model(F=200)
    wanted, said = [("weights", 0.4, 0.7), ("nodes", 0.5, 0.6)], {"none": 0, "weights": 0, "nodes": 0}
    for step in range(400):
        hit = train_faults(model, wanted, Stream("train", 0, "finetune", step), in_turn=True, clean=0.25)
        kind = "none" if not hit.masks else "nodes" if "extractor/conv.b" in hit.masks else "weights"
        said[kind] += 1
        if kind == "nodes":
            rate = 1 - hit.masks["extractor/conv.b"].mean()
            assert 0.5 - 0.15 < rate < 0.6 + 0.15, "four standard errors around [0.5, 0.6]"
            assert len(hit.masks) == 4, "w and b of two layers"
    assert abs(said["none"] - 100) < 4 * 75**0.5 and abs(said["weights"] - 150) < 4 * 94**0.5
    twice = [train_faults(model, [*wanted, wanted[1]], Stream("train", 1, step), in_turn=True) for step in range(400)]
    assert abs(sum("extractor/conv.b" in hit.masks for hit in twice) - 267) < 4 * 89**0.5, "given twice: twice as often"
    assert train_faults(model, [], Stream("train", 0), in_turn=True) == NO_FAULTS
    assert train_faults(model, wanted, Stream("train", 0), clean=1.0) == NO_FAULTS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_scale_multiplies_what_works_and_its_gradient(dtype):
    """w_broken = scale * mask * w: by hand, and the pullback is its transpose."""
    model = small_model()
    model = model.with_params({name: p.astype(dtype) for name, p in model.params.items()})
    hit = stuck("nodes", pattern(model, "nodes", 0, 0), 0.5)._replace(scale=2.0)
    broken = faulty(model, hit)
    for name, p in model.params.items():
        expected = 2 * p * hit.masks[name] if name in hit.masks else p
        np.testing.assert_array_equal(broken.params[name], expected)
        assert broken.params[name].dtype == dtype
    grads = {name: np.ones_like(p) for name, p in model.params.items()}
    for name, g in hit.pullback(grads).items():
        np.testing.assert_array_equal(g, np.broadcast_to(2 * hit.masks[name], g.shape) if name in hit.masks else 1)
        assert g.dtype == dtype
    with pytest.raises(ValueError, match="only masks of 0 without a scale can be joined"):
        hit | NO_FAULTS


def test_drop_connect_keeps_the_mean_of_a_weight():
    """Over 300 steps: a quarter of the elements is stuck, and the mean of w_broken is w."""
    model = small_model()
    total, dead = 0, []
    for step in range(300):
        hit = drop_connect(model, 0.25, Stream("train", 0, "finetune", step))
        total = total + faulty(model, hit).params["classifier/dense1.w"].astype(np.float64)
        dead.append(1 - hit.masks["classifier/dense1.w"].mean())
        assert set(hit.masks) == {name for name in model.params if name.endswith(".w")}, "biases are spared"
    w = model.params["classifier/dense1.w"]
    np.testing.assert_allclose(total / 300, w, atol=5 * float(abs(w).max()) * (0.25 / 0.75 / 300) ** 0.5)
    assert np.mean(dead) == pytest.approx(0.25, abs=0.02)


def test_counts_print_the_denominator():
    model = small_model()
    u = {"extractor/conv": np.array([0.1, 0.9, 0.9]), "classifier/dense1": np.array([0.9, 0.1, 0.9, 0.9, 0.1])}
    counts = stuck("nodes", u, 0.5).counts(model, "nodes")
    assert counts == {"extractor/conv": (1, 3), "classifier/dense1": (2, 5)}
    assert NO_FAULTS.counts(model, "weights")["classifier/dense2"] == (0, 10)
    as_elements = stuck("nodes", u, 0.5).counts(model, "weights")  # a dead unit is a column of stuck elements
    assert as_elements == {"extractor/conv": (9, 27), "classifier/dense1": (24, 60), "classifier/dense2": (0, 10)}


@pytest.mark.parametrize("poison", [np.inf, np.nan])
def test_stuck_at_0_is_0_whatever_was_stored(poison):
    network = Network({"dense": Dense(1, 2)}).with_params({"dense.w": np.array([[poison, 1.0]])})
    broken = faulty(network, Faults({"dense.w": np.array([[False, True]])}))
    np.testing.assert_array_equal(broken.params["dense.w"], [[0.0, 1.0]])


def test_living_features_follow_the_channels_through_flattening():
    players = build("A2", (28, 28, 1), 10, 0)
    mask = np.ones(50, bool)
    mask[[3, 7]] = False
    faults = Faults({"extractor/conv2.w": mask, "extractor/conv2.b": mask})
    x = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    z, _ = faulty(players.extractor, faults).forward(x)
    np.testing.assert_array_equal(living_features(players.extractor, faults, 800), (z != 0).any(axis=0))
    assert living_features(players.extractor, NO_FAULTS, 800) == 1


# ---- faults that other tools had


def hits(kind, rate, patterns=2000):
    """{layer: how many are hit, under each of the patterns} of a network with a layer of three units."""
    layers = {"conv": Conv2d(1, 3, K=2), "flatten": Flatten(), "dense1": Dense(27, 40), "dense2": Dense(40, 2)}
    network = Network({name: filled(layer, np.float32, np.random.default_rng(0)) for name, layer in layers.items()})
    found = {}
    for number in range(patterns):
        counts = stuck(kind, pattern(network, kind, 0, number), rate).counts(network, kind)
        for name, (hit, population) in counts.items():
            found.setdefault(name, ([], population))[0].append(hit)
    return {name: (np.array(values), population) for name, (values, population) in found.items()}


@pytest.mark.parametrize(("kind", "rate"), [("nodes", 0.1), ("filters", 0.2), ("weights", 0.01)])
def test_small_layers_are_hit_as_often_as_the_rate_says_no_more_and_no_less(kind, rate):
    """No rate is cut down to no fault, none is forced into a layer, and none is drawn twice: hits are binomial."""
    for name, (hit, population) in hits(kind, rate).items():
        error = (population * rate * (1 - rate) / len(hit)) ** 0.5
        assert abs(hit.mean() - population * rate) < 4 * error, f"{name}: {hit.mean()} of {population} at {rate}"
        none = (1 - rate) ** population
        assert abs((hit == 0).mean() - none) < 4 * (none * (1 - none) / len(hit)) ** 0.5 + 1e-9, f"{name}: none hit"
        assert hit.var() == pytest.approx(population * rate * (1 - rate), rel=0.2), f"{name}: not binomial"


def test_layers_are_hit_by_their_size():
    found = hits("weights", 0.05, patterns=200)
    total = sum(population for _, population in found.values())
    everything = sum(hit.sum() for hit, _ in found.values())
    for name, (hit, population) in found.items():
        assert hit.sum() / everything == pytest.approx(population / total, rel=0.15), name


def test_the_first_and_the_last_element_of_every_tensor_can_be_hit():
    network = Network({"dense1": Dense(3, 4), "dense2": Dense(4, 2)})
    masks = [stuck("weights", pattern(network, "weights", 0, number), 0.5).masks for number in range(40)]
    for name in ("dense1.w", "dense2.w"):
        stuck_at = ~np.array([mask[name] for mask in masks])
        assert stuck_at.any(axis=0).all() and not stuck_at.all(axis=0).any(), f"{name}: one is never or always hit"


def test_the_seed_and_the_pattern_reach_every_layer():
    network = Network({"dense1": Dense(8, 8), "dense2": Dense(8, 8), "dense3": Dense(8, 8)})
    drawn = [pattern(network, "weights", seed, number) for seed in (0, 1) for number in (0, 1)]
    everything = [u[name].tobytes() for u in drawn for name in u]
    assert len(set(everything)) == len(everything) == 12, "two layers, seeds or patterns share their faults"
