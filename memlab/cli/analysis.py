"""Analyses that the console runs in child processes: explanations of spikes, arrays of models."""

import os
import select
import subprocess
from collections import deque
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from memlab.errors import RunError
from memlab.record.child_process import memlab_command, memlab_environment

if TYPE_CHECKING:
    from memlab.record.folder import RunFolder
    from memlab.tui.training_functions import Analysis, ReportProgress

POLL_SECONDS = 0.2
"""without a line of progress, the console is asked this often whether the result is still wanted"""


def analysis() -> "Analysis":
    """The functions that the console calls."""
    from memlab.tui.training_functions import Analysis

    return Analysis(_explain, _pictures)


def _explain(folder: "RunFolder", onset: int, report: "ReportProgress") -> None:
    _run(folder, ["explain", str(folder.path.absolute()), "--at", str(onset), "--json"], report)


def _pictures(folder: "RunFolder", step: int, report: "ReportProgress") -> None:
    _run(folder, ["arrays", str(folder.path.absolute()), "--at", str(step)], report)


def _run(folder: "RunFolder", arguments: list[str], report: "ReportProgress") -> None:
    """Run a command of memlab and report the lines of its stderr.

    Raises:
        RunError: it failed; the error holds its last lines.
    """
    last_lines: deque[str] = deque(maxlen=6)
    with subprocess.Popen(
        memlab_command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=memlab_environment(),
    ) as process:
        assert process.stderr is not None
        for line in _lines(process.stderr):
            if line:
                last_lines.append(line)
            if not report(line):
                process.terminate()
                return
    if process.returncode:
        raise RunError(" · ".join(last_lines) or "the process failed", where=folder.path.name)


def _lines(pipe: IO[bytes]) -> Iterator[str | None]:
    """The lines of a pipe until it is closed; None whenever none has come for a while."""
    rest = b""
    while True:
        if not select.select([pipe], [], [], POLL_SECONDS)[0]:
            yield None
            continue
        read = os.read(pipe.fileno(), 1 << 16)
        *lines, rest = (rest + read).split(b"\n")
        yield from (line.decode(errors="replace").strip() for line in lines)
        if not read:
            if rest:
                yield rest.decode(errors="replace").strip()
            return
