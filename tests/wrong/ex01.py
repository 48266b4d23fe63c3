"""Typical wrong answers to exercise 01: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("dx = s * dy @ w.T", "dx = dy @ w.T"),  # the scale forgotten
    ("dw = s * x.T @ dy", "dw = s * dy.T @ x"),  # the transpose of it
    ("ds = (dy * (x @ w)).sum()", "ds = (dy * s * (x @ w)).sum()"),  # the derivative of s^2 / 2
    ("(f(p + h * v) - f(p - h * v)) / (2 * h)", "(f(p + h * v) - f(p)) / h"),  # one side only
    ("    return (f(p + h * v)", "    p += 0 * v + h\n    return (f(p + h * v)"),  # p is moved and stays there
    ("    dx = s * dy @ w.T", "    dy *= s\n    dx = dy @ w.T"),  # the caller's dy
    ("return dx, dw, ds", "dx, dw, ds"),  # nothing is returned
    ("return dx, dw, ds", "return dx, dw"),
    ("x.T @ dy", "x @ dy"),  # shapes that do not fit
]
