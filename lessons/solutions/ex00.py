"""Solutions of lesson 00: the whole story on one page."""

import numpy as np


def break_weights(weights, u, rate):
    """Strictly below: at rate 0 nothing dies, not even u = 0, and at rate 1 everything does, since u is below 1."""
    return [0.0 if chance < rate else weight for weight, chance in zip(weights, u, strict=True)]


def first_below(rates, accuracies, points):
    """A curve over few accidents may rise again, so the first such rate counts, not the last."""
    floor = accuracies[0] - points
    return next((rate for rate, accuracy in zip(rates, accuracies, strict=True) if accuracy <= floor), None)


def vote(answers):
    """Count the votes of each image; argmax takes the first of several largest, which is the smallest answer."""
    return np.array([np.bincount(of_image).argmax() for of_image in np.asarray(answers).T])
