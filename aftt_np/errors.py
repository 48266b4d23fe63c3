"""What can go wrong for a user, as exceptions that carry the exit code of the command they end.

A command raises one of these with one sentence: what was expected, what came, what to do.
`exit_code_of` prints that sentence and nothing else; a traceback is left for mistakes of our own. `end_with` is how a
command ends.
"""

import os
import signal
import sys
from contextlib import suppress

INTERRUPTED = 130  # 128 + SIGINT, what a shell expects after Ctrl-C
PIPE_CLOSED = 141  # 128 + SIGPIPE


class AfttError(Exception):
    """A mistake that the user can mend."""

    exit_code = 1


class UsageError(AfttError):
    """Something in the call does not exist or does not fit."""

    exit_code = 2


class DivergedError(AfttError):
    """A loss that is no longer a finite number."""

    exit_code = 3


class DataError(AfttError):
    """A data set or a folder that is missing, damaged or cannot be written."""

    exit_code = 4


class CheckpointError(DataError):
    """A run on disk that is missing or damaged."""


class BackendError(AfttError):
    """An array library or device that is asked for and not there."""

    exit_code = 5


def exit_code_of(command, *args) -> int:
    """Run `command(*args)`; return 0, or print one sentence and return the exit code of what went wrong."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a name that the terminal cannot show must not end a run
    try:
        try:
            command(*args)
        finally:
            sys.stdout.flush()  # here, where it can be said that there is no room for it
    except AfttError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has left, as `| head` does
        _say_no_more()
        return PIPE_CLOSED
    except OSError as error:  # files of ours have sentences of their own: this is our output, or a folder
        if error.filename is None:
            _say_no_more()
        where = error.filename or "the output"
        print(f"error: {where}: {error.strerror or error}; choose another place, or make room", file=sys.stderr)
        return DataError.exit_code
    except KeyboardInterrupt as interrupt:
        print(str(interrupt) or "interrupted; what was whole by then is kept", file=sys.stderr)
        return INTERRUPTED
    return 0


def end_with(command, *args):
    """Run `command(*args)` as `exit_code_of` does, and end Python with its exit code.

    After a success Ctrl-C is not listened to any more.
    """
    try:
        code = exit_code_of(command, *args)
    except SystemExit as ended:  # --help, say
        code = ended.code
    if code == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done and said: Ctrl-C must not make a failure of it
    sys.exit(code)


def _say_no_more():
    """Let what is still to be printed go nowhere: at its end Python would try once more."""
    with suppress(OSError, ValueError):  # in a notebook there is no such file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
