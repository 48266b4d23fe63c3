"""Adam: one step worked by hand, the formula over many steps, and names that must agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED

from aftt_np import optim
from aftt_np.optim import Adam


def test_one_step_by_hand():
    """g = 2, beta1 = 0.9, beta2 = 0.99: m = 0.2, v = 0.04; corrected m = 2, v = 4; p moves by rate * 2 / (2 + epsilon).

    The second step, with g = 0: m = 0.18, v = 0.0396; corrected by 1 - 0.81 and 1 - 0.9801.
    """
    params = {"p": np.array([1.0])}
    adam = Adam(params, rate=0.1, beta2=0.99, epsilon=0.5)
    adam.step(params, {"p": np.array([2.0])})
    assert params["p"][0] == pytest.approx(1 - 0.1 * 2 / 2.5)
    adam.step(params, {"p": np.array([0.0])})
    assert params["p"][0] == pytest.approx(0.92 - 0.1 * (0.18 / 0.19) / (np.sqrt(0.0396 / 0.0199) + 0.5))


@given(seed=SEED, size=st.integers(1, 7), steps=st.integers(1, 5), dtype=st.sampled_from([np.float32, np.float64]))
def test_many_steps_are_the_formula_whatever_the_pieces(seed, size, steps, dtype):
    rng = np.random.default_rng(seed)
    p = rng.standard_normal((size, 3)).astype(dtype)
    params, expected = {"a.w": p.copy()}, p.astype(np.float64)
    m, v = np.zeros_like(expected), np.zeros_like(expected)
    adam = Adam(params, rate=0.01)
    whole, optim.PIECE = optim.PIECE, 4  # several pieces, the last one short
    try:
        for t in range(1, steps + 1):
            g = rng.standard_normal(p.shape).astype(dtype)
            before = g.copy()
            adam.step(params, {"a.w": g})
            np.testing.assert_array_equal(g, before, "Adam wrote into the gradient")
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g.astype(np.float64) ** 2
            expected -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    finally:
        optim.PIECE = whole
    assert params["a.w"].dtype == dtype
    np.testing.assert_allclose(params["a.w"], expected, rtol=1e-4 if dtype == np.float32 else 1e-10)


def test_the_step_is_in_place_and_the_moments_belong_to_one_adam():
    params = {"a": np.ones(2), "b": np.ones(3)}
    arrays = dict(params)
    first, second = Adam(params, 0.1), Adam(params, 0.1)
    first.step(params, {"a": np.ones(2), "b": np.ones(3)})
    assert all(params[name] is arrays[name] for name in params)
    assert second.t == 0 and not second.m["a"].any()


@pytest.mark.parametrize(("params", "grads", "said"), [
    ({"a": 1, "b": 1}, {"a": 1}, "gradients differ in: b"),
    ({"a": 1, "b": 1}, {"a": 1, "b": 1, "c": 1}, "gradients differ in: c"),
    ({"a": 1}, {"a": 1, "b": 1}, "parameters differ in: b"),
])  # fmt: skip
def test_other_names_are_refused_and_nothing_moves(params, grads, said):
    adam = Adam({"a": np.ones(1), "b": np.ones(1)}, 0.1)
    params = {name: np.ones(1) for name in params}
    with pytest.raises(ValueError, match=said):
        adam.step(params, {name: np.ones(1) for name in grads})
    assert all(p == 1 for p in params.values()) and adam.t == 0


@pytest.mark.parametrize(("p", "g", "said"), [
    (np.ones((3, 4)), np.ones((4, 3)), r"got a parameter \(3, 4\) and a gradient \(4, 3\)"),
    (np.asfortranarray(np.ones((3, 4))), np.ones((3, 4)), "expected C-contiguous"),  # its flat view would be a copy
])  # fmt: skip
def test_arrays_that_would_not_move_are_refused(p, g, said):
    adam = Adam({"a.w": np.ones((3, 4))}, 0.1)
    with pytest.raises(ValueError, match=said):
        adam.step({"a.w": p}, {"a.w": g})
    assert (p == 1).all() and adam.t == 0


@given(steps=st.integers(0, 4), more=st.integers(1, 3))
def test_going_on_is_as_if_never_stopped(steps, more):
    rng = np.random.default_rng(0)
    start = {"a.w": rng.random((2, 3)), "a.b": rng.random(3)}
    grads = [{name: rng.standard_normal(p.shape) for name, p in start.items()} for _ in range(steps + more)]
    whole, parts = ({name: p.copy() for name, p in start.items()} for _ in range(2))
    adam, first, second = (Adam(start, 0.1) for _ in range(3))
    for g in grads:
        adam.step(whole, g)
    for g in grads[:steps]:
        first.step(parts, g)
    second.go_on(first.t, first.moments)
    for g in grads[steps:]:
        second.step(parts, g)
    assert all((whole[name] == parts[name]).all() for name in start), "the moments or t were not those of the first"
    assert first.t == steps, "the first one was changed"


def test_moments_of_other_parameters_are_refused():
    adam = Adam({"a.w": np.zeros((2, 3)), "a.b": np.zeros(3)}, 0.1)
    others = [Adam({"a.w": np.zeros((2, 3))}, 0.1), Adam({"a.w": np.zeros((3, 2)), "a.b": np.zeros(3)}, 0.1)]
    for other, odd in zip(others, ("m/a.b, v/a.b", "m/a.w, v/a.w"), strict=True):
        with pytest.raises(ValueError, match=f"the moments differ in: {odd}"):
            adam.go_on(3, other.moments)
    assert adam.t == 0
