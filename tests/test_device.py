"""The same code on an array library that is not NumPy: a strict stand-in for CuPy (see cupy_standin.py), and CuPy
itself where there is a GPU.
"""

import json
import sys
from dataclasses import replace

import cupy_standin
import numpy as np
import pytest
from cupy_standin import asarray
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import LAYERS, SEED, away_from_kinks, filled

from aftt_np import campaign, checkpoint, config, data, faults, games, train
from aftt_np.backend import describe
from aftt_np.defences import Times
from aftt_np.errors import DivergedError
from aftt_np.finetune import finetune
from aftt_np.losses import lasso, softmax_cross_entropy, squared_error_to_labels, tikhonov
from aftt_np.memory import Memory
from aftt_np.models import build
from aftt_np.optim import Adam
from aftt_np.randbet import clip_weights, randbet
from aftt_np.rng import Stream

SHAPES = {"fashion": (28, 28, 1), "cifar": (32, 32, 3)}


@pytest.fixture
def stand_in(monkeypatch):
    module = cupy_standin.module()
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


@pytest.fixture(params=["stand-in", pytest.param("GPU", marks=pytest.mark.gpu)])
def cupy(request):
    """The stand-in, then (with `pytest -m gpu`) CuPy."""
    if request.param == "stand-in":
        return request.getfixturevalue("stand_in")
    module = pytest.importorskip("cupy")
    if not module.is_available():
        pytest.skip("CuPy finds no GPU")
    return module


def count_reads(work) -> int:
    """How often `work` reads from the device: the stand-in counts, CuPy does not say."""
    return cupy_standin.count_reads(work)


HOST_ISMS = {  # each works on NumPy arrays and not on a GPU: the stand-in must refuse it
    "np.asarray": lambda cupy, d, h: np.asarray(d),
    "np.sum": lambda cupy, d, h: np.sum(d),
    "device + host": lambda cupy, d, h: d + h,
    "host + device": lambda cupy, d, h: h + d,
    "in place": lambda cupy, d, h: d.__iadd__(h),
    "host product": lambda cupy, d, h: h @ d,
    "index on the host": lambda cupy, d, h: d[np.array([0, 1])],
    "slice of the host": lambda cupy, d, h: d.__setitem__(slice(None), h),
    "function of a host array": lambda cupy, d, h: cupy.exp(h),
    "list": lambda cupy, d, h: cupy.maximum(d, [1.0, 2.0]),
    "where=": lambda cupy, d, h: cupy.exp(d, where=d > 0),
    "sum(where=)": lambda cupy, d, h: d.sum(where=d > 0),
    "errstate": lambda cupy, d, h: cupy.errstate(all="ignore"),
    "permutation": lambda cupy, d, h: Stream("x", xp=cupy).generator().permutation(3),
    "array interface": lambda cupy, d, h: d.__array_interface__,
    "savez": lambda cupy, d, h: np.savez(__import__("io").BytesIO(), d),
    "writeable": lambda cupy, d, h: cupy.lib.stride_tricks.as_strided(d, (1,), (8,), writeable=False),
}


@pytest.mark.parametrize("what", HOST_ISMS)
def test_the_stand_in_refuses_what_a_gpu_refuses(stand_in, what):
    host = np.ones((2, 2))
    with pytest.raises((TypeError, AttributeError)):
        HOST_ISMS[what](stand_in, asarray(host), host)


def test_the_stand_in_counts_what_is_read(stand_in):
    x = asarray(np.ones(3))
    assert count_reads(lambda: x.sum() + x.max()) == 0
    for read in (lambda: float(x.sum()), lambda: bool((x > 0).all()), lambda: x.get(), lambda: x.sum().item()):
        assert count_reads(read) == 1


@pytest.mark.parametrize("kind", LAYERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seed=SEED)
def test_every_layer_does_on_the_device_what_it_does_on_the_host(cupy, kind, data, seed):
    layer, shape = data.draw(LAYERS[kind])
    rng = np.random.default_rng(seed)
    layer, x = filled(layer, np.float32, rng), away_from_kinks(shape, rng).astype(np.float32)
    y, cache = layer.forward(x)
    dy = rng.standard_normal(y.shape).astype(np.float32)
    wanted = [y, layer.backward(dy, cache), *(layer.gradients(dy, cache).values() if layer.params else ())]
    there = layer
    if isinstance(getattr(layer, "map", None), Times):  # its factor is made of parameters, and where they are
        there = replace(layer, map=replace(layer.map, factor=cupy.asarray(layer.map.factor)))
    there = there.with_params({name: cupy.asarray(p) for name, p in layer.params.items()})

    def on_the_device():
        y, cache = there.forward(cupy.asarray(x))
        upstream = cupy.asarray(dy)
        found.extend([y, there.backward(upstream, cache)])
        found.extend(there.gradients(upstream, cache).values() if layer.params else ())

    found = []
    assert count_reads(on_the_device) == 0, f"{layer} reads from the device"
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a.get(), b, rtol=1e-4, atol=1e-4, err_msg=str(layer))


@pytest.mark.parametrize("kind", ["weights", "filters", "nodes"])
def test_campaigns_on_the_device_give_the_rows_of_the_host(cupy, kind):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 28, 28, 1), np.uint8), rng.integers(0, 10, 30)
    rows = []
    for xp in (np, cupy):
        players = build("A2", SHAPES["fashion"], 10, seed=0, xp=xp)
        images, labels = (x, y) if xp is np else (cupy.asarray(x), cupy.asarray(y))
        network = players.extractor + players.classifier
        rows.append(list(campaign.run(network, images, labels, kind, [0, 0.5], range(2), 0)))
    assert rows[0] == rows[1]


def test_twenty_steps_on_the_device_lose_what_they_lose_on_the_host(cupy):
    rng = np.random.default_rng(0)
    x, labels = rng.random((16, 28, 28, 1), np.float32), rng.integers(0, 10, 16)
    losses = []
    for xp in (np, cupy):
        players = build("A1", SHAPES["fashion"], 10, seed=0, xp=xp)
        model = players.extractor + players.classifier
        hit = faults.stuck("weights", faults.pattern(model, "weights", 0, 0), 0.2, xp)
        batch = (x, labels) if xp is np else (cupy.asarray(x), cupy.asarray(labels))
        rest = (softmax_cross_entropy, Adam(model.params, 1e-3), None, hit)
        losses.append([float(finetune(players.extractor, players.classifier, *batch, *rest)) for _ in range(20)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]


def test_the_loss_is_read_once_in_many_steps(stand_in, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28, 1), np.uint8), np.arange(60) % 10
    settings = config.resolve({"epochs_finetune": 2, "batch_size": 1, "method": "none"})
    run = train.Run(settings, data.Dataset("some", x, y, x, y), stand_in, tmp_path)
    monkeypatch.setattr(run, "_check_params", lambda: None)  # once an epoch
    monkeypatch.setattr(run, "save", lambda: None)  # once in half a minute
    assert count_reads(run.finetune) == 4, "120 steps: a look after 50 steps and one at the end of each epoch"
    run = train.Run(settings, data.Dataset("some", x, y, x, y), stand_in, tmp_path)
    ruined = run.players.params["extractor/dense1.w"]
    original, calls = train.finetune, []

    def ruin(*args):
        calls.append(0)
        if len(calls) == 55:
            ruined[:] = float("nan")
        return original(*args)

    monkeypatch.setattr(train, "finetune", ruin)
    said = "the loss of finetune is nan between steps 51 and 60 of finetune; extractor/dense1.w is no longer finite; "
    with pytest.raises(DivergedError, match=said):
        run.finetune()


@pytest.mark.parametrize(("arch", "images"), [("A1", "fashion"), ("A2", "fashion"), ("A2", "cifar")])
def test_steps_on_the_device_agree_with_the_host_and_read_nothing(cupy, arch, images):
    rng = np.random.default_rng(0)
    x, labels = rng.random((4, *SHAPES[images]), np.float32), rng.integers(0, 10, 4)
    wanted = [("nodes", 0.0, 0.5), ("weights", 0.0, 0.3)]
    results, losses = {}, {}
    for xp in (np, cupy):
        players = build(arch, SHAPES[images], 10, seed=0, xp=xp)
        model = players.extractor + players.classifier
        adams = games.Adams.make(players, (1e-3, 1e-3, 1e-3))
        adam = Adam(model.params, 1e-3)
        images_there, labels_there = (x, labels) if xp is np else (cupy.asarray(x), cupy.asarray(labels))
        hit = faults.stuck("nodes", faults.pattern(model, "nodes", 0, 0), 0.3, xp)

        def steps(players=players, adam=adam, adams=adams, hit=hit, x=images_there, labels=labels_there, xp=xp):
            losses[xp] = [games.reconstruct(players.extractor, players.decoder, x, adams.reconstruct, hit)]
            for loss, penalty in ((softmax_cross_entropy, lasso), (squared_error_to_labels, tikhonov)):
                losses[xp].append(finetune(players.extractor, players.classifier, x, labels, loss, adam,
                                           lambda params, penalty=penalty: penalty(params, 1e-4), hit))  # fmt: skip

        def noisy_steps(players=players, adams=adams, model=model, x=images_there, xp=xp):
            drawn = faults.train_faults(model, wanted, Stream("train", xp=xp))
            losses["noisy"] = games.play(players, x, adams, 2, Stream("noise", xp=xp), drawn)

        assert count_reads(steps) == 0, "a value was read from the device inside a step"
        results[xp] = {name: p.copy() if xp is np else p.get() for name, p in players.params.items()}
        assert count_reads(noisy_steps) == 0, "a value was read from the device inside a step"
        assert all(np.isfinite(float(loss)) for loss in losses["noisy"])
    np.testing.assert_allclose([float(loss) for loss in losses[cupy]], losses[np], rtol=1e-5)
    for name, p in results[np].items():
        np.testing.assert_allclose(results[cupy][name], p, atol=1e-5, err_msg=name)


def test_bit_errors_in_training_on_the_device_are_those_of_the_host_and_read_nothing(cupy):
    rng = np.random.default_rng(0)
    x, labels = rng.random((4, 28, 28, 1), np.float32), rng.integers(0, 10, 4)
    losses, params = {}, {}
    for xp in (np, cupy):
        players = build("A2", SHAPES["fashion"], 10, seed=0, xp=xp)
        pair = players.extractor, players.classifier
        adam = Adam(pair[0].learned | pair[1].learned, 1e-3)
        batch = (x, labels) if xp is np else (cupy.asarray(x), cupy.asarray(labels))

        def steps(pair=pair, adam=adam, batch=batch, xp=xp):
            losses[xp] = []
            for number in range(3):
                asked = Memory("int8"), 0.01, Stream("train", "bits", number)
                losses[xp].append(randbet(*pair, *batch, softmax_cross_entropy, adam, *asked))
                clip_weights(pair[0].params | pair[1].params, 0.1)

        assert count_reads(steps) == 0, "a value was read from the device inside a step"
        params[xp] = {n: p if xp is np else p.get() for network in pair for n, p in network.params.items()}
    np.testing.assert_allclose([float(loss) for loss in losses[cupy]], losses[np], rtol=1e-4)
    for name, p in params[np].items():
        np.testing.assert_allclose(params[cupy][name], p, atol=1e-4, err_msg=name)


def test_a_whole_run_on_the_device(cupy, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28), np.uint8), np.arange(40) % 10
    monkeypatch.chdir(tmp_path)
    np.savez("tiny.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    fast = "--data tiny.npz --epochs-games 1 --epochs-finetune 1 --batch-size 10 --patterns 1 --train-faults nodes:0.5"
    for backend in ("cupy", "numpy"):
        train.train([*fast.split(), "--method", "aftt", "--backend", backend, "--out", backend])
    said = capsys.readouterr().out
    assert describe(cupy) in said
    summary = json.loads((tmp_path / "cupy" / "summary.json").read_text())
    assert summary["backend"] == "cupy"
    on_gpu, on_host = (checkpoint.load(tmp_path / backend / "checkpoint.npz")[0] for backend in ("cupy", "numpy"))
    assert on_gpu.keys() == on_host.keys()
    read = [line.split(",")[5:7] for line in (tmp_path / "cupy" / "faults.csv").read_text().splitlines()[1:]]
    there = [line.split(",")[5:7] for line in (tmp_path / "numpy" / "faults.csv").read_text().splitlines()[1:]]
    assert read == there, "the faults of evaluation differ between the processor and the GPU"


@pytest.mark.parametrize("stop_at", [3, 7])
def test_a_run_on_the_device_goes_on_to_the_same_bytes(stand_in, monkeypatch, tmp_path, stop_at, without_figures):
    """On a real GPU only statistically: sums come in any order there. Stopped in the games and in fine-tuning."""
    monkeypatch.setattr(train, "choose", lambda name: stand_in)
    without_figures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (40, 28, 28), np.uint8), np.arange(40) % 10
    np.savez("tiny.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    argv = "--data tiny.npz --epochs-games 1 --epochs-finetune 1 --batch-size 8 --patterns 1 --save-every 0".split()
    train.train([*argv, "--out", "whole"])
    steps, check = [], train.Run._check_losses

    def stop(self, means):
        steps.append(0)
        if len(steps) == stop_at:
            raise RuntimeError("stopped")
        check(self, means)

    with monkeypatch.context() as patch:
        patch.setattr(train.Run, "_check_losses", stop)
        with pytest.raises(RuntimeError, match="stopped"):
            train.train([*argv, "--out", "mine"])
    train.train(["--resume", "mine"])
    for name in ("checkpoint.npz", "metrics.csv", "faults.csv"):
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_the_same_batches_on_the_device(cupy):
    x, y = np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1), np.arange(10)
    order = Stream("order", 3)
    there = list(data.epoch_batches(cupy.asarray(x), asarray(y), 4, order))
    for (images, labels), (images_there, labels_there) in zip(data.epoch_batches(x, y, 4, order), there, strict=True):
        np.testing.assert_array_equal(images_there.get(), images)
        np.testing.assert_array_equal(labels_there.get(), labels)
