"""Random bit error training, RandBET (Stutz et al., 2021, arXiv:2006.13977): a step, and the clipping of weights."""

from .finetune import follow, supervised
from .losses import only_weights
from .memory import Memory
from .network import Network
from .optim import Adam
from .rng import Stream

START = 1.75  # the cross-entropy below which errors are added; theirs for CIFAR-10's 10 classes


def randbet(
    extractor: Network, classifier: Network, x, labels, loss, adam: Adam,
    memory: Memory, rate: float, bits: Stream, rng: Stream | None = None,
):  # fmt: skip
    """One supervised step, see finetune. Returns the loss without bit errors.

    The weights are read from the memory as they are, and once more with bits hit at `rate`, found by the name `bits`.
    Adam moves what is stored along the mean of both gradients, as if a number were read as it was written (straight
    through); where the loss without errors is not below START, along that one's. Their code also asks that the mean of
    both losses be below START (and the first below 1.15 START), limits each number of the second gradient to 0.05 in
    size, clips weights before a step, not behind it, and moves along it with momentum, not with Adam.
    """
    whole, broken = [], []
    for network in (extractor, classifier):
        stored = memory.write(network)
        whole.append(network.with_params(memory.read(stored)))
        struck, _ = memory.struck(stored, memory.drawn(network, bits, rate), rate)
        broken.append(whole[-1].with_params(struck))
    value, grads, tapes = supervised(*whole, x, labels, loss, rng)
    _, broken_grads, _ = supervised(*broken, x, labels, loss, rng)
    follow(whole, tapes, x, rng)
    share = (value < START) * value.dtype.type(0.5)  # on the device: nothing waits for it
    mean = {name: (1 - share) * g + share * broken_grads[name] for name, g in grads.items()}
    adam.step(extractor.learned | classifier.learned, mean)
    return value


def clip_weights(params: dict, limit: float):
    """Hold all weights in [-limit, limit], in place, biases left out: RandBET's weight clipping, after every step."""
    for w in only_weights(params).values():
        w.clip(-limit, limit, out=w)
