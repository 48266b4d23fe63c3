"""Typical wrong answers to exercise 13: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("(n + 1) * k for n, k", "n * k for n, k"),  # biases forgotten
    ("itemsize * (4 * params", "itemsize * (2 * params"),  # Adam's moments forgotten
    ("4 * params + N * inputs", "N * (4 * params + inputs)"),  # weights once for each image
    ("inputs = sum(n for n, _ in pairs)", "inputs = sum(k for _, k in pairs)"),  # outputs for inputs
    ("scale = largest / xp.maximum(norm, largest)", "scale = largest / norm"),  # makes short gradients longer
    ("scale = largest / xp.maximum(norm, largest)", "scale = largest / norm if norm > largest else 1.0"),  # reads
    ("scale = largest / xp.maximum(norm, largest)", "scale = xp.minimum(1.0, largest / norm)"),  # divides by 0
    ("xp.sqrt(sum((g * g).sum() for g in grads.values()))", "sum(xp.sqrt((g * g).sum()) for g in grads.values())"),
    ("xp = array_module(next(iter(grads.values())))", "import numpy as xp"),  # one library only
    ("xp.sqrt(sum((g * g).sum() for g in grads.values()))",
     "xp.sqrt(float(sum((g * g).sum() for g in grads.values())))"),  # reads
    ("ceil(3 * itemsize", "int(3 * itemsize"),  # the n before
    ("3 * itemsize * flops / (2 * bandwidth)", "3 * flops / (2 * bandwidth)"),  # elements for bytes
    ("3 * itemsize * flops / (2 * bandwidth)", "2 * itemsize * flops / (2 * bandwidth)"),  # what is written forgotten
]  # fmt: skip
