"""A generator for every purpose, found by its name, never by its turn.

`Stream("order", 7, 3)` is the order of epoch 3 under seed 7. Nothing that other code drew before can change it, so a
resumed run needs no generator's state but the step number, and two methods with one seed see the same batches.
"""

import hashlib
import json
from operator import index

import numpy as np


class Stream:
    """The name of a stream of random numbers.

    `Stream("noise", 7)["discriminator/dropout1"]` is the stream named ("noise", 7, "discriminator/dropout1");
    `.generator()` starts it from its beginning. Names are strings and integers, also NumPy's: 1 is not "1".
    `xp` is the library whose generator is wanted: a name gives one stream in NumPy, another in CuPy.
    """

    def __init__(self, *name, xp=np):
        self.name, self.xp = name, xp

    def __getitem__(self, part) -> "Stream":
        return Stream(*self.name, part, xp=self.xp)

    def key(self) -> int:
        """128 bits of SHA-256 of the name; unlike `hash()` they are the same in every process."""
        return int.from_bytes(hashlib.sha256(json.dumps(self.name, default=index).encode()).digest()[:16], "little")

    def generator(self):
        """A fresh generator of `xp`; Philox, which is counter-based: any key gives an independent stream.

        CuPy folds the key into 32 bits, so among very many streams on a GPU two may coincide.
        """
        if self.xp is np:
            return np.random.Generator(np.random.Philox(key=self.key()))
        return self.xp.random.Generator(self.xp.random.Philox4x3210(self.key()))
