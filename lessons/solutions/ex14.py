"""Solutions of lesson 14: what a bit is worth."""

import math

import numpy as np


def mended(codes):
    """|w| < 2 says that bit 30 was 0: whatever is read there, nothing is learnt from it, and 0 is what was written.

    With bit 30 at 0 the exponent is at most 127, so the weight is below 2. As a circuit this is one wire to ground.
    """
    mask = ~np.uint32(1 << 30)
    return (codes & mask).view(np.float32)  # a new array, read as floats


def fraction_bits(w):
    """Every bit more halves the largest number, and the worth of each bit: the first n from above that fits is it.

    Nearest integers are compared, not the weights: 127.4 / 2^n still fits, -128.4 / 2^n as well, and 127.6 / 2^n not.
    """
    for n in range(15, 0, -1):
        stored = np.round(w * 2.0**n)
        if stored.min() >= -128 and stored.max() <= 127:
            return n
    return 0


def rate_for(chance, weights):
    """1 - (1 - p)^n = chance, solved for p; log1p and expm1 keep the digits that 1 - p would round away."""
    return -math.expm1(math.log1p(-chance) / weights)
