"""Exercises of lesson 10: fine-tuning, and all of Algorithm 1."""


def step_with_rates(params, grads, rates):
    """One step of gradient descent, p = p - rate * g, in place, with a rate for each part of a network.

    params, grads: {name: array}, the same names; the arrays of `params` are changed, those of `grads` are not.
    rates: {beginning of a name: rate}, as in {"extractor/": 0.01, "extractor/dense1": 0.0, "classifier/": 0.1}.
    The longest beginning that fits a name counts; a parameter that none fits stays as it is. Returns nothing.
    """
    raise NotImplementedError


def precision_and_recall(confusion):
    """Of a confusion matrix (M, M) of counts: rows are labels, columns are answers.

    Returns two arrays (M,), fractions. Precision: of the images that were called m, the share that are m.
    Recall: of the images that are m, the share that were called m. A share of no images at all is 0.
    """
    raise NotImplementedError


def paired_difference(right_a, right_b):
    """By how much network b is more accurate than a on the same N images, and the standard error of that.

    right_a, right_b: bool (N,), which images each got right. With d_n = right_b - right_a in {-1, 0, 1}: returns
    the mean of d, and its standard error, the standard deviation of d (divide by N, not by N - 1) over sqrt(N).
    """
    raise NotImplementedError
