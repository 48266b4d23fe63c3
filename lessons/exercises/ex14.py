"""Exercises of lesson 14: what a bit is worth."""


def mended(codes):
    """Weights that are read from a memory with faults, by somebody who knows that all of them were smaller than 2.

    codes: the bits of float32 weights, as uint32, of any shape; each w had |w| < 2 before any of its bits were hit.
    Returns float32 weights of that shape, all of them finite and with |w| < 2. Where bit 30 was flipped and no other,
    it is the weight that was written. What is in `codes` stays as it was.
    """
    raise NotImplementedError


def fraction_bits(w):
    """How many bits behind the point eight bits in two's complement may have, from 0 to 15, if all weights are to fit.

    w: an array of any shape, with -128 <= w <= 127. With n bits behind the point a weight is stored as the integer
    nearest to w 2^n, and it fits if that lies between -128 and 127. Returns the largest n of 0 to 15 for which all do.
    """
    raise NotImplementedError


def rate_for(chance, weights):
    """The rate per bit at which bit 30 of at least one weight is hit with probability `chance`.

    chance: a number with 0 < chance < 1; weights: how many there are, up to 10^18. Bits are hit independently.
    Returns a number that is right to six digits, however small.
    """
    raise NotImplementedError
