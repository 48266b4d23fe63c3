"""Batch normalisation, and the deeper networks of the papers on bits that need it: AlexNet and VGG-16.

Where they are used there is no normalisation left: `folded` gives what it does to the layer before.
"""

from dataclasses import dataclass, field

import numpy as np

from .defences import Mapped, Times, mapped
from .layers import Conv2d, Dense, Flatten, Layer, MaxPool2d, ReLU, sum_rows
from .network import Network

EPSILON = 1e-5  # keeps from dividing by 0
FOLLOWING = 0.1  # how far the moments of all images go, in a step, towards those of a batch
# channels of 3 x 3 convolutions; behind each group the image is halved
VGG16 = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
ALEXNET = ((64,), (192,), (384, 256, 256))


@dataclass(eq=False)
class BatchNorm(Layer):
    """y = scale (x - mean) / sqrt(var + EPSILON) + shift   x: (N, ..., C)  scale, shift: (C,)  ->  y: (N, ..., C)

    Batch normalisation (Ioffe and Szegedy, 2015). In training mean and var (biased) are those of the batch, over all
    axes but the last, else the parameters of that name, which follow them: the cache ends with those of the batch, and
    whoever trains hands it to `follow`. A batch is one: a network with such layers must not cut it into shards.
    """

    C: int
    params: dict = field(init=False, repr=False)
    noisy = True  # it asks whether there is an rng, and draws nothing from it
    followers = ("mean", "var")

    def __post_init__(self):
        ones, zeros = np.ones(self.C, np.float32), np.zeros(self.C, np.float32)
        self.params = {"scale": ones, "shift": zeros, "mean": zeros.copy(), "var": ones.copy()}

    def forward(self, x, rng=None):
        if x.shape[-1] != self.C or len(x.shape) < 2:
            raise ValueError(f"{self} expects x of shape (N, ..., {self.C}), got {x.shape}")
        batch = None
        if rng is not None:
            rows = x.reshape(-1, self.C)
            mean = sum_rows(rows) / len(rows)
            batch = mean, sum_rows((rows - mean) ** 2) / len(rows)
        mean, var = batch or (self.params["mean"], self.params["var"])
        inverse = (var + x.dtype.type(EPSILON)) ** -0.5  # (C,)
        x_hat = (x - mean) * inverse
        return self.params["scale"] * x_hat + self.params["shift"], (x_hat, inverse, batch)

    def backward(self, dy, cache):
        x_hat, inverse, batch = cache
        if batch is None:
            return dy * (self.params["scale"] * inverse)
        rows, x_hats = dy.reshape(-1, self.C), x_hat.reshape(-1, self.C)
        # mean and var move with x: what is common to all rows, and what is along x_hat, changes nothing
        along = sum_rows(rows * x_hats) / len(rows)
        dx = (rows - sum_rows(rows) / len(rows) - x_hats * along) * (self.params["scale"] * inverse)
        return dx.reshape(dy.shape)

    def gradients(self, dy, cache):
        rows, x_hats = dy.reshape(-1, self.C), cache[0].reshape(-1, self.C)
        return {"scale": sum_rows(rows * x_hats), "shift": sum_rows(rows)}

    def follow(self, cache):
        """Move mean and var, in place, towards those of a batch; without rng it did not go forward in training."""
        for name, of_batch in zip(self.followers, cache[-1] or (self.params["mean"], self.params["var"]), strict=True):
            self.params[name] += FOLLOWING * (of_batch - self.params[name])


def folded(network: Network) -> Network:
    """The network as it is deployed, with the same outputs to rounding: no batch normalisation, which is a factor and a
    number to be added to each channel by then, as the layer before has them.

    w' = w f, b' = (b - mean) f + shift, with f = scale / sqrt(var + EPSILON); behind a map of w, f is not stored.
    Raises ValueError for a normalisation that is not behind a dense layer or a convolution.
    """
    layers = {}
    for name, layer in network.layers.items():
        if not isinstance(layer, BatchNorm):
            layers[name] = layer
            continue
        before, product = layers.popitem() if layers else (None, None)
        if not isinstance(product, Dense | Conv2d):
            raise ValueError(f"{name} can be folded behind a dense layer or a convolution, not behind {product}")
        p, (w, b) = layer.params, (product.params["w"], product.params["b"])
        factor = p["scale"] * (p["var"] + EPSILON) ** -0.5  # (F,)
        if isinstance(product, Mapped):
            product = mapped(product, Times(product.map, factor))
        else:
            w = w * factor
        layers[before] = product.with_params({"w": w, "b": (b - p["mean"]) * factor + p["shift"]})
    return network if len(layers) == len(network.layers) else Network(layers, network.shards)


def deep(groups, hidden, width, classes):
    """AlexNet's shape (Krizhevsky et al., 2012) or VGG-16's (Simonyan and Zisserman, 2015) for images of 32 x 32.

    Theirs is the order of the layers, and of VGG-16 the convolutions; AlexNet's channels are those of its version in
    one tower. Kernels of 3 x 3 throughout, smaller dense layers behind VGG-16's and batch normalisation are what such
    small images ask for. No decoder: no games.
    """
    extractor, number, C, size = {}, 0, 3, 32
    for group in groups:
        for F in (thin(F, width) for F in group):
            extractor |= {f"relu{number}": ReLU()} if number else {}
            number += 1
            extractor |= {f"conv{number}": Conv2d(C, F, K=3, P=1), f"norm{number}": BatchNorm(F)}
            C = F
        extractor[f"pool{number}"] = MaxPool2d(2)
        size //= 2
    D, (M1, M2) = size * size * C, (thin(M, width) for M in hidden)
    classifier = {
        "relu": ReLU(),
        "dense1": Dense(D, M1), "relu1": ReLU(),
        "dense2": Dense(M1, M2), "relu2": ReLU(),
        "dense3": Dense(M2, classes),
    }  # fmt: skip
    return extractor | {"flatten": Flatten()}, {}, classifier, D


def thin(units: int, width: float) -> int:
    """So many units of a network of this width; one at least."""
    return max(1, round(units * width))
