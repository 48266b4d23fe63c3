"""Exercises of lesson 08: game one."""


def tied_autoencoder(x, w):
    """The loss of x_hat = (x @ w) @ w.T, and its derivative by w; extractor and decoder share their weights.

    x: (N, P), N images of P pixels; w: (P, D). The loss is |x_hat - x|^2, summed over pixels, mean over images.
    Returns loss, a number, and dw (P, D).
    """
    raise NotImplementedError


def lowest_loss(x, D):
    """The lowest loss (as above) of any linear autoencoder with biases: z = x @ u + a, x_hat = z @ v + b.

    x: (N, P), not centred; D: the number of features, from 0 to P. Returns a number. Nothing is trained here.
    """
    raise NotImplementedError
