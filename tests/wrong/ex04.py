"""Typical wrong answers to exercise 04: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    (" / K**2", ""),  # each pixel gets the whole derivative: the transpose of the sum
    (" / K**2", " / K"),  # divided along one axis only
    ("dy.repeat(K, axis=1).repeat(K, axis=2)", "__import__('numpy').tile(dy, (1, K, K, 1))"),  # copies of the image
    ("dy.repeat(K, axis=1).repeat(K, axis=2)", "dy.repeat(K, axis=2).repeat(K, axis=3)"),  # channels for an axis
    (" / winners.sum(axis=(2, 4), keepdims=True)", ""),  # the whole derivative to every winner
    (" / winners.sum(axis=(2, 4), keepdims=True)", " / K**2"),  # shared with those who did not win
    ("windows == windows.max", "windows >= 0 * windows.max"),  # everything that is not negative wins
    ("windows.max(axis=(2, 4), keepdims=True)", "windows.max(axis=(2, 4, 5), keepdims=True)"),  # across channels
    ("return abs((forward(x) * y).sum() - (x * backward(y)).sum())",
     "return (forward(x) * y).sum() - (x * backward(y)).sum()"),  # a gap below zero
    ("(x * backward(y)).sum()", "(x * backward(forward(x))).sum()"),  # there and back: as if it were the inverse
    ("(forward(x) * y).sum()", "(forward(x) @ y.T).sum()"),  # a sum over all pairs of rows
    ("return dy.repeat(K, axis=1).repeat(K, axis=2) / K**2",
     "dy /= K * K\n    return dy.repeat(K, axis=1).repeat(K, axis=2)"),  # the caller's dy
    ("    share = dy[:, :, None, :, None] / winners.sum(axis=(2, 4), keepdims=True)",
     "    dy /= winners.sum(axis=(2, 4))\n    share = dy[:, :, None, :, None]"),  # the caller's dy, once more
    ("(forward(x) * y).sum()", "(forward(x) @ y.T).trace()"),  # matrices only
    ("(forward(x) * y).sum() - (x * backward(y)).sum()",
     "(forward(x) * y).sum(axis=(0, 1)) - (x * backward(y)).sum(axis=(0, 1))"),  # two axes only
]  # fmt: skip
