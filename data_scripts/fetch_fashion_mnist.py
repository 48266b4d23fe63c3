"""Download Fashion-MNIST (31 MB): python data_scripts/fetch_fashion_mnist.py

Any mirror is as good as another, since every file is checked by its SHA-256.
"""

import os
import sys
import time

import pooch

from aftt_np import data
from aftt_np.config import Parser
from aftt_np.errors import DataError, end_with

MIRRORS = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/b2617bb6d3ffa2e429640350f613e3291e10b141"
    "/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
FILES = {  # SHA-256 of the compressed files, as the mirrors have them
    "train-images-idx3-ubyte.gz": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte.gz": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte.gz": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte.gz": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
ROUNDS, WAIT = 3, 2.0  # how often all mirrors are tried, seconds between the rounds


def download(file: str, sha256: str, mirrors, folder):
    """Bring `file` into `folder` from the first mirror that has it whole; DataError if none has."""
    downloader = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        chunk_size=2**16,
        timeout=30,
        headers={"Accept-Encoding": "identity"},  # or some servers have it unpacked on the way: another hash
    )
    for attempt in range(ROUNDS * len(mirrors)):
        if attempt and attempt % len(mirrors) == 0:
            time.sleep(WAIT)
        url = mirrors[attempt % len(mirrors)] + file
        print(f"downloading {url}", file=sys.stderr)
        try:
            pooch.retrieve(url, f"sha256:{sha256}", file, folder, downloader=downloader)
            return
        except (OSError, ValueError) as error:  # no connection, no such page, no room; or a wrong hash
            reason = " ".join(str(error).split())
    raise DataError(f"{file} could not be downloaded, last because of: {reason}; try again later, or copy "
                    f"the file into {folder} yourself")


def fetch(name: str, files: dict, mirrors, data_dir):
    """Make sure that `data.load(name, data_dir)` works, and print what there is."""
    try:
        dataset, how = data.load(name, data_dir), "already on this machine, nothing was downloaded"
    except DataError:  # missing or damaged
        folder = data_dir or data.cache_folder()
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise DataError(f"cannot make the folder {folder}: {error}; choose another with --data-dir") from error
        for file, sha256 in files.items():
            download(file, sha256, mirrors, folder)
        dataset, how = data.load(name, folder), f"in {folder}"
    print(f"{name}: {len(dataset.x_train):,} training and {len(dataset.x_test):,} test images, {how}")


def command(description: str, arguments, *what):
    """Read the command line, and fetch. Raises the errors of errors.py."""
    parser = Parser(description=description.splitlines()[0])
    parser.add_argument("--data-dir", help="where to look and to download to (default: your cache folder)")
    options = parser.parse_args(arguments)
    pooch.get_logger().setLevel("ERROR")  # our own lines say enough
    fetch(*what, options.data_dir)


def main(arguments=None):
    """The command. Raises the errors of errors.py."""
    command(__doc__, arguments, "fashion-mnist", FILES, MIRRORS)


if __name__ == "__main__":
    end_with(main)
