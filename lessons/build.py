"""python lessons/build.py [NAME ...]: run the lessons in clean kernels and write their notebooks, figures included.

The scripts (NN_name.py, percent format) are what is edited; the notebooks are made from them, and so is the table of
lessons in README.md beside this file. `--fast` runs them with fewer steps and writes nothing, as the tests do;
`--check` runs them in full and writes nothing; `--table` only makes the table. A NAME is how a lesson's name begins, or
its path.
"""

import os
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

from aftt_np.config import Parser
from aftt_np.errors import end_with
from aftt_np.files import whole_file

FOLDER = Path(__file__).resolve().parent
LESSONS = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
LONGEST = 600  # seconds a cell
ADDRESS = ""  # the repository's public address on GitHub, as in "owner/name": with it every lesson gets a badge
HOST = "https://colab.research.google.com"  # runs a notebook of a public repository
ABOUT = {  # lesson: minutes of reading, lessons it needs, what it teaches
    "00": (15, "", "the whole story: break a network, see it fail, see one that stands"),
    "01": (25, "", "a dense layer, its backward pass, how to check a gradient"),
    "02": (30, "01", "activations, kinks, and why a dead unit is a masked column"),
    "03": (35, "01", "convolution as one matrix product"),
    "04": (25, "03", "max-pooling, upsampling, and what an adjoint is"),
    "05": (40, "01", "losses, penalties, Adam line by line"),
    "06": (35, "05", "a classifier, overfitting, Lasso and Tikhonov (table I, figure 2)"),
    "07": (35, "02, 03, 05", "stuck-at-0 faults, and where they hurt (figures 1, 3; eq. 4)"),
    "08": (30, "05, 07", "game one: the decoder"),
    "09": (40, "08", "game two: the discriminator, and how it goes wrong (figure 5)"),
    "10": (35, "07, 09", "fine-tuning, and all of Algorithm 1 (table II)"),
    "11": (35, "06, 07", "a fair fault campaign: patterns, pairs, intervals (figure 7)"),
    "12": (50, "10, 11", "what the paper left out, and which claim survives"),
    "13": (30, "03, 05, 10", "the same code on a GPU, and what a step costs (eq. 18 to 23)"),
    "14": (30, "07, 11", "what a bit is worth: numbers in memory, flips and stuck bits"),
    "15": (35, "14", "clipping: Ranger, FT-ClipAct, FitAct"),
    "16": (30, "14, 15", "saturated and scaled weights"),
    "17": (35, "12, 14, 15, 16", "which defence for which fault: a matrix with intervals, its reasons, a decision"),
}  # fmt: skip


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
    environment = {name: value for name, value in os.environ.items() if name != "AFTT_FAST"}
    # a lesson imports NumPy first, too early for the library to tell OpenBLAS that its threads should sleep soon
    environment |= {"OPENBLAS_THREAD_TIMEOUT": "18"} | ({"AFTT_FAST": "1"} if fast else {})
    client = NotebookClient(notebook, timeout=LONGEST, resources={"metadata": {"path": str(FOLDER)}})
    client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata = {}  # the times of each cell
        if "outputs" in cell:
            cell.outputs = joined(cell.outputs)
    return notebook


def joined(outputs: list) -> list:
    """Outputs of a cell where each print goes on from the one before; a kernel sends them in pieces, by the clock."""
    whole = []
    for out in outputs:
        if whole and out.output_type == "stream" == whole[-1].output_type and out.name == whole[-1].name:
            whole[-1].text += out.text
        else:
            whole.append(out)
    return whole


def title_of(script: Path) -> str:
    """What the lesson's first heading says."""
    return next(line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("# # "))[4:]


def badge(script: Path) -> str:
    """A link that opens the notebook on a hosted service; nothing as long as there is no ADDRESS."""
    if not ADDRESS:
        return ""
    path = f"github/{ADDRESS}/blob/main/lessons/{script.stem}.ipynb"
    return f"[![open in a hosted notebook]({HOST}/assets/colab-badge.svg)]({HOST}/{path})"


def table() -> str:
    """The table of lessons in Markdown."""
    header = ["lesson", "teaches", "needs", "minutes", *(["run it"] if ADDRESS else [])]
    rows = [header, ["---"] * len(header)]
    for script in LESSONS:
        minutes, needs, teaches = ABOUT[script.name[:2]]
        rows.append([f"[{title_of(script)}]({script.stem}.ipynb)", teaches, needs, str(minutes)])
        rows[-1] += [badge(script)] if ADDRESS else []
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def with_table(page: str) -> str:
    """The page with the table between its two marks."""
    before, rest = page.split("<!-- lessons -->\n")
    return f"{before}<!-- lessons -->\n{table()}<!-- end -->{rest.partition('<!-- end -->')[2]}"


def main(argv=None):
    """The command."""
    parser = Parser(prog="python lessons/build.py", description=__doc__.partition("\n\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginnings of names, as in 03 (default: all)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--fast", action="store_true", help="fewer steps, and nothing is written")
    how.add_argument("--check", action="store_true", help="in full, but nothing is written")
    how.add_argument("--table", action="store_true", help="the table of lessons in README.md, and nothing else")
    options = parser.parse_args(argv)
    starts = [Path(name).stem for name in options.names]
    for name, start in zip(options.names, starts, strict=True):
        if not start or not any(script.stem.startswith(start) for script in LESSONS):
            parser.error(f"no lesson begins with {name!r}")
    if options.table and starts:
        parser.error("--table takes no names: it is a table of all lessons")
    page = FOLDER / "README.md"
    keep = not options.fast and not options.check
    if keep:
        made = with_table(page.read_text(encoding="utf-8"))
        with whole_file(page) as file:
            file.write(made)
    if options.table:
        return
    for script in LESSONS:
        if not starts or script.stem.startswith(tuple(starts)):
            started = time.perf_counter()
            notebook = run(script, options.fast)
            if keep:
                with whole_file(script.with_suffix(".ipynb")) as file:
                    nbformat.write(notebook, file)
            print(f"{time.perf_counter() - started:6.1f} s  {script.name}", flush=True)


if __name__ == "__main__":
    end_with(main)
