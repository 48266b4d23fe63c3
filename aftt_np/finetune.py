"""Algorithm 1, step (4), lines 19 to 24: extractor and classifier learn the labels.

The baselines (none, Lasso, Tikhonov, dropout) are this same step without the games before it.
"""

from .faults import NO_FAULTS, Faults, faulty
from .network import Network, add
from .optim import Adam
from .rng import Stream


def finetune(
    extractor: Network, classifier: Network, x, labels, loss, adam: Adam,
    penalty=None, faults: Faults = NO_FAULTS, rng: Stream | None = None,
):  # fmt: skip
    """One supervised step on x (N, H, W, C) and integer labels (N,). Returns the loss, penalty included.

    `loss(logits, labels)` and `penalty(params)` are functions of losses.py. Forward and backward run on the broken
    networks; the penalty reads, and Adam moves, the stored weights.
    """
    networks = extractor, classifier
    value, grads, tapes = supervised(*(faulty(network, faults) for network in networks), x, labels, loss, rng)
    follow(networks, None if faults.masks else tapes, x, rng)
    params, grads = extractor.learned | classifier.learned, faults.pullback(grads)
    if penalty:
        extra, penalty_grads = penalty(params)
        value, grads = value + extra, add(grads, penalty_grads)
    adam.step(params, grads)  # line 22
    return value


def supervised(extractor: Network, classifier: Network, x, labels, loss, rng: Stream | None):
    """Lines 20 to 23 without the move: the loss, the gradients of all that learns in the two networks, their tapes."""
    z, extractor_tape = extractor.forward(x, rng)
    logits, classifier_tape = classifier.forward(z, rng)
    value, dlogits = loss(logits, labels)  # line 23
    dz, classifier_grads = classifier.backward(dlogits, classifier_tape)
    _, extractor_grads = extractor.backward(dz, extractor_tape, need_dx=False)
    return value, extractor_grads | classifier_grads, (extractor_tape, classifier_tape)


def follow(networks, tapes, x, rng):
    """Let what follows the data do so, as these networks see it; `tapes` of their forward pass, None: not made yet."""
    for i, network in enumerate(networks):
        if not any(one.follows for one in networks[i:]):
            return
        if tapes is None:
            x, tape = network.forward(x, rng)
        else:
            tape = tapes[i]
        if network.follows:
            network.follow(tape)
