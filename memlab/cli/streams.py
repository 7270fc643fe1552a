"""Standard streams that are closed, no terminal, or whose other end is gone."""

import os
import sys

from memlab.errors import MemlabError


def replace_closed_streams() -> None:
    """Put nothing in the place of streams that were closed before the start (`>&-`)."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def drop_broken_streams() -> None:
    """From now on what is written to a stream that nobody reads goes nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def need_terminal() -> None:
    """See that the console can read keys, and draw where it draws: on stderr.

    Raises:
        MemlabError: it cannot.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise MemlabError(
            "the console needs a terminal",
            found="standard input or standard error is none",
            hint="`memlab --help` lists the commands; `memlab replay RUN --once` prints a frame",
        )
