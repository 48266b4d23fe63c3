"""Losses and penalties: against differences, and one example by hand each."""

from functools import partial

import numpy as np
import pytest
from gradcheck import check_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED, SIZE

from aftt_np import losses

LOSSES = {  # name: (draw the second argument, the loss)
    "squared_error": (lambda rng, N, M: rng.standard_normal((N, M)), losses.squared_error),
    "squared_error_to_labels": (lambda rng, N, M: rng.integers(0, M, N), losses.squared_error_to_labels),
    "softmax_cross_entropy": (lambda rng, N, M: rng.integers(0, M, N), losses.softmax_cross_entropy),
    "binary_cross_entropy 0": (lambda rng, N, M: 0, losses.binary_cross_entropy),
    "binary_cross_entropy 1": (lambda rng, N, M: 1, losses.binary_cross_entropy),
}


@pytest.mark.parametrize("name", LOSSES)
@given(N=SIZE, M=SIZE, seed=SEED)
def test_gradient_dtype_and_no_trace(name, N, M, seed):
    rng = np.random.default_rng(seed)
    target_of, loss = LOSSES[name]
    M = 1 if name.startswith("binary") else M
    logits, target = rng.standard_normal((N, M)), target_of(rng, N, M)
    before = logits.copy()
    value, dlogits = loss(logits, target)
    check_gradient(lambda a: loss(a["logits"], target)[0], {"logits": logits}, {"logits": dlogits}, rng, name)
    np.testing.assert_array_equal(logits, before)
    assert np.shape(value) == ()
    value, dlogits = loss(logits.astype(np.float32), target if np.ndim(target) < 2 else target.astype(np.float32))
    assert (value.dtype, dlogits.dtype) == (np.float32, np.float32), name


@pytest.mark.parametrize("penalty", [losses.lasso, losses.tikhonov])
@given(seed=SEED, strength=st.floats(1e-6, 10))
def test_penalties_against_differences_and_no_biases(penalty, seed, strength):
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1, 1], (3, 2))
    weights = {"a.w": signs * rng.uniform(0.1, 2, (3, 2)), "c.w": rng.uniform(0.1, 2, (2, 2, 1, 2))}
    _, grads = penalty({**weights, "a.b": np.ones(2), "c.b": np.ones(2)}, strength)
    check_gradient(lambda a: penalty(a, strength)[0], weights, grads, rng, penalty.__name__)


def test_penalties_by_hand():
    params = {"a.w": np.array([[1.0, -2.0]]), "a.b": np.array([100.0, 100.0])}
    value, grads = losses.lasso(params, 0.5)
    assert value == 0.5 * 3
    np.testing.assert_array_equal(grads["a.w"], [[0.5, -0.5]])
    value, grads = losses.tikhonov(params, 0.5)
    assert value == 0.5 * 5
    np.testing.assert_array_equal(grads["a.w"], [[1.0, -2.0]])


def test_losses_by_hand():
    value, dy_hat = losses.squared_error(np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 0.0]]))
    assert value == (1 + 4 + 9) / 2  # summed over features, mean over the batch
    np.testing.assert_array_equal(dy_hat, [[1, 2], [-3, 0]])
    value, dlogits = losses.squared_error_to_labels(np.array([[1.0, 2.0]]), np.array([1]))
    assert value == 1 + 1
    np.testing.assert_array_equal(dlogits, [[2, 2]])
    value, dlogits = losses.softmax_cross_entropy(np.log([[1.0, 3.0]]), np.array([0]))
    assert value == pytest.approx(np.log(4))
    np.testing.assert_allclose(dlogits, [[-0.75, 0.75]])
    value, dlogits = losses.binary_cross_entropy(np.log([[3.0]]), 1)  # D = 3/4
    assert value == pytest.approx(np.log(4 / 3))
    np.testing.assert_allclose(dlogits, [[-0.25]])
    value, dlogits = losses.binary_cross_entropy(np.log([[3.0]]), 0)
    assert value == pytest.approx(np.log(4))
    np.testing.assert_allclose(dlogits, [[0.75]])


def test_far_out_nothing_overflows():
    for dtype in (np.float32, np.float64):
        logits = np.array([[1e4, -1e4]], dtype)
        assert losses.softmax_cross_entropy(logits, np.array([1]))[0] == 2e4
        assert losses.binary_cross_entropy(logits[:, :1], 0)[0] == 1e4
        assert losses.binary_cross_entropy(logits[:, 1:], 1)[0] == 1e4
        assert losses.binary_cross_entropy(logits[:, :1], 1)[0] == 0


@given(seed=SEED, shift=st.floats(-50, 50))
def test_softmax_does_not_change_when_all_logits_are_shifted(seed, shift):
    rng = np.random.default_rng(seed)
    logits, labels = rng.standard_normal((3, 5)), rng.integers(0, 5, 3)
    plain, shifted = (losses.softmax_cross_entropy(logits + s, labels) for s in (0, shift))
    np.testing.assert_allclose(plain[0], shifted[0], rtol=1e-9)
    np.testing.assert_allclose(plain[1], shifted[1], atol=1e-12)


def test_shapes_that_do_not_match_are_refused_not_broadcast():
    with pytest.raises(ValueError, match=r"\(3, 1\) and \(3, 4\)"):
        losses.squared_error(np.zeros((3, 1)), np.zeros((3, 4)))


def test_the_tables_name_what_the_commands_offer():
    assert set(losses.LOSSES) == {"cross-entropy", "mse"}
    assert partial(losses.PENALTIES["lasso"], strength=2.0)({"a.w": np.ones(3)})[0] == 6.0
