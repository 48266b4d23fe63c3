"""Random bit error training: what is read, what it is moved along, and the limit on the weights."""

import json
import re

import numpy as np
import pytest
from strategies import filled

from aftt_np import campaign, checkpoint, inject, randbet, train
from aftt_np.deep import FOLLOWING, BatchNorm
from aftt_np.errors import exit_code_of
from aftt_np.layers import Dense, Flatten, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.memory import Memory
from aftt_np.network import Network
from aftt_np.rng import Stream


def networks(seed=0, scale=1.0):
    """Extractor and classifier: x (N, 2, 2, 2) -> logits (N, 3)."""
    rng = np.random.default_rng(seed)
    extractor = {"extractor/flatten": Flatten(), "extractor/dense": Dense(8, 20)}
    classifier = {"classifier/relu": ReLU(), "classifier/dense": Dense(20, 3)}
    return [
        Network({n: filled(layer, np.float32, rng, scale) for n, layer in of.items()}) for of in (extractor, classifier)
    ]


X, Y = np.random.default_rng(0).random((6, 2, 2, 2), np.float32), np.array([0, 1, 2, 0, 1, 2])


class Recorder:
    """In place of Adam: what it is told, and nothing moves."""

    def step(self, params, grads):
        self.params, self.grads = params, grads


def step(scale, rate, form="int8", bits=None):
    """One step of randbet: (networks, the recorder, the loss it said)."""
    both, adam = networks(scale=scale), Recorder()
    bits = bits or Stream("some", "bits")
    loss = randbet.randbet(*both, X, Y, softmax_cross_entropy, adam, Memory(form), rate, bits)
    return both, adam, loss


def loss_and_gradients(both, params):
    """Of a network with these parameters."""
    network = (both[0] + both[1]).with_params(params)
    logits, tape = network.forward(X)
    loss, dlogits = softmax_cross_entropy(logits, Y)
    return loss, network.backward(dlogits, tape)[1]


@pytest.mark.parametrize("form", ["int8", "q2.5"])
def test_it_moves_along_the_mean_of_the_gradients_with_and_without_errors(form):
    rate = 0.05
    both, adam, loss = step(0.1, rate, form)
    whole = both[0] + both[1]
    memory = Memory(form)
    stored = memory.write(whole)
    read = memory.read(stored)
    struck, hit = memory.struck(stored, memory.drawn(whole, Stream("some", "bits"), rate), rate)
    assert hit > 10 and any((struck[name] != read[name]).any() for name in struck)
    clean_loss, clean = loss_and_gradients(both, read)
    _, broken = loss_and_gradients(both, read | struck)
    assert loss == clean_loss < randbet.START
    assert adam.params.keys() == whole.params.keys()
    for name, p in whole.params.items():
        assert adam.params[name] is p, "what is moved is what is stored"
        np.testing.assert_allclose(adam.grads[name], (clean[name] + broken[name]) / 2, rtol=1e-5, atol=1e-7)
        assert adam.grads[name].dtype == np.float32


def test_errors_wait_until_the_loss_is_low():
    both, adam, loss = step(3.0, 0.05)
    assert loss > randbet.START
    _, clean = loss_and_gradients(both, Memory("int8").read(Memory("int8").write(both[0] + both[1])))
    for name, g in adam.grads.items():
        np.testing.assert_array_equal(g, clean[name])


def test_without_errors_the_weights_are_rounded_and_no_more():
    both, adam, loss = step(0.1, 0.0, "q2.5")
    rounded = {n: np.round(p * 32) / 32 for n, p in (both[0] + both[1]).params.items() if n.endswith(".w")}
    clean_loss, clean = loss_and_gradients(both, rounded)
    assert loss == clean_loss
    for name, g in adam.grads.items():
        np.testing.assert_allclose(g, clean[name], rtol=1e-6)


def test_moments_follow_what_is_read_without_errors():
    rng = np.random.default_rng(0)
    layers = {"dense1": Dense(8, 6), "norm": BatchNorm(6), "relu": ReLU(), "dense2": Dense(6, 3)}
    network = Network({"flatten": Flatten(), **{n: filled(layer, np.float32, rng) for n, layer in layers.items()}})
    read = network.with_params(Memory("int8").read(Memory("int8").write(network)))
    z, _ = read.part(0, 2).forward(X)
    moved = network.params["norm.mean"] + FOLLOWING * (z.mean(axis=0) - network.params["norm.mean"])
    both = network.part(0, 3), network.part(3)
    asked = Memory("int8"), 0.05, Stream("some", "bits")
    randbet.randbet(*both, X, Y, softmax_cross_entropy, Recorder(), *asked, Stream("noise"))
    np.testing.assert_allclose(network.params["norm.mean"], moved, rtol=1e-4)


def test_weights_are_held_and_biases_are_not():
    params = {"a.w": np.array([-3.0, 0.05, 0.2], np.float32), "a.b": np.array([5.0], np.float32)}
    w = params["a.w"]
    randbet.clip_weights(params, 0.1)
    assert params["a.w"] is w and params["a.b"] == [5]
    np.testing.assert_allclose(w, [-0.1, 0.05, 0.1])


def test_a_tiny_rate_ends():
    places, u = Memory("int8").drawn(networks()[1], Stream("x"), 1e-300)["classifier/dense"]
    assert len(places) == len(u) == 0


# ---- as a method of the command


@pytest.fixture
def here(tmp_path, monkeypatch, without_figures):
    """An empty working folder with 64 + 20 images that have their class in a bright column."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 60, (84, 28, 28), np.uint8), np.arange(84) % 10
    x[np.arange(84), :, 2 * y] = 250
    np.savez(tmp_path / "tiny.npz", x_train=x[:64], y_train=y[:64], x_test=x[64:], y_test=y[64:])
    monkeypatch.chdir(tmp_path)
    without_figures(monkeypatch)
    return tmp_path


FAST = ("--data", "tiny.npz", "--method", "randbet", "--batch-size", "16", "--patterns", "1", "--threads", "1",
        "--backend", "numpy")  # fmt: skip


def test_a_run_has_new_errors_in_every_step_at_its_rate_in_its_memory(here, monkeypatch):
    asked, drawn, original = [], [], train.randbet

    def spy(extractor, classifier, x, labels, loss, adam, memory, rate, bits, rng):
        asked.append((memory, rate))
        drawn.append(memory.drawn(classifier, bits, rate)["classifier/dense2"][0].tolist())
        return original(extractor, classifier, x, labels, loss, adam, memory, rate, bits, rng)

    monkeypatch.setattr(train, "randbet", spy)
    train.train([*FAST, "--epochs-finetune", "3", "--memory", "q2.5", "--bit-errors", "0.03", "--clip-weights", "0.07",
                 "--out", "mine"])  # fmt: skip
    assert asked == [(Memory("q2.5"), 0.03)] * 12
    assert len({str(places) for places in drawn}) == 12 and all(drawn)
    params = checkpoint.load(here / "mine" / "checkpoint.npz").params
    held = [abs(p).max() for n, p in params.items() if n.endswith(".w") and n.startswith(("extractor", "classifier"))]
    assert max(held) == pytest.approx(0.07) and len(held) == 5
    assert json.loads((here / "mine" / "config.json").read_text())["clip_weights"] == 0.07


def test_it_is_said_what_its_accuracies_are_of(here, capsys):
    argv = [*FAST, "--epochs-finetune", "1", "--memory", "q2.5", "--out", "a b"]
    train.train(argv)
    out, err = capsys.readouterr()
    assert "as q2.5 holds them:\npython -m aftt_np.inject 'a b' --fault bits --memory q2.5 --rates 0,0.01\n" in out
    assert "beyond" not in err
    train.train([*argv[:-1], "far", "--lr", "5"])
    err = capsys.readouterr().err
    assert re.search(r"warning: q2.5 holds numbers from -4 to 3.96875, and [\d.]+% of [\w/.]+ are beyond", err)


@pytest.mark.slow
def test_what_it_is_for(here):
    """A network that has met bit errors stands them better than one that has not."""
    accuracy = {}
    for method in ("none", "randbet"):
        errors = ("--bit-errors", "0.05") if method == "randbet" else ()
        train.train([*FAST, "--epochs-finetune", "30", *errors, "--out", method, "--method", method])
        network, dataset, _ = inject.trained(here / method, np, None, "")
        rows = campaign.run(network, dataset.x_test, dataset.y_test, "bits:int8", (0.05,), range(20), 1907)
        accuracy[method] = np.mean([row.accuracy for row in rows])
    assert accuracy["randbet"] > accuracy["none"] + 5, accuracy


def test_it_has_no_faults_beside_its_own(here, capsys):
    assert exit_code_of(train.train, [*FAST, "--train-faults", "nodes:0.5"]) == 2
    assert "--method randbet has faults of its own; leave out --train-faults" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--memory", "q2.5"), ("--bit-errors", "0.02")])
def test_other_methods_have_none_of_its_options(here, capsys, option):
    assert exit_code_of(train.train, [*FAST, "--method", "none", *option]) == 2
    assert f"{option[0]} is for --method randbet, not for none" in capsys.readouterr().err
