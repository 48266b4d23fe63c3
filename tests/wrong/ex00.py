"""Typical wrong answers to exercise 00: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("chance < rate", "chance <= rate"),  # dies at its own u
    ("0.0 if chance < rate else weight", "weight if chance < rate else 0.0"),  # the living are killed
    ("0.0 if chance < rate else weight", "0.0 if abs(weight) < rate else weight"),  # the small ones die
    ("accuracy <= floor", "accuracy < floor"),  # 5 points below is not yet below
    ("accuracies[0] - points", "max(accuracies) - points"),  # below its highest, not below its start
    ("accuracies[0] - points", "accuracies[0] * (1 - points / 100)"),  # percent of the start, not points
    ("if accuracy <= floor), None)", "if accuracy <= floor), rates[-1])"),  # a rate where there is none
    ("np.bincount(of_image).argmax()", "np.median(of_image).astype(int)"),  # a class is not a size
    ("np.asarray(answers).T", "np.asarray(answers)"),  # the vote of one chip about all images
    ("np.bincount(of_image).argmax()", "max(of_image.tolist(), key=of_image.tolist().count)"),  # ties to the first chip
    ("    return [0.0 if", "    if rate == 0:\n        return weights\n    return [0.0 if"),  # no new list
]
