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
    ("(x @ w1 + b1 > 0).any(axis=0)", "abs(w1).max(axis=0) > 0.01"),  # small is not silent, nor large alive
    ("(x @ w1 + b1 > 0)", "(x @ w1 > 0)"),  # the bias forgotten
    ("(x @ w1 + b1 > 0)", "(x @ w1 + b1 >= 0)"),  # 0 is silent, too
    (".any(axis=0)", ".all(axis=0)"),  # a unit that sleeps now and then is no dead one
    ("b1[alive], w2[alive]", "b1[alive], w2"),  # the rows of w2 stay
    ("b1[alive], w2[alive]", "b1, w2[alive]"),  # the biases stay
    ("w1[:, alive], b1[alive], w2[alive]", "w1 * alive, b1 * alive, w2"),  # zeros are not left out
    ("return w1[:, alive]", "w2[~alive] = 0\n    return w1[:, alive]"),  # the caller's w2
    ("(first == labels) & (second != labels)", "first == labels"),  # those that both get right come in
    ("(first == labels) & (second != labels)", "first != second"),  # wrong in two ways
    ("min(1.0, 2 * tail)", "tail"),  # one side only
    ("min(1.0, 2 * tail)", "2 * tail"),  # a probability above 1
    ("range(min(n1, n2) + 1)", "range(min(n1, n2))"),  # more unevenly, not at least as
    ("    a = np.asarray(a)\n", "    a *= h\n    a = a / h\n"),  # the caller's a
]
