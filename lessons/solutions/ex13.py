"""Solutions of lesson 13: the same code on a GPU, and what a step costs."""

from itertools import pairwise
from math import ceil

from aftt_np.backend import array_module


def training_bytes(widths, N, itemsize=4):
    """Eq. 18 for each layer, four times over (p, g, m, v), and what the layer was given, once for each image."""
    pairs = list(pairwise(widths))
    params = sum((n + 1) * k for n, k in pairs)
    inputs = sum(n for n, _ in pairs)
    return itemsize * (4 * params + N * inputs)


def clip_gradients(grads, largest):
    """The decision is in the maximum: below the limit the factor is largest / largest = 1. Nobody asks which it was."""
    xp = array_module(next(iter(grads.values())))
    norm = xp.sqrt(sum((g * g).sum() for g in grads.values()))
    scale = largest / xp.maximum(norm, largest)  # never 0 / 0
    return {name: g * scale for name, g in grads.items()}


def break_even(flops, bandwidth, itemsize=4):
    """2 n^3 / flops >= 3 itemsize n^2 / bandwidth, solved for n."""
    return ceil(3 * itemsize * flops / (2 * bandwidth))
