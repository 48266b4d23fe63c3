"""Checks of lesson 07."""

from itertools import pairwise, product

import numpy as np

from . import ask, close


def check(answers):
    """Raises AssertionError with the first property that does not hold."""
    check_output_moments(answers.output_moments)
    check_surely_unchanged(answers.surely_unchanged)
    check_share_of_living_paths(answers.share_of_living_paths)


def check_output_moments(output_moments):
    """Against all masks there are, each with its probability."""
    rng = np.random.default_rng(0)
    for N, D, M in ((1, 1, 1), (1, 2, 1), (2, 2, 2), (1, 3, 2)):
        x, w, b = (rng.integers(-3, 4, shape).astype(float) for shape in ((N, D), (D, M), (M,)))
        for rate in (0.0, 0.5, 0.2, 1.0):
            on = f"x = {x.tolist()}, w = {w.tolist()}, b = {b.tolist()}, rate = {rate}"
            mean = square = np.zeros((N, M))
            for bits in product((0, 1), repeat=D * M):
                p = np.prod(np.where(np.array(bits) == 1, 1 - rate, rate))
                y = x @ (np.reshape(bits, (D, M)) * w) + b
                mean, square = mean + p * y, square + p * y**2
            got = ask(output_moments, x, w, b, rate, on=on, values=2)
            close("the mean of output_moments", got[0], mean, on)
            close("the variance of output_moments", got[1], square - mean**2, on)


def check_surely_unchanged(surely_unchanged):
    """Both ways: no safe answer may be changed by the worst deviations, every other one by one of them."""
    for y in ([[1.0, 0.0]], [[0.0, 1.0, 0.5]], [[3.0, 1.0, -4.0], [0.0, 0.5, 0.25]], [[2.0, 2.0, 1.0]]):
        y = np.array(y)
        for epsilon in (0.1, 0.3, 0.6, 0.8, 1.3, 1.6, 5.0):
            on = f"y = {y.tolist()}, epsilon = {epsilon}"
            safe = np.asarray(ask(surely_unchanged, y, epsilon, on=on))
            assert safe.shape == (len(y),), f"surely_unchanged should give N truth values, gave {safe.shape}\n  on {on}"
            for row, said in zip(y, safe, strict=True):
                changing = worst(row, epsilon)
                assert not (said and changing is not None), (
                    f"surely_unchanged calls {row.tolist()} safe, but the deviation {changing} changes it\n  on {on}"
                )
                assert said or changing is not None, (
                    f"surely_unchanged does not call {row.tolist()} safe, though no deviation changes it\n  on {on}"
                )


def worst(row, epsilon):
    """A deviation of length epsilon that makes another output the largest, or None."""
    first = int(row.argmax())
    for other in set(range(len(row))) - {first}:
        deviation = np.zeros_like(row)
        deviation[other], deviation[first] = epsilon / 2**0.5, -epsilon / 2**0.5
        if (row + deviation)[other] >= (row + deviation)[first]:
            return deviation.round(3).tolist()
    return None


def check_share_of_living_paths(share_of_living_paths):
    """Against a walk along every path."""
    rng = np.random.default_rng(0)
    for sizes in ((1, 1), (2, 3), (2, 1, 2), (2, 2, 2), (3, 2, 4, 2)):
        for rate in (0.0, 0.3, 0.6, 1.0):
            masks = [rng.random(shape) >= rate for shape in pairwise(sizes)]
            on = f"masks = {[mask.astype(int).tolist() for mask in masks]}"
            paths = [
                all(mask[step] for mask, step in zip(masks, pairwise(path), strict=True))
                for path in product(*map(range, sizes))
            ]
            got = ask(share_of_living_paths, masks, on=on)
            close("share_of_living_paths", got, sum(paths) / len(paths), on)
