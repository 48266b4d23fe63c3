"""How a command ends: its exit code, one line on stderr, and no traceback for what the user can mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aftt_np.errors
from aftt_np.errors import AfttError, BackendError, CheckpointError, DataError, DivergedError, UsageError, exit_code_of

CODES = {UsageError: 2, DivergedError: 3, DataError: 4, CheckpointError: 4, BackendError: 5}
SENTENCE = st.text("ab %{}'\"/\\-é", min_size=1, max_size=20)


def failing(error):
    raise error


@pytest.mark.parametrize(("kind", "code"), CODES.items(), ids=[kind.__name__ for kind in CODES])
def test_every_error_has_its_exit_code_and_one_line(kind, code, capsys):
    @given(SENTENCE)
    def check(sentence):
        assert exit_code_of(failing, kind(sentence)) == code
        assert capsys.readouterr() == ("", f"error: {sentence}\n")

    check()


def test_there_are_no_other_errors():
    def below(kind):
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert below(AfttError) - {AfttError} == CODES.keys()


def test_success_is_0_and_silent(capsys):
    seen = []
    assert exit_code_of(lambda *args: seen.extend(args), "a", 1) == 0
    assert seen == ["a", 1], "the command did not get its arguments"
    assert capsys.readouterr() == ("", "")


def test_what_a_command_returns_is_not_its_exit_code():
    assert exit_code_of(lambda: 7) == 0


def test_ctrl_c_is_130_with_one_line_that_says_what_is_kept(capsys):
    assert exit_code_of(failing, KeyboardInterrupt()) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and "interrupted" in err and "kept" in err, err


@pytest.mark.parametrize("mistake", [ValueError, KeyError, ZeroDivisionError, AssertionError, SystemExit])
def test_mistakes_of_our_own_keep_their_traceback(mistake):
    with pytest.raises(mistake):
        exit_code_of(failing, mistake("a bug"))


def in_a_process(statement):
    """What a command that runs `statement` leaves behind: exit code, stdout, stderr."""
    code = (
        "import atexit, ctypes, signal\nfrom aftt_np.errors import *\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # also where the tests run behind &
        f"def command():\n    {statement}\n"
        "end_with(command)"
    )  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(Path(aftt_np.errors.__file__).resolve().parents[1])}
    command = [sys.executable, "-c", code]  # in a session of its own, for signals to its group
    run = subprocess.run(command, env=environment, capture_output=True, text=True, start_new_session=True, check=False)
    return run.returncode, run.stdout, run.stderr


def test_after_help_too_nobody_listens_to_ctrl_c():
    code, out, _ = in_a_process(
        "atexit.register(lambda: print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)); raise SystemExit(0)"
    )
    assert (code, out) == (0, "True\n")
    assert in_a_process("raise SystemExit(3)")[0] == 3


ENDS = [  # what happens, the exit code, how the line on stderr begins
    ("raise UsageError('no such method')", 2, "error: no such method"),
    ("raise DivergedError('the loss is nan')", 3, "error: the loss is nan"),
    ("raise CheckpointError('half a file')", 4, "error: half a file"),
    ("raise BackendError('no GPU')", 5, "error: no GPU"),
    ("raise KeyboardInterrupt", 130, "interrupted"),
]


@pytest.mark.parametrize(("statement", "code", "said"), ENDS, ids=str)
def test_a_process_ends_with_the_code_and_one_line_instead_of_a_traceback(statement, code, said):
    exit_code, out, err = in_a_process(statement)
    assert (exit_code, out) == (code, "")
    assert err.startswith(said) and err.count("\n") == 1, err


def test_a_process_that_succeeds_is_silent():
    assert in_a_process("pass") == (0, "", "")


def test_a_bug_ends_a_process_with_a_traceback():
    code, _, err = in_a_process("1 / 0")
    assert code == 1 and "Traceback" in err and "ZeroDivisionError" in err


def test_ctrl_c_while_python_ends_does_not_undo_a_success():
    assert in_a_process("atexit.register(signal.raise_signal, signal.SIGINT)") == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="asks glibc to send the signal")
def test_ctrl_c_after_pythons_own_end_does_not_undo_a_success():
    """Where handlers are gone, and a signal that is not ignored kills: libc calls kill(exit code 0: the group, 2)."""
    assert in_a_process("libc = ctypes.CDLL(None); libc.on_exit(libc.kill, 2)") == (0, "", "")


def test_ctrl_c_while_python_ends_is_heard_after_a_mistake():
    """Something may hang."""
    code, _, err = in_a_process("atexit.register(signal.raise_signal, signal.SIGINT); raise UsageError('no')")
    assert code == 2 and "KeyboardInterrupt" in err
