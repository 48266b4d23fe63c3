"""Typical wrong answers to exercise 08: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("as_decoder + as_extractor", "as_extractor"),  # the decoder's part forgotten
    ("as_decoder + as_extractor", "as_decoder"),  # the extractor's part forgotten: dz was never handed on
    ("dx_hat.T @ z", "z.T @ dx_hat"),  # the gradient of w.T
    ("2 * difference / len(x)", "2 * difference"),  # a sum over images against a mean over images
    ("(difference**2).sum() / len(x),", "(difference**2).mean(),"),  # the mean over pixels, too
    ("x - x.mean(axis=0)", "x"),  # not centred: the biases do nothing
    ("x - x.mean(axis=0)", "x - x.mean()"),  # one mean for all pixels
    ("sizes[D:] ** 2", "sizes[D:]"),  # singular values are lengths, not squares of lengths
    ("sizes[D:] ** 2", "sizes[:D] ** 2"),  # what is kept, not what is lost
    ("sizes[D:] ** 2", "sizes[D + 1 :] ** 2"),  # one too many
    ("    sizes = np", "    x -= x.mean(axis=0)\n    sizes = np"),  # the caller's x
    ("(sizes[D:] ** 2).sum() / len(x)", "np.sort(x.var(axis=0))[::-1][D:].sum()"),  # pixels dropped, not directions
]
