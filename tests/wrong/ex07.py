"""Typical wrong answers to exercise 07: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("(1 - rate) * (x @ w) + b", "(1 - rate) * (x @ w + b)"),  # the bias is hit, too
    ("(1 - rate) * (x @ w) + b", "rate * (x @ w) + b"),  # the rate taken for the share that works
    ("(x**2 @ w**2)", "(x @ w) ** 2"),  # all weights of an output share one mask
    ("variance = rate * (1 - rate) *", "variance = rate *"),  # the mean square of a mask, not its variance
    ("> math.sqrt(2) * epsilon", "> epsilon"),  # as if only one of the two outputs could move
    ("> math.sqrt(2) * epsilon", "> 2 * epsilon"),  # as if both could move by all of epsilon: safe ones are missed
    ("second, first = np.sort(y, axis=1)[:, -2:].T", "second, first = np.sort(y, axis=1)[:, [0, -1]].T"),  # the last
    ("living = living @ mask  #", "living = (living @ mask > 0) * 1.0  #"),  # whether one leads there, not how many
    ("living = living @ mask  #", "living = mask.sum(axis=0) * living.mean()  #"),  # the shares of layers, multiplied
    ("return living.sum() / total.sum()", "return living.mean() / living.max(initial=1)"),  # not divided by the paths
]
