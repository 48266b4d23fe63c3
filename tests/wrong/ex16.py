"""Typical wrong answers to exercise 16: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("np.where(np.isnan(v), 0, w)", "w"),  # what is no number stays
    ("np.where(np.isnan(v), 0, w)", "np.where(np.isfinite(v), w, 0)"),  # what is infinite becomes 0, too
    ("dw * (abs(v) <= 1)", "dw"),  # a slope where w is constant
    ("dw * (abs(v) <= 1)", "dw * w"),  # the value for the slope
    ("abs(v) <= 1", "abs(v) < 1"),  # the ends
    ("abs(v) <= 1", "v <= 1"),  # one side only
    ("total = np.cumprod(scales)", "total = np.array(scales)"),  # a layer's own factor only
    ("[b * factor for b, factor in zip(biases, total, strict=True)]", "biases"),  # biases as they were
    ("total = np.cumprod(scales)", "total = np.cumsum(scales)"),
    ("stored = [w * scale for w, scale in zip(weights, scales, strict=True)]",
     "stored = [w * scale for w, scale in zip(weights, total, strict=True)]"),  # weights by all factors up to here
    ("total[-1]", "scales[-1]"),  # the last layer's only
    ("total[-1]", "1 / total[-1]"),
    ("np.floor(", "np.round("),  # may be too large
    ("np.floor(", "np.ceil("),
    ("abs(w).max()", "w.max()"),  # the largest may be negative
    ("2.0 ** np.floor(np.log2(largest / top))", "largest / top"),  # no power of 2
    (" if top > 0 else 1.0", ""),  # all weights 0
    ("np.log2(", "np.log("),
]  # fmt: skip
