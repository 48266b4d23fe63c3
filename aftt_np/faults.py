"""Stuck-at-0 faults: which numbers are hit, a broken copy of a network, and the gradient through it.

    weights   single elements of dense and convolution weights (the masks of the paper's figure 1)
    filters   whole convolution filters, with their bias
    nodes     whole hidden units of dense layers and channels of convolutions, with their bias; not the output layer

    weights-at-max   single elements, stuck at the largest absolute value in their tensor, with the sign they had
    nodes-transient  what units say is 0 for some images and not for others (u of unit and image, in steps of 6e-8)

The first three are what training can meet, too, and are masks; campaign.py does the last one. Bits are in memory.py.
Every activation of extractors and classifiers maps 0 to 0, so a unit whose weights and bias are 0 is a dead unit. A
fault at rate r hits each element, filter or unit independently with probability r: `u < r` with u uniform in [0, 1).
The same u serve all rates, so the faults at 0.2 are among those at 0.4 (they nest).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .backend import array_module, to_device
from .deep import BatchNorm
from .errors import UsageError
from .layers import Conv2d, Dense
from .network import Network
from .rng import Stream

KINDS = ("weights", "filters", "nodes")
MORE_KINDS = ("weights-at-max", "nodes-transient")
OF_WEIGHTS = ("weights", "weights-at-max")


def sites(network: Network, kind: str, only=None) -> dict:
    """{layer name: shape of what can be hit there} for one kind of fault; the last layer's units are the output.

    `only`: names of layers, where not all are to be hit. Raises UsageError for a name that cannot be.
    """
    layers = {name: layer for name, layer in network.layers.items() if isinstance(layer, Dense | Conv2d)}
    if kind in OF_WEIGHTS or kind.startswith("bits"):  # of the memory that holds them, memory.py
        found = {name: layer.params["w"].shape for name, layer in layers.items()}
    elif kind == "filters":
        found = {name: (layer.F,) for name, layer in layers.items() if isinstance(layer, Conv2d)}
    elif kind in ("nodes", "nodes-transient"):
        found = {name: layer.params["b"].shape for name, layer in list(layers.items())[:-1]}
    else:
        raise UsageError(f"unknown kind of fault {kind!r}; there are: {', '.join(KINDS + MORE_KINDS)}")
    if unknown := sorted(set(only or ()) - found.keys()):
        raise UsageError(f"no {kind} can be hit in {', '.join(unknown)}; there are: {', '.join(found) or 'none'}")
    return {name: shape for name, shape in found.items() if only is None or name in only}


def draw(network: Network, kind: str, stream: Stream, dtype, only=None) -> dict:
    """One uniform number in [0, 1) for everything that can be hit: {layer name: u}; each layer has its own stream."""
    return {
        name: stream[kind][f"{name}.w"].generator().random(shape, dtype=dtype)
        for name, shape in sites(network, kind, only).items()
    }


def pattern(network: Network, kind: str, fault_seed: int, number: int, only=None) -> dict:
    """The u of evaluation pattern `number`: drawn on the host, the same for all networks of one shape."""
    # in float64, whose steps of 2^-53 let tiny rates come true
    return draw(network, kind, Stream("evaluate", fault_seed, number), np.float64, only)


class Faults(NamedTuple):
    """A set of faults: a mask for every parameter that is hit, of its shape or broadcast to it; 1 works, 0 is stuck.

    What works is multiplied by `scale`: 1, or 1 / (1 - rate), which keeps sums as large as they were on average.
    `at_max`: what does not is not 0 but as large as it can be.
    """

    masks: dict
    scale: float = 1.0
    at_max: bool = False

    def pullback(self, grads: dict) -> dict:
        """The gradient of the stored parameters, from the gradient of the broken ones: w_broken = scale * mask * w.

        Of a network with batch normalisation for faults of `with_norms`, as those of `train_faults` are.
        """
        hit = {name: g * self.masks[name] for name, g in grads.items() if name in self.masks}
        return grads | (hit if self.scale == 1 else {name: g * g.dtype.type(self.scale) for name, g in hit.items()})

    def __or__(self, other: "Faults") -> "Faults":
        """What either of the two hits; neither may have a scale, since it would be of the other's parameters, too."""
        if not self.scale == other.scale == 1 or self.at_max or other.at_max:
            raise ValueError(f"only masks of 0 without a scale can be joined, got {self[1:]} and {other[1:]}")
        both = {name: self.masks[name] * other.masks[name] for name in self.masks.keys() & other.masks.keys()}
        return Faults({**self.masks, **other.masks, **both})

    def counts(self, network: Network, kind: str, only=None) -> dict:
        """{layer name: (how many are hit, how many there are)}, in units of the kind: elements, filters or nodes.

        This reads from the device; it is for reports.
        """
        key = "w" if kind in OF_WEIGHTS else "b"
        population = {name: int(np.prod(shape)) for name, shape in sites(network, kind, only).items()}
        masks = {name: self.masks.get(f"{name}.{key}", np.ones(n)) for name, n in population.items()}
        working = {name: int(mask.sum()) * (population[name] // mask.size) for name, mask in masks.items()}
        return {name: (n - working[name], n) for name, n in population.items()}


NO_FAULTS = Faults({})


def stuck(kind: str, u: dict, rate: float, xp=np) -> Faults:
    """The faults `u < rate`, as masks of the library `xp`."""
    masks = {}
    for name, value in u.items():
        mask = to_device(value >= rate, xp)
        masks[f"{name}.w"] = mask  # elements: the shape of w; units: (M,), the columns of w
        if kind not in OF_WEIGHTS:
            masks[f"{name}.b"] = mask
    return Faults(masks, at_max=kind == "weights-at-max")


def train_faults(network: Network, wanted, stream: Stream, in_turn=False, clean=0.0) -> Faults:
    """Fresh faults for one training step; `wanted` has (kind, low, high), and the rate is uniform in [low, high].

    `stream` is the step's, and its library draws the faults; evaluation patterns have other names, so they never meet.
    `in_turn`: one of `wanted`, each as likely, not all of them. `clean`: the share of steps that have none.
    """
    faults = NO_FAULTS
    turn = Stream(*stream.name, "turn").generator()
    if turn.random() < clean:
        return faults
    for kind, low, high in [wanted[turn.integers(len(wanted))]] if wanted and in_turn else wanted:
        rate = low + (high - low) * Stream(*stream.name, kind, "rate").generator().random()  # one number: on the host
        faults |= stuck(kind, draw(network, kind, stream, np.float32), rate, stream.xp)
    return with_norms(network, faults)


def with_norms(network: Network, faults: Faults) -> Faults:
    """The same faults; a dead channel takes the scale and the shift of its batch normalisation along."""
    masks = dict(faults.masks)
    for (before, _), (name, layer) in pairwise(network.layers.items()):
        if isinstance(layer, BatchNorm) and f"{before}.b" in masks:
            masks |= dict.fromkeys((f"{name}.scale", f"{name}.shift"), masks[f"{before}.b"])
    return faults._replace(masks=masks)


def drop_connect(network: Network, rate: float, stream: Stream) -> Faults:
    """DropConnect (Wan et al., 2013) for one step: weight faults at a fixed rate, what works scaled by 1 / (1 - rate).

    One mask for the batch, as a fault is, where the paper has one for every image.
    """
    drawn = draw(network, "weights", stream, np.float32)
    return stuck("weights", drawn, rate, stream.xp)._replace(scale=1 / (1 - rate))


def faulty(network: Network, faults: Faults) -> Network:
    """A broken copy: masked copies of what is hit, all else shared. `network` is never written."""
    if not faults.masks:
        return network
    faults = with_norms(network, faults)
    broken = at_max if faults.at_max else masked
    hit = {name: broken(p, faults.masks[name]) for name, p in network.params.items() if name in faults.masks}
    if faults.scale != 1:
        hit = {name: p * p.dtype.type(faults.scale) for name, p in hit.items()}
    return network.with_params(hit)


def masked(p, mask):
    """p where the mask is 1, else 0. On the bits, since 0 * inf is nan and `where` takes ten times as long."""
    return (p.view(f"u{p.itemsize}") * mask).view(p.dtype)


def at_max(p, mask):
    """p where the mask is 1, else the largest |p| there is, with the sign of p."""
    xp = array_module(p)
    return xp.where(mask, p, xp.sign(p) * abs(p).max())


def living_features(extractor: Network, faults: Faults, D: int):
    """A mask over the D features, 0 for those of a dead unit; 1 where no unit of the last layer can be dead.

    Channels are fastest in flattened features, so the mask of the last layer's units repeats once a pixel.
    """
    last = [name for name, layer in extractor.layers.items() if isinstance(layer, Dense | Conv2d)][-1]
    if f"{last}.b" not in faults.masks:
        return 1
    units = faults.masks[f"{last}.b"]  # (M,)
    return array_module(units).tile(units, D // len(units))  # (D,)
