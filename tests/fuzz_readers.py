"""pip install atheris && python tests/fuzz_readers.py [-max_total_time=300]: random files for every reader.

The fuzzer looks at which lines of the readers a file reaches, and changes files so that they reach more. Whatever it
comes up with, a reader gives what was written or raises an error of ours; anything else ends the run with the file.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["aftt_np"]):
    from aftt_np import checkpoint, data, files  # noqa: F401  (imported here, they are watched)
    from aftt_np.errors import AfttError

import test_damage

FOLDER = Path(tempfile.mkdtemp())
KINDS = ("checkpoint", "rows", "seal", "own data")


def written(kind: str) -> bytes:
    """A sound file of this kind."""
    name, write, _, _ = test_damage.FILES[kind]
    path = FOLDER / name
    write(path.with_suffix("") if kind == "seal" else path)
    return path.read_bytes()


SOUND = {kind: written(kind) for kind in KINDS}
EXPECTED = {kind: test_damage.FILES[kind][2](FOLDER / test_damage.FILES[kind][0]) for kind in KINDS}


@atheris.instrument_func
def read(content: bytes):
    """The first byte says which kind of file the rest is."""
    if not content:
        return
    kind, content = KINDS[content[0] % len(KINDS)], content[1:]
    name, _, reader, _ = test_damage.FILES[kind]
    (FOLDER / "faults.csv").write_bytes(SOUND["rows"])
    (FOLDER / "faults.csv.seal").write_bytes(SOUND["seal"])
    (FOLDER / name).write_bytes(content)
    try:
        found = reader(FOLDER / name)
    except AfttError as error:
        assert "\n" not in str(error), str(error)
    else:
        # of a set of one's own nobody knows what should be in it: with checksums that fit it is another set
        assert found == EXPECTED[kind] or kind == "own data", f"{kind}: {found}"


def repack(content: bytes, size: int, seed: int) -> bytes:
    """The fuzzer's own changes, and half of the time inside the members of a zip, so that its checksums fit."""
    if seed % 2 or not content:
        return atheris.Mutate(content, size)
    try:
        members = test_damage.members_of(content[1:])
    except Exception:
        return atheris.Mutate(content, size)
    name = sorted(members)[seed // 2 % len(members)] if members else None
    if name:
        members[name] = atheris.Mutate(members[name], max(size - len(content), 1) + len(members[name]))
    return (content[:1] + test_damage.zipped(members))[:size]


if __name__ == "__main__":
    corpus = Path(tempfile.mkdtemp())
    for number, sound in enumerate(SOUND.values()):
        (corpus / f"sound-{number}").write_bytes(bytes([number]) + sound)
    atheris.Setup([sys.argv[0], str(corpus), "-max_len=8000", *sys.argv[1:]], read, custom_mutator=repack)
    atheris.Fuzz()
