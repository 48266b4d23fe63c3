"""Lessons: notebooks are those of their scripts, every cell runs in a clean kernel, exercises can be solved, or not."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from aftt_np import findings, plans, statistics, tables
from aftt_np.errors import exit_code_of

LESSONS = Path(__file__).resolve().parent.parent / "lessons"
WRONG = Path(__file__).resolve().parent / "wrong"
SCRIPTS = sorted(LESSONS.glob("[0-9][0-9]_*.py"))
EXERCISES = sorted(path.stem for path in (LESSONS / "exercises").glob("ex*.py"))
LARGEST = 500_000  # bytes of a notebook, figures included

sys.path.insert(0, str(LESSONS))  # what a notebook in that folder has by itself


def module_of(path, name=None):
    spec = importlib.util.spec_from_file_location(name or path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = module_of(LESSONS / "build.py")


# ---- the notebooks


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_notebook_is_that_of_its_script_run_to_its_end(script):
    """Cell by cell; no error among the outputs, no cell left out, none too large to be read on the web."""
    path = script.with_suffix(".ipynb")
    committed = json.loads(path.read_text(encoding="utf-8"))
    fresh = build.notebook_of(script)
    assert [(cell["id"], cell["cell_type"], "".join(cell["source"])) for cell in committed["cells"]] == [
        (cell.id, cell.cell_type, cell.source) for cell in fresh.cells
    ], f"python lessons/build.py {script.name[:2]} makes it anew"
    counts = [cell["execution_count"] for cell in committed["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), "not run from its first cell to its last in one clean kernel"
    kinds = [out["output_type"] for cell in committed["cells"] for out in cell.get("outputs", ())]
    assert "error" not in kinds and "display_data" in kinds
    for cell in committed["cells"]:
        said = [out.get("name", index) for index, out in enumerate(cell.get("outputs", ()))]  # of others: no two alike
        assert all(a != b for a, b in pairwise(said)), "what one cell prints lies in pieces"
    assert path.stat().st_size < LARGEST


def test_pieces_of_one_print_are_joined_and_no_others():
    said = [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d"), None, ("stdout", "e"), ("stdout", "f")]
    outputs = [build.nbformat.v4.new_output("stream", name=out[0], text=out[1]) if out
               else build.nbformat.v4.new_output("display_data") for out in said]  # fmt: skip
    joined = [(out.name, out.text) if out.output_type == "stream" else None for out in build.joined(outputs)]
    assert joined == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d"), None, ("stdout", "ef")]


def study_of(name):
    """(what was found, what the notebook that looks at it says)."""
    plan = plans.read(LESSONS / "plans" / f"{name}.toml")
    found = findings.read(LESSONS / "results" / name, plan.methods, list(plan.networks))
    lesson = {"core-A1": "12_which_claim_survives", "defences-A1": "17_which_defence"}[name]
    cells = json.loads((LESSONS / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]
    return found, "".join("".join(out.get("text", "")) for cell in cells for out in cell.get("outputs", ()))


def test_the_notebook_on_claims_is_of_the_rows_that_are_there():
    found, said = study_of("core-A1")
    assert tables.accuracies(found) in said and tables.differences(found) in said


def test_the_notebook_on_defences_is_of_the_rows_that_are_there():
    found, said = study_of("defences-A1")
    for method, seeds in found.seeds.items():
        right = tables.text(statistics.interval([found.test[method][seed] for seed in seeds]))
        assert f"{method}: seeds {seeds}, without faults {right} % right\n" in said
    for curve in found.curves:
        assert f"\n{curve.fault}, none at {curve.table('none', found.seeds['none']).mean():.1f} %:\n" in said


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_source_that_a_notebook_shows_is_the_library_as_it_is(script):
    library = "\n".join(path.read_text(encoding="utf-8") for path in (LESSONS.parent / "aftt_np").glob("*.py"))
    shown = []
    for cell in json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]:
        if "inspect.getsource(" in "".join(cell["source"]):
            said = "".join("".join(out.get("text", "")) for out in cell["outputs"])
            shown += [block.strip("\n") for block in re.split(r"\n\s*\n", said) if re.match(r"\s*(def|class|@)", block)]
    assert shown, "no lesson is without"
    stale = [block.strip().splitlines()[0] for block in shown if block not in library]
    assert not stale, f"python lessons/build.py {script.stem[:2]} shows anew: {', '.join(stale)}"


@pytest.fixture(scope="module")
def kernels():
    """Lessons that are run side by side: a function from (script, how) to what came of it; all are begun at once."""

    def command(script, how):
        call = [sys.executable, str(LESSONS / "build.py"), script.name, how]
        alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # two lessons with two threads each wait for each other
        return subprocess.run(call, capture_output=True, text=True, timeout=1200, env=alone)

    with ThreadPoolExecutor(2) as pool:
        runs = {}

        def ask(script, how):
            for one in SCRIPTS:
                if (one, how) not in runs:
                    runs[one, how] = pool.submit(command, one, how)
            return runs[script, how].result()

        yield ask
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_cell_runs_in_a_clean_kernel_fast(script, kernels):
    done = kernels(script, "--fast")
    assert done.returncode == 0 and script.name in done.stdout, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_cell_runs_in_a_clean_kernel_in_full(script, kernels):
    done = kernels(script, "--check")
    assert done.returncode == 0 and script.name in done.stdout, done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_lesson_hides_nothing(script):
    """No star import, no path hack, no magic; at most 30 lines a cell; a figure is followed by a sentence."""
    text = script.read_text(encoding="utf-8")
    assert not re.search(r"import \*|sys\.path|^# ?%[a-z]|^!|warnings\.filter|np\.random\.seed", text, re.MULTILINE)
    cells = build.notebook_of(script).cells
    for place, cell in enumerate(cells):
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 30, f"cell {place} is too long to be read at a glance"
            if "plt.show()" in cell.source:
                after = cells[place + 1]
                assert after.cell_type == "markdown" and after.source.lstrip().startswith("*"), (
                    f"cell {place}: a figure needs a sentence in *italics* behind it that says what it shows"
                )
    assert "inspect.getsource" in text, "the library's own code is not shown"


def test_every_lesson_is_there():
    """One for each idea, numbered without a gap; each with its exercises, solutions, checks and wrong answers."""
    numbers = [script.name[:2] for script in SCRIPTS]
    assert numbers == [f"{n:02}" for n in range(len(numbers))]
    assert [f"ex{number}" for number in numbers] == EXERCISES
    for folder in (LESSONS / "solutions", LESSONS / "checks", WRONG):
        assert sorted(path.stem for path in folder.glob("ex*.py")) == EXERCISES, folder


def test_the_page_for_teachers_has_every_lesson(monkeypatch):
    page = (LESSONS / "README.md").read_text(encoding="utf-8")
    assert page == build.with_table(page), "python lessons/build.py --table makes it anew"
    assert page.count(".ipynb)") == len(SCRIPTS) and "badge" not in build.table()
    assert list(build.ABOUT) == [script.name[:2] for script in SCRIPTS]
    for number, (_, needs, _) in build.ABOUT.items():
        assert all(other < number for other in needs.split(", ") if other), f"{number} needs a later lesson"
    monkeypatch.setattr(build, "ADDRESS", "owner/name")
    assert build.table().count("/github/owner/name/blob/main/lessons/") == len(SCRIPTS)


@pytest.mark.parametrize("arguments", [
    "99", "3", "03 99 --fast", "--fast --table", "--fast --check", "--table 03", "--fas",
])  # fmt: skip
def test_the_command_refuses_what_it_would_not_do(arguments, monkeypatch, capsys):
    monkeypatch.setattr(build, "run", lambda script, fast: pytest.fail(f"ran {script}"))
    assert exit_code_of(build.main, arguments.split()) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.count("\n") == 1


@pytest.mark.parametrize("name", ["03", "03_convolution", "lessons/03_convolution.py", "lessons/03_convolution.ipynb"])
def test_the_command_takes_a_lesson_by_number_name_or_path(name, monkeypatch):
    ran = []
    monkeypatch.setattr(build, "run", lambda script, fast: ran.append((script.name, fast)))
    build.main([name, "--fast"])
    assert ran == [("03_convolution.py", True)]


# ---- the exercises


def verdict(source: str, name: str):
    """What the check of exercise `name` says of answers with this source: None, or its message."""
    from importlib import import_module
    from types import ModuleType

    answers = ModuleType(f"exercises.{name}")
    exec(compile(source, f"{name}.py", "exec"), answers.__dict__)
    try:
        import_module(f"checks.{name}").check(answers)
    except NotImplementedError:
        return "NotImplementedError"
    except AssertionError as failure:
        return str(failure) or "an assertion without a message"
    except Exception as error:  # a wrong answer may do anything
        return f"{type(error).__name__}: {error}"
    return None


def source_of(folder, name):
    return (LESSONS / folder / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXERCISES)
def test_every_solution_passes(name):
    assert verdict(source_of("solutions", name), name) is None


@pytest.mark.parametrize("name", EXERCISES)
def test_every_stub_fails_since_it_is_not_written(name):
    stub, solution = source_of("exercises", name), source_of("solutions", name)
    assert verdict(stub, name) == "NotImplementedError"
    asked = set(re.findall(r"^def (\w+)", stub, re.MULTILINE))
    assert asked and asked <= set(re.findall(r"^def (\w+)", solution, re.MULTILINE))
    for function in asked:  # each stub by itself, all others solved
        body = re.search(rf"^def {function}\(.*?(?=^(?:def|class) |\Z)", stub, re.MULTILINE | re.DOTALL)[0]
        assert verdict(f"{solution}\n\n{body}", name) == "NotImplementedError", f"{function} is never called"


@pytest.mark.parametrize("name", EXERCISES)
def test_every_typical_mistake_is_found_and_named(name):
    """At least two for each exercise; the message names a function or a property, and the input it failed on."""
    solution, wrong = source_of("solutions", name), module_of(WRONG / f"{name}.py", f"wrong_{name}").WRONG
    functions = re.findall(r"^def (\w+)", source_of("exercises", name), re.MULTILINE)
    assert len(wrong) >= 2 * len(functions)
    for right, mistake in wrong:
        assert solution.count(right) == 1, f"{name}: {right!r} is not once in the solution"
        said = verdict(solution.replace(right, mistake), name)
        assert said, f"{name} takes {mistake!r} for right"
        assert "\n  on " in said, f"{mistake!r}: no input is named in {said!r}"
        assert any(function in said for function in functions), f"{mistake!r}: no function is named in {said!r}"


def test_a_notebook_says_which_property_failed(capsys, monkeypatch, tmp_path):
    import checks

    (tmp_path / "ex01.py").write_text(source_of("exercises", "ex01"))
    answers = module_of(tmp_path / "ex01.py", "exercises.ex01")
    monkeypatch.setattr(checks, "reload", lambda module: module)
    checks.look_at(answers)
    assert capsys.readouterr().out == "ex01: there is something left to write\n"
    exec(source_of("solutions", "ex01"), answers.__dict__)
    checks.look_at(answers)
    assert "well done" in capsys.readouterr().out
    answers.along_a_direction = lambda f, p, v, h=1e-6: 0.0
    checks.look_at(answers)
    said = capsys.readouterr().out
    assert said.startswith("ex01: not yet\nalong_a_direction is wrong by up to ") and "\n  on f = the sum of p" in said
    exec("def along_a_direction(f, p, v, h=1e-6):\n    return 1 / 0", answers.__dict__)
    checks.look_at(answers)
    said = capsys.readouterr().out
    assert said.startswith("ex01: not yet\nalong_a_direction stopped with ZeroDivisionError: division by zero\n  on f")


def test_exercises_can_be_looked_at_from_the_folder_of_the_repository_too():
    code = "from lessons.checks import look_at; from lessons.solutions import ex00; look_at(ex00)"
    done = subprocess.run([sys.executable, "-c", code], cwd=LESSONS.parent, capture_output=True, text=True, timeout=60)
    assert done.stdout == "ex00: well done, everything holds\n", done.stdout + done.stderr


@pytest.mark.parametrize("way", ["pytest.skip('', allow_module_level=True)", "pytest.xfail('')", "pytest.exit('', 0)"])
def test_an_exercise_cannot_leave_its_own_check(way, monkeypatch):
    import test_exercises

    monkeypatch.setattr(test_exercises, "import_module", lambda name: exec(f"import pytest\n{way}"))
    try:
        test_exercises.test_exercise("ex01")
    except BaseException as ended:  # `pytest.raises` would let a skip through, and this test would be skipped, too
        how = ended
    assert isinstance(how, pytest.fail.Exception) and "ex01 leaves its own check" in str(how), type(how).__name__


@pytest.mark.parametrize(("marker", "failing"), [("ex01", 1), ("exercise", len(EXERCISES))])
def test_a_student_can_ask_for_one_exercise_or_for_all(marker, failing):
    """python -m pytest -m ex01 runs the check of the student's file, and nothing else."""
    call = [sys.executable, "-m", "pytest", "-m", marker, "-q", "-p", "no:cacheprovider", "tests/test_exercises.py"]
    done = subprocess.run(call, cwd=LESSONS.parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and f"{failing} failed" in done.stdout and "passed" not in done.stdout, done.stdout
    assert "NotImplementedError" in done.stdout
