"""A loss and its derivative with respect to the prediction, and the two penalties of the paper.

A loss returns `loss, dprediction`, a penalty `penalty, {name: dw}`. Losses are summed over features and averaged over
the batch. On a GPU they stay there, as 0-d arrays: reading one as a number would make the program wait for the device.
"""

from .backend import array_module
from .layers import sigmoid


def squared_error(y_hat, y):
    """mean_n |y_hat_n - y_n|^2   (eq. 11)   y_hat, y: (N, ...) of one shape  ->  loss, dy_hat"""
    if y_hat.shape != y.shape:
        raise ValueError(f"squared_error expects two arrays of one shape, got {y_hat.shape} and {y.shape}")
    difference = y_hat - y
    flat = difference.reshape(-1)
    return flat @ flat / len(y), difference * (2 / len(y))


def squared_error_to_labels(logits, labels):
    """mean_n |logits_n - onehot(label_n)|^2   (eq. 15)   logits: (N, M)  labels: integers (N,)  ->  loss, dlogits"""
    return squared_error(logits, one_hot(labels, logits).astype(logits.dtype))


def softmax_cross_entropy(logits, labels):
    """-mean_n log softmax(logits_n)[label_n]   logits: (N, M)  labels: integers (N,)  ->  loss, dlogits"""
    xp = array_module(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)  # softmax does not change, exp cannot overflow
    exp = xp.exp(shifted)
    total = exp.sum(axis=1, keepdims=True)  # (N, 1)
    onehot = one_hot(labels, logits)
    loss = (xp.log(total[:, 0]) - (shifted * onehot).sum(axis=1)).mean()
    return loss, (exp / total - onehot) / len(logits)


def binary_cross_entropy(logits, target: int):
    """-mean_n log p_n, p = sigmoid(logits) for target 1, 1 - sigmoid(logits) for target 0   (eq. 12, 13)

    logits: (N, 1)  ->  loss, dlogits. On logits: below x = -104 sigmoid(x) is 0 in float32, and its log -inf.
    """
    sign = 1 - 2 * target
    loss = array_module(logits).logaddexp(0, sign * logits).mean()  # log(1 + exp(-+ logit))
    return loss, (sigmoid(logits) - target) / len(logits)


def lasso(params: dict, strength: float):
    """strength * sum |w| over the weights, biases left out   (eq. 9)   ->  penalty, {name: dw}"""
    weights = only_weights(params)
    penalty = strength * sum(abs(w).sum() for w in weights.values())
    return penalty, {name: strength * array_module(w).sign(w) for name, w in weights.items()}


def tikhonov(params: dict, strength: float):
    """strength * sum w^2 over the weights, biases left out   (eq. 10)   ->  penalty, {name: dw}"""
    weights = only_weights(params)
    penalty = strength * sum((w * w).sum() for w in weights.values())
    return penalty, {name: 2 * strength * w for name, w in weights.items()}


def one_hot(labels, logits):
    """True at each image's label: labels (N,), logits (N, M)  ->  (N, M), bool."""
    return array_module(logits).arange(logits.shape[1]) == labels[:, None]


def only_weights(params: dict) -> dict:
    """`params` without the biases."""
    return {name: p for name, p in params.items() if name.endswith(".w")}


LOSSES = {"cross-entropy": softmax_cross_entropy, "mse": squared_error_to_labels}
PENALTIES = {"lasso": lasso, "tikhonov": tikhonov}
