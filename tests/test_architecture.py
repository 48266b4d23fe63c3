"""The shape of the project: reading order, no upward imports, the files that are allowed to exist."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from planted_bugs import BUGS

import aftt_np

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "aftt_np"
ORDER = re.findall(r"^\s+(\w+)\.py ", aftt_np.__doc__, re.MULTILINE)  # the reading order, from the package's docstring
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def imported_modules(path):
    """The modules of the package that a module imports, with the names it takes from each."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            assert "*" not in names, f"{path.name}: star import"
            if node.level and node.module:
                yield node.module.split(".")[0]
            elif node.level or node.module == "aftt_np":
                yield from names
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("aftt_np."))


def test_the_table_in_the_package_lists_every_module_once():
    assert sorted(ORDER) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_modules_above_it(module):
    for other in imported_modules(PACKAGE / f"{module}.py"):
        assert ORDER.index(other) < ORDER.index(module), f"{module}.py imports {other}.py, which comes later"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_and_public_thing_says_what_it_is_for(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{module}.py has no docstring"
    tables = {"models"}  # its functions are tables, and the module's docstring speaks for them
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and module not in tables:
            assert ast.get_docstring(node), f"{module}.{node.name} has no docstring"


def test_the_core_can_be_read_in_an_afternoon():
    core = ORDER[ORDER.index("backend") : ORDER.index("finetune") + 1]
    lines = {module: len((PACKAGE / f"{module}.py").read_text(encoding="utf-8").splitlines()) for module in core}
    of_others = sum(lines.pop(module) for module in ("memory", "defences", "deep"))  # one can leave them out
    of_others += len((PACKAGE / "randbet.py").read_text(encoding="utf-8").splitlines())
    assert sum(lines.values()) <= 1780, f"backend to finetune have {sum(lines.values())} lines; the aim is about 1,200"
    assert of_others <= 610, f"memory, defences, deep and randbet have {of_others} lines; they were to be about 500"


def test_importing_the_library_brings_in_neither_cupy_nor_matplotlib():
    code = "import aftt_np.games, aftt_np.finetune, sys; print([m for m in ('cupy', 'matplotlib') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert out.strip() == "[]"


def test_the_top_level_holds_what_was_agreed():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    agreed = {"aftt_np", "lessons", "tests", "data_scripts", "README.md", "requirements.txt"}
    agreed |= {"pyproject.toml", "LICENSE"}
    assert {name for name in top if not name.startswith(".")} <= agreed


def test_requirements_install_the_package_itself_and_no_bare_cupy():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "-e ."
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}
    assert runtime == {"numpy", "matplotlib", "tqdm", "threadpoolctl", "pooch", "filelock"}
    assert not any(line.startswith("cupy") for line in lines), "a bare cupy in requirements.txt has no wheel"
    assert set(project["optional-dependencies"]) == {"cuda12", "cuda13", "dask"}


def test_every_planted_bug_still_finds_its_line():
    source = {module: (PACKAGE / f"{module}.py").read_text(encoding="utf-8") for module in MODULES}
    lost = [name for name, (module, line, _) in BUGS.items() if line not in source[module]]
    assert not lost, f"tests/planted_bugs.py: no such line any more for {', '.join(lost)}"
