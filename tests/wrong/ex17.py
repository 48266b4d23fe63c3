"""Typical wrong answers to exercise 17: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("areas.max(axis=0) - areas", "areas.max() - areas"),  # the best of all, not under that fault
    ("areas.max(axis=0) - areas", "areas - areas.max(axis=0)"),  # the wrong way round
    ("areas.max(axis=0) - areas", "areas.max(axis=1, keepdims=True) - areas"),  # against its own best fault
    ("regrets.max(axis=1).argmin()", "areas.min(axis=1).argmax()"),  # maximin
    ("regrets.max(axis=1).argmin()", "regrets.mean(axis=1).argmin()"),  # on average
    ("regrets.max(axis=1).argmin()", "regrets.max(axis=1)[::-1].argmin()"),  # counted from the other end
    ("argmin()), regrets", "argmin()), regrets.max(axis=1)"),  # the largest of each only
    ("p = d2 / (d2 - d1)", "p = d1 / (d1 - d2)"),  # the share of the second fault
    ("p = d2 / (d2 - d1)", "p = d2 / (d1 - d2)"),  # a sign
    ("p if 0 <= p <= 1 else None", "p"),  # where the lines cross beyond the faults
    ("p if 0 <= p <= 1 else None", "min(max(p, 0.0), 1.0)"),
    ("0 <= p <= 1", "0 < p < 1"),  # the ends
    ("    if d1 == d2:\n        return None\n", ""),  # parallel lines
    ("    if d1 == d2:\n        return None\n", "    if d1 == d2:\n        return 0.5\n"),
    ("both - one - other + none", "both - one - other"),  # areas, not gains
    ("both - one - other + none", "both - none"),  # what both bring
    ("both - one - other + none", "both - np.maximum(one, other)"),  # beyond the better one
    (".mean(axis=1)\n    error", ".ravel()\n    error"),  # pairs of seed and pattern for independent values
    (".mean(axis=1)\n    error", ".mean(axis=0)\n    error"),  # over patterns
    ("std(ddof=1)", "std()"),
    (" / np.sqrt(len(of_seeds))", ""),  # of one seed, not of the mean
    ("return mean,", "return t * error,"),  # half the interval for the mean
    (", mean - t * error,", ", -t * error,"),  # ends as they are for a mean of 0
    ("mean + t * error", "t * error"),
    ("return mean, mean - t * error, mean + t * error", "return mean, mean + t * error, mean - t * error"),
]  # fmt: skip
