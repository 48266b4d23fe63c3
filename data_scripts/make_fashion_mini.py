"""Make the small set inside the package from the full Fashion-MNIST: python data_scripts/make_fashion_mini.py

6,000 training and 1,000 test images, as many of each class, chosen by names of random streams. They stay in
the order of the full set, which mixes the classes, so that a run of rows is itself a fair sample.
"""

from pathlib import Path

import numpy as np

from aftt_np import data
from aftt_np.config import Parser
from aftt_np.errors import end_with
from aftt_np.files import whole_file
from aftt_np.rng import Stream

PER_CLASS = {"train": 600, "test": 100}


def rows_of(labels, part: str):
    """The sorted rows of PER_CLASS[part] images of every class, for labels (N,)."""
    chosen = [
        Stream("fashion-mini", part, label).generator().permutation(np.flatnonzero(labels == label))
        for label in range(10)
    ]
    return np.sort(np.concatenate([rows[: PER_CLASS[part]] for rows in chosen]))


def make(full: data.Dataset) -> dict:
    """The arrays of the file: images uint8 (N, 28, 28), labels uint8 (N,)."""
    train, test = rows_of(full.y_train, "train"), rows_of(full.y_test, "test")
    return {
        "x_train": full.x_train[train, :, :, 0],
        "y_train": full.y_train[train].astype(np.uint8),
        "x_test": full.x_test[test, :, :, 0],
        "y_test": full.y_test[test].astype(np.uint8),
    }


def write(data_dir, out: Path):
    """Write the file. Raises DataError where the full set is not, or is damaged."""
    arrays = make(data.load("fashion-mnist", data_dir))
    with whole_file(out, "wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{out}: {len(arrays['x_train']):,} training and {len(arrays['x_test']):,} test images, "
          f"{out.stat().st_size:,} bytes")


def main(argv=None):
    """The command. Raises the errors of errors.py."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="a folder that holds the full set")
    parser.add_argument("--out", type=Path, default=data.MINI_FILE, help="default: %(default)s")
    arguments = parser.parse_args(argv)
    write(arguments.data_dir, arguments.out)


if __name__ == "__main__":
    end_with(main)
