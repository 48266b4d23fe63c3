"""Profiles for hypothesis: every run tries the same examples, and a failing one is printed so that it can be kept.

And what several modules ask for.
"""

import signal

import pytest
from hypothesis import HealthCheck, settings

from aftt_np import train

settings.register_profile(
    "default", deadline=None, derandomize=True, database=None, max_examples=25, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("default")


@pytest.fixture(autouse=True)
def ctrl_c_as_it_was():
    """No test may change what Ctrl-C does: programs that later tests start would inherit it."""
    before = signal.getsignal(signal.SIGINT)
    yield
    assert signal.getsignal(signal.SIGINT) == before


@pytest.fixture(scope="session")
def without_figures():
    """A function that has runs draw nothing: figures are most of the time of short ones."""

    def apply(patch: pytest.MonkeyPatch):
        for name in ("draw_games", "draw_results"):
            patch.setattr(train.Run, name, lambda *args: None)

    return apply
