"""Exercises of lesson 05: losses and Adam."""


def smoothed_cross_entropy(logits, labels, a):
    """Cross-entropy -mean_n sum_m target_nm log softmax(logits_n)_m, and its derivative by the logits.

    logits: (N, M), of any size, 1000 too; labels: integers (N,); a: from 0 to 1. target_nm is a / M for every class m,
    and 1 - a more for the label. Returns loss, a number, and dlogits (N, M).
    """
    raise NotImplementedError


def shrink(w, s):
    """The array p that minimises sum_j ((p_j - w_j)^2 / 2 + s |p_j|).

    w: of any shape; s: a number, 0 or larger. Returns p, of the shape of w; w stays as it is.
    """
    raise NotImplementedError


def adamw(p, g, m, v, t, rate, decay, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """One step of Adam with the gradient g, which also takes the share rate * decay off p as it was before.

    p, g, m, v: arrays of one shape; t: the number of this step, the first is 1. Returns the new p, m and v; the arrays
    passed in stay as they are.
    """
    raise NotImplementedError
