"""Accuracy against fault rate."""

import numpy as np
import pytest
from strategies import filled

from aftt_np import campaign
from aftt_np.faults import KINDS, faulty, pattern, stuck
from aftt_np.layers import Conv2d, Dense, Flatten, ReLU
from aftt_np.network import Network


def a_network(conv=False):
    rng = np.random.default_rng(0)
    layers = {"extractor/conv": Conv2d(1, 3, K=2)} if conv else {}
    layers |= {"extractor/flatten": Flatten(), "extractor/dense1": Dense(27 if conv else 16, 8), "relu": ReLU(),
               "classifier/dense2": Dense(8, 3)}  # fmt: skip
    return Network({name: filled(layer, np.float32, rng) for name, layer in layers.items()})


def some_images(N=50):
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (N, 4, 4, 1), np.uint8), rng.integers(0, 3, N)


def test_score_by_hand():
    """The largest of three pixels is the class."""
    network = Network({"flatten": Flatten()})
    x = np.array([[9, 1, 1], [1, 9, 1], [1, 1, 9], [9, 1, 1]], np.uint8).reshape(4, 1, 3, 1)
    assert campaign.score(network, x, np.array([0, 1, 2, 2])) == (75.0, 0)


def test_a_non_finite_logit_is_a_wrong_answer_and_counted_apart():
    network = Network({"flatten": Flatten(), "dense": Dense(1, 2)})
    w, b = np.array([[1.0, 0.0]], np.float32), np.zeros(2, np.float32)
    x = np.array([255, 51], np.uint8).reshape(2, 1, 1, 1)
    right = np.array([0, 0])
    assert campaign.score(network.with_params({"dense.w": w, "dense.b": b}), x, right) == (100.0, 0)
    for poison in (np.nan, np.inf, -np.inf):
        b = np.array([0, poison], np.float32)
        assert campaign.score(network.with_params({"dense.w": w, "dense.b": b}), x, np.array([0, 1])) == (0.0, 2)


def test_score_does_not_depend_on_the_batch(monkeypatch):
    network, (x, y) = a_network(), some_images()
    whole = campaign.score(network, x, y)
    monkeypatch.setattr(campaign, "BATCH", 7)
    assert campaign.score(network, x, y) == whole


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_broken_networks(kind):
    network, (x, y) = a_network(conv=True), some_images()
    rows = list(campaign.run(network, x, y, kind, [0.0, 0.5, 1.0], patterns=3, fault_seed=4))
    assert [(row.pattern, row.rate) for row in rows] == [(p, r) for p in range(3) for r in (0.0, 0.5, 1.0)]
    for row in rows:
        faults = stuck(kind, pattern(network, kind, 4, row.pattern), row.rate)
        assert row.accuracy == campaign.score(faulty(network, faults), x, y).accuracy
        population = {"weights": 2 * 2 * 3 + 27 * 8 + 8 * 3, "filters": 3, "nodes": 3 + 8}[kind]
        assert (row.fault, row.layers, row.population) == (kind, "all", population)
        assert row.hit == {0.0: 0, 1.0: row.population}.get(row.rate, row.hit)
        assert row.hit == sum(hit for hit, _ in faults.counts(network, kind).values())
    assert len({row.accuracy for row in rows if row.rate == 0.0}) == 1


def test_kinds_of():
    assert campaign.kinds_of(a_network(conv=True)) == ["weights", "filters", "nodes"]
    assert campaign.kinds_of(a_network()) == ["weights", "nodes"]


def test_summary_by_hand():
    rows = [campaign.Row("nodes", "all", 0.2, p, accuracy, 1, 5, 0) for p, accuracy in enumerate((70.0, 80.0, 90.0))]
    rows += [campaign.Row("nodes", "all", 0.1, 0, 50.0, 1, 5, 0)]
    counted = {"hit": 1.0, "population": 5, "non_finite": 0}
    assert campaign.summarise(rows) == {"nodes": [
        {"rate": 0.1, "mean": 50.0, "std": None, "patterns": 1, **counted},  # one pattern says nothing of the spread
        {"rate": 0.2, "mean": 80.0, "std": 10.0, "patterns": 3, **counted},  # n - 1 under the square root
    ]}  # fmt: skip
