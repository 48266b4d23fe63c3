"""What hypothesis draws: shapes, strides, paddings, a dtype and a seed; the numbers come from the seed.

A failing example then shrinks to the smallest shape that fails.
"""

import numpy as np
from hypothesis import strategies as st

from aftt_np.deep import BatchNorm
from aftt_np.defences import SATURATIONS, Clamp, Divide, SoftLimit, Squash, Times, mapped
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
)  # fmt: skip

SIZE = st.integers(1, 4)
SEED = st.integers(0, 2**32 - 1)
DTYPE = st.sampled_from([np.float32, np.float64])


def away_from_kinks(shape, rng):
    """Numbers far from 0 and from each other, so that no ReLU and no max changes sides under a small step."""
    size = int(np.prod(shape))
    ladder = 0.1 * (1 + np.arange(size)) * np.where(rng.random(size) < 0.5, -1, 1)
    return rng.permutation(ladder).reshape(shape) / max(1.0, 0.02 * size)


@st.composite
def images(draw, at_least=1, multiple_of=1, C=None):
    """A shape (N, H, W, C)."""
    H, W = (multiple_of * draw(st.integers(-(-at_least // multiple_of), -(-at_least // multiple_of) + 3)) for _ in "HW")
    return draw(SIZE), H, W, draw(SIZE) if C is None else C


@st.composite
def dense(draw):
    layer = Dense(draw(SIZE), draw(SIZE))
    return layer, (draw(SIZE), layer.D)


@st.composite
def conv2d(draw):
    layer = Conv2d(draw(SIZE), draw(SIZE), draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(0, 2)))
    return layer, draw(images(at_least=max(1, layer.K - 2 * layer.P), C=layer.C))


@st.composite
def conv_transpose2d(draw):
    C, F, K, S, P = draw(SIZE), draw(SIZE), draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(st.integers(0, 2))
    at_least = -(-(1 - K + 2 * P) // S) + 1  # (H - 1) S - 2P + K >= 1
    return ConvTranspose2d(C, F, K, S, P), draw(images(at_least=max(1, at_least), C=C))


@st.composite
def max_pool(draw):
    layer = MaxPool2d(draw(st.integers(1, 3)))
    return layer, draw(images(multiple_of=layer.K))


@st.composite
def reshape(draw):
    shape = tuple(draw(st.lists(SIZE, min_size=1, max_size=3)))
    return Reshape(shape), (draw(SIZE), int(np.prod(shape)))


@st.composite
def through_a_map(draw, plain):
    layer, shape = draw(plain)
    units = layer.params["w"].shape[-1]
    maps = [*SATURATIONS.values(), Divide(3.0), Times(Divide(3.0), np.linspace(-1, 2, units, dtype=np.float32))]
    return mapped(layer, draw(st.sampled_from(maps))), shape


@st.composite
def soft_limit(draw):
    shape = draw(ANY_SHAPE)
    return SoftLimit(shape[1:]), shape


@st.composite
def batch_norm(draw):
    shape = draw(st.one_of(st.tuples(st.integers(2, 4), SIZE), images()))
    layer = BatchNorm(shape[-1])
    return layer, shape


ANY_SHAPE = st.one_of(st.tuples(SIZE, SIZE), st.tuples(SIZE, SIZE, SIZE, SIZE))
LAYERS = {  # class name: strategy of (layer, a shape that fits it); test_layers.py checks that none is missing
    "Dense": dense(),
    "Conv2d": conv2d(),
    "ConvTranspose2d": conv_transpose2d(),
    "MaxPool2d": max_pool(),
    "LeakyReLU": st.tuples(st.sampled_from([LeakyReLU(0.1), LeakyReLU(0.5)]), ANY_SHAPE),
    "ReLU": st.tuples(st.just(ReLU()), ANY_SHAPE),
    "Sigmoid": st.tuples(st.just(Sigmoid()), ANY_SHAPE),
    "Dropout": st.tuples(st.sampled_from([Dropout(0.3), Dropout(0.8)]), ANY_SHAPE),
    "Flatten": st.tuples(st.just(Flatten()), images()),
    "Reshape": reshape(),
    "BatchNorm": batch_norm(),
    "Clamp": st.tuples(st.sampled_from([Clamp(-0.5537, 1.2519), Clamp(0.0, 0.7513)]), ANY_SHAPE),
    "Squash": st.tuples(st.sampled_from([Squash(0.7513), Squash(100.0)]), ANY_SHAPE),
    "SoftLimit": soft_limit(),
    "MappedDense": through_a_map(dense()),
    "MappedConv2d": through_a_map(conv2d()),
    "Upsample2d": st.tuples(st.just(Upsample2d()), images()),
}


def filled(layer, dtype, rng, scale=1.0):
    """The layer with random parameters of `dtype`; the biases too, because zeros hide faults."""
    params = {name: (scale * rng.standard_normal(p.shape)).astype(dtype) for name, p in layer.params.items()}
    if "var" in params:
        params["var"] = 0.5 + abs(params["var"])
    return layer.with_params(params)
