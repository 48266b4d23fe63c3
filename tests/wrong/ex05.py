"""Typical wrong answers to exercise 05: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("logits - logits.max(axis=1, keepdims=True)", "logits"),  # not shifted: overflows
    ("np.full((N, M), a / M)", "np.full((N, M), a / (M - 1))"),  # dealt out to the other classes
    ("target[np.arange(N), labels] += 1 - a", "target[np.arange(N), labels] = 1 - a"),  # a / M left out
    ("(np.exp(log_p) - target) / N", "np.exp(log_p) - target"),  # the derivative of the sum, not of the mean
    ("np.maximum(abs(w) - s, 0)", "(abs(w) - s)"),  # weights smaller than s jump to the other side
    ("np.sign(w) * np.maximum(abs(w) - s, 0)", "np.where(abs(w) > s, w, 0.0)"),  # the large ones are not shrunk
    ("np.maximum(abs(w) - s, 0)", "np.maximum(abs(w) - 2 * s, 0)"),  # the 1/2 forgotten
    ("- rate * decay * p", "- rate * decay * p / (np.sqrt(v_hat) + epsilon)"),  # divided as the gradient is
    (" - rate * decay * p", " - decay * p"),  # without the rate
    ("m / (1 - beta1**t)", "m / (1 - beta1)"),  # the correction of the first step, for ever
    ("(np.sqrt(v_hat) + epsilon)", "np.sqrt(v_hat + epsilon)"),  # epsilon under the root
    ("    m = beta1 * m + (1 - beta1) * g", "    m *= beta1\n    m += (1 - beta1) * g"),  # the caller's m is moved
    ("    shifted = logits - logits.max", "    logits -= 1\n    shifted = logits - logits.max"),  # the caller's logits
]
