"""Batch normalisation in a network, the network without it that is deployed, and the shapes of AlexNet and VGG-16."""

import csv
from itertools import pairwise

import numpy as np
import pytest
from gradcheck import check_gradient
from hypothesis import given
from hypothesis import strategies as st
from strategies import SEED, filled
from test_device import count_reads, cupy, stand_in  # noqa: F401  (fixtures)
from test_models import size, summary

from aftt_np import campaign, checkpoint, deep, defend, inject, models, train
from aftt_np.deep import BatchNorm, folded
from aftt_np.defences import SATURATIONS, mapped
from aftt_np.errors import UsageError, exit_code_of
from aftt_np.faults import NO_FAULTS, faulty, pattern, stuck, train_faults
from aftt_np.finetune import finetune
from aftt_np.layers import Conv2d, Dense, Flatten, MaxPool2d, ReLU
from aftt_np.losses import softmax_cross_entropy
from aftt_np.network import Network
from aftt_np.optim import Adam
from aftt_np.rng import Stream

CIFAR = (32, 32, 3)
WEIGHTS = ("plain", *SATURATIONS)


def a_network(seed=0, weights="plain", dtype=np.float64):
    """x (N, 6, 6, 2) -> logits (N, 3), with batch normalisation of channels and of units."""
    rng = np.random.default_rng(seed)
    layers = {"conv": Conv2d(2, 4, K=3), "norm1": BatchNorm(4), "pool": MaxPool2d(2), "relu1": ReLU(),
              "flatten": Flatten(), "dense1": Dense(16, 5), "norm2": BatchNorm(5), "relu2": ReLU(),
              "dense2": Dense(5, 3)}  # fmt: skip
    layers = {name: filled(layer, dtype, rng) for name, layer in layers.items()}
    if weights != "plain":
        products = {name: layer for name, layer in layers.items() if isinstance(layer, Conv2d | Dense)}
        layers |= {name: mapped(layer, SATURATIONS[weights]) for name, layer in products.items()}
    return Network(layers)


@pytest.mark.parametrize("weights", WEIGHTS)
@given(seed=SEED)
def test_folding_changes_no_output_and_leaves_no_normalisation(weights, seed):
    network, x = a_network(seed, weights), np.random.default_rng(seed).standard_normal((3, 6, 6, 2))
    before = {name: p.copy() for name, p in network.params.items()}
    new = folded(network)
    assert not any(isinstance(layer, BatchNorm) for layer in new.layers.values())
    assert list(new.layers) == [name for name in network.layers if not name.startswith("norm")]
    np.testing.assert_allclose(new.forward(x)[0], network.forward(x)[0], rtol=1e-10)
    for name, p in before.items():
        np.testing.assert_array_equal(network.params[name], p)
    if weights != "plain":  # what is stored, and hit by faults, is what was learned
        np.testing.assert_array_equal(new.params["conv.w"], before["conv.w"])


def test_a_network_without_normalisation_is_its_own_folded_one():
    network = Network({"dense": Dense(2, 2)})
    assert folded(network) is network


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("kind", ["nodes", "filters", "weights"])
def test_a_campaign_on_a_folded_network_is_the_plain_loop(kind, weights):
    network = folded(a_network(1, weights, np.float32))
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 6, 6, 2), np.uint8), rng.integers(0, 3, 30)
    for row in campaign.run(network, x, y, kind, (0.0, 0.3, 0.6, 1.0), range(6), 5):
        broken = faulty(network, stuck(kind, pattern(network, kind, 5, row.pattern), row.rate))
        assert row.accuracy == campaign.score(broken, x, y).accuracy, f"pattern {row.pattern} at {row.rate}"


def test_dead_channels_and_units_are_dead_behind_their_normalisation():
    network, x = a_network(), np.random.default_rng(0).standard_normal((5, 6, 6, 2))
    u = {"conv": np.array([0.1, 0.9, 0.9, 0.1]), "dense1": np.array([0.9, 0.1, 0.9, 0.9, 0.9])}
    faults = stuck("nodes", u, 0.5)
    for rng in (None, Stream("training")):
        z = x
        for name, layer in faulty(network, faults).layers.items():
            z, _ = layer.forward(z, rng and rng.generator())
            if name == "norm1":
                assert not z[..., [0, 3]].any() and z[..., [1, 2]].all()
            if name == "norm2":
                assert not z[:, 1].any() and z[:, 0].any()


@given(seed=SEED, kind=st.sampled_from(["nodes", "filters", "weights"]))
def test_the_gradient_through_a_broken_network_with_normalisation(seed, kind):
    network, rng = a_network(seed), np.random.default_rng(seed)
    x, stream = rng.standard_normal((6, 6, 6, 2)), Stream("noise", seed)
    faults = train_faults(network, [(kind, 0.3, 0.6)], stream)
    y, tape = faulty(network, faults).forward(x, stream)
    dy = rng.standard_normal(y.shape)
    _, grads = faulty(network, faults).backward(dy, tape, need_dx=False)

    def f(params):
        return (dy * faulty(network.with_params(params), faults).forward(x, stream)[0]).sum()

    grads = faults.pullback(grads)
    for bias in ("conv.b", "dense1.b"):  # the mean takes it away again
        np.testing.assert_allclose(grads.pop(bias), 0, atol=1e-9)
    check_gradient(f, {name: network.params[name] for name in grads}, grads, rng, kind, tolerance=1e-5)


def test_fine_tuning_lets_the_moments_follow_and_adam_leaves_them_alone():
    network = a_network(dtype=np.float32)
    extractor, classifier = network.part(0, 4), network.part(4)
    x, y = np.random.default_rng(0).standard_normal((8, 6, 6, 2), dtype=np.float32), np.arange(8) % 3
    z, _ = network.part(0, 1).forward(x)
    before = network.params["norm1.mean"].copy()
    adam = Adam(extractor.learned | classifier.learned, 1e-3)
    for faults in (NO_FAULTS, stuck("weights", pattern(network, "weights", 0, 0), 0.5)):
        network.params["norm1.mean"][:] = before
        finetune(extractor, classifier, x, y, softmax_cross_entropy, adam, None, faults, Stream("noise"))
        moved = before + deep.FOLLOWING * (z.mean(axis=(0, 1, 2)) - before)
        np.testing.assert_allclose(network.params["norm1.mean"], moved, rtol=1e-4, err_msg=str(faults))
        z, _ = network.part(0, 1).forward(x)  # the kernels have moved
    assert not {"norm1.mean", "norm1.var"} & adam.moments.keys()


def test_what_cannot_be_folded_or_followed_says_so():
    for layers in ({"norm": BatchNorm(3)}, {"dense": Dense(3, 3), "relu": ReLU(), "norm": BatchNorm(3)}):
        with pytest.raises(ValueError, match="norm can be folded behind a dense layer or a convolution, not behind"):
            folded(Network(layers))
    network, x = a_network(dtype=np.float32), np.zeros((40, 6, 6, 2), np.float32)
    with pytest.raises(ValueError, match="moments are of a whole batch, and this one was cut"):
        cut = Network(network.layers, shards=2)
        cut.follow(cut.forward(x, Stream("noise"))[1])
    y = np.arange(40) % 3
    before = network.params["norm1.mean"].copy()
    finetune(network.part(0, 4), network.part(4), x, y, softmax_cross_entropy, Adam(network.learned, 1e-3))
    np.testing.assert_array_equal(network.params["norm1.mean"], before)  # without rng it is no training
    for kind in ("weights", "nodes", "bits:int8"):
        with pytest.raises(ValueError, match="fold its batch normalisation"):
            list(campaign.run(network, x.astype(np.uint8), y, kind, (0.5,) if kind != "bits:int8" else (0.05,), [0], 0))


def test_weights_through_a_function_are_named_without_their_factors():
    network = folded(a_network(weights="tanh"))
    with pytest.raises(UsageError) as caught:
        defend.check("scaling", network)
    assert "go through Times(map=Tanh())" in str(caught.value)


def test_steps_on_the_device_are_those_of_the_host_and_read_nothing(cupy):  # noqa: F811
    rng = np.random.default_rng(0)
    x, labels = rng.random((6, *CIFAR), np.float32), rng.integers(0, 10, 6)
    losses, params, outputs = {}, {}, {}
    for xp in (np, cupy):
        players = models.build("VGG16", CIFAR, 10, seed=0, width=0.03, xp=xp)
        pair = players.extractor, players.classifier
        model, adam = pair[0] + pair[1], Adam(pair[0].learned | pair[1].learned, 1e-3)
        images, y = (x, labels) if xp is np else (cupy.asarray(x), cupy.asarray(labels))
        hit = stuck("weights", pattern(model, "weights", 0, 0), 0.2, xp)

        def steps(pair=pair, adam=adam, images=images, y=y, hit=hit, xp=xp):
            losses[xp] = [
                finetune(*pair, images, y, softmax_cross_entropy, adam, None, faults, Stream("noise", xp=xp))
                for faults in (NO_FAULTS, hit)
            ]
            outputs[xp] = folded(pair[0] + pair[1]).forward(images)[0]

        assert count_reads(steps) == 0, "a value was read from the device inside a step"
        params[xp] = {name: p if xp is np else p.get() for name, p in model.params.items()}
    np.testing.assert_allclose([float(loss) for loss in losses[cupy]], losses[np], rtol=1e-3)
    for name in ("extractor/norm1.mean", "extractor/norm1.var", "classifier/dense3.w"):
        np.testing.assert_allclose(params[cupy][name], params[np][name], atol=1e-3, err_msg=name)
    assert outputs[cupy].shape == outputs[np].shape


# ---- the shapes


SHAPES = {
    "VGG16": [
        "conv 64", "conv 64", "pool", "conv 128", "conv 128", "pool", "conv 256", "conv 256", "conv 256", "pool",
        "conv 512", "conv 512", "conv 512", "pool", "conv 512", "conv 512", "conv 512", "pool",
        "dense 512", "dense 512", "dense 10",
    ],
    "AlexNet": [
        "conv 64", "pool", "conv 192", "pool", "conv 384", "conv 256", "conv 256", "pool",
        "dense 4096", "dense 4096", "dense 10",
    ],
}  # fmt: skip


@pytest.mark.parametrize("arch", SHAPES)
def test_layers_of_the_deeper_networks(arch):
    extractor, decoder, discriminator, classifier = models.build(arch, CIFAR, 10, seed=0)
    layers = list((extractor + classifier).layers.values())
    said = [" ".join(summary(one).split()[:2]) for one in layers if isinstance(one, Conv2d | Dense | MaxPool2d)]
    assert [word.replace("pool 2x2", "pool") for word in said] == SHAPES[arch]
    for before, layer in pairwise(layers):
        assert isinstance(before, Conv2d) == isinstance(layer, BatchNorm), "a normalisation behind each convolution"
        assert not isinstance(before, Conv2d) or (before.K, before.P, before.S) == (3, 1, 1)
    activations = sum(isinstance(layer, ReLU) for layer in layers)
    assert activations == len([word for word in SHAPES[arch] if word != "pool"]) - 1
    assert isinstance(next(iter(classifier.layers.values())), ReLU), "features are before their activation"
    assert not decoder.layers and not discriminator.layers


@pytest.mark.parametrize("arch", SHAPES)
def test_a_quarter_of_the_width_has_a_quarter_of_the_units(arch):
    whole, thin = (models.build(arch, CIFAR, 10, seed=0, width=width) for width in (1.0, 0.25))
    for name, layer in (thin.extractor + thin.classifier).layers.items():
        wide = (whole.extractor + whole.classifier).layers[name]
        if isinstance(layer, Conv2d) and layer.C != 3:
            assert (4 * layer.F, 4 * layer.C) == (wide.F, wide.C), name
    x = np.random.default_rng(0).random((2, *CIFAR), np.float32)
    assert (thin.extractor + thin.classifier).forward(x)[0].shape == (2, 10)
    least = models.build(arch, CIFAR, 10, seed=0, width=0.001)
    assert {layer.F for layer in least.extractor.layers.values() if isinstance(layer, Conv2d)} == {1}


def test_parameters_of_vgg16_without_its_normalisation():
    extractor, _, _, classifier = models.build("VGG16", CIFAR, 10, seed=0)
    channels = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    of_convolutions = sum(9 * C * F + F for C, F in pairwise(channels))
    of_dense = 2 * (512 * 512 + 512) + 512 * 10 + 10
    assert size(folded(extractor + classifier).params) == of_convolutions + of_dense


def test_a_batch_with_normalisation_is_not_cut():
    for arch, cut in (("VGG16", 1), ("A2", 2)):
        assert models.build(arch, CIFAR, 10, seed=0, width=0.1, shards=2).extractor.shards == cut


# ---- runs


OPTIONS = ["--data", "tiny.npz", "--arch", "VGG16", "--width", "0.05", "--method", "none", "--epochs-finetune", "3",
           "--batch-size", "16", "--patterns", "1", "--threads", "1", "--backend", "numpy"]  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch, without_figures):
    """An empty working folder with 32 + 10 images of the size of CIFAR-10's."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 100, (42, *CIFAR), np.uint8), np.arange(42) % 10
    x[np.arange(42), :, 3 * y] = 250
    np.savez(tmp_path / "tiny.npz", x_train=x[:32], y_train=y[:32], x_test=x[32:], y_test=y[32:])
    monkeypatch.chdir(tmp_path)
    without_figures(monkeypatch)
    return tmp_path


def test_a_run_is_resumed_broken_and_defended(here, monkeypatch, capsys):
    train.train([*OPTIONS, "--out", "whole", "--train-faults", "nodes:0.3"])
    steps = iter(range(3))
    with monkeypatch.context() as patch:
        patch.setattr(train, "finetune", lambda *args: finetune(*args) if next(steps, None) is not None else 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train.train([*OPTIONS, "--out", "stopped", "--train-faults", "nodes:0.3", "--save-every", "0"])
    train.train(["--resume", "stopped"])
    one, other = (checkpoint.load(here / name / "checkpoint.npz").params for name in ("whole", "stopped"))
    for name, p in one.items():
        np.testing.assert_array_equal(p, other[name], err_msg=name)
    assert np.any(one["extractor/norm13.mean"] != 0), "the moments are in the checkpoint"
    with open(here / "whole" / "faults.csv", newline="") as file:
        rows = [campaign.row_of(row.values()) for row in csv.DictReader(file)]
    network, dataset, _ = inject.trained(here / "whole", np, None, "")
    assert {row.fault for row in rows} == {"weights", "filters", "nodes"}
    assert {row.accuracy for row in rows if row.rate == 0} == {
        campaign.score(network, dataset.x_test, dataset.y_test).accuracy
    }
    for name in ("clipact", "scaling"):
        monkeypatch.setattr(defend, "IMAGES", 3)
        monkeypatch.setattr(defend, "PATTERNS", 1)
        rates = ["--rates", "1e-3,1e-2"] if name == "clipact" else []
        defend.defend(["whole", "--with", name, *rates, "--backend", "numpy"])
        new, _, _ = inject.trained(here / f"whole-{name}-float32", np, None, "")
        if name == "scaling":
            x = dataset.x_test / np.float32(255)
            np.testing.assert_allclose(new.forward(x)[0], network.forward(x)[0], rtol=1e-4, atol=1e-4)
    asked = ["--fault", "bits", "--memory", "int8", "--rates", "0,0.01", "--patterns", "1", "--backend", "numpy"]
    inject.inject(["whole", *asked])
    assert "bits" in capsys.readouterr().out


REFUSED = {
    ("--arch", "VGG16", "--method", "aftt"): "VGG16 has no decoder to play the games with; use another --method, or A1",
    ("--arch", "A2", "--width", "0.5"): "--width is for AlexNet and VGG16; A2 has the paper's sizes",
    ("--arch", "VGG16", "--method", "randbet"): "--method randbet is for A1 and A2; the weights of VGG16 are scaled by",
    ("--arch", "AlexNet", "--method", "none", "--clip-weights", "1"): "--clip-weights is for A1 and A2; the weights of",
    ("--arch", "A2", "--method", "randbet", "--loss", "mse"): "--method randbet goes by a cross-entropy; leave out",
    ("--arch", "AlexNet", "--width", "0"): "argument --width: expected a number from 0.01 to 4, got '0'",
}


@pytest.mark.parametrize("options", REFUSED, ids=" ".join)
def test_what_is_refused(here, capsys, options):
    code = exit_code_of(train.train, ["--data", "tiny.npz", "--batch-size", "8", "--backend", "numpy", *options])
    said = capsys.readouterr().err
    assert code == 2 and REFUSED[options].removeprefix("argument ") in said and len(said.splitlines()) == 1
    assert not (here / "runs").exists()


def test_such_images_have_no_such_network(capsys):
    assert exit_code_of(models.build, "VGG16", (28, 28, 1), 10, 0) == 2
    assert "no architecture VGG16 for images of shape (28, 28, 1)" in capsys.readouterr().err
