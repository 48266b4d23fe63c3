"""Named layers in a row that behave like one layer.

A layer's name carries the network's: "extractor/conv1", so "extractor/conv1.w" names one array everywhere: in
parameters, gradients, Adam's moments, fault masks and files.
"""

from .backend import array_module
from .layers import PIECE, Layer
from .parallel import side_by_side


class Network:
    """`Network({"extractor/dense1": Dense(784, 512), "extractor/relu1": ReLU(), ...})`

    Layers own the parameters; networks made with `+` or `with_params` share all arrays that are not replaced.
    With `shards` > 1 a batch is cut into so many parts (of 16 images at least) that go side by side through all layers;
    gradients are summed in the order of the parts. It pays where there is much work between the products: convolutions.
    """

    def __init__(self, layers: dict[str, Layer], shards: int = 1):
        self.layers, self.shards = dict(layers), shards

    @property
    def params(self) -> dict:
        """All parameters by full name: the arrays themselves, not copies."""
        return {f"{name}.{key}": p for name, layer in self.layers.items() for key, p in layer.params.items()}

    @property
    def learned(self) -> dict:
        """Those of the parameters that have a gradient."""
        followers = {f"{name}.{key}" for name, layer in self.layers.items() for key in layer.followers}
        return {name: p for name, p in self.params.items() if name not in followers}

    @property
    def follows(self) -> bool:
        """Whether there are parameters that follow the data, as batch normalisation's do."""
        return any(layer.followers for layer in self.layers.values())

    def follow(self, tape):
        """Let parameters that follow the data do so; `tape` is of a forward pass in training, which was not cut."""
        _, parts, [caches, *_] = tape
        if len(parts) > 1:
            raise ValueError("moments are of a whole batch, and this one was cut; make the network with one shard")
        for layer, cache in zip(self.layers.values(), caches, strict=True):
            if layer.followers:
                layer.follow(cache)

    def with_params(self, params: dict) -> "Network":
        """The same layers with `params` in place of their arrays, of the same shapes; names left out keep theirs."""
        mine = {name: p.shape for name, p in self.params.items()}
        if odd := [f"{name} {p.shape}" for name, p in sorted(params.items()) if mine.get(name) != p.shape]:
            raise ValueError(f"no such parameters of such shapes in this network: {', '.join(odd)}")
        return Network({
            name: layer.with_params({key: params.get(f"{name}.{key}", p) for key, p in layer.params.items()})
            for name, layer in self.layers.items()
        }, self.shards)  # fmt: skip

    def part(self, start: int, stop: int | None = None) -> "Network":
        """The layers from number `start` up to `stop`, as a network."""
        return Network(dict(list(self.layers.items())[start:stop]), self.shards)

    def __add__(self, other: "Network") -> "Network":
        """This network, then the other one: `extractor + classifier`."""
        if twice := sorted(self.layers.keys() & other.layers.keys()):
            raise ValueError(f"both networks have layers named {', '.join(twice)}")
        return Network({**self.layers, **other.layers}, max(self.shards, other.shards))

    def forward(self, x, rng=None):
        """x: (N, ...)  ->  y, tape. `rng` is a Stream, given in training: a noisy layer draws from rng[name][shard].

        Raises ValueError naming the layer that was given a wrong shape.
        """
        N, shards = len(x), max(1, min(self.shards, len(x) // PIECE))
        parts = [slice(N * shard // shards, N * (shard + 1) // shards) for shard in range(shards)]
        results = side_by_side(lambda shard: self._forward(x[parts[shard]], rng, shard), range(shards))
        y = join([y for y, _ in results])
        return y, (y.shape, parts, [caches for _, caches in results])

    def backward(self, dy, tape, need_dx=True, need_grads=True):
        """dy: the shape of y  ->  dx, {name: gradient}; None for what is declined, which then costs nothing."""
        y_shape, parts, caches = tape
        if dy.shape != y_shape:
            raise ValueError(f"{list(self.layers)[-1]}: backward expects dy of shape {y_shape}, got {dy.shape}")
        results = side_by_side(
            lambda shard: self._backward(dy[parts[shard]], caches[shard], need_dx, need_grads), range(len(parts))
        )
        dx = join([dx for dx, _ in results]) if need_dx else None
        return dx, (total([grads for _, grads in results]) if need_grads else None)

    def _forward(self, x, rng, shard):
        """One part of the batch through all layers."""
        caches = []
        for name, layer in self.layers.items():
            noise = rng[name][shard].generator() if rng is not None and layer.noisy else None
            try:
                x, cache = layer.forward(x, noise)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            caches.append(cache)
        return x, caches

    def _backward(self, dy, caches, need_dx, need_grads):
        """And back; dy comes out as dx if that is needed."""
        learning = [name for name, layer in self.layers.items() if need_grads and layer.params]
        grads = {}
        for (name, layer), cache in zip(reversed(self.layers.items()), reversed(caches), strict=True):
            if name in learning:
                grads.update({f"{name}.{key}": g for key, g in layer.gradients(dy, cache).items()})
            if not need_dx and (not learning or name == learning[0]):
                break  # nobody before this layer waits for a derivative
            dy = layer.backward(dy, cache)
        return dy, grads


def join(parts: list):
    """The parts of a batch as one array."""
    return parts[0] if len(parts) == 1 else array_module(parts[0]).concatenate(parts)


def total(parts: list[dict]) -> dict:
    """Sums by name, over the parts in their order; into the arrays of the first."""
    first, *others = parts
    for grads in others:
        for name, g in grads.items():
            first[name] += g
    return first


def add(grads: dict, more: dict) -> dict:
    """Sums by name; `more` may have fewer names. Raises KeyError for a name that only `more` has."""
    return {**grads, **{name: grads[name] + g for name, g in more.items()}}
