"""Accuracy against fault rate."""

import multiprocessing
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import filled

from aftt_np import campaign, config, inject, parallel
from aftt_np.errors import UsageError
from aftt_np.faults import KINDS, faulty, pattern, sites, stuck
from aftt_np.layers import Conv2d, Dense, Flatten, LeakyReLU, MaxPool2d, ReLU, Sigmoid
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
    assert campaign.score(network, x, np.array([0, 1, 2, 2])) == campaign.Score(75.0, 0)


def test_a_non_finite_logit_is_a_wrong_answer_and_counted_apart():
    network = Network({"flatten": Flatten(), "dense": Dense(1, 2)})
    w, b = np.array([[1.0, 0.0]], np.float32), np.zeros(2, np.float32)
    x = np.array([255, 51], np.uint8).reshape(2, 1, 1, 1)
    right = np.array([0, 0])
    assert campaign.score(network.with_params({"dense.w": w, "dense.b": b}), x, right) == campaign.Score(100.0, 0)
    for poison in (np.nan, np.inf, -np.inf):
        b = np.array([0, poison], np.float32)
        score = campaign.score(network.with_params({"dense.w": w, "dense.b": b}), x, np.array([0, 1]))
        assert score == campaign.Score(0.0, 2)


def test_score_does_not_depend_on_the_batch(monkeypatch):
    network, (x, y) = a_network(), some_images()
    whole = campaign.score(network, x, y)
    monkeypatch.setattr(campaign, "BATCH", 7)
    assert campaign.score(network, x, y) == whole


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_the_broken_networks(kind):
    network, (x, y) = a_network(conv=True), some_images()
    rows = list(campaign.run(network, x, y, kind, [0.0, 0.5, 1.0], patterns=range(3), fault_seed=4))
    assert [(row.pattern, row.rate) for row in rows] == [(p, r) for p in range(3) for r in (0.0, 0.5, 1.0)]
    for row in rows:
        faults = stuck(kind, pattern(network, kind, 4, row.pattern), row.rate)
        assert row.accuracy == campaign.score(faulty(network, faults), x, y).accuracy
        population = {"weights": 2 * 2 * 3 + 27 * 8 + 8 * 3, "filters": 3, "nodes": 3 + 8}[kind]
        assert (row.fault, row.layers, row.population) == (kind, "all", population)
        assert row.hit == {0.0: 0, 1.0: row.population}.get(row.rate, row.hit)
        assert row.hit == sum(hit for hit, _ in faults.counts(network, kind).values())
    assert len({row.accuracy for row in rows if row.rate == 0.0}) == 1


def test_one_call_is_enough_and_asks_what_inject_asks():
    network, (x, y) = a_network(), some_images()
    asked = inject.parse(["run", "--fault", "nodes"])
    of_inject = campaign.run(network, x, y, "nodes", asked.rates, range(asked.patterns), config.Config.fault_seed)
    assert list(campaign.run(network, x, y, "nodes")) == list(of_inject)


DEEP = {"extractor/conv1": Conv2d(1, 4, K=2), "extractor/pool1": MaxPool2d(1), "extractor/relu1": LeakyReLU(0.1),
        "extractor/conv2": Conv2d(4, 5, K=2), "extractor/flatten": Flatten(), "extractor/relu2": ReLU(),
        "classifier/dense1": Dense(20, 6), "classifier/relu1": ReLU(), "classifier/dense2": Dense(6, 3)}  # fmt: skip
FLAT = {"extractor/conv1": Conv2d(1, 4, K=2), "extractor/flatten": Flatten(), "classifier/dense1": Dense(36, 3)}


@pytest.mark.parametrize("layers", [DEEP, FLAT], ids=["deep", "flat"])
@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 99), rate=st.sampled_from([0.0, 0.3, 0.7, 0.95, 1.0]))
def test_a_slim_network_gives_the_logits_of_the_broken_one(layers, kind, seed, rate):
    rng = np.random.default_rng(seed)
    network = Network({name: filled(layer, np.float64, rng) for name, layer in layers.items()})
    faults = stuck(kind, pattern(network, kind, seed, 0), rate)
    shared, rest = campaign.split(network, kind)
    x = rng.standard_normal((7, 4, 4, 1))
    z, _ = shared.forward(x)
    np.testing.assert_allclose(
        campaign.slim(shared, rest, faults)(z), faulty(network, faults).forward(x)[0], rtol=1e-9, atol=1e-12
    )


def test_dead_units_and_shared_layers_are_not_computed(monkeypatch):
    network, (x, y) = Network(DEEP), some_images()
    shared, _ = campaign.split(network, "nodes")
    assert list(shared.layers) == ["extractor/conv1", "extractor/pool1", "extractor/relu1"]
    assert not campaign.split(network, "weights")[0].layers
    seen, forward = [], Dense.forward
    monkeypatch.setattr(Dense, "forward", lambda self, *x: seen.append((self.D, self.M)) or forward(self, *x))
    list(campaign.run(network, x, y, "nodes", [0.0, 0.5], patterns=range(2), fault_seed=0))
    assert seen[:2] == [(20, 6), (6, 3)], "without faults the network is whole"
    alive = [sum(mask) for mask in (stuck("nodes", pattern(network, "nodes", 0, p), 0.5).masks["classifier/dense1.b"]
             for p in range(2))]  # fmt: skip
    assert [M for _, M in seen[2::2]] == alive, "and is not looked at again; of the broken ones only what is alive is"


def test_a_layer_that_makes_something_of_0_is_refused():
    network = Network({"extractor/dense1": Dense(4, 4), "sigmoid": Sigmoid(), "classifier/dense2": Dense(4, 2)})
    with pytest.raises(ValueError, match="sigmoid: a campaign on nodes expects layers that make 0 of 0"):
        campaign.split(network, "nodes")
    campaign.split(network, "weights")
    with pytest.raises(ValueError, match="no filters that could be hit"):
        campaign.split(network, "filters")


def test_threads_give_the_same_rows(monkeypatch):
    monkeypatch.setattr(campaign, "BATCH", 7)
    network, (x, y) = a_network(conv=True), some_images()
    rows = []
    for threads in (1, 3):
        with parallel.use(threads):
            rows.append(list(campaign.run(network, x, y, "weights", [0.0, 0.5], patterns=range(2), fault_seed=4)))
    assert rows[0] == rows[1]


def test_weights_stuck_at_the_largest_are_those_that_are_stuck_at_0():
    network, (x, y) = a_network(conv=True), some_images()
    rows = list(campaign.run(network, x, y, "weights-at-max", [0.0, 0.3, 1.0], range(2), fault_seed=4))
    for row in rows:
        u = pattern(network, "weights-at-max", 4, row.pattern)
        params = {}
        for name, field in u.items():
            w = network.params[f"{name}.w"].copy()
            largest = abs(w).max()
            for at in np.argwhere(field < row.rate):
                w[tuple(at)] = largest if w[tuple(at)] > 0 else -largest
            params[f"{name}.w"] = w
        assert row.accuracy == campaign.score(network.with_params(params), x, y).accuracy
        assert row.hit == sum(int((field < row.rate).sum()) for field in u.values())
    assert rows[1].mean_deviation > 0
    assert rows[2].hit == rows[2].population == 2 * 2 * 3 + 27 * 8 + 8 * 3


@pytest.mark.parametrize("conv", [False, True])
def test_transient_units_say_nothing_for_some_images(conv, monkeypatch):
    """Each image on its own, through a network whose units that are hit for it are dead."""
    network, (x, y) = a_network(conv), some_images(30)
    monkeypatch.setattr(campaign, "BATCH", 7)
    rates, kind = [0.0, 0.3, 0.9, 1.0], "nodes-transient"
    rows = list(campaign.run(network, x, y, kind, rates, range(2), fault_seed=4))
    for row in rows:
        stream, right, hit = campaign.Stream("evaluate", 4, row.pattern, kind), 0, 0
        fields = {
            name: stream[f"{name}.w"].generator().random((30, *shape), np.float32)
            for name, shape in sites(network, "nodes").items()
        }
        for i in range(30):
            dead = stuck("nodes", {name: field[i] for name, field in fields.items()}, row.rate)
            right += campaign.score(faulty(network, dead), x[i : i + 1], y[i : i + 1]).accuracy
            hit += sum(n for n, _ in dead.counts(network, "nodes").values())
        assert row.accuracy == pytest.approx(right / 30)
        assert (row.hit, row.population) == (hit, 30 * (3 + 8 if conv else 8))
    assert rows[2].mean_deviation > rows[1].mean_deviation > 0
    [alone] = campaign.run(network, x[:10], y[:10], kind, [0.3], [0], 4)
    assert alone.hit == sum(int((field[:10] < 0.3).sum()) for field in (
        campaign.Stream("evaluate", 4, 0, kind)[f"{name}.w"].generator().random((30, *shape), np.float32)
        for name, shape in sites(network, "nodes").items()
    )), "the first images have the same faults, however many follow"  # fmt: skip


def test_kinds_of():
    assert campaign.kinds_of(a_network(conv=True)) == ["weights", "filters", "nodes"]
    assert campaign.kinds_of(a_network()) == ["weights", "nodes"]


def test_summary_by_hand():
    rows = [campaign.Row("nodes", "all", 0.2, p, accuracy, 1, 5, 0) for p, accuracy in enumerate((70.0, 80.0, 90.0))]
    rows += [campaign.Row("nodes", "all", 0.1, 0, 50.0, 1, 5, 0)]
    counted = {"hit": 1.0, "population": 5, "non_finite": 0, "largest_deviation": 0.0, "mean_deviation": 0.0}
    one, three = campaign.summarise(rows)["nodes"]
    assert one == {"rate": 0.1, "mean": 50.0, "std": None, "low": None, "high": None, "patterns": 1, **counted}
    half = 4.30265272991 * 10 / 3**0.5  # Student's t of two degrees of freedom; n - 1 under the square root
    assert (three.pop("low"), three.pop("high")) == pytest.approx((80 - half, 80 + half))
    assert three == {"rate": 0.2, "mean": 80.0, "std": 10.0, "patterns": 3, **counted}


def curve_rows(curves, rates):
    return [
        campaign.Row("nodes", "all", rate, p, accuracy, 1, 5, 0)
        for p, curve in enumerate(curves)
        for rate, accuracy in zip(rates, curve, strict=True)
    ]


def test_a_curve_by_hand():
    """Two patterns; areas by trapezoids over uneven rates, divided by their range of 0.8."""
    said = campaign.describe(curve_rows([(90, 80, 20), (90, 70, 40)], (0, 0.2, 0.8)))
    areas = [(0.2 * 85 + 0.6 * 50) / 0.8, (0.2 * 80 + 0.6 * 55) / 0.8]
    assert said["area"]["mean"] == pytest.approx(np.mean(areas))
    half = 12.7062047 * abs(areas[0] - areas[1]) / 2  # of two values: the standard error is half their difference
    assert said["area"]["high"] - said["area"]["mean"] == pytest.approx(half)
    assert said["relative_area"]["mean"] == pytest.approx(np.mean(areas) / 90)
    assert said["falls_by_5_at"] == pytest.approx(0.2 * 5 / 15)  # the mean goes from 90 to 75 on the way to 0.2
    assert (said["patterns"], len(said["points"])) == (2, 3)


@given(level=st.floats(1, 100), rates=st.lists(st.floats(0, 1), min_size=2, max_size=6, unique=True))
def test_a_level_curve_has_its_own_height_as_area_whatever_the_rates(level, rates):
    said = campaign.describe(curve_rows([[level] * len(rates)] * 3, sorted(rates)))
    assert said["area"]["mean"] == pytest.approx(level) and said["falls_by_5_at"] is None
    assert (said["relative_area"] is None) == (min(rates) > 0)
    assert min(rates) > 0 or said["relative_area"]["mean"] == pytest.approx(1)


def test_a_fall_is_found_between_the_two_rates_where_it_happens():
    assert campaign.falls_at([0, 0.1, 0.2, 0.4], [90, 89, 87, 83], 5.0) == pytest.approx(0.3)  # 85 is half way
    assert campaign.falls_at([0, 0.1], [90, 85], 5.0) == pytest.approx(0.1), "5 points exactly are 5 points"
    assert campaign.falls_at([0, 0.1], [90, 85.001], 5.0) is None
    assert campaign.falls_at([0, 1e-6, 1e-4], [90, 89, 81], 5.0, "bits:int8") == pytest.approx(1e-5), "half way"
    assert campaign.falls_at([0, 1e-6, 1e-4], [90, 80, 70], 5.0, "bits:int8") == 0.0, "below the first rate"
    assert campaign.area("weights-at-max", [0, 1e-3, 1e-2, 1e-1], [90, 80, 60, 40]) == pytest.approx(60)
    assert campaign.area("bits:int8", [0, 1e-3], [90, 80]) is None


def test_each_pattern_s_area_is_relative_to_its_own_accuracy_at_rate_0():
    said = campaign.describe(curve_rows([(80, 40), (50, 50)], (0, 1)))
    assert said["relative_area"]["mean"] == pytest.approx((60 / 80 + 50 / 50) / 2)
    assert campaign.describe(curve_rows([(80, 40)], (0.1, 1)))["relative_area"] is None


def test_rows_that_do_not_belong_together_are_not_mixed():
    rows = curve_rows([(90.0, 80.0)], (0, 0.5))
    elsewhere = [row._replace(layers="dense1") for row in rows]
    other_kind = [row._replace(fault="weights", pattern=1) for row in rows]
    for mixed in ([*rows, *elsewhere], [*rows, *(row._replace(pattern=1) for row in elsewhere)], [*rows, *rows],
                  [*rows, *other_kind], []):  # fmt: skip
        with pytest.raises(ValueError, match=r"a curve|one place"):
            campaign.describe(mixed)


@pytest.mark.parametrize("layers", [
    {"conv": Conv2d(1, 6, K=4), "flatten": Flatten()},
    {"conv1": Conv2d(1, 5, K=2), "relu": ReLU(), "conv2": Conv2d(5, 6, K=3), "flatten": Flatten()},
])  # fmt: skip
@pytest.mark.parametrize("kind", ["weights", "filters"])
def test_outputs_that_are_filters_stay_in_their_places(layers, kind):
    """Without a dense layer behind it, the last convolution's filters are the classes."""
    rng = np.random.default_rng(0)
    network = Network({name: filled(layer, np.float32, rng) for name, layer in layers.items()})
    x = rng.integers(0, 256, (60, 4, 4, 1), np.uint8)
    y = network.forward(x.astype(np.float32) / 255)[0].argmax(axis=1)
    for row in campaign.run(network, x, y, kind, [0.0, 0.3, 0.6, 1.0], range(6), 0):
        broken = faulty(network, stuck(kind, pattern(network, kind, 0, row.pattern), row.rate))
        assert row.accuracy == pytest.approx(campaign.score(broken, x, y).accuracy), row


@pytest.mark.parametrize("rates", [[1.5], [-0.1], [0.5, float("nan")]])
def test_rates_are_fractions(rates):
    network, (x, y) = a_network(), some_images()
    with pytest.raises(ValueError, match="fractions from 0 to 1"):
        next(campaign.run(network, x, y, "nodes", rates, range(1), 0))


WRONG = {  # what a campaign is given, and what it says
    "columns": ({"labels": lambda y: y[:, None]}, r"integers of shape \(50,\), got int64 \(50, 1\)"),
    "too few": ({"labels": lambda y: y[:3]}, r"integers of shape \(50,\), got int64 \(3,\)"),
    "texts": ({"labels": lambda y: y.astype(str)}, r"got <U21 \(50,\)"),
    "fractions": ({"labels": lambda y: y / 2}, r"got float64 \(50,\)"),
    "a list": ({"labels": lambda y: y.tolist()}, "got list"),
    "beyond the outputs": ({"labels": lambda y: np.where(y == 2, 7, y)}, "labels of 3 outputs are from 0 to 2, got 7"),
    "below 0": ({"labels": lambda y: y - 1}, "labels of 3 outputs are from 0 to 2, got -1"),
    "twice": ({"patterns": [0, 1, 0]}, r"none of them twice, got \[0, 1, 0\]"),
    "half": ({"patterns": [0.5]}, "patterns are whole numbers"),
    "negative": ({"patterns": [-1]}, "patterns are whole numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_would_give_wrong_numbers_is_refused(name):
    network, (x, y) = a_network(), some_images()
    wrong, said = WRONG[name]
    labels = wrong["labels"](y) if "labels" in wrong else y
    with pytest.raises(ValueError, match=said):
        next(campaign.run(network, x, labels, "nodes", [0.5], wrong.get("patterns", [0])))


def test_images_are_uint8():
    network, (x, y) = a_network(), some_images()
    with pytest.raises(ValueError, match="pixels from 0 to 255, uint8, got float32"):
        next(campaign.run(network, x.astype(np.float32) / 255, y, "nodes", [0.5], range(1), 0))


def test_an_executor_that_is_left_early_leaves_the_threads_as_they_were(monkeypatch):
    """One pattern is done, the next one still under way when nobody wants it any more."""
    network, (x, y) = a_network(), some_images()
    begun, left = threading.Event(), threading.Event()

    def slow(*args):
        if args[-1]:
            begun.set()
            left.wait(20)
        return [args[-1]]

    monkeypatch.setattr(campaign, "of_pattern", slow)
    with parallel.use(2), ThreadPoolExecutor(2) as executor:
        rows = campaign.run(network, x, y, "nodes", [0.5], range(2), 0, executor=executor)
        next(rows)
        begun.wait(20)
        rows.close()
        left.set()
        executor.shutdown()
        assert parallel._threads == 2


def test_what_does_not_exist_is_not_made_up():
    said = campaign.describe(curve_rows([(0.0, 0.0)], (0.1, 0.2)))
    assert said["area"] == {"mean": 0.0, "low": None, "high": None}, "one pattern has no interval"
    assert said["relative_area"] is None and said["falls_by_5_at"] is None
    assert campaign.describe(curve_rows([(50.0,)], (0.5,)))["area"] is None
    with pytest.raises(ValueError, match="the same rates"):
        campaign.describe([*curve_rows([(50.0, 40.0)], (0, 0.5)), campaign.Row("nodes", "all", 0.9, 1, 1.0, 1, 5, 0)])


@pytest.mark.parametrize("kind", KINDS)
def test_faults_in_some_layers_are_those_of_all_layers_there(kind):
    """The same elements of a layer are hit whether it is hit alone or with the others; the rest stays whole."""
    network, (x, y) = a_network(conv=True), some_images()
    for name in sites(network, kind):
        rows = list(campaign.run(network, x, y, kind, [0.0, 0.5, 1.0], range(2), fault_seed=4, only=[name]))
        for row in rows:
            u = pattern(network, kind, 4, row.pattern)
            broken = faulty(network, stuck(kind, {name: u[name]}, row.rate))
            assert row.accuracy == campaign.score(broken, x, y).accuracy, f"{name} at {row.rate}"
            assert (row.layers, row.population) == (name, int(np.prod(sites(network, kind)[name])))
    with pytest.raises(UsageError, match="can be hit in nowhere; there are: extractor/conv"):
        next(campaign.run(network, x, y, kind, [0.5], range(1), 0, only=["nowhere"]))


class Backwards(Executor):
    """Works on the last call first, and hands the results out in order, as executors do."""

    def map(self, function, *iterables):
        calls = list(zip(*iterables, strict=True))
        return reversed([function(*call) for call in reversed(calls)])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [Backwards, lambda: ThreadPoolExecutor(3)])
def test_the_rows_are_the_same_whatever_the_executor(kind, make):
    network, (x, y) = a_network(conv=True), some_images(600)  # more than a batch
    asked = (network, x, y, kind, [0.0, 0.3, 0.9], range(5), 4)
    with parallel.use(2):
        expected = list(campaign.run(*asked))
        with make() as executor:
            assert list(campaign.run(*asked, executor=executor)) == expected
        assert parallel._threads == 2


def test_the_rows_are_the_same_from_processes():
    network, (x, y) = a_network(), some_images(600)
    asked = (network, x, y, "weights", [0.0, 0.3, 0.9], range(4), 4, ["extractor/dense1"])
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        assert list(campaign.run(*asked, executor=executor)) == list(campaign.run(*asked))


def test_a_mistake_in_a_worker_reaches_the_caller():
    network, (x, y) = a_network(), some_images()
    with ThreadPoolExecutor(2) as executor, pytest.raises(UsageError, match="can be hit in nowhere"):
        list(campaign.run(network, x, y, "weights", [0.5], range(2), 4, ["nowhere"], executor))


class Notes:
    """In the place of a RowFile."""

    def __init__(self, rows):
        self.rows, self.added = [[str(value) for value in row] for row in rows], []

    def append(self, rows):
        self.added += rows


@pytest.mark.parametrize("had", [0, 1, 3, 4])
def test_blocks_that_are_there_are_not_made_again(had):
    network, (x, y) = a_network(), some_images()
    rates = [0.0, 0.3, 0.9]
    rows = list(campaign.run(network, x, y, "nodes", rates, range(4), fault_seed=4))
    others = [row._replace(fault="weights") for row in rows]
    notes = Notes([*others, *rows[: had * 3]])
    blocks = list(campaign.blocks(notes, network, x, y, "nodes", rates, 3, 4))
    assert [row for block in blocks for row in block] == rows[:9]
    assert notes.added == rows[had * 3 : 9]


# ---- deviations and rescaling


def test_deviations_of_the_outputs_by_hand():
    """Eq. 4: logits (3 x, 4 x) for x = 1 and 0.2; without the first weight they deviate by 3 and 0.6."""
    network = Network({"flatten": Flatten(), "dense": Dense(1, 2)})
    network = network.with_params({"dense.w": np.array([[3, 4]], np.float32), "dense.b": np.zeros(2, np.float32)})
    x, whole = np.array([255, 51], np.uint8).reshape(2, 1, 1, 1), np.array([[3, 4], [0.6, 0.8]], np.float32)
    broken = network.with_params({"dense.w": np.array([[0, 4]], np.float32)})
    labels = np.array([1, 0])
    [score] = campaign.scores(broken, [lambda logits, part: logits], x, labels, whole)
    assert (score.largest_deviation, score.mean_deviation) == pytest.approx((3.0, 1.8))
    ruined = network.with_params({"dense.w": np.array([[np.nan, 4]], np.float32)})
    [score] = campaign.scores(ruined, [lambda logits, part: logits], x, labels, whole)
    assert score.largest_deviation == score.mean_deviation == np.inf


@pytest.mark.parametrize("kind", KINDS)
def test_deviations_are_those_of_the_broken_network(kind, monkeypatch):
    monkeypatch.setattr(campaign, "BATCH", 7)  # the largest may be in any part
    network, (x, y) = a_network(conv=True), some_images()
    for row in campaign.run(network, x, y, kind, [0.0, 0.5], range(2), fault_seed=3):
        broken = faulty(network, stuck(kind, pattern(network, kind, 3, row.pattern), row.rate))
        distance = np.linalg.norm(campaign.outputs(broken, x) - campaign.outputs(network, x), axis=1)
        expected = (distance.max(), distance.mean())
        assert (row.largest_deviation, row.mean_deviation) == pytest.approx(expected, rel=1e-4, abs=1e-5), row


def test_deviations_in_a_summary():
    rows = [campaign.Row("nodes", "all", 0.2, p, 50.0, 1, 5, 0, 2.0 + p, 1.0 + p) for p in range(3)]
    [point] = campaign.summarise(rows)["nodes"]
    assert (point["largest_deviation"], point["mean_deviation"]) == (4.0, 2.0)
    [point] = campaign.summarise([*rows, rows[0]._replace(pattern=3, largest_deviation=np.inf)])["nodes"]
    assert point["largest_deviation"] is None, "a .json file has no infinity"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("conv", [True, False])
def test_rescaled_is_what_is_written_out(kind, conv):
    """What works is multiplied by 1 / (1 - rate): of hit elements w, of hit units all that the next layer reads."""
    if kind == "filters" and not conv:
        return
    network, (x, y) = a_network(conv), some_images()
    for rate in (0.0, 0.3, 0.6):
        rows = list(campaign.run(network, x, y, kind, [rate], range(8), fault_seed=3, rescaled=True))
        if kind == "filters" and rate == 0.3:
            assert any(row.hit == 0 for row in rows), "by chance none of 3 is hit: what works is rescaled all the same"
        for row in rows:
            hit = stuck(kind, pattern(network, kind, 3, row.pattern), rate)
            params = dict(faulty(network, hit).params)
            for name in sites(network, kind):
                for end in ("w",) if kind == "weights" else ("w", "b"):
                    params[f"{name}.{end}"] = params[f"{name}.{end}"] / (1 - rate)
            written_out = network.with_params({name: p.astype(np.float32) for name, p in params.items()})
            assert row.accuracy == campaign.score(written_out, x, y).accuracy, row
            distance = np.linalg.norm(campaign.outputs(written_out, x) - campaign.outputs(network, x), axis=1)
            assert row.mean_deviation == pytest.approx(distance.mean(), rel=1e-3, abs=1e-5)
    with pytest.raises(ValueError, match="leave the rate 1 out"):
        next(campaign.run(network, x, y, kind, [1.0], range(1), 0, rescaled=True))
