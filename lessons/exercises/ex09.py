"""Exercises of lesson 09: game two."""


def best_discriminator(p, q):
    """D* of eq. 17 in K places; p, q: (K,), the shares of prior and features that fall into each place.

    Returns (K,). Where neither ever falls (p = q = 0) any answer is as good as another; there say 1/2.
    """
    raise NotImplementedError


def jensen_shannon(p, q):
    """(2 ln 2 - L_D) / 2, where L_D = -sum p log D* - sum q log(1 - D*) is the best discriminator's loss.

    p, q: (K,), each sums to 1; some entries may be 0, and 0 log 0 is 0. Returns a number: 0 if p and q are equal, ln 2
    if they have no place in common.
    """
    raise NotImplementedError


def saturating_loss(logits):
    """What eq. 3 has the extractor descend: mean_n log(1 - D_n), D = 1 / (1 + exp(-logits)).

    logits: (N, 1). Returns the loss, a number, and dlogits (N, 1). Scores may be as large as 1000 or as small as -1000;
    neither loss nor derivative may then be infinite or nan, or make NumPy warn of an overflow.
    """
    raise NotImplementedError
