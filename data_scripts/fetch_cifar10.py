"""Download CIFAR-10 (170 MB): python data_scripts/fetch_cifar10.py

The binary archive, since the one made for Python has to be unpickled, which can run whatever it contains.
"""

from fetch_fashion_mnist import command  # Python finds the scripts that lie beside this one

from aftt_np import data
from aftt_np.errors import end_with

MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/",
    "https://cave.cs.toronto.edu/kriz/",
    "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
)
FILES = {data.CIFAR_ARCHIVE: data.CIFAR_SHA256}


def main(arguments=None):
    """The command. Raises the errors of errors.py."""
    command(__doc__, arguments, "cifar10", FILES, MIRRORS)


if __name__ == "__main__":
    end_with(main)
