"""Analyses that the console runs in child processes: explanations of spikes, arrays of models."""

import subprocess
from collections import deque
from typing import TYPE_CHECKING

from memlab.errors import RunError
from memlab.record.child_process import memlab_command, memlab_environment

if TYPE_CHECKING:
    from memlab.record.folder import RunFolder
    from memlab.tui.training_functions import Analysis, ReportProgress


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
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            last_lines.append(line.strip())
            if not report(line.strip()):
                process.terminate()
                return
    if process.returncode:
        raise RunError(" · ".join(last_lines) or "the process failed", where=folder.path.name)
