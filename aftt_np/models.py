"""The paper's networks (section VI-B), and two deeper ones of the papers on bits, as tables of layers.

Every extractor ends in its last product, before the activation: features that are to look like samples of N(0, I)
must be able to be negative. That activation is the first layer of the classifier, so extractor + classifier is the
network of the paper, activation for activation.

The README lists what the paper leaves open or gets wrong, and what was decided here.
"""

from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np

from .backend import to_device
from .deep import ALEXNET, VGG16, BatchNorm, deep
from .defences import SATURATIONS, mapped
from .errors import UsageError
from .layers import (
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
)  # fmt: skip
from .network import Network
from .rng import Stream

ACTIVATIONS = ("classifier", "extractor", "none")
ARCHITECTURES = ("A1", "A2", "AlexNet", "VGG16")  # A1, A2: the paper's names; which they are depends on the images
NOISE_RATE = 0.2  # dropout of the discriminator; the paper says that there is some, not how much


class Players(NamedTuple):
    """The four networks of Algorithm 1. What is deployed, and broken by faults, is extractor + classifier."""

    extractor: Network
    decoder: Network
    discriminator: Network
    classifier: Network

    @property
    def params(self) -> dict:
        """All parameters of all four, by full name."""
        return {name: p for network in self for name, p in network.params.items()}


def build(
    arch: str, image_shape: tuple, classes: int, seed: int, dropout=0.0, xp=np, shards: int = 1,
    activation="classifier", dropout_pixels=0.0, weights="plain", width=1.0,
) -> Players:  # fmt: skip
    """The four networks for images (H, W, C), with initial weights found by (seed, name).

    `dropout` > 0 puts a Dropout layer behind every hidden activation of extractor and classifier (a baseline of ours),
    `dropout_pixels` > 0 one before the extractor's first layer, on the numbers of an image, each colour by itself.
    `activation` of the features: the classifier's first layer, the extractor's last, or none (readings of the paper).
    `weights`: plain, or one of SATURATIONS: extractor and classifier compute with that function of what they learn.
    `shards`: into how many parts networks with convolutions cut a batch; those without leave their products to BLAS,
    and one with batch normalisation cannot be cut. `width`: of AlexNet and VGG16, how many of their units there are, a
    fraction; these two have no decoder and no discriminator.
    Raises UsageError if there is no architecture `arch` for such images.
    """
    tables = {
        ("A1", (28, 28, 1)): fashion_a1,
        ("A2", (28, 28, 1)): fashion_a2,
        ("A1", (32, 32, 3)): cifar_a1,
        ("A2", (32, 32, 3)): cifar_a2,
        ("AlexNet", (32, 32, 3)): partial(deep, ALEXNET, (4096, 4096), width),
        ("VGG16", (32, 32, 3)): partial(deep, VGG16, (512, 512), width),
    }
    if (arch, image_shape) not in tables:
        known = ", ".join(f"{arch} for {shape}" for arch, shape in tables)
        raise UsageError(f"no architecture {arch} for images of shape {image_shape}; there are: {known}")
    extractor, decoder, classifier, D = tables[arch, image_shape](classes)
    (name, layer), *rest = classifier.items()
    if activation != "classifier":
        classifier = dict(rest)
        extractor |= {name: layer} if activation == "extractor" else {}
    if dropout:
        extractor, classifier = with_dropout(extractor, dropout), with_dropout(classifier, dropout)
    if weights != "plain":
        extractor, classifier = saturated(extractor, weights), saturated(classifier, weights)
    extractor = ({"pixel-dropout": Dropout(dropout_pixels)} if dropout_pixels else {}) | extractor
    judge = discriminator(D) if decoder else {}
    tables = {"extractor": extractor, "decoder": decoder, "discriminator": judge, "classifier": classifier}
    networks = []
    for role, table in tables.items():
        of = {type(layer) for layer in table.values()}
        cut = any(issubclass(kind, Conv2d | ConvTranspose2d) for kind in of) and BatchNorm not in of
        layers = {f"{role}/{name}": layer for name, layer in table.items()}
        networks.append(initialise(Network(layers, shards if cut else 1), seed, xp))
    return Players(*networks)


def fashion_a1(classes):
    extractor = {
        "flatten": Flatten(),
        "dense1": Dense(784, 512), "relu1": ReLU(),
        "dense2": Dense(512, 1024), "relu2": ReLU(),
        "dense3": Dense(1024, 512),
    }  # fmt: skip
    classifier = {
        "relu": ReLU(),
        "dense1": Dense(512, 512), "relu1": ReLU(),
        "dense2": Dense(512, classes),
    }  # fmt: skip
    return extractor, fashion_decoder(512), classifier, 512


def fashion_a2(classes):
    extractor = {
        "conv1": Conv2d(1, 20, K=5), "pool1": MaxPool2d(2), "relu1": ReLU(),  # 28 -> 24 -> 12
        "conv2": Conv2d(20, 50, K=5), "pool2": MaxPool2d(2),  # 12 -> 8 -> 4
        "flatten": Flatten(),  # ReLU and max commute, and after the pool there is a quarter of the work
    }  # fmt: skip
    classifier = {
        "relu": ReLU(),
        "dense1": Dense(800, 512), "relu1": ReLU(),
        "dense2": Dense(512, classes),
    }  # fmt: skip
    return extractor, fashion_decoder(800), classifier, 800


def fashion_decoder(D):
    return {
        "dense1": Dense(D, 512), "relu1": ReLU(),
        "dense2": Dense(512, 512), "relu2": ReLU(),
        "dense3": Dense(512, 784), "sigmoid": Sigmoid(),  # pixels lie in [0, 1]
        "reshape": Reshape((28, 28, 1)),
    }  # fmt: skip


def cifar_a1(classes):
    extractor = {
        "conv1": Conv2d(3, 64, K=3, P=1), "leaky1": LeakyReLU(0.1),  # 32
        "conv2": Conv2d(64, 128, K=3, S=2, P=1), "leaky2": LeakyReLU(0.1),  # 16: the paper does not say where
        "conv3": Conv2d(128, 256, K=3, P=1), "leaky3": LeakyReLU(0.1),
        "conv4": Conv2d(256, 512, K=3, S=2, P=1), "leaky4": LeakyReLU(0.1),  # 8
        "conv5": Conv2d(512, 256, K=3, P=1), "leaky5": LeakyReLU(0.1),
        "conv6": Conv2d(256, 128, K=3, S=2, P=1), "leaky6": LeakyReLU(0.1),  # 4
        "conv7": Conv2d(128, 128, K=3, P=1),
        "flatten": Flatten(),
    }  # fmt: skip
    return extractor, cifar_decoder(), cifar_classifier(classes), 4 * 4 * 128


def cifar_a2(classes):
    extractor = {
        "conv1": Conv2d(3, 64, K=3, S=2, P=1), "leaky1": LeakyReLU(0.1),  # 32 -> 16
        "conv2": Conv2d(64, 128, K=3, S=2, P=1), "leaky2": LeakyReLU(0.1),  # 8
        "conv3": Conv2d(128, 128, K=3, S=2, P=1),  # 4
        "flatten": Flatten(),
    }  # fmt: skip
    return extractor, cifar_decoder(), cifar_classifier(classes), 4 * 4 * 128


def cifar_classifier(classes):
    return {
        "leaky": LeakyReLU(0.1),
        "dense1": Dense(2048, 1024), "leaky1": LeakyReLU(0.1),
        "dense2": Dense(1024, classes),
    }  # fmt: skip


def cifar_decoder():
    return {
        "reshape": Reshape((4, 4, 128)),
        "conv1": ConvTranspose2d(128, 128, K=3, P=1), "leaky1": LeakyReLU(0.1), "up1": Upsample2d(),  # 8
        "conv2": ConvTranspose2d(128, 64, K=3, P=1), "leaky2": LeakyReLU(0.1), "up2": Upsample2d(),  # 16
        "conv3": ConvTranspose2d(64, 32, K=3, P=1), "leaky3": LeakyReLU(0.1), "up3": Upsample2d(),  # 32
        "conv4": ConvTranspose2d(32, 3, K=3, P=1), "sigmoid": Sigmoid(),  # a fourth upsampling would give 64 x 64
    }  # fmt: skip


def discriminator(D):
    return {
        "dense1": Dense(D, 512), "leaky1": LeakyReLU(0.2), "dropout1": Dropout(NOISE_RATE),
        "dense2": Dense(512, 512), "leaky2": LeakyReLU(0.2), "dropout2": Dropout(NOISE_RATE),
        "dense3": Dense(512, 1),
    }  # fmt: skip


def with_dropout(layers: dict, rate: float) -> dict:
    """The same table with a Dropout layer behind every activation."""
    table = {}
    for name, layer in layers.items():
        table[name] = layer
        if isinstance(layer, ReLU | LeakyReLU):
            table[f"{name}-dropout"] = Dropout(rate)
    return table


def saturated(layers: dict, weights: str) -> dict:
    """The same table with weights that go through one of SATURATIONS before they are used."""
    through = SATURATIONS[weights]
    return layers | {n: mapped(layer, through) for n, layer in layers.items() if isinstance(layer, Dense | Conv2d)}


def initialise(network: Network, seed: int, xp=np) -> Network:
    """Weights ~ N(0, 2 / fan_in), which keeps the size of activations through ReLU layers (He et al., 2015); the other
    parameters are as the layers made them: biases 0.

    Drawn on the host from the stream ("weights", seed, full name), so they do not depend on other layers or the device.
    """
    params = {}
    for name, p in network.params.items():
        value = p.copy()  # Adam moves parameters in place; those of the layers are for every network made of them
        if name.endswith(".w"):
            fan_in = prod(p.shape[:-1])
            value = Stream("weights", seed, name).generator().standard_normal(p.shape, np.float32)
            value *= (2 / fan_in) ** 0.5
        params[name] = to_device(value, xp)
    return network.with_params(params)
