"""The paper's networks: their layers and sizes from section VI-B, their shapes, and weights found by name."""

from functools import cache
from itertools import pairwise
from math import prod

import numpy as np
import pytest
from hypothesis import given
from strategies import SEED

from aftt_np import models
from aftt_np.deep import BatchNorm
from aftt_np.errors import UsageError
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
from aftt_np.rng import Stream

FASHION, CIFAR = (28, 28, 1), (32, 32, 3)
ALL = [("A1", FASHION), ("A2", FASHION), ("A1", CIFAR), ("A2", CIFAR)]
all_architectures = pytest.mark.parametrize(("arch", "image_shape"), ALL, ids=str)
ROLES = ("extractor", "decoder", "discriminator", "classifier")


@cache  # networks are never written to here
def players(arch, image_shape, seed=0, dropout=0.0):
    return models.build(arch, image_shape, 10, seed, dropout)


def changed(params, others) -> list[str]:
    """The names under which two sets of parameters are not the same bytes."""
    same = {name for name in params.keys() & others.keys() if params[name].tobytes() == others[name].tobytes()}
    return sorted((params.keys() | others.keys()) - same)


def images(image_shape, N=2):
    return np.random.default_rng(0).random((N, *image_shape), dtype=np.float32)


# ---- what the paper says, layer by layer


def summary(layer):
    """A layer as a short word: what the paper would say of it, with the sizes that can be checked by eye."""
    match layer:
        case Dense(M=M):
            return f"dense {M}"
        case Conv2d(F=F, K=K, S=S, P=P):
            return f"conv {F} {K}x{K} stride {S} pad {P}"
        case ConvTranspose2d(F=F, K=K, S=S, P=P):
            return f"turned conv {F} {K}x{K} stride {S} pad {P}"
        case MaxPool2d(K=K):
            return f"pool {K}x{K}"
        case LeakyReLU(slope=slope):
            return f"leaky {slope}"
        case Dropout(rate=rate):
            return f"dropout {rate}"
        case Reshape(shape=shape):
            return f"reshape {shape}"
        case ReLU() | Sigmoid() | Flatten() | Upsample2d():
            return type(layer).__name__.lower()
    raise AssertionError(f"{layer} is not in this test")


FASHION_DECODER = [
    "dense 512", "relu", "dense 512", "relu", "dense 784", "sigmoid", "reshape (28, 28, 1)",
]  # fmt: skip
CIFAR_DECODER = [
    "reshape (4, 4, 128)",
    "turned conv 128 3x3 stride 1 pad 1", "leaky 0.1", "upsample2d",
    "turned conv 64 3x3 stride 1 pad 1", "leaky 0.1", "upsample2d",
    "turned conv 32 3x3 stride 1 pad 1", "leaky 0.1", "upsample2d",
    "turned conv 3 3x3 stride 1 pad 1", "sigmoid",
]  # fmt: skip
FASHION_CLASSIFIER = ["relu", "dense 512", "relu", "dense 10"]
CIFAR_CLASSIFIER = ["leaky 0.1", "dense 1024", "leaky 0.1", "dense 10"]
DISCRIMINATOR = [
    "dense 512", "leaky 0.2", "dropout 0.2", "dense 512", "leaky 0.2", "dropout 0.2", "dense 1",
]  # fmt: skip

LAYERS = {  # (arch, image): extractor, decoder, classifier
    ("A1", FASHION): (
        ["flatten", "dense 512", "relu", "dense 1024", "relu", "dense 512"],
        FASHION_DECODER, FASHION_CLASSIFIER,
    ),
    ("A2", FASHION): (
        ["conv 20 5x5 stride 1 pad 0", "pool 2x2", "relu", "conv 50 5x5 stride 1 pad 0", "pool 2x2", "flatten"],
        FASHION_DECODER, FASHION_CLASSIFIER,
    ),
    ("A1", CIFAR): (
        [
            "conv 64 3x3 stride 1 pad 1", "leaky 0.1",
            "conv 128 3x3 stride 2 pad 1", "leaky 0.1",
            "conv 256 3x3 stride 1 pad 1", "leaky 0.1",
            "conv 512 3x3 stride 2 pad 1", "leaky 0.1",
            "conv 256 3x3 stride 1 pad 1", "leaky 0.1",
            "conv 128 3x3 stride 2 pad 1", "leaky 0.1",
            "conv 128 3x3 stride 1 pad 1", "flatten",
        ],
        CIFAR_DECODER, CIFAR_CLASSIFIER,
    ),
    ("A2", CIFAR): (
        [
            "conv 64 3x3 stride 2 pad 1", "leaky 0.1",
            "conv 128 3x3 stride 2 pad 1", "leaky 0.1",
            "conv 128 3x3 stride 2 pad 1", "flatten",
        ],
        CIFAR_DECODER, CIFAR_CLASSIFIER,
    ),
}  # fmt: skip


@all_architectures
def test_layers_are_those_of_the_paper(arch, image_shape):
    extractor, decoder, classifier = LAYERS[arch, image_shape]
    expected = dict(zip(ROLES, (extractor, decoder, DISCRIMINATOR, classifier), strict=True))
    for role, network in zip(ROLES, players(arch, image_shape), strict=True):
        found = [summary(layer) for layer in network.layers.values()]
        assert found == expected[role], f"{role} of {arch} for {image_shape}"


def test_the_table_above_has_every_architecture():
    assert set(LAYERS) == set(ALL)
    assert {arch for arch, _ in ALL} | {"AlexNet", "VGG16"} == set(models.ARCHITECTURES)  # see test_deep.py


def size(params):
    return sum(p.size for p in params.values())


PARAMETERS = {  # of extractor and classifier, weights + biases of each layer
    ("A1", FASHION): (784 * 512 + 512) + (512 * 1024 + 1024) + (1024 * 512 + 512) + (512 * 512 + 512) + (512 * 10 + 10),
    ("A2", FASHION): (5 * 5 * 1 * 20 + 20) + (5 * 5 * 20 * 50 + 50) + (4 * 4 * 50 * 512 + 512) + (512 * 10 + 10),
    ("A1", CIFAR): (
        9 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 256 + 256 * 128 + 128 * 128)
        + (64 + 128 + 256 + 512 + 256 + 128 + 128)
        + (4 * 4 * 128 * 1024 + 1024)
        + (1024 * 10 + 10)
    ),
    ("A2", CIFAR): (
        9 * (3 * 64 + 64 * 128 + 128 * 128) + (64 + 128 + 128) + (4 * 4 * 128 * 1024 + 1024) + (1024 * 10 + 10)
    ),
}


@all_architectures
def test_parameter_counts(arch, image_shape):
    extractor, _, _, classifier = players(arch, image_shape)
    assert size((extractor + classifier).params) == PARAMETERS[arch, image_shape]


def test_fashion_a1_has_the_declared_number_of_parameters():
    extractor, _, _, classifier = players("A1", FASHION)
    assert size(extractor.params) + size(classifier.params) == 1_719_818


# ---- shapes


@all_architectures
def test_shapes_through_all_four_networks(arch, image_shape):
    extractor, decoder, discriminator, classifier = players(arch, image_shape)
    x = images(image_shape)
    D = {"A1": 512, "A2": 800}[arch] if image_shape == FASHION else 2048
    z, _ = extractor.forward(x)
    assert (z.shape, z.dtype) == ((2, D), np.float32), "features"
    x_hat, _ = decoder.forward(z)
    assert (x_hat.shape, x_hat.dtype) == (x.shape, np.float32), "reconstruction"
    assert 0 <= x_hat.min() and x_hat.max() <= 1, f"pixels from {x_hat.min()} to {x_hat.max()}"
    logit, _ = discriminator.forward(z)
    assert (logit.shape, logit.dtype) == ((2, 1), np.float32), "logit of the discriminator"
    logits, _ = classifier.forward(z)
    assert (logits.shape, logits.dtype) == ((2, 10), np.float32), "logits of the classes"


@all_architectures
def test_pixels_stay_in_range_for_features_of_any_size(arch, image_shape):
    extractor, decoder, _, _ = players(arch, image_shape)
    z, _ = extractor.forward(images(image_shape))
    x_hat, _ = decoder.forward(1e4 * z)
    assert np.isfinite(x_hat).all() and 0 <= x_hat.min() and x_hat.max() <= 1


@all_architectures
def test_features_come_before_their_activation(arch, image_shape):
    """They are to look like N(0, I), so they must be able to be negative; the classifier begins with the activation."""
    extractor, _, _, classifier = players(arch, image_shape)
    last = [layer for layer in extractor.layers.values() if not isinstance(layer, Flatten | MaxPool2d)][-1]
    assert isinstance(last, Dense | Conv2d), f"the extractor ends in {last}"
    first = next(iter(classifier.layers.values()))
    assert isinstance(first, ReLU | LeakyReLU), f"the classifier begins with {first}"
    z, _ = extractor.forward(images(image_shape))
    assert 0.05 < (z < 0).mean() < 0.95, f"{(z < 0).mean():.0%} of the features are negative"


@pytest.mark.parametrize("classes", [2, 3, 100])
def test_the_last_layer_has_a_logit_a_class(classes):
    classifier = models.build("A2", FASHION, classes, seed=0).classifier
    assert classifier.layers["classifier/dense2"].M == classes
    assert classifier.params["classifier/dense2.w"].shape == (512, classes)


@all_architectures
def test_names_carry_the_network(arch, image_shape):
    built = players(arch, image_shape)
    for role, network in zip(ROLES, built, strict=True):
        assert all(name.startswith(f"{role}/") for name in network.layers), f"{role}: {list(network.layers)}"
    assert size(built.params) == sum(size(network.params) for network in built), "two networks share a name"


# ---- what is not there


UNKNOWN = [("A3", FASHION), ("a1", CIFAR), ("A1", (28, 28)), ("A1", (28, 28, 3)), ("A2", (32, 32, 1))]


@pytest.mark.parametrize(("arch", "image_shape"), UNKNOWN, ids=str)
def test_an_architecture_that_does_not_fit_is_a_usage_error(arch, image_shape):
    with pytest.raises(UsageError) as caught:
        models.build(arch, image_shape, 10, seed=0)
    for words in (arch, str(image_shape), "A1 for (28, 28, 1)", "A2 for (32, 32, 3)"):
        assert words in str(caught.value), f"{words!r} is missing in: {caught.value}"
    assert "\n" not in str(caught.value)


# ---- initial weights


def small(*names):
    """A network of two small layers for each name."""
    layers = {}
    for name in names:
        layers |= {f"{name}/conv": Conv2d(2, 3, K=3), f"{name}/flatten": Flatten(), f"{name}/dense": Dense(12, 4)}
    return Network(layers)


@given(seed=SEED, other=SEED)
def test_weights_are_found_by_seed_and_name(seed, other):
    weights = models.initialise(small("a"), seed).params
    assert not changed(weights, models.initialise(small("a"), seed).params), "same seed, other bytes"
    beside = models.initialise(small("b", "a", "c"), seed).params
    assert not changed(weights, {name: beside[name] for name in weights}), "weights depend on the layers before"
    for tensor in ("conv.w", "dense.w"):
        assert not np.array_equal(beside[f"a/{tensor}"], beside[f"b/{tensor}"]), f"two names, the same {tensor}"
    if other != seed:
        assert changed(weights, models.initialise(small("a"), other).params) == ["a/conv.w", "a/dense.w"]


def test_networks_made_of_the_same_layers_share_no_parameters():
    """Training one of them, which moves its parameters in place, leaves the other and the layers as they were."""
    of_layers = Network(small("a").layers | {"a/norm": BatchNorm(4)})
    one, other = (models.initialise(of_layers, seed=0) for _ in range(2))
    for name, p in one.params.items():
        p += 1
        assert not np.array_equal(other.params[name], p), f"{name} is shared with another network"
        assert not np.array_equal(of_layers.params[name], p), f"{name} is shared with its layer"


def test_one_tensor_by_hand():
    """N(0, 2 / fan_in) from the stream ("weights", seed, name); a 3x3 kernel on 2 channels reads 18 numbers."""
    drawn = Stream("weights", 7, "a/conv.w").generator().standard_normal((3, 3, 2, 3), np.float32)
    w = models.initialise(small("a"), 7).params["a/conv.w"]
    np.testing.assert_allclose(w, drawn * np.sqrt(2 / 18), rtol=1e-6)


@all_architectures
def test_same_seed_same_bytes_and_another_seed_others(arch, image_shape):
    first = players(arch, image_shape, seed=3).params
    other = players(arch, image_shape, seed=0).params
    again = models.build(arch, image_shape, 10, seed=3).params  # other networks were built in between
    assert not changed(first, again), "same seed, other bytes"
    assert changed(first, other) == sorted(name for name in first if name.endswith(".w"))


@all_architectures
def test_dropout_layers_change_no_weights(arch, image_shape):
    plain, noisy = players(arch, image_shape), players(arch, image_shape, dropout=0.5)
    assert not changed(plain.params, noisy.params), "dropout layers change the weights"
    for role in ("extractor", "classifier"):
        layers = list(getattr(noisy, role).layers.values())
        for layer, following in pairwise(layers):
            if isinstance(layer, ReLU | LeakyReLU):
                assert summary(following) == "dropout 0.5", f"{role}: {following} behind {layer}"
        without = [layer for layer in layers if not isinstance(layer, Dropout)]
        assert list(map(summary, without)) == list(map(summary, getattr(plain, role).layers.values()))
    for role in ("decoder", "discriminator"):
        assert list(getattr(noisy, role).layers) == list(getattr(plain, role).layers), f"{role} has new layers"


@all_architectures
def test_dropout_of_pixels_is_the_extractors_first_layer_and_changes_no_weights(arch, image_shape):
    plain, noisy = players(arch, image_shape), models.build(arch, image_shape, 10, 0, dropout_pixels=0.3)
    assert not changed(plain.params, noisy.params), "a dropout layer changes the weights"
    for ours, others in zip(noisy, plain, strict=True):
        added = ["dropout 0.3"] if ours is noisy.extractor else []
        assert list(map(summary, ours.layers.values())) == added + list(map(summary, others.layers.values()))
    x = np.random.default_rng(0).random((4, *image_shape), np.float32)
    resting, lively = noisy.extractor.forward(x)[0], noisy.extractor.forward(x, Stream("test"))[0]
    np.testing.assert_array_equal(resting, plain.extractor.forward(x)[0])
    assert abs(lively - resting).max() > 1e-3, "it rests in training"


@all_architectures
def test_the_activation_of_the_features_moves_and_no_weight_changes(arch, image_shape):
    usual = players(arch, image_shape)
    first, *rest = usual.classifier.layers
    for activation, tail in (("extractor", [first.replace("classifier", "extractor")]), ("none", [])):
        other = models.build(arch, image_shape, 10, seed=0, activation=activation)
        assert list(other.classifier.layers) == rest
        assert list(other.extractor.layers) == [*usual.extractor.layers, *tail]
        assert not changed(usual.params, other.params)
        z, _ = other.extractor.forward(images(image_shape))
        wanted, _ = usual.extractor.forward(images(image_shape))
        slope = getattr(usual.classifier.layers[first], "slope", 0.0)
        np.testing.assert_array_equal(z, np.where(wanted > 0, wanted, slope * wanted) if tail else wanted)


@all_architectures
def test_weights_have_the_scale_of_he_and_biases_are_zero(arch, image_shape):
    for name, p in players(arch, image_shape).params.items():
        assert p.dtype == np.float32, f"{name} is {p.dtype}"
        if name.endswith(".b"):
            assert not p.any(), f"{name} is not 0"
            continue
        fan_in, n = prod(p.shape[:-1]), p.size
        variance = 2 / fan_in
        mean_error = abs(p.mean(dtype=np.float64)) / (variance / n) ** 0.5  # both in standard errors
        variance_error = abs(p.var(dtype=np.float64) / variance - 1) / (2 / n) ** 0.5
        assert mean_error < 5, f"{name}: the mean {p.mean():.2g} is {mean_error:.1f} standard errors from 0"
        assert variance_error < 5, (
            f"{name}: the variance {p.var():.4g} is {variance_error:.1f} standard errors from 2 / {fan_in}"
        )


@all_architectures
def test_activations_keep_their_size_on_their_way(arch, image_shape):
    """What the scale is for: features of unit inputs are neither vanishing nor exploding."""
    z, _ = players(arch, image_shape).extractor.forward(images(image_shape) - 0.5)
    assert 0.05 < z.std() < 5, f"the features have a standard deviation of {z.std():.2g}"
