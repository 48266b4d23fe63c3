"""Typical wrong answers to exercise 15: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    ("np.where(inside, x, means)", "np.where(inside, x, 0.0)"),  # Squash
    ("np.where(inside, x, means)", "np.where(inside, x, means.mean())"),  # one mean for all neurons
    ("inside = abs(x) <= limit", "inside = x <= limit"),  # what is far below 0 stays
    ("inside = abs(x) <= limit", "inside = ~(abs(x) > limit)"),  # what is no number stays
    ("inside = abs(x) <= limit", "inside = abs(x) < limit"),  # the limit itself is honest
    ("np.where(inside, dy, 0)", "dy"),  # a slope where y is constant
    ("np.where(inside, x, means), np.where", "inside * x + ~inside * means, np.where"),  # 0 * inf is no number
    ("trusted = (x <= limits).all(axis=0)", "trusted = ~(x > limits).any(axis=0)"),  # trusts what is no number
    ("trusted = (x <= limits).all(axis=0)", "trusted = (x <= limits).any(axis=0)"),  # above it on all images
    ("trusted = (x <= limits).all(axis=0)", "trusted = (x < limits).all(axis=0)"),  # the loudest honest one
    ("(x <= limits).all(axis=0)", "(x <= limits).all(axis=1)"),  # images, not neurons
    ("np.flatnonzero(~trusted)", "~trusted"),  # which, not where
    ("best = choose.mean(axis=1)", "best = report.mean(axis=1)"),  # chosen on the table of the report
    ("reached = report[best].mean()", "reached = choose[best].mean()"),  # reported from the table of the choice
    ("choose.mean(axis=1).argmax()", "choose.max(axis=1).argmax()"),  # the luckiest pattern
    ("choose[best].mean() - reached", "reached - choose[best].mean()"),
]
