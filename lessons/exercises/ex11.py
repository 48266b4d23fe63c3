"""Exercises of lesson 11: a fair fault campaign."""


def paired_interval(a, b, t):
    """The mean difference a - b of two methods and its interval over training seeds.

    a, b: accuracies (S seeds, P patterns), paired; t: the quantile of Student's t with S - 1 degrees of freedom.
    Returns (mean, low, high).
    """
    raise NotImplementedError


def parts(table):
    """The variance of one value of table (S, P) due to the seed, to the pattern, and to neither: three numbers.

    With the mean squares of a two-way analysis of variance, MS_seed = P var(seed means), MS_pattern = S var(pattern
    means) and MS_rest = sum of (a_sp - mean_s - mean_p + mean)^2 / ((S - 1)(P - 1)), all with n - 1 below:
    seed = (MS_seed - MS_rest) / P, pattern = (MS_pattern - MS_rest) / S, rest = MS_rest; never below 0.
    """
    raise NotImplementedError


def holm(p_values):
    """Holm's corrected p values of a list of p values, in the same order.

    The smallest of n is multiplied by n, the next by n - 1, and so on; none is above 1, none below one before it.
    """
    raise NotImplementedError
