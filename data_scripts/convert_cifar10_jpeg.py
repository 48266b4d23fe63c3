"""Make `cifar10-jpeg` from a pair of files: python data_scripts/convert_cifar10_jpeg.py TRAIN.npz TEST.npz

Each of the two holds `jpeg`, the bytes of all images one after another, `size`, the bytes of each image, and
its `label`. JPEG changes the pixels a little, so results on this set are not results on CIFAR-10.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from aftt_np import data
from aftt_np.config import Parser
from aftt_np.errors import DataError, end_with
from aftt_np.files import read_npz, whole_file


def decode(path: Path):
    """The images uint8 (N, 32, 32, 3) and labels uint8 (N,) of one file; DataError if it is not as it should be."""
    jpeg, size, label = read_npz(path, ("jpeg", "size", "label")).values()
    if jpeg.dtype != np.uint8 or jpeg.ndim != 1 or size.dtype.kind not in "iu" or size.ndim != 1 or not size.size:
        raise DataError(f"{path}: expected jpeg as uint8 and size as integers, each with one axis, found "
                        f"{jpeg.dtype} {jpeg.shape} and {size.dtype} {size.shape}; check that it is the right file")
    ends = np.cumsum(size, dtype=np.int64)
    starts = ends - size.astype(np.int64)
    if size.min() < 1 or ends[-1] != len(jpeg):
        raise DataError(f"{path}: the sizes add up to {ends[-1]:,} bytes, but jpeg has {len(jpeg):,}; make it again")
    if label.dtype.kind not in "iu" or label.shape != size.shape or label.min() < 0 or label.max() > 9:
        raise DataError(f"{path}: expected a label in 0..9 for each of {len(size):,} images, found {label.dtype} "
                        f"{label.shape}; make it again")
    images = np.empty((len(size), 32, 32, 3), np.uint8)
    for i in tqdm(range(len(size)), desc=path.name, unit=" images", disable=None):  # None: only on a terminal
        try:
            with Image.open(io.BytesIO(jpeg[starts[i] : ends[i]]), formats=["JPEG"]) as image:
                if image.size != (32, 32):
                    raise ValueError(f"expected 32x32 pixels, found {image.width}x{image.height}")
                images[i] = image.convert("RGB")
        except Exception as error:  # damaged bytes can raise anything
            raise DataError(f"{path}: image {i} cannot be decoded: {error}; make the file again") from error
    return images, label.astype(np.uint8)


def convert(train: Path, test: Path, out):
    """Write cifar10-jpeg.npz into the folder `out`, or the cache. Raises DataError for files that are no such pair."""
    out = Path(out or data.cache_folder())
    arrays = dict(zip(data.ARRAYS, (*decode(train), *decode(test)), strict=True))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"cannot make the folder {out}: {error.strerror}; choose another with --out") from error
    with whole_file(out / "cifar10-jpeg.npz", "wb") as file:
        np.savez(file, **arrays)
    dataset = data.load("cifar10-jpeg", out)
    print(f"cifar10-jpeg: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images, in {out}")


def main(argv=None):
    """The command. Raises the errors of errors.py."""
    parser = Parser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path, metavar="TRAIN.npz")
    parser.add_argument("test", type=Path, metavar="TEST.npz")
    parser.add_argument("--out", type=Path, help="the folder to write to (default: your cache folder)")
    arguments = parser.parse_args(argv)
    convert(arguments.train, arguments.test, arguments.out)


if __name__ == "__main__":
    end_with(main)
