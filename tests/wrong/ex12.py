"""Typical wrong answers to exercise 12: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("values = [abs(statistic(x, np.array(order)))", "values = [statistic(x, np.array(order))"),  # one side only
    (">= seen - 1e-12", "> seen"),  # what is as large as ours does not count: a p of 0
    ("seen = abs(statistic(x, y))", "seen = statistic(x, y)"),  # what is negative counts as small
    ("dw = scale * mask * (x.T @ dy)", "dw = scale * (x.T @ dy)"),  # stuck weights learn
    ("dw = scale * mask * (x.T @ dy)", "dw = mask * (x.T @ dy)"),  # the factor forgotten on the way back
    ("return w - step * dw", "return w_broken - step * dw"),  # what was stuck for a step is lost for good
    ("return w - step * dw", "w -= step * dw\n    return w"),  # w itself is changed
    ("- target) / len(x)", "- target)"),  # the sum in place of the mean
    ("living = mask.sum(axis=0)", "living = mask.sum(axis=1, keepdims=True)"),  # the outputs of an input counted
    ("(len(w) / np.maximum(living, 1))", "(len(w) / living)"),  # 0 * inf is nan
    ("(len(w) / np.maximum(living, 1))", "mask.size / mask.sum()"),  # the rate of the whole layer
    ("w - step * dw", "w - 0.1 * dw"),  # one step size
    (  # a statistic of its own
        "    seen = abs",
        "    def statistic(x, y):\n        return (x - x.mean()) @ (y - y.mean())\n\n    seen = abs",
    ),
    ("w_broken = scale * mask * w", "w *= mask\n    w_broken = scale * w"),  # the caller's w
]
