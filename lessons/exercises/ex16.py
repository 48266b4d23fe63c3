"""Exercises of lesson 16: saturated and scaled weights."""


def hard_limit(dw, v):
    """The weights w = min(max(v, -1), 1) that are used where v is stored, 0 where v is not a number. Returns w, dv.

    v: any shape; dw, the derivative of the loss by w, has that shape, and so have w and dv.
    The derivative at -1 and 1 is that of the inside.
    """
    raise NotImplementedError


def one_division(weights, biases, scales):
    """What to store where layer i has its weights times scales[i], and logits are divided only once, at the end.

    weights: [(D, M), (M, K), ...]; biases: [(M,), (K,), ...]; scales: positive numbers, one a layer. Between the layers
    there are ReLUs, and no layer divides. Returns the stored weights, the stored biases (two lists of arrays), and the
    number that the logits are to be divided by.
    """
    raise NotImplementedError


def power_of_2(w, largest):
    """The largest c = 2^k, k a whole number, also a negative one, with |c w| <= largest everywhere; 1 if all w are 0.

    w: any shape; largest: a positive number.
    """
    raise NotImplementedError
