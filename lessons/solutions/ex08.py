"""Solutions of lesson 08: game one."""

import numpy as np


def tied_autoencoder(x, w):
    """w is used by the extractor and by the decoder; its gradient is the sum of what it does in the two places."""
    z = x @ w  # (N, P) @ (P, D) -> (N, D)
    difference = z @ w.T - x  # (N, P)
    dx_hat = 2 * difference / len(x)
    as_decoder = dx_hat.T @ z  # x_hat = z @ w.T:  (P, N) @ (N, D) -> (P, D)
    as_extractor = x.T @ (dx_hat @ w)  # z = x @ w:  (P, N) @ (N, D) -> (P, D)
    return (difference**2).sum() / len(x), as_decoder + as_extractor


def lowest_loss(x, D):
    """The biases take the mean away and give it back; D principal components are kept, and all others are lost."""
    sizes = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)  # from the largest down
    return (sizes[D:] ** 2).sum() / len(x)
