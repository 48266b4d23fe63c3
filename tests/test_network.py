"""A network behaves like one layer: the same promises, with names."""

import numpy as np
import pytest
from gradcheck import check_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED, away_from_kinks, filled

from aftt_np import parallel
from aftt_np.layers import PIECE, Conv2d, Dense, Dropout, Flatten, LeakyReLU, MaxPool2d, ReLU, Sigmoid
from aftt_np.network import Network, add
from aftt_np.rng import Stream


def small_network(seed=0, prefix="net"):
    """A bit of everything: x (N, 6, 6, 2) -> y (N, 3)."""
    rng = np.random.default_rng(seed)
    layers = {
        "conv": Conv2d(2, 3, K=3), "pool": MaxPool2d(2), "leaky": LeakyReLU(0.1), "flatten": Flatten(),
        "dense1": Dense(12, 4), "sigmoid": Sigmoid(), "dropout": Dropout(0.5), "dense2": Dense(4, 3),
    }  # fmt: skip
    return Network({f"{prefix}/{name}": filled(layer, np.float64, rng) for name, layer in layers.items()})


@given(seed=SEED, noise=st.booleans())
def test_backward_is_the_transpose_of_the_derivative(seed, noise):
    rng = np.random.default_rng(seed)
    network, x = small_network(seed), 0.2 * away_from_kinks((3, 6, 6, 2), rng)  # small: sigmoid stays alive
    stream = Stream("noise", seed) if noise else None
    y, tape = network.forward(x, stream)
    dy = rng.standard_normal(y.shape)
    dx, grads = network.backward(dy, tape)

    def f(arrays):
        params = {name: a for name, a in arrays.items() if name != "x"}
        return (dy * network.with_params(params).forward(arrays["x"], stream)[0]).sum()

    check_gradient(f, {"x": x, **network.params}, {"x": dx, **grads}, rng, "network")


def test_declined_derivatives_are_none_and_cost_nothing(monkeypatch):
    network, x = small_network(), np.random.default_rng(0).standard_normal((2, 6, 6, 2))
    y, tape = network.forward(x)
    dy = np.ones_like(y)
    dx, grads = network.backward(dy, tape)
    only_dx, none = network.backward(dy, tape, need_grads=False)
    assert none is None
    np.testing.assert_array_equal(only_dx, dx)
    calls = []
    for layer in network.layers.values():
        monkeypatch.setattr(layer, "backward", lambda *a, layer=layer, b=layer.backward: calls.append(layer) or b(*a))
    none, only_grads = network.backward(dy, tape, need_dx=False)
    assert none is None
    assert network.layers["net/conv"] not in calls, "the first layer's dx was computed, and nobody needs it"
    for name, g in grads.items():
        np.testing.assert_array_equal(only_grads[name], g)


def test_two_forwards_then_two_backwards():
    """What goes wrong where caches live in the layers (prior samples and features through one discriminator)."""
    network, rng = small_network(), np.random.default_rng(0)
    x1, x2 = rng.standard_normal((2, 2, 6, 6, 2))
    (y1, tape1), (_, tape2) = network.forward(x1), network.forward(x2)
    late = network.backward(np.ones_like(y1), tape1)[1]
    network.backward(np.ones_like(y1), tape2)
    _, tape = network.forward(x1)
    for name, g in network.backward(np.ones_like(y1), tape)[1].items():
        np.testing.assert_array_equal(late[name], g)


def test_names_joining_and_replacing():
    extractor, classifier = small_network(prefix="extractor"), Network({"classifier/dense": Dense(3, 2)})
    model = extractor + classifier
    assert list(model.params)[:2] == ["extractor/conv.w", "extractor/conv.b"]
    assert model.params["extractor/conv.w"] is extractor.params["extractor/conv.w"], "joining copied the arrays"
    x = np.ones((1, 6, 6, 2))
    np.testing.assert_array_equal(model.forward(x)[0], classifier.forward(extractor.forward(x)[0])[0])
    other = model.with_params({"classifier/dense.w": np.ones((3, 2))})
    assert not model.params["classifier/dense.w"].any(), "with_params wrote into the network"
    assert other.params["classifier/dense.w"].all()
    assert other.params["classifier/dense.b"] is model.params["classifier/dense.b"]
    with pytest.raises(ValueError, match=r"no such parameters.*dense3\.w"):
        model.with_params({"dense3.w": np.ones(1)})
    with pytest.raises(ValueError, match=r": classifier/dense.b \(1,\), classifier/dense.w \(2, 3\)$"):
        model.with_params({"classifier/dense.w": np.ones((2, 3)), "classifier/dense.b": np.ones(1)})
    with pytest.raises(ValueError, match="classifier/dense"):
        model + classifier


def test_noise_is_found_by_layer_and_only_noisy_layers_draw():
    network = Network({"d/a": Dropout(0.5), "d/relu": ReLU(), "d/b": Dropout(0.5)})
    x = np.ones((4, 50))
    y, _ = network.forward(x, Stream("noise", 1))
    again, _ = network.forward(x, Stream("noise", 1))
    np.testing.assert_array_equal(y, again)
    assert (network.forward(x, Stream("noise", 2))[0] != y).any()
    noise = {name: Stream("noise", 1)[name][0].generator() for name in ("d/a", "d/b")}
    first, second = (network.layers[name].forward(x, generator)[0] for name, generator in noise.items())
    assert (first != second).any(), "two layers draw the same mask"
    np.testing.assert_array_equal(first * second, y)


def test_wrong_shape_of_dy_is_named():
    network = small_network()
    _, tape = network.forward(np.zeros((2, 6, 6, 2)))
    with pytest.raises(ValueError, match=r"net/dense2.*\(2, 3\).*\(3, 3\)"):
        network.backward(np.zeros((3, 3)), tape)


def test_add():
    assert add({"a": 1, "b": 2}, {"b": 3}) == {"a": 1, "b": 5}
    with pytest.raises(KeyError, match="c"):
        add({"a": 1}, {"c": 1})


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_shards_change_nothing_but_rounding_and_threads_nothing_at_all(threads):
    whole, x = small_network(), np.random.default_rng(0).standard_normal((3 * PIECE + 5, 6, 6, 2))
    cut = Network(whole.layers, shards=3)
    (y, tape), (y_cut, tape_cut) = whole.forward(x), cut.forward(x)
    np.testing.assert_allclose(y_cut, y, rtol=1e-12)
    dy = np.random.default_rng(1).standard_normal(y.shape)
    (dx, grads), (dx_cut, grads_cut) = whole.backward(dy, tape), cut.backward(dy, tape_cut)
    np.testing.assert_allclose(dx_cut, dx, rtol=1e-10, atol=1e-12)
    for name, g in grads.items():
        np.testing.assert_allclose(grads_cut[name], g, rtol=1e-10, atol=1e-10, err_msg=name)
    with parallel.use(threads):
        again, tape = cut.forward(x)
        dx_again, grads_again = cut.backward(dy, tape)
    assert again.tobytes() == y_cut.tobytes()
    assert dx_again.tobytes() == dx_cut.tobytes()
    assert all(grads_again[name].tobytes() == g.tobytes() for name, g in grads_cut.items())


def test_every_shard_has_noise_of_its_own():
    network, x = Network({"dropout": Dropout(0.5)}, shards=2), np.ones((2 * PIECE, 20))
    y, tape = network.forward(x, Stream("noise", 1))
    assert (y[:PIECE] != y[PIECE:]).any(), "two shards draw the same mask"
    np.testing.assert_array_equal(network.backward(x, tape)[0], y)
    assert len(tape[1]) == 2


def test_parts_and_sums_keep_the_shards():
    network = Network({"a": ReLU(), "b": Dense(2, 2), "c": ReLU()}, shards=2)
    assert list(network.part(1, 2).layers) == ["b"]
    assert list(network.part(1).layers) == ["b", "c"]
    others = (network.part(1), network.with_params({}), Network({"z": ReLU()}) + network)
    assert [other.shards for other in others] == [2, 2, 2]
