"""Layers that bound what a fault can do: on activations, and on the weights as they are read.

    Clamp        y = min(max(x, low), high)                     behind an activation; Ranger (Chen et al., 2021)
    Squash       y = x where |x| <= limit, else 0               behind an activation; FT-ClipAct (Hoang et al., 2019)
    SoftLimit    y = max(0, x (1 - sigmoid(k (x - limit))))     in place of a ReLU; FitAct (Ghavami et al., 2021)
    MappedDense, MappedConv2d    w = map(stored w)              saturated weights (Fuengfusin and Tamukoh, 2024,
                                                                arXiv:2411.19027), weight scaling (arXiv:2411.18993)

Formulas are the papers' where they could be read; SoftLimit's is as other people's code has it, and what weights are
scaled by is derived here (defend.py). Left out: the modified tanh of saturated weights, whose formula we have not seen.
Limits are numbers of the network as it was trained; they belong to the program, not to the memory that faults hit.
"""

from dataclasses import dataclass, field

import numpy as np

from .backend import array_module
from .layers import Conv2d, Dense, Layer, sigmoid

STEEPNESS = 20.0  # k of FitAct


@dataclass(eq=False)
class Clamp(Layer):
    """y = min(max(x, low), high), low <= 0 <= high, any shape; the derivative outside is 0, and what is no number stays

    Ranger: low and high are the smallest and the largest activation that the layer before has on training images.
    """

    low: float
    high: float
    keeps_zero = True

    def forward(self, x, rng=None):
        return x.clip(self.low, self.high), x

    def backward(self, dy, x):
        return dy * ((x >= self.low) & (x <= self.high))


@dataclass(eq=False)
class Squash(Layer):
    """y = x where |x| <= limit, else 0, any shape; the derivative outside is 0, and what is no number becomes 0

    FT-ClipAct, whose ReLU has no negative side: an activation larger than any without faults says more by being gone.
    """

    limit: float
    keeps_zero = True

    def forward(self, x, rng=None):
        inside = abs(x) <= self.limit
        return array_module(x).where(inside, x, x.dtype.type(0)), inside  # not x * inside: 0 * inf is no number

    def backward(self, dy, inside):
        return dy * inside


@dataclass(eq=False)
class SoftLimit(Layer):
    """y = max(0, x (1 - s)), s = sigmoid(k (x - limit))   x: (N, ...)  limit: (...), one a neuron  ->  y: (N, ...)

    FitAct: a ReLU that goes back to 0 above a limit that is learned. dy/dx = 1 - s - k x s (1 - s) where x > 0, and
    dy/dlimit = k x s (1 - s). What is no number becomes 0.
    """

    shape: tuple
    params: dict = field(init=False, repr=False)
    keeps_zero = True

    def __post_init__(self):
        self.params = {"limit": np.zeros(self.shape, np.float32)}

    def forward(self, x, rng=None):
        self.expect(x, "N", *self.shape)
        xp = array_module(x)
        x = xp.maximum(x, x.dtype.type(0))
        s = sigmoid(x.dtype.type(STEEPNESS) * (x - self.params["limit"]))
        y = xp.where(s < 1, x * (1 - s), x.dtype.type(0))  # inf * 0 is no number
        return y, (x, s)

    def backward(self, dy, cache):
        x, s = cache
        return dy * (x > 0) * (1 - s - x.dtype.type(STEEPNESS) * x * s * (1 - s))

    def gradients(self, dy, cache):
        x, s = cache
        return {"limit": (dy * x.dtype.type(STEEPNESS) * x * s * (1 - s)).sum(axis=0)}


# ---- weights: what is stored goes through a map on the way in


@dataclass(frozen=True)
class Tanh:
    """w = tanh(v), in (-1, 1); dw/dv = 1 - tanh(v)^2"""

    def __call__(self, v):
        return array_module(v).tanh(v)

    def slope(self, v):
        return 1 - array_module(v).tanh(v) ** 2


@dataclass(frozen=True)
class Arctan:
    """w = arctan(v), in (-pi/2, pi/2); dw/dv = 1 / (1 + v^2)"""

    def __call__(self, v):
        return array_module(v).arctan(v)

    def slope(self, v):
        return 1 / (1 + v * v)


@dataclass(frozen=True)
class Softsign:
    """w = v / (1 + |v|), in (-1, 1); dw/dv = 1 / (1 + |v|)^2"""

    def __call__(self, v):
        size = array_module(v).minimum(abs(v), v.dtype.type(np.finfo(v.dtype).max))  # inf / inf is no number
        return array_module(v).sign(v) * (size / (1 + size))

    def slope(self, v):
        return 1 / (1 + abs(v)) ** 2


@dataclass(frozen=True)
class Divide:
    """w = v / by: the weights were multiplied by it before they were stored"""

    by: float

    def __call__(self, v):
        return v / v.dtype.type(self.by)

    def slope(self, v):
        return v.dtype.type(1 / self.by)


@dataclass(frozen=True, eq=False)
class Times:
    """w = factor map(v), a factor (F,) for each unit or channel: batch normalisation folded behind another map"""

    map: object
    factor: object = field(repr=False)

    def __call__(self, v):
        return self.map(v) * self.factor

    def slope(self, v):
        return self.map.slope(v) * self.factor


SATURATIONS = {"tanh": Tanh(), "arctan": Arctan(), "softsign": Softsign()}


class Mapped:
    """A layer whose params["w"] is what is stored: it computes with map(w), and 0 where that is not finite."""

    def read(self):
        """The w that it computes with."""
        w = self.map(self.params["w"])
        xp = array_module(w)
        return xp.where(xp.isfinite(w), w, w.dtype.type(0))

    def forward(self, x, rng=None):
        plain = self.with_params(self.params | {"w": self.read()})
        y, cache = super(Mapped, plain).forward(x)  # of the layer as if it had w itself
        return y, (plain, cache)

    def backward(self, dy, cache):
        plain, cache = cache
        return super(Mapped, plain).backward(dy, cache)

    def gradients(self, dy, cache):
        plain, cache = cache
        grads = super(Mapped, plain).gradients(dy, cache)
        return grads | {"w": grads["w"] * self.map.slope(self.params["w"])}


@dataclass(eq=False)
class MappedDense(Mapped, Dense):
    """y = x @ map(w) + b, see Dense"""

    map: object = Tanh()


@dataclass(eq=False)
class MappedConv2d(Mapped, Conv2d):
    """y = im2col(x) @ map(w) + b, see Conv2d"""

    map: object = Tanh()


def mapped(layer, through):
    """A Dense or Conv2d layer whose weights go through a map; the parameters are taken as what is stored."""
    if isinstance(layer, Conv2d):
        new = MappedConv2d(layer.C, layer.F, layer.K, layer.S, layer.P, map=through)
    else:
        new = MappedDense(layer.D, layer.M, map=through)
    return new.with_params(layer.params)


# ---- a network with a defence


def defended(layers: dict, how: dict) -> dict:
    """A network's layers, with the defence that is said in `how`, as a defended run's checkpoint has it.

    {"with": "ranger", "limits": {activation: [low, high]}}, {"with": "clipact", "limits": {activation: limit}},
    {"with": "fitact", "limits": {activation: shape}}, or {"with": "scaling", "by": {layer: number}}.
    """
    table = {}
    for name, layer in layers.items():
        if how["with"] == "scaling" and name in how["by"]:
            layer = mapped(layer, Divide(how["by"][name]))
        elif how["with"] == "fitact" and name in how["limits"]:
            layer = SoftLimit(tuple(how["limits"][name]))
        table[name] = layer
        if how["with"] == "ranger" and name in how["limits"]:
            table[f"{name}-limit"] = Clamp(*how["limits"][name])
        elif how["with"] == "clipact" and name in how["limits"]:
            table[f"{name}-limit"] = Squash(how["limits"][name])
    return table
