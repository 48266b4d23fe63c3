"""Algorithm 1, step (4), lines 19 to 24: extractor and classifier learn the labels.

The baselines (none, Lasso, Tikhonov, dropout) are this same step without the games before it; random bit error
training is two of them.
"""

from .faults import NO_FAULTS, Faults, faulty
from .losses import only_weights
from .memory import Memory
from .network import Network, add
from .optim import Adam
from .rng import Stream

START = 1.75  # the loss below which random bit error training adds its errors (theirs for 10 classes)


def finetune(
    extractor: Network, classifier: Network, x, labels, loss, adam: Adam,
    penalty=None, faults: Faults = NO_FAULTS, rng: Stream | None = None,
):  # fmt: skip
    """One supervised step on x (N, H, W, C) and integer labels (N,). Returns the loss, penalty included.

    `loss(logits, labels)` and `penalty(params)` are functions of losses.py. Forward and backward run on the broken
    networks; the penalty reads, and Adam moves, the stored weights.
    """
    broken = faulty(extractor, faults), faulty(classifier, faults)
    value, grads, tapes = supervised(*broken, x, labels, loss, rng)
    follow(broken, tapes)
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


def follow(networks, tapes):
    """Let what follows the data do so, see Network.follow."""
    for network, tape in zip(networks, tapes, strict=True):
        network.follow(tape)


def randbet(
    extractor: Network, classifier: Network, x, labels, loss, adam: Adam,
    memory: Memory, rate: float, bits: Stream, rng: Stream | None = None,
):  # fmt: skip
    """One step of random bit error training, RandBET (Stutz et al., 2021, arXiv:2006.13977). Returns the loss.

    The weights are read from the memory as they are, and once more with bits hit at `rate`, found by the name `bits`.
    Adam moves what is stored along the mean of both gradients, as if a number were read as it was written (straight
    through); where the loss without errors is not below START, along that one's. Their limit on the second gradient is
    left out: Adam has no need of it.
    """
    whole, broken = [], []
    for network in (extractor, classifier):
        stored = memory.write(network)
        whole.append(network.with_params(memory.read(stored)))
        struck, _ = memory.struck(stored, memory.drawn(network, bits, rate), rate)
        broken.append(whole[-1].with_params(struck))
    value, grads, tapes = supervised(*whole, x, labels, loss, rng)
    _, broken_grads, _ = supervised(*broken, x, labels, loss, rng)
    follow(whole, tapes)
    share = (value < START) * value.dtype.type(0.5)  # on the device: nothing waits for it
    mean = {name: (1 - share) * g + share * broken_grads[name] for name, g in grads.items()}
    adam.step(extractor.learned | classifier.learned, mean)
    return value


def clip_weights(params: dict, limit: float):
    """Hold all weights in [-limit, limit], in place, biases left out: RandBET's weight clipping, after every step."""
    for w in only_weights(params).values():
        w.clip(-limit, limit, out=w)
