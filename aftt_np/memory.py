"""The memory that holds the weights: numbers written as bits, faults on the bits, bits read as numbers.

    float32, float16   IEEE 754: a sign, 8 (5) bits of exponent, 23 (10) of fraction
    q2.5               fixed point, two's complement: a sign, 2 bits before the point, 5 behind it; steps of 1/32
    int8               affine: 0 to 255 stand for equally spaced numbers, from a tensor's smallest to its largest

    bits               a bit that is hit is the other one
    bits-at-0          it is 0, whatever was written
    bits-at-1          it is 1

In a name they stand together: "bits:float32", or "bits:float32:30" for bit 30 alone (bit 0 is the lowest). All weights
of dense layers and convolutions are in the memory; biases are not. What is read is used as it is (by plain layers; for
others see defences.Mapped): a float may have become infinite or not a number, and answers that are not finite for it
count as wrong, and apart.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .backend import array_module, to_device
from .errors import UsageError
from .faults import sites
from .network import Network
from .rng import Stream

KINDS = ("bits", "bits-at-0", "bits-at-1")
CEILING = 0.05  # the highest rate per bit


@dataclass(frozen=True)
class Float:
    """IEEE 754 with 32 or 16 bits."""

    bits: int

    def write(self, w):
        """w  ->  codes, an unsigned integer for each number, and what reading needs to know besides."""
        return w.astype(f"f{self.bits // 8}").view(f"u{self.bits // 8}"), ()

    def read(self, codes, known):
        """And back, as float32."""
        return codes.view(f"f{self.bits // 8}").astype(np.float32)

    def limits(self):
        """The smallest and the largest number that can be written."""
        return -float(np.finfo(f"f{self.bits // 8}").max), float(np.finfo(f"f{self.bits // 8}").max)


@dataclass(frozen=True)
class Fixed:
    """Two's complement: the integer nearest to w 2^fraction; what is too large is cut off."""

    whole: int
    fraction: int
    bits = 8

    def write(self, w):
        """See Float."""
        return (w * 2**self.fraction).round().clip(-128, 127).astype("i1").view("u1"), ()

    def read(self, codes, known):
        """See Float."""
        return codes.view("i1").astype(np.float32) / 2**self.fraction

    def limits(self):
        """See Float."""
        return -(2.0**self.whole), 2.0**self.whole - 2.0**-self.fraction


@dataclass(frozen=True)
class Affine:
    """0 to 255, where w = low + code (high - low) / 255; low and high of the tensor are kept outside the memory."""

    bits = 8

    def write(self, w):
        """See Float."""
        low, high = w.min(), w.max()
        step = (high - low) / 255 + (high == low)  # where all are equal any step will do
        return ((w - low) / step).round().astype("u1"), (low, step)

    def read(self, codes, known):
        """See Float."""
        low, step = known
        return low + codes.astype(np.float32) * step

    def limits(self):
        """See Float; half of what there is, so that high - low is finite."""
        return -float(np.finfo(np.float32).max) / 2, float(np.finfo(np.float32).max) / 2


FORMATS = {"float32": Float(32), "float16": Float(16), "q2.5": Fixed(2, 5), "int8": Affine()}


class Memory(NamedTuple):
    """What the weights are written as, and what its faults are."""

    format: str = "float32"  # of FORMATS
    fault: str = "bits"  # of KINDS
    bit: int | None = None  # where alone faults are; None: anywhere

    @property
    def _format(self):
        return FORMATS[self.format]

    def write(self, network: Network) -> dict:
        """{"extractor/dense1.w": (codes, what reading needs to know)} of all weights."""
        return {f"{name}.w": self._format.write(network.params[f"{name}.w"]) for name in sites(network, "weights")}

    def read(self, stored: dict) -> dict:
        """{"extractor/dense1.w": w}, as float32."""
        return {name: self._format.read(codes, known) for name, (codes, known) in stored.items()}

    def whole(self, network: Network) -> tuple[Network, dict]:
        """The network that is read where no bit is hit, and what was written. UsageError if it does not fit."""
        check(self, network)
        stored = self.write(network)
        return network.with_params(self.read(stored)), stored

    def population(self, network: Network, only=None) -> dict:
        """{layer: how many bits can be hit}."""
        each = self._format.bits if self.bit is None else 1
        return {name: int(np.prod(shape)) * each for name, shape in sites(network, "weights", only).items()}

    def pattern(self, network: Network, fault_seed: int, number: int, only=None) -> dict:
        """Evaluation pattern `number`: {layer: (places, u)}, the bits with a u below CEILING; a fault is u < rate.

        Drawn on the host, the same for all networks of one shape, and for all faults of one format.
        """
        stream = Stream("evaluate", fault_seed, number, "bits", self._format.bits, -1 if self.bit is None else self.bit)
        return self.drawn(network, stream, CEILING, only)

    def drawn(self, network: Network, stream: Stream, ceiling: float, only=None) -> dict:
        """{layer: (places, u)}, the bits with a u below the ceiling; each layer has its own stream, on the host."""
        population = self.population(network, only)
        return {name: below(ceiling, n, Stream(*stream.name, f"{name}.w")) for name, n in population.items()}

    def struck(self, stored: dict, pattern: dict, rate: float) -> tuple[dict, int]:
        """The weights of all layers that have a fault at this rate, as they are read, and how many bits are hit."""
        params, hit = {}, 0
        for name, (places, u) in pattern.items():
            places, (codes, known) = places[u < rate], stored[f"{name}.w"]
            hit += len(places)
            if len(places):
                params[f"{name}.w"] = self._format.read(self.strike(codes, places), known)
        return params, hit

    def strike(self, codes, places):
        """The codes with faults at `places`, in rising order: numbers of bits, or of codes where one bit is chosen."""
        element, bit = np.divmod(places, self._format.bits) if self.bit is None else (places, self.bit)
        masks = np.broadcast_to(np.left_shift(1, bit), places.shape).astype(codes.dtype)
        element, first = np.unique(element, return_index=True)
        masks = np.bitwise_or.reduceat(masks, first)  # one mask a code, since it may be hit in several bits
        element, masks = (to_device(one, array_module(codes)) for one in (element, masks))
        struck = codes.copy().reshape(-1)
        old = struck[element]
        struck[element] = {"bits": old ^ masks, "bits-at-0": old & ~masks, "bits-at-1": old | masks}[self.fault]
        return struck.reshape(codes.shape)


def below(ceiling: float, bits: int, stream: Stream) -> tuple:
    """The places, of so many bits, that have a u < ceiling, in rising order; and these u, uniform in [0, ceiling).

    Every bit has one u in [0, 1), independent of all others, but nobody has to draw them all: from one place to the
    next is a geometric number of steps. At 1e-6 per bit most of the places are not hit either, which costs little.
    """
    rng, parts, last = stream.generator(), [np.empty(0, np.int64)], -1
    while ceiling and last < bits:
        parts.append(last + rng.geometric(ceiling, 10_000).clip(max=bits + 1).cumsum())
        last = parts[-1][-1]
    places = np.concatenate(parts)
    places = places[places < bits]
    return places, ceiling * rng.random(len(places))


def parse(kind: str) -> Memory:
    """The Memory of a name as "bits:float32:30". Raises UsageError for one that is none."""
    fault, *rest = kind.split(":")
    form, *bit = rest or [""]
    if fault not in KINDS or form not in FORMATS or len(bit) > 1:
        kinds, forms = ", ".join(KINDS), ", ".join(FORMATS)
        raise UsageError(f"expected KIND:FORMAT or KIND:FORMAT:BIT with {kinds} and {forms}, got {kind!r}")
    if bit and bit[0] not in map(str, range(FORMATS[form].bits)):
        raise UsageError(f"{form} has bits 0 to {FORMATS[form].bits - 1}, got {bit[0]!r}")
    return Memory(form, fault, int(bit[0]) if bit else None)


def check_rates(rates):
    """Raise UsageError for rates per bit above the CEILING."""
    if max(rates, default=0) > CEILING:
        raise UsageError(f"expected rates per bit from 0 to {CEILING}, got {max(rates):g}")


def check(memory: Memory, network: Network):
    """Raise UsageError if weights of the network are beyond what this memory can write. This reads from the device."""
    low, high = FORMATS[memory.format].limits()
    beyond = {n: float(((p < low) | (p > high)).mean()) for n, p in network.params.items() if n.endswith(".w")}
    worst = max(beyond, key=beyond.get) if any(beyond.values()) else None
    if worst:
        share = f"{100 * beyond[worst]:.3g}% of {worst}"
        said = f"{memory.format} holds numbers from {low:g} to {high:g}, and {share} are beyond"
        raise UsageError(f"{said}; choose another memory, or a network made for this one")
