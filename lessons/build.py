"""python lessons/build.py [NAME ...]: run the lessons in clean kernels and write their notebooks, figures included.

The scripts (NN_name.py, percent format) are what is edited; the notebooks are made from them. `--fast` runs them with
fewer steps and writes nothing, as the tests do.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
LONGEST = 600  # seconds a cell


def notebook_of(script: Path):
    """The notebook of a script, not run; the names of its cells are their numbers, so that they stay the same."""
    notebook = jupytext.read(script)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "jupytext": {"formats": "ipynb,py:percent"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number:02}", {}
    return notebook


def run(script: Path, fast: bool):
    """The notebook of a script, run in a kernel of its own, in the folder of the lessons."""
    notebook = notebook_of(script)
    before = os.environ.copy()
    os.environ |= {"AFTT_FAST": "1"} if fast else {}
    try:
        NotebookClient(notebook, timeout=LONGEST, resources={"metadata": {"path": str(FOLDER)}}).execute()
    finally:
        os.environ.clear()
        os.environ |= before
    for cell in notebook.cells:
        cell.metadata = {}  # the times of each cell
    return notebook


def main(argv=None):
    """The command."""
    parser = argparse.ArgumentParser(prog="python lessons/build.py", description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginnings of names, as in 03 (default: all)")
    parser.add_argument("--fast", action="store_true", help="fewer steps, and nothing is written")
    options = parser.parse_args(argv)
    os.environ.pop("AFTT_FAST", None)
    for script in LESSONS:
        if not options.names or any(script.name.startswith(name) for name in options.names):
            started = time.perf_counter()
            notebook = run(script, options.fast)
            if not options.fast:
                nbformat.write(notebook, script.with_suffix(".ipynb"))
            print(f"{time.perf_counter() - started:6.1f} s  {script.name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
