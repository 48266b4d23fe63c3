"""Profiles for hypothesis: every run tries the same examples, and a failing one is printed so that it can be kept."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", deadline=None, derandomize=True, database=None, max_examples=25, print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("default")
