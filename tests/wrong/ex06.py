"""Typical wrong answers to exercise 06: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("np.maximum(h * abs(a) - lasso, 0)", "np.maximum(abs(a) - lasso, 0)"),  # the curvature forgotten
    ("np.maximum(h * abs(a) - lasso, 0)", "(h * abs(a) - lasso)"),  # small ones jump to the other side
    ("/ (h + 2 * tikhonov)", "/ (h + tikhonov)"),  # the 2 of the derivative
    (  # the shares first
        "np.maximum(h * abs(a) - lasso, 0) / (h + 2 * tikhonov)",
        "np.maximum(h * abs(a) / (h + 2 * tikhonov) - lasso, 0)",
    ),
    ("np.sign(a) * ", ""),  # negative weights become positive
    ("np.sqrt(beta / alpha)", "beta / alpha"),  # the root forgotten: the same function, and no cheaper
    ("np.sqrt(beta / alpha)", "np.sqrt(alpha / beta)"),  # the other way round
    ("b1 * s", "b1"),  # the bias stays behind
    ("(w2**2).sum(axis=1)", "(w2**2).sum()"),  # the size of all units together
    ("return w1 * s, b1 * s, w2 / s[:, None]", "w1 *= s\n    return w1, b1 * s, w2 / s[:, None]"),  # the caller's w1
    ("(first == labels) & (second != labels)", "first == labels"),  # those that both get right come in
    ("(first == labels) & (second != labels)", "first != second"),  # wrong in two ways
    ("min(1.0, 2 * tail)", "tail"),  # one side only
    ("min(1.0, 2 * tail)", "2 * tail"),  # a probability above 1
    ("range(min(n1, n2) + 1)", "range(min(n1, n2))"),  # more unevenly, not at least as
]
