"""Typical wrong answers to exercise 09: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("np.divide(p, p + q,", "np.divide(q, p + q,"),  # the share of the features
    ("np.divide(p, p + q, out=np.full(len(p), 0.5), where=p + q > 0)", "p / (p + q)"),  # 0 / 0
    ("np.full(len(p), 0.5)", "np.zeros(len(p))"),  # certainty about what never happens
    ("(2 * np.log(2) - L_D) / 2", "L_D / 2"),  # largest for equal distributions
    ("(2 * np.log(2) - L_D) / 2", "2 * np.log(2) - L_D"),  # twice the distance
    ("np.log(1 - D, where=on_features, out=np.zeros(len(q)))", "np.log(D, where=D > 0, out=np.zeros(len(q)))"),  # eq. 2
    ("np.log(D, where=on_prior, out=np.zeros(len(p)))", "np.log(D)"),  # 0 log 0
    ("softplus = np.logaddexp(0, logits)", "softplus = np.log(1 + np.exp(logits))"),  # overflows
    ("return -softplus.mean(), dlogits", "return softplus.mean(), dlogits"),  # ascended, not descended
    ("-np.exp(logits - softplus) / len(logits)", "-np.exp(logits - softplus)"),  # the mean's 1/N forgotten
    ("-np.exp(logits - softplus) / len(logits)", "(np.exp(logits - softplus) - 1) / len(logits)"),  # that of line 17
    ("    return np.divide(p, p + q,", "    q += p\n    return np.divide(p, q,"),  # the caller's q
]
