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
from .parallel import cached_pieces

PIECE = 16  # images a convolution works on at a time


class Layer:
    """What layers have in common. Those that learn nothing keep the empty `params`."""

    params: dict = {}  # noqa: RUF012  (never written to: layers that learn bring a dict of their own)
    followers: tuple = ()  # names of parameters that follow the data, and have no gradient
    noisy = False  # True: forward draws from rng in training
    keeps_zero = False  # True: a channel or feature that is 0 comes out as 0

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

    OH = (H + 2P - K) // S + 1, and OW likewise.
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
        OH, OW = (out_size(size, self.K, self.S, self.P) for size in x.shape[1:3])
        if min(OH, OW) < 1:
            raise ValueError(f"{self} expects images of at least {self.K - 2 * self.P} pixels a side, got {x.shape}")
        y = gather(x, self._matrix(), (len(x), OH, OW, self.F), self)
        add_channels(y, self.params["b"])
        return y, x

    def backward(self, dy, x):
        return spread(dy, self._matrix(), x.shape, self)

    def gradients(self, dy, x):
        return {"w": outer(x, dy, self).reshape(self.params["w"].shape), "b": sum_rows(dy.reshape(-1, self.F))}

    def _matrix(self):
        return self.params["w"].reshape(-1, self.F)  # (K, K, C, F) -> (K*K*C, F)


@dataclass(eq=False)
class ConvTranspose2d(Layer):
    """y = col2im(x @ w) + b   x: (N, H, W, C)  w: (C, K, K, F)  b: (F,)  ->  y: (N, OH, OW, F)

    A convolution from its other side: forward here is backward there. OH = (H - 1) S - 2P + K, and OW likewise. At
    stride 1 it is the convolution with the kernel turned by 180 degrees and padding K - 1 - P; where F is smaller than
    C, computing it this way is the cheaper one, since the patches are of F channels, not of C.
    """

    C: int
    F: int
    K: int
    S: int = 1
    P: int = 0
    params: dict = field(init=False, repr=False)

    def __post_init__(self):
        w = np.zeros((self.C, self.K, self.K, self.F), np.float32)
        self.params = {"w": w, "b": np.zeros(self.F, np.float32)}

    def forward(self, x, rng=None):
        self.expect(x, "N", "H", "W", self.C)
        OH, OW = ((size - 1) * self.S - 2 * self.P + self.K for size in x.shape[1:3])
        if min(OH, OW) < 1:
            raise ValueError(f"{self} expects images that give at least 1 pixel, got {x.shape}, which give {OH} x {OW}")
        y = spread(x, self._matrix(), (len(x), OH, OW, self.F), self)
        add_channels(y, self.params["b"])
        return y, x

    def backward(self, dy, x):
        return gather(dy, self._matrix(), x.shape, self)

    def gradients(self, dy, x):
        dw = outer(dy, x, self).T  # (K*K*F, C) -> (C, K*K*F)
        return {"w": dw.reshape(self.params["w"].shape), "b": sum_rows(dy.reshape(-1, self.F))}

    def _matrix(self):
        return self.params["w"].reshape(self.C, -1).T  # (C, K, K, F) -> (K*K*F, C)


# The three products of a convolution, a few images at a time, so that patches stay in the processor's cache and need
# not be kept for the backward pass: making them again costs less than fetching them from memory. `conv` has K, S and P.


def gather(x, w, y_shape, conv):
    """im2col(x) @ w   x: (N, H, W, C)  w: (K*K*C, F)  ->  (N, OH, OW, F) = y_shape"""
    y = array_module(x).empty(y_shape, x.dtype)
    for part in cached_pieces(x, PIECE):
        cols = im2col(x[part], conv.K, conv.S, conv.P)  # (n*OH*OW, K*K*C)
        array_module(x).matmul(cols, w, out=y[part].reshape(-1, y_shape[-1]))  # into y: the reshape is a view
    return y


def spread(y, w, x_shape, conv):
    """The adjoint of gather, col2im(y @ w^T)   y: (N, OH, OW, F)  w: (K*K*C, F)  ->  (N, H, W, C) = x_shape"""
    x = array_module(y).empty(x_shape, y.dtype)
    for part in cached_pieces(y, PIECE):
        cols = y[part].reshape(-1, y.shape[-1]) @ w.T  # (n*OH*OW, F) @ (F, K*K*C)
        x[part] = col2im(cols, x[part].shape, conv.K, conv.S, conv.P)
    return x


def outer(x, y, conv):
    """im2col(x)^T @ y   x: (N, H, W, C)  y: (N, OH, OW, F)  ->  (K*K*C, F)"""
    parts = cached_pieces(x, PIECE)
    return sum(im2col(x[p], conv.K, conv.S, conv.P).T @ y[p].reshape(-1, y.shape[-1]) for p in parts)


@dataclass(eq=False)
class MaxPool2d(Layer):
    """The largest of each K x K window, windows side by side   x: (N, H, W, C)  ->  y: (N, H/K, W/K, C)

    Where several numbers of a window are the largest (blank background, for one), the first takes the derivative.
    """

    K: int = 2
    keeps_zero = True

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
    keeps_zero = True

    def __post_init__(self):
        if not 0 <= self.slope < 1:
            raise ValueError(f"{self}: expected a slope from 0 to 1")

    def forward(self, x, rng=None):
        y = array_module(x).maximum(x, self.slope * x)
        return y, y  # y > 0 exactly where x > 0, and y is kept anyway, by the layer that reads it

    def backward(self, dy, y):
        dx = (y > 0) * dy.dtype.type(1 - self.slope)
        dx += dy.dtype.type(self.slope)  # 1 or the slope
        dx *= dy
        return dx


@dataclass(eq=False)
class ReLU(Layer):
    """y = max(x, 0), any shape; the derivative at 0 is 0"""

    keeps_zero = True

    def forward(self, x, rng=None):
        xp = array_module(x)
        y = xp.maximum(x, xp.zeros(x.shape[1:], x.dtype))  # twice as fast in NumPy as maximum(x, 0)
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
    keeps_zero = True

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

    keeps_zero = True

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


def add_channels(y, b):
    """y += b, y: (N, H, W, C), b: (C,); a row of pixels at a time, since few channels make short loops."""
    N, H, W, C = y.shape
    y.reshape(N * H, W * C)[...] += array_module(y).tile(b, W)  # the reshape is a view


def sum_rows(dy):
    """The sum over the batch, dy (N, M) -> (M,), as a product: faster than dy.sum(axis=0), most where dy is tall."""
    return array_module(dy).ones(len(dy), dy.dtype) @ dy


def sigmoid(x):
    """1 / (1 + exp(-x)) without overflow: tanh does the same and saturates quietly."""
    return 0.5 * array_module(x).tanh(0.5 * x) + 0.5
