"""The seven promises of a layer, held over all layers from one table, and one example by hand for each.

In training a batch norm answers for the whole batch, so that there it promises moments in place of number 6.
"""

import inspect

import numpy as np
import pytest
from gradcheck import check_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies import DTYPE, LAYERS, SEED, away_from_kinks, filled

from aftt_np import deep, defences, layers
from aftt_np.deep import EPSILON, BatchNorm
from aftt_np.defences import SoftLimit
from aftt_np.layers import (
    Conv2d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    MaxPool2d,
    ReLU,
    Reshape,
    Sigmoid,
    Upsample2d,
)
from aftt_np.network import Network

all_layers = pytest.mark.parametrize("kind", LAYERS)


def drawn(kind, data, dtype=np.float64):
    """A layer of one kind with random parameters, a fitting input, and whether training noise is on."""
    layer, shape = data.draw(LAYERS[kind])
    seed = data.draw(SEED)
    rng = np.random.default_rng(seed)
    x = away_from_kinks(shape, rng).astype(dtype)
    noise = data.draw(st.booleans())
    return filled(layer, dtype, rng), x, (lambda: np.random.default_rng(seed) if noise else None), rng


def gradients(layer, dy, cache):
    return layer.gradients(dy, cache) if layer.params else {}


def learned(layer):
    """The parameters that have a gradient."""
    return {name: p for name, p in layer.params.items() if name not in layer.followers}


def test_the_table_has_every_layer():
    members = [member for module in (layers, defences, deep) for member in inspect.getmembers(module, inspect.isclass)]
    classes = {name for name, c in members if issubclass(c, layers.Layer)}
    assert classes - {"Layer"} == LAYERS.keys()


@all_layers
@given(data=st.data(), dtype=DTYPE)
def test_1_and_5_shapes_and_dtypes(kind, data, dtype):
    layer, x, noise, rng = drawn(kind, data, dtype)
    y, cache = layer.forward(x, noise())
    dy = rng.standard_normal(y.shape).astype(dtype)
    dx = layer.backward(dy, cache)
    grads = gradients(layer, dy, cache)
    assert y.dtype == dtype, f"{layer}: {dtype.__name__} in, {y.dtype} out"
    assert (dx.shape, dx.dtype) == (x.shape, x.dtype), f"{layer}: dx is {dx.shape} {dx.dtype}, x {x.shape} {x.dtype}"
    shapes = {name: (p.shape, p.dtype) for name, p in learned(layer).items()}
    assert {name: (g.shape, g.dtype) for name, g in grads.items()} == shapes, f"{layer}: gradients unlike params"


@all_layers
@given(data=st.data())
def test_2_backward_is_the_transpose_of_the_derivative(kind, data):
    layer, x, noise, rng = drawn(kind, data)
    y, cache = layer.forward(x, noise())
    dy = rng.standard_normal(y.shape)
    arrays = {"x": x, **learned(layer)}
    grads = {"x": layer.backward(dy, cache), **gradients(layer, dy, cache)}

    def f(arrays):
        params = {name: arrays.get(name, p) for name, p in layer.params.items()}
        return (dy * layer.with_params(params).forward(arrays["x"], noise())[0]).sum()

    check_gradient(f, arrays, grads, rng, str(layer))


@all_layers
@given(data=st.data())
def test_3_nothing_passed_in_is_changed(kind, data):
    layer, x, noise, rng = drawn(kind, data)
    params = {name: p.copy() for name, p in layer.params.items()}
    x_before, state_before = x.copy(), set(vars(layer))
    y, cache = layer.forward(x, noise())
    y_before = y.copy()
    dy = rng.standard_normal(y.shape)
    dy_before = dy.copy()
    layer.backward(dy, cache)
    gradients(layer, dy, cache)
    np.testing.assert_array_equal(x, x_before, f"{layer} wrote into x")
    np.testing.assert_array_equal(y, y_before, f"{layer}.backward wrote into y")
    np.testing.assert_array_equal(dy, dy_before, f"{layer} wrote into dy")
    for name, p in params.items():
        np.testing.assert_array_equal(layer.params[name], p, f"{layer} wrote into {name}")
    assert set(vars(layer)) == state_before, f"{layer} keeps {set(vars(layer)) - state_before} between calls"


@all_layers
@given(data=st.data(), swap=st.booleans())
def test_4_two_forwards_then_two_backwards(kind, data, swap):
    layer, x1, noise, rng = drawn(kind, data)
    x2 = away_from_kinks(x1.shape, rng)

    def apart(x, dy):
        _, cache = layer.forward(x, noise())
        return {"x": layer.backward(dy, cache), **gradients(layer, dy, cache)}

    (y1, cache1), (y2, cache2) = layer.forward(x1, noise()), layer.forward(x2, noise())
    dy1, dy2 = rng.standard_normal(y1.shape), rng.standard_normal(y2.shape)
    jobs = [(x1, dy1, cache1), (x2, dy2, cache2)]
    for x, dy, cache in reversed(jobs) if swap else jobs:
        together = {"x": layer.backward(dy, cache), **gradients(layer, dy, cache)}
        for name, expected in apart(x, dy).items():
            np.testing.assert_array_equal(together[name], expected, f"{layer}: d{name} depends on the other call")


@all_layers
@given(data=st.data())
def test_6_a_subset_of_a_batch_gives_the_same_rows(kind, data):
    layer, x, _, rng = drawn(kind, data)
    y, _ = layer.forward(x)
    rows = rng.permutation(len(x))[: data.draw(st.integers(1, len(x)))]
    np.testing.assert_allclose(layer.forward(x[rows])[0], y[rows], rtol=1e-12, atol=1e-12, err_msg=str(layer))


@given(data=st.data())
def test_6_in_training_a_batch_norm_promises_moments_instead(data):
    layer, x, _, rng = drawn("BatchNorm", data)
    y, (*_, moments) = layer.forward(x, rng)
    C, order = x.shape[-1], rng.permutation(len(x))
    flat_x, flat_y = x.reshape(-1, C), y.reshape(-1, C)
    np.testing.assert_allclose(moments, [flat_x.mean(axis=0), flat_x.var(axis=0)], atol=1e-12, err_msg="moments")
    spread = abs(layer.params["scale"]) * (moments[1] / (moments[1] + EPSILON)) ** 0.5
    np.testing.assert_allclose(flat_y.mean(axis=0), layer.params["shift"], atol=1e-9, err_msg=f"{layer}: the mean")
    np.testing.assert_allclose(flat_y.std(axis=0), spread, atol=1e-9, err_msg=f"{layer}: the deviation")
    again = layer.forward(x[order], rng)[0]
    np.testing.assert_allclose(again, y[order], atol=1e-9, err_msg=f"{layer}: the order of the images matters")


WRONG = [  # layer, a shape that does not fit, what the message must say
    (Dense(3, 2), (4, 5), ["Dense(D=3, M=2)", "(N, 3)", "(4, 5)"]),
    (Dense(3, 2), (4, 3, 1), ["(N, 3)", "(4, 3, 1)"]),
    (Conv2d(3, 2, K=3), (4, 8, 8, 1), ["(N, H, W, 3)", "(4, 8, 8, 1)"]),
    (Conv2d(3, 2, K=5), (4, 4, 8, 3), ["at least 5 pixels", "(4, 4, 8, 3)"]),
    (Conv2d(3, 2, K=5), (4, 3), ["(N, H, W, 3)", "(4, 3)"]),
    (MaxPool2d(2), (4, 5, 4, 1), ["multiples of 2", "(4, 5, 4, 1)"]),
    (MaxPool2d(2), (4, 4), ["(N, H, W, C)", "(4, 4)"]),
    (Flatten(), (4, 4), ["(N, H, W, C)", "(4, 4)"]),
    (Reshape((2, 3)), (4, 5), ["6 numbers", "(4, 5)"]),
    (Upsample2d(), (4, 4), ["(N, H, W, C)", "(4, 4)"]),
    (BatchNorm(3), (4, 2), ["BatchNorm(C=3)", "(N, ..., 3)", "(4, 2)"]),
    (SoftLimit((3,)), (4, 2), ["SoftLimit", "(N, 3)", "(4, 2)"]),
]


@pytest.mark.parametrize(("layer", "shape", "said"), WRONG, ids=str)
def test_7_a_wrong_shape_is_named_with_the_layer_and_its_network(layer, shape, said):
    with pytest.raises(ValueError) as caught:
        Network({"extractor/here": layer}).forward(np.zeros(shape))
    for words in ("extractor/here", *said):
        assert words in str(caught.value), f"{words!r} is missing in: {caught.value}"


# ---- one example by hand for each layer, and the kinks


def test_dense_by_hand():
    layer = Dense(2, 2).with_params({"w": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([10.0, 20.0])})
    y, cache = layer.forward(np.array([[1.0, -1.0]]))
    np.testing.assert_array_equal(y, [[1 - 3 + 10, 2 - 4 + 20]])
    dy = np.array([[1.0, 10.0]])
    np.testing.assert_array_equal(layer.backward(dy, cache), [[1 + 20, 3 + 40]])  # dy @ w.T
    grads = layer.gradients(dy, cache)
    np.testing.assert_array_equal(grads["w"], [[1, 10], [-1, -10]])  # x.T @ dy
    np.testing.assert_array_equal(grads["b"], [1, 10])


@given(data=st.data())
def test_convolution_against_six_plain_loops(data):
    layer, x, _, _ = drawn("Conv2d", data)
    w, b, K, S, P = layer.params["w"], layer.params["b"], layer.K, layer.S, layer.P
    y, _ = layer.forward(x)
    padded = np.pad(x, ((0, 0), (P, P), (P, P), (0, 0)))
    expected = np.zeros_like(y)
    N, OH, OW, F = y.shape
    for n in range(N):
        for h in range(OH):
            for w_ in range(OW):
                for f in range(F):
                    total = b[f]
                    for i in range(K):
                        for j in range(K):
                            total += padded[n, S * h + i, S * w_ + j] @ w[i, j, :, f]
                    expected[n, h, w_, f] = total
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-10)


def test_convolution_works_on_more_images_than_a_piece():
    rng = np.random.default_rng(0)
    layer = filled(Conv2d(2, 3, K=3, P=1), np.float64, rng)
    x = rng.standard_normal((2 * layers.PIECE + 3, 4, 4, 2))
    y, cache = layer.forward(x)
    dy = rng.standard_normal(y.shape)
    one_by_one = [layer.forward(x[n : n + 1]) for n in range(len(x))]
    np.testing.assert_allclose(y, np.concatenate([y_n for y_n, _ in one_by_one]), atol=1e-12)
    grads = [layer.gradients(dy[n : n + 1], cache_n) for n, (_, cache_n) in enumerate(one_by_one)]
    for name, total in layer.gradients(dy, cache).items():
        np.testing.assert_allclose(total, sum(g[name] for g in grads), atol=1e-11, err_msg=name)


def test_pool_gives_the_derivative_of_a_tied_window_to_its_first_maximum():
    x = np.zeros((1, 4, 2, 1))
    x[0, 2:, :, 0] = [[1, 3], [3, 2]]
    y, cache = MaxPool2d(2).forward(x)
    np.testing.assert_array_equal(y[0, :, 0, 0], [0, 3])
    dx = MaxPool2d(2).backward(np.array([5.0, 7.0]).reshape(y.shape), cache)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[5, 0], [0, 0], [0, 7], [0, 0]])


@pytest.mark.parametrize(("layer", "slope"), [(ReLU(), 0.0), (LeakyReLU(0.1), 0.1)])
def test_rectifiers_and_their_derivative_at_the_kink(layer, slope):
    x = np.array([[-2.0, 0.0, 3.0]])
    y, cache = layer.forward(x)
    np.testing.assert_array_equal(y, [[-2 * slope, 0, 3]])
    np.testing.assert_array_equal(layer.backward(np.ones_like(x), cache), [[slope, slope, 1]])


def test_sigmoid_by_hand_and_far_out():
    y, cache = Sigmoid().forward(np.array([[0.0, np.log(3.0), 1e4, -1e4]], np.float64))
    np.testing.assert_allclose(y, [[0.5, 0.75, 1, 0]])
    np.testing.assert_allclose(Sigmoid().backward(np.ones_like(y), cache), [[0.25, 0.1875, 0, 0]])


def test_dropout_keeps_the_mean_and_the_declared_share_and_rests_without_rng():
    x = np.ones((200, 500), np.float32)
    y, cache = Dropout(0.2).forward(x, np.random.default_rng(0))
    kept = (y != 0).mean()
    assert abs(kept - 0.8) < 4 * np.sqrt(0.8 * 0.2 / x.size), f"{kept:.4f} kept, expected 0.8"
    np.testing.assert_allclose(np.unique(y), [0, 1 / 0.8], rtol=1e-6)
    np.testing.assert_array_equal(Dropout(0.2).backward(x, cache), y)
    np.testing.assert_array_equal(Dropout(0.2).forward(x)[0], x)


@pytest.mark.parametrize("make", [lambda: Dropout(1.0), lambda: Dropout(-0.1), lambda: LeakyReLU(1.5)])
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(ValueError, match=r"expected a (rate|slope) from 0"):
        make()


@given(seed=SEED)
def test_a_transposed_convolution_is_a_convolution_with_its_kernel_turned(seed):
    rng = np.random.default_rng(seed)
    turned, plain = filled(ConvTranspose2d(3, 2, K=3, P=1), np.float64, rng), Conv2d(3, 2, K=3, P=1)
    w = turned.params["w"][:, ::-1, ::-1].transpose(1, 2, 0, 3)  # (C, K, K, F) -> (K, K, C, F)
    plain = plain.with_params({"w": w, "b": turned.params["b"]})
    x = rng.standard_normal((2, 5, 4, 3))
    np.testing.assert_allclose(turned.forward(x)[0], plain.forward(x)[0], atol=1e-12)


def test_upsample_by_hand():
    x = np.array([[0.0, 4.0]]).reshape(1, 1, 2, 1)  # one row of two pixels
    y, cache = Upsample2d().forward(x)
    np.testing.assert_array_equal(y[0, :, :, 0], [[0, 1, 3, 4], [0, 1, 3, 4]])
    dx = Upsample2d().backward(np.ones_like(y), cache)
    np.testing.assert_array_equal(dx.ravel(), [4, 4])  # every pixel is spread over four


def test_flatten_puts_the_channel_fastest():
    x = np.arange(12).reshape(1, 2, 2, 3)
    np.testing.assert_array_equal(Flatten().forward(x)[0], [np.arange(12)])
    np.testing.assert_array_equal(Reshape((2, 2, 3)).forward(x.reshape(1, 12))[0], x)


def test_batch_norm_by_hand():
    layer = BatchNorm(2).with_params({
        "scale": np.array([2.0, 1.0]), "shift": np.array([0.0, 10.0]), "mean": np.array([5.0, 1.0]),
        "var": np.array([4.0, 1.0]) - EPSILON,
    })  # fmt: skip
    x = np.array([[1.0, 4.0], [3.0, 4.0]])
    np.testing.assert_allclose(layer.forward(x)[0], [[-4, 13], [-2, 13]])
    y, cache = layer.forward(x, np.random.default_rng(0))
    np.testing.assert_allclose(y, [[-2, 10], [2, 10]], rtol=1e-4)  # the batch: mean (2, 4), var (1, 0)
    np.testing.assert_allclose(cache[-1], [[2, 4], [1, 0]])
    layer.follow(cache)
    np.testing.assert_allclose(layer.params["mean"], [4.7, 1.3])
    np.testing.assert_allclose(layer.params["var"], [3.7, 0.9], atol=1e-5)
