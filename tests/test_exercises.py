"""The exercises of the lessons, as the student has left them: `python -m pytest -m ex03` checks ex03.py.

Outside the default line: as they are given, every exercise fails.
"""

import sys
from importlib import import_module
from pathlib import Path

import pytest

LESSONS = Path(__file__).resolve().parent.parent / "lessons"
sys.path.insert(0, str(LESSONS))  # what a notebook in that folder has by itself


@pytest.mark.parametrize("name", [
    pytest.param(path.stem, marks=[pytest.mark.exercise, getattr(pytest.mark, path.stem)])
    for path in sorted((LESSONS / "exercises").glob("ex*.py"))
])  # fmt: skip
def test_exercise(name):
    try:
        import_module(f"checks.{name}").check(import_module(f"exercises.{name}"))
    except (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception) as ended:
        pytest.fail(f"{name} leaves its own check: {ended!r}")
