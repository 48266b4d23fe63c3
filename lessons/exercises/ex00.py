"""Exercises of lesson 00: the whole story on one page."""


def break_weights(weights, u, rate):
    """The list of weights with those stuck at 0 whose u lies below the rate.

    weights, u: two lists of numbers, equally long; u from 0 to below 1. Returns a new list; `weights` stays as it is.
    """
    raise NotImplementedError


def first_below(rates, accuracies, points):
    """The first of the rates at which the accuracy lies `points` or more below that at the first rate.

    rates, accuracies: two lists of numbers, equally long, the rates in rising order. None if there is no such rate.
    """
    raise NotImplementedError


def vote(answers):
    """For each of N images the answer that most of K chips give; if several have most votes, the smallest of them.

    answers: array of integers (K, N), a row for each chip. Returns N integers.
    """
    raise NotImplementedError
