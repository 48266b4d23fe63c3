"""One class a layer: its parameters, `forward`, `backward` and `gradients`, standing next to each other.

    y, cache = layer.forward(x, rng=None)     the output, and what the backward pass will need
    dx       = layer.backward(dy, cache)      the derivative handed to the layer before
    grads    = layer.gradients(dy, cache)     the derivatives of the layer's own parameters, by name

`d<name>` is the derivative of the loss with respect to `<name>` and has its shape. All three are pure: nothing passed
in is changed and nothing is remembered, so one layer may be used twice before either backward pass. What comes out
has the dtype of what goes in. Letters: N batch, H W image, C channels in, F filters, K kernel, S stride, P padding,
D features in, M features out.
"""

import copy
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from .backend import array_module, to_device
from .im2col import col2im, im2col, out_size

PIECE = 16  # images a convolution works on at a time: their patches stay in the processor's cache


class Layer:
    """What layers have in common. Those that learn nothing keep the empty `params`."""

    params: dict = {}  # noqa: RUF012  (never written to: layers that learn bring a dict of their own)
    noisy = False  # True: forward draws from rng in training

    def with_params(self, params: dict):
        """The same layer with other parameters; this one is not touched."""
        other = copy.copy(self)
        other.params = params
        return other

    def expect(self, x, *wanted):
        """Raise ValueError unless x has the wanted shape; letters stand for any size."""
        fits = len(x.shape) == len(wanted) and all(
            isinstance(want, str) or want == size for want, size in zip(wanted, x.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"{self} expects x of shape ({', '.join(map(str, wanted))}), got {x.shape}")


@dataclass(eq=False)
class Dense(Layer):
    """y = x @ w + b   x: (N, D)  w: (D, M)  b: (M,)  ->  y: (N, M)"""

    D: int
    M: int
    params: dict = field(init=False, repr=False)

    def __post_init__(self):
        self.params = {"w": np.zeros((self.D, self.M), np.float32), "b": np.zeros(self.M, np.float32)}

    def forward(self, x, rng=None):
        self.expect(x, "N", self.D)
        y = x @ self.params["w"]  # (N, D) @ (D, M) -> (N, M)
        y += self.params["b"]
        return y, x

    def backward(self, dy, x):
        return dy @ self.params["w"].T  # (N, M) @ (M, D) -> (N, D)

    def gradients(self, dy, x):
        return {"w": x.T @ dy, "b": sum_rows(dy)}  # (D, N) @ (N, M) -> (D, M)


@dataclass(eq=False)
class Conv2d(Layer):
    """y = im2col(x) @ w + b   x: (N, H, W, C)  w: (K, K, C, F)  b: (F,)  ->  y: (N, OH, OW, F)

    OH = (H + 2P - K) // S + 1, and OW likewise. A few images at a time, so that patches need not be kept for the
    backward pass: making them again costs less than fetching them from memory.
    """

    C: int
    F: int
    K: int
    S: int = 1
    P: int = 0
    params: dict = field(init=False, repr=False)

    def __post_init__(self):
        w = np.zeros((self.K, self.K, self.C, self.F), np.float32)
        self.params = {"w": w, "b": np.zeros(self.F, np.float32)}

    def forward(self, x, rng=None):
        self.expect(x, "N", "H", "W", self.C)
        N, H, W, _ = x.shape
        OH, OW = (out_size(size, self.K, self.S, self.P) for size in (H, W))
        if min(OH, OW) < 1:
            raise ValueError(f"{self} expects images of at least {self.K - 2 * self.P} pixels a side, got {x.shape}")
        y = array_module(x).empty((N, OH, OW, self.F), x.dtype)
        for part in pieces(N, PIECE):
            y[part] = (self._patches(x[part]) @ self._matrix()).reshape(-1, OH, OW, self.F)
        y += self.params["b"]
        return y, x

    def backward(self, dy, x):
        dx = array_module(x).empty_like(x)
        for part in pieces(len(x), PIECE):
            dcols = dy[part].reshape(-1, self.F) @ self._matrix().T  # (n*OH*OW, F) @ (F, K*K*C)
            dx[part] = col2im(dcols, x[part].shape, self.K, self.S, self.P)
        return dx

    def gradients(self, dy, x):
        dw = sum(self._patches(x[part]).T @ dy[part].reshape(-1, self.F) for part in pieces(len(x), PIECE))
        return {"w": dw.reshape(self.params["w"].shape), "b": sum_rows(dy.reshape(-1, self.F))}

    def _patches(self, x):
        return im2col(x, self.K, self.S, self.P)  # (n*OH*OW, K*K*C)

    def _matrix(self):
        return self.params["w"].reshape(-1, self.F)  # (K, K, C, F) -> (K*K*C, F)


@dataclass(eq=False)
class MaxPool2d(Layer):
    """The largest of each K x K window, windows side by side   x: (N, H, W, C)  ->  y: (N, H/K, W/K, C)

    Where several numbers of a window are the largest (blank background, for one), the first takes the derivative.
    """

    K: int = 2

    def forward(self, x, rng=None):
        self.expect(x, "N", "H", "W", "C")
        if x.shape[1] % self.K or x.shape[2] % self.K:
            raise ValueError(f"{self} expects H and W to be multiples of {self.K}, got {x.shape}")
        y = reduce(array_module(x).maximum, self._places(x))
        return y, (x, y)

    def backward(self, dy, cache):
        x, y = cache
        dx = array_module(x).empty_like(x)
        open_ = array_module(x).ones(y.shape, bool)  # windows whose first maximum is still to come
        for x_here, dx_here in zip(self._places(x), self._places(dx), strict=True):
            first = (x_here == y) & open_
            open_ ^= first
            dx_here[...] = dy * first
        return dx

    def _places(self, x):
        """The K*K places in a window, each as a view (N, H/K, W/K, C), in reading order."""
        return [x[:, i :: self.K, j :: self.K] for i in range(self.K) for j in range(self.K)]


@dataclass(eq=False)
class LeakyReLU(Layer):
    """y = max(x, slope * x), 0 <= slope < 1, any shape; the derivative at 0 is the slope"""

    slope: float = 0.1

    def __post_init__(self):
        if not 0 <= self.slope < 1:
            raise ValueError(f"{self}: expected a slope from 0 to 1")

    def forward(self, x, rng=None):
        y = array_module(x).maximum(x, self.slope * x)
        return y, y  # y > 0 exactly where x > 0, and y is kept anyway, by the layer that reads it

    def backward(self, dy, y):
        return dy * array_module(dy).where(y > 0, dy.dtype.type(1), dy.dtype.type(self.slope))


@dataclass(eq=False)
class ReLU(Layer):
    """y = max(x, 0), any shape; the derivative at 0 is 0"""

    def forward(self, x, rng=None):
        y = array_module(x).maximum(x, 0)
        return y, y

    def backward(self, dy, y):
        return dy * (y > 0)


@dataclass(eq=False)
class Sigmoid(Layer):
    """y = 1 / (1 + exp(-x)), any shape; dy/dx = y (1 - y)"""

    def forward(self, x, rng=None):
        y = sigmoid(x)
        return y, y

    def backward(self, dy, y):
        return dy * y * (1 - y)


@dataclass(eq=False)
class Dropout(Layer):
    """y = x * mask / (1 - rate) with a fresh mask in training, y = x without rng; any shape (inverted dropout)"""

    rate: float
    noisy = True

    def __post_init__(self):
        if not 0 <= self.rate < 1:
            raise ValueError(f"{self}: expected a rate from 0 to less than 1")

    def forward(self, x, rng=None):
        if rng is None:
            return x, None
        kept = rng.random(x.shape, dtype=np.float32) >= self.rate
        scale = kept * x.dtype.type(1 / (1 - self.rate))
        return x * scale, scale

    def backward(self, dy, scale):
        return dy if scale is None else dy * scale


@dataclass(eq=False)
class Reshape(Layer):
    """The same numbers in another shape   x: (N, ...)  ->  y: (N, *shape)"""

    shape: tuple

    def forward(self, x, rng=None):
        if x[0:1].size != np.prod(self.shape):
            raise ValueError(f"{self} expects {np.prod(self.shape)} numbers an image, got x of shape {x.shape}")
        return x.reshape(len(x), *self.shape), x.shape

    def backward(self, dy, x_shape):
        return dy.reshape(x_shape)


@dataclass(eq=False)
class Flatten(Layer):
    """Images to rows   x: (N, H, W, C)  ->  y: (N, H*W*C), channel fastest"""

    def forward(self, x, rng=None):
        self.expect(x, "N", "H", "W", "C")
        return x.reshape(len(x), -1), x.shape

    def backward(self, dy, x_shape):
        return dy.reshape(x_shape)


@dataclass(eq=False)
class Upsample2d(Layer):
    """Bilinear, twice the size: y = U_H x U_W^T for each channel   x: (N, H, W, C)  ->  y: (N, 2H, 2W, C)

    U is the (2H, H) matrix whose rows 2i and 2i + 1 look 1/4 pixel back and ahead of pixel i; the backward pass is
    its transpose. At the border the outermost pixel is repeated.
    """

    def forward(self, x, rng=None):
        self.expect(x, "N", "H", "W", "C")
        return self._along_both(x, transpose=False), x.shape

    def backward(self, dy, x_shape):
        return self._along_both(dy, transpose=True)

    def _along_both(self, x, transpose):
        N, H, W, C = x.shape
        U_H, U_W = (self._matrix(size, x, transpose) for size in (H, W))
        y = U_H @ x.reshape(N, H, W * C)  # (2H, H) @ (N, H, W*C) -> (N, 2H, W*C)
        y = U_W @ y.reshape(-1, W, C)  # (2W, W) @ (N*2H, W, C) -> (N*2H, 2W, C)
        return y.reshape(N, len(U_H), len(U_W), C)

    def _matrix(self, size, like, transpose):
        """U for `size` pixels (or its transpose, from `size` back to size / 2), as an array like `like`."""
        H = size // 2 if transpose else size
        i = np.arange(H)
        U = np.zeros((2 * H, H), like.dtype)
        U[2 * i, i] = U[2 * i + 1, i] = 0.75
        U[2 * i, np.maximum(i - 1, 0)] += 0.25
        U[2 * i + 1, np.minimum(i + 1, H - 1)] += 0.25
        return to_device(U.T if transpose else U, array_module(like))


def pieces(N: int, size: int):
    """Slices of `size` that cover 0 to N; the last may be shorter."""
    return [slice(start, min(start + size, N)) for start in range(0, N, size)]


def sum_rows(dy):
    """The sum over the batch, dy (N, M) -> (M,), as a product: several times as fast as dy.sum(axis=0)."""
    return array_module(dy).ones(len(dy), dy.dtype) @ dy


def sigmoid(x):
    """1 / (1 + exp(-x)) without overflow: tanh does the same and saturates quietly."""
    return 0.5 * array_module(x).tanh(0.5 * x) + 0.5
