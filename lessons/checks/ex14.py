"""Checks of lesson 14."""

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    check_mended(answers.mended)
    check_fraction_bits(answers.fraction_bits)
    check_rate_for(answers.rate_for)


def check_mended(mended):
    """Every bit of some weights, one flip at a time; then several at once, and another shape."""
    for value in (0.5, -0.15625, 1.0, -1.5, 0.0, 1.9375):
        for bit in range(32):
            codes = np.float32([value]).view(np.uint32) ^ np.uint32(1 << bit)
            on = f"{value} with bit {bit} flipped, codes = {codes.tolist()}"
            w = read(mended, codes, on)
            flipped = codes.view(np.float32)
            close("a weight of mended", w, np.float32([value]) if bit == 30 else flipped, on)
    rng = np.random.default_rng(0)
    for shape in ((4,), (2, 3)):
        codes = rng.integers(0, 2**32, shape, dtype=np.uint32)
        read(mended, codes, f"codes = {codes.tolist()}")


def read(mended, codes, on):
    w = ask(mended, codes, on=on)
    assert isinstance(w, np.ndarray) and w.dtype == np.float32, f"mended should return float32 weights\n  on {on}"
    assert w.shape == codes.shape, f"mended should keep the shape {codes.shape}, made {w.shape}\n  on {on}"
    assert np.isfinite(w).all() and (abs(w) < 2).all(), f"mended should keep weights below 2, gave {w}\n  on {on}"
    return w


def check_fraction_bits(fraction_bits):
    """Weights at the edge of what fits: -128, 127 and the halves next to them, by scales of 2^n."""
    for n in range(16):
        for stored, extra in (
            (127.0, 0), (127.4, 0), (127.6, -1), (128.0, -1), (-128.0, 0), (-128.4, 0), (-128.6, -1), (64.0, 0),
            (63.4, 1), (-64.0, 1),
        ):  # fmt: skip
            w = np.array([[stored / 2**n, 0.0]])
            if not 0 <= n + extra <= 15 or (abs(stored) > 127 and n == 0):
                continue
            on = f"w = {w.tolist()}"
            close("fraction_bits", ask(fraction_bits, w, on=on), n + extra, on)
    for w, n in (([0.0, 0.0], 15), ([0.9, -3.2, 0.1], 5), ([-0.9, 3.2], 5), ([0.76, -0.7], 7), ([1e-5], 15)):
        on = f"w = {w}"
        close("fraction_bits", ask(fraction_bits, np.array(w), on=on), n, on)


def check_rate_for(rate_for):
    """By hand for one and two weights; by the series p = a/n + a^2/2n^2 - ... of a = -log(1 - chance) for many."""
    for chance, weights, rate in (
        (0.3, 1, 0.3), (0.75, 2, 0.5), (0.19, 2, 0.1), (0.001, 1, 0.001), (0.5, 10**6, 6.931469403e-07),
        (0.5, 10**9, 6.931471803e-10), (0.5, 10**18, 6.931471806e-19), (0.01, 10**18, 1.005033585e-20),
        (1e-12, 10**3, 1e-15),
    ):  # fmt: skip
        on = f"chance = {chance}, weights = {weights}"
        got = ask(rate_for, chance, weights, on=on)
        close("rate_for, as a multiple of what is right,", np.asarray(got, float) / rate, 1.0, on)
