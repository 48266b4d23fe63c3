"""Adam, as in its paper (Kingma and Ba, 2015, algorithm 1)."""

from .backend import array_module, to_device
from .parallel import cached_pieces, side_by_side

PIECE = 131072  # parameters updated at a time: their moments stay in the processor's cache through all the arithmetic


class Adam:
    """m and v are running means of the gradient and of its square, t counts steps:

        m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
        p = p - rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

    Here m and v are kept without the factors 1 - beta1 and 1 - beta2, which saves two passes over memory; the factors
    come back where p is moved, with s = sqrt((1 - beta2) / (1 - beta2^t)):

        m = beta1 m + g        v = beta2 v + g^2
        p = p - (rate / s) * (1 - beta1) / (1 - beta1^t) * m / (sqrt(v) + epsilon / s)

    A player that takes part in two games has two of these, each with moments of its own.
    """

    def __init__(self, params: dict, rate: float, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.rate, self.beta1, self.beta2, self.epsilon = rate, beta1, beta2, epsilon
        self.t = 0
        self.m = {name: array_module(p).zeros_like(p) for name, p in params.items()}
        self.v = {name: array_module(p).zeros_like(p) for name, p in params.items()}

    @property
    def moments(self) -> dict:
        """m and v as one dict, {"m/extractor/dense1.w": array}: what a run that is to go on needs, beside t."""
        return {f"m/{name}": m for name, m in self.m.items()} | {f"v/{name}": v for name, v in self.v.items()}

    def go_on(self, t: int, moments: dict):
        """Be as after step `t`, with `moments` as they were then. Raises ValueError if names or shapes differ."""
        shapes = {name: moment.shape for name, moment in moments.items()}
        if odd := dict(shapes.items() ^ {name: moment.shape for name, moment in self.moments.items()}.items()):
            raise ValueError(f"Adam was made for other parameters; the moments differ in: {', '.join(sorted(odd))}")
        self.t = t
        for name, moment in self.moments.items():
            moment[...] = to_device(moments[name], array_module(moment))

    def step(self, params: dict, grads: dict):
        """Move `params` one step, in place. Raises ValueError if names or shapes are not those Adam was made for."""
        for other, what in ((params, "parameters"), (grads, "gradients")):
            if odd := sorted(other.keys() ^ self.m.keys()):
                raise ValueError(f"Adam was made for other parameters; the {what} differ in: {', '.join(odd)}")
        for name, p in params.items():
            if not p.shape == grads[name].shape == self.m[name].shape or not p.flags.c_contiguous:
                shapes = f"a parameter {p.shape} and a gradient {grads[name].shape}"
                raise ValueError(f"{name}: expected C-contiguous arrays {self.m[name].shape}, got {shapes}")
        self.t += 1
        side_by_side(self._update, [
            [array.reshape(-1)[piece] for array in (p, grads[name], self.m[name], self.v[name])]  # views
            for name, p in params.items() for piece in cached_pieces(p.reshape(-1), PIECE)
        ])  # fmt: skip

    def _update(self, arrays):
        """The last two formulas above, one operation a line, into `p`, `m`, `v` themselves and one scratch array."""
        p, g, m, v = arrays
        xp = array_module(p)
        s = ((1 - self.beta2) / (1 - self.beta2**self.t)) ** 0.5
        scratch = g * g
        m *= self.beta1
        m += g
        v *= self.beta2
        v += scratch
        xp.sqrt(v, out=scratch)
        scratch += self.epsilon / s
        xp.divide(m, scratch, out=scratch)
        scratch *= self.rate / s * (1 - self.beta1) / (1 - self.beta1**self.t)
        p -= scratch
