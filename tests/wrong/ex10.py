"""Typical wrong answers to exercise 10: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("rates[max(fits, key=len)]", "rates[fits[0]]"),  # the first that fits, not the longest
    ("p -= rates[max(fits, key=len)] * grads[name]", "params[name] = p - rates[max(fits, key=len)] * grads[name]"),
    ("        if fits:", "        if fits or not fits.append(next(iter(rates))):"),  # nobody stays as it is
    ("p -= rates", "p += rates"),  # uphill
    ("called, are = confusion.sum(axis=0), confusion.sum(axis=1)",
     "are, called = confusion.sum(axis=0), confusion.sum(axis=1)"),  # rows for columns
    ("right / np.maximum(called, 1)", "right / called"),  # 0 / 0
    ("right / np.maximum(are, 1)", "right / confusion.sum()"),  # a share of all images
    ("d = right_b.astype(float) - right_a", "d = right_a.astype(float) - right_b"),  # a for b
    ("d.std() / np.sqrt(len(d))", "d.std()"),  # of one image, not of the mean
    ("d.std() / np.sqrt(len(d))", "((right_a.var() + right_b.var()) / len(d)) ** 0.5"),  # as if they were not paired
    ("d = right_b.astype(float) - right_a", "d = right_b ^ right_a"),  # how often they differ, not which is better
    ("name.startswith(start)", "start in name"),  # anywhere in the name, not at its beginning
]  # fmt: skip
