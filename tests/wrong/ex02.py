"""Typical wrong answers to exercise 02: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("(y > 0) & (y < c)", "(y > 0)"),  # the upper bound forgotten
    ("(y > 0) & (y < c)", "(y >= 0) & (y <= c)"),  # slope 1 at the kinks, and wherever a bound holds
    ("dy * ((y > 0)", "y * ((y > 0)"),  # the forward pass once more
    ("np.maximum(w, 0).sum(axis=0)", "w.sum(axis=0)"),  # every pixel at 1
    ("np.maximum(w, 0).sum(axis=0)", "abs(w).sum(axis=0)"),  # pixels from -1 to 1
    ("np.maximum(w, 0).sum(axis=0) + b", "np.maximum(w.sum(axis=0) + b, 0)"),  # after the sum, not before it
    (".sum(axis=0) + b", ".sum(axis=0)"),  # the bias forgotten
    ("b1 * s,", "b1,"),  # the bias is not scaled: the kink moves
    ("w2 / s[:, None]", "w2 * s[:, None]"),  # the wrong way
    ("w2 / s[:, None]", "w2"),  # outputs grow by s
    ("np.sqrt(row / np.where(lively, column, 1))", "row / np.where(lively, column, 1)"),  # norms swapped, not balanced
    ("lively = (column > 0) & (row > 0)", "lively = column > -1"),  # a dead unit divides by 0
    ("return dy * ((y > 0) & (y < c))", "dy[(y <= 0) | (y >= c)] = 0\n    return dy"),  # the caller's dy
]
