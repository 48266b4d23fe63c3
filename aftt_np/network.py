"""Named layers in a row that behave like one layer.

A layer's name carries the network's: "extractor/conv1", so "extractor/conv1.w" names one array everywhere: in
parameters, gradients, Adam's moments, fault masks and files.
"""

from .layers import Layer


class Network:
    """`Network({"extractor/dense1": Dense(784, 512), "extractor/relu1": ReLU(), ...})`

    Layers own the parameters; networks made with `+` or `with_params` share all arrays that are not replaced.
    """

    def __init__(self, layers: dict[str, Layer]):
        self.layers = dict(layers)

    @property
    def params(self) -> dict:
        """All parameters by full name: the arrays themselves, not copies."""
        return {f"{name}.{key}": p for name, layer in self.layers.items() for key, p in layer.params.items()}

    def with_params(self, params: dict) -> "Network":
        """The same layers with the arrays in `params` in place of theirs; names left out keep theirs."""
        if unknown := sorted(params.keys() - self.params.keys()):
            raise ValueError(f"no such parameters in this network: {', '.join(unknown)}")
        return Network({
            name: layer.with_params({key: params.get(f"{name}.{key}", p) for key, p in layer.params.items()})
            for name, layer in self.layers.items()
        })

    def __add__(self, other: "Network") -> "Network":
        """This network, then the other one: `extractor + classifier`."""
        if twice := sorted(self.layers.keys() & other.layers.keys()):
            raise ValueError(f"both networks have layers named {', '.join(twice)}")
        return Network({**self.layers, **other.layers})

    def forward(self, x, rng=None):
        """x: (N, ...)  ->  y, tape. `rng` is a Stream, given in training: a noisy layer draws from rng[its name].

        Raises ValueError naming the layer that was given a wrong shape.
        """
        tape = []
        for name, layer in self.layers.items():
            noise = rng[name].generator() if rng is not None and layer.noisy else None
            try:
                x, cache = layer.forward(x, noise)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
            tape.append(cache)
        return x, (tape, x.shape)

    def backward(self, dy, tape, need_dx=True, need_grads=True):
        """dy: the shape of y  ->  dx, {name: gradient}; None for what is declined, which then costs nothing."""
        caches, y_shape = tape
        if dy.shape != y_shape:
            raise ValueError(f"{list(self.layers)[-1]}: backward expects dy of shape {y_shape}, got {dy.shape}")
        learning = [name for name, layer in self.layers.items() if need_grads and layer.params]
        grads = {}
        for (name, layer), cache in zip(reversed(self.layers.items()), reversed(caches), strict=True):
            if name in learning:
                grads.update({f"{name}.{key}": g for key, g in layer.gradients(dy, cache).items()})
            if not need_dx and (not learning or name == learning[0]):
                break  # nobody before this layer waits for a derivative
            dy = layer.backward(dy, cache)
        return (dy if need_dx else None), (grads if need_grads else None)


def add(grads: dict, more: dict) -> dict:
    """Sums by name; `more` may have fewer names. Raises KeyError for a name that only `more` has."""
    return {**grads, **{name: grads[name] + g for name, g in more.items()}}
