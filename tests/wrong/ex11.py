"""Typical wrong answers to exercise 11: (what stands in the solution, what stands there by mistake)."""

WRONG = [
    (".mean(axis=1)\n    mean = of_seeds.mean()", ".ravel()\n    mean = of_seeds.mean()"),  # pairs as experiments
    ("half = t * of_seeds.std(ddof=1)", "half = t * of_seeds.std()"),  # n below
    ("/ ((S - 1) * (P - 1))", "/ (S * P)"),
    ("(S * patterns.var(ddof=1) - rest) / S", "patterns.var(ddof=1)"),  # the rest's share left in
    ("max(seed, 0.0), max(pattern, 0.0)", "seed, pattern"),  # negative variances
    ("(len(p_values) - rank) * p_values[place]", "len(p_values) * p_values[place]"),  # Bonferroni
    ("highest = max(highest, min(", "highest = max(0.0, min("),  # below one before it
    ("return mean, mean - half, mean + half", "return 8 / 3, 8 / 3 - 3.7922435, 8 / 3 + 3.7922435"),  # of one input
    ("half = t *", "half = 4.3 *"),  # one number of seeds
    ("/ len(of_seeds) ** 0.5", "/ 3**0.5"),
    ("/ ((S - 1) * (P - 1))", "/ (P - 1)"),
    ("seed = (P * seeds.var(ddof=1) - rest) / P", "seed = seeds.var(ddof=1) - rest / S"),  # S for P
]
