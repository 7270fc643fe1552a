"""Standard streams that are closed, are not a terminal, or have lost their reader."""

import os
import sys

from memlab.errors import MemlabError


def replace_closed_streams() -> None:
    """Replace streams that were closed before the start (`>&-`) with the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def drop_broken_streams() -> None:
    """Redirect streams whose reader has closed to the null device."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def need_terminal() -> None:
    """Check that stdin and stderr, which the console uses, are a terminal.

    Raises:
        MemlabError: one of them is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise MemlabError(
            "the console needs a terminal",
            found="standard input or standard error is not a terminal",
            hint="`memlab --help` lists the commands; `memlab replay RUN --once` prints a frame",
        )
