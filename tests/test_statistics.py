"""Intervals, tests and variances: by hand, against printed tables, and by simulation of what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftt_np import statistics

T_TABLE = [  # probability, degrees of freedom, quantile: from printed tables
    (0.975, 1, 12.7062), (0.975, 2, 4.3027), (0.975, 4, 2.7764), (0.975, 9, 2.2622), (0.975, 29, 2.0452),
    (0.975, 120, 1.9799), (0.95, 5, 2.0150), (0.995, 3, 5.8409), (0.5, 7, 0.0),
]  # fmt: skip


@pytest.mark.parametrize(("p", "freedom", "t"), T_TABLE)
def test_quantiles_of_student_s_t(p, freedom, t):
    assert statistics.t_quantile(p, freedom) == pytest.approx(t, abs=1e-4)


def test_an_interval_covers_the_mean_as_often_as_it_says():
    """2,000 samples of 5 normal numbers: 95 % of the intervals cover 0, give or take 3 standard errors."""
    values = np.random.default_rng(0).standard_normal((2000, 5))
    covered = [low <= 0 <= high for _, low, high in map(statistics.interval, values)]
    assert abs(np.mean(covered) - 0.95) < 3 * (0.95 * 0.05 / 2000) ** 0.5


T_TAILS = [(12.7062, 1, 0.05), (2.7764, 4, 0.05), (-2.7764, 4, 0.05), (4.6041, 4, 0.01), (0.0, 9, 1.0)]


@pytest.mark.parametrize(("t", "freedom", "p"), T_TAILS)
def test_tails_of_student_s_t(t, freedom, p):
    assert statistics.t_tails(t, freedom) == pytest.approx(p, abs=1e-5)


def test_a_method_by_hand():
    """Seeds' means 10 and 14, patterns' means 11 and 13, no interaction."""
    said = statistics.of_method([[9, 11], [13, 15]])
    assert (said["mean"], said["seeds"]) == (12.0, 2)
    assert said["high"] - 12 == pytest.approx(12.7062047 * 2)  # of two means that lie 4 apart
    assert said["variance"] == {"seed": 8.0, "pattern": 2.0, "rest": 0.0}
    assert statistics.of_method([[9, 11]])["variance"] is None and statistics.of_method([[9, 11]])["low"] is None


def test_the_parts_of_the_variance_are_found():
    draw = np.random.default_rng(0).standard_normal
    found = [statistics.variances(3 * draw((6, 1)) + draw((1, 20)) + 2 * draw((6, 20))) for _ in range(400)]
    for part, expected in (("seed", 9), ("pattern", 1), ("rest", 4)):
        assert np.mean([one[part] for one in found]) == pytest.approx(expected, rel=0.1), part


def test_seeds_not_pairs_are_the_independent_values():
    """Methods that differ by nothing: with seeds that differ much, 5 % of the tests find a difference, not more.

    With the seed-pattern pairs taken for independent values it would be most of them.
    """
    rng = np.random.default_rng(0)
    tables = rng.standard_normal((1000, 2, 5, 1)) * 3 + rng.standard_normal((1000, 2, 5, 30))
    p = np.array([statistics.difference(a, b)["p"] for a, b in tables])
    assert abs((p < 0.05).mean() - 0.05) < 3 * (0.05 * 0.95 / 1000) ** 0.5


def test_what_seeds_and_patterns_share_cancels_in_a_paired_difference():
    rng = np.random.default_rng(0)
    shared = 5 * rng.standard_normal((5, 1)) + 5 * rng.standard_normal((1, 30))
    a, b = (shared + mean + 0.1 * rng.standard_normal((5, 30)) for mean in (1, 0))
    said = statistics.difference(a, b)
    assert said["mean"] == pytest.approx(1, abs=0.1) and said["high"] - said["low"] < 0.2 and said["p"] < 1e-4
    assert statistics.difference(b, a)["mean"] == -said["mean"]
    assert statistics.difference(a, a) == {"mean": 0.0, "low": 0.0, "high": 0.0, "p": None}
    assert statistics.difference(a + 0.1, a)["p"] is None, "two seeds that differ by the same are no certainty"
    assert statistics.difference(a[:1], b[:1])["p"] is None
    with pytest.raises(ValueError, match="the same seeds and patterns"):
        statistics.difference(a, b[:4])


def test_holm_by_hand():
    """Sorted: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.04 x 1; none below the one before."""
    assert statistics.holm({"b": 0.03, "a": 0.01, "d": 0.04, "c": 0.02}) == pytest.approx(
        {"b": 0.06, "a": 0.04, "d": 0.06, "c": 0.06}
    )
    assert statistics.holm({"a": 0.6, "b": 0.9}) == {"a": 1.0, "b": 1.0} and statistics.holm({}) == {}


def test_holm_keeps_its_word():
    """Four comparisons of nothing: any of them called different in at most 5 % of the cases."""
    p = np.random.default_rng(0).random((2000, 4))
    wrong = [min(statistics.holm(dict(enumerate(row))).values()) < 0.05 for row in p]
    assert np.mean(wrong) < 0.05 + 3 * (0.05 * 0.95 / 2000) ** 0.5


def test_the_parts_of_the_variance_by_hand():
    """Means of seeds 1, 3 and of patterns 0, 4 around 2; interaction +-1: mean squares 4, 16 and 4."""
    table = [[-1 + 1, 3 - 1], [1 - 1, 5 + 1]]
    assert statistics.variances(np.array(table, float)) == {"seed": 0.0, "pattern": 6.0, "rest": 4.0}


@pytest.mark.parametrize("spread", [(3, 1, 1), (1, 3, 1), (0.5, 3, 1)], ids=["seeds", "patterns", "patterns-alone"])
def test_the_bootstrap_covers_new_seeds_and_new_patterns(spread):
    """Of 300 tables of 5 seeds and 30 patterns it covers the true mean in 95 %, or more; a t interval does not."""
    of_seed, of_pattern, of_rest = spread
    draw = np.random.default_rng(1).standard_normal
    tables = [of_seed * draw((5, 1)) + of_pattern * draw((1, 30)) + of_rest * draw((5, 30)) for _ in range(300)]
    covered = [low <= 0 <= high for _, low, high in map(statistics.bootstrap, tables)]
    assert np.mean(covered) > 0.95 - 3 * (0.95 * 0.05 / 300) ** 0.5
    if of_seed == 0.5:
        over_seeds = [one["low"] <= 0 <= one["high"] for one in map(statistics.of_method, tables)]
        assert np.mean(over_seeds) < 0.8, "a t interval over seeds is for these patterns, not for new ones"


def test_the_bootstrap_is_repeatable_and_knows_what_it_cannot_say():
    table = np.random.default_rng(0).random((4, 6))
    assert statistics.bootstrap(table) == statistics.bootstrap(table)
    mean, low, high = statistics.bootstrap(table)
    assert low < mean == table.mean() < high
    upside_down = statistics.bootstrap(-table)
    assert upside_down == pytest.approx((-mean, -high, -low)), "both ends are moved out in one way"
    assert statistics.bootstrap(table[:1])[1:] == (None, None) == statistics.bootstrap(table[:, :1])[1:]
    assert statistics.bootstrap(np.full((3, 3), 7.0)) == pytest.approx((7.0, 7.0, 7.0))


def test_rank_correlation_by_hand():
    assert statistics.rank_correlation([1, 2, 3], [10, 100, 1000]) == pytest.approx(1)
    assert statistics.rank_correlation([1, 2, 3], [5, 3, 1]) == pytest.approx(-1)
    assert statistics.rank_correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)  # 1 - 6 * 2 / (4 * 15)
    ties = statistics.rank_correlation([1, 2, 2, 3], [1, 2, 3, 4])  # ranks 1, 2.5, 2.5, 4: 4.5 / sqrt(4.5 * 5)
    assert ties == pytest.approx(0.9**0.5), "ties share their mean rank"
    assert statistics.rank_correlation([1, 1], [1, 2]) is None


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_rank_correlation_is_that_of_the_squared_differences(x, y):
    """Without ties: 1 - 6 sum d^2 / (n (n^2 - 1))."""
    d = np.array(x) - np.array(y)
    assert statistics.rank_correlation(x, y) == pytest.approx(1 - 6 * float(d @ d) / (6 * 35))
