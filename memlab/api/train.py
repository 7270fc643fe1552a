"""Training from Python, in a child process.

If torch was imported before memlab, its threads busy-wait without limit, and any other work on the
same cores slows training down several times; a child process starts with memlab's thread settings.
It also separates training from the notebook's memory and signals.
"""

import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, Protocol

from memlab.api.overrides import override_texts
from memlab.errors import MemlabError, RunError
from memlab.record.child_process import memlab_command, memlab_environment
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import reference

POLL_SECONDS = 0.1
ENDED = (None, 0, 3, 130)
"""exit codes without an error: not awaited, finished or stopped, diverged, interrupted"""


def train(
    folder: RunFolder,
    *,
    edits: Mapping[str, Any] | None = None,
    device: str = "auto",
    progress: bool = True,
    wait: bool = True,
) -> None:
    """Train a run from its newest checkpoint, in a child process.

    An interrupt (Ctrl-C, a notebook's stop button) is forwarded: the run saves a checkpoint and
    ends, then `KeyboardInterrupt` is raised.

    Args:
        folder: the run.
        edits: settings to change first.
        device: cpu, cuda or auto.
        progress: show a progress bar.
        wait: True = return when the run has ended; False = when it has started.

    Raises:
        MemlabError: an edit or the device is not valid, or another process trains the run.
        RunError: training failed.
    """
    arguments = ["resume", str(folder.path.absolute()), *override_texts(edits or {})]
    with tempfile.TemporaryFile("w+") as messages:
        process = _start([*arguments, "--quiet", "--device", device], messages)
        with _bar(folder, progress and wait) as bar:
            try:
                code = _follow(folder, process, bar, wait)
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
                process.wait()
                raise
        if code not in ENDED:
            messages.seek(0)
            raise _failure(folder, code, messages.read())


def _start(arguments: list[str], messages: IO[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        memlab_command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=messages,
        env=memlab_environment(),
        start_new_session=True,  # only this process sends it signals
    )


class _Bar(Protocol):
    def show(self, history: History) -> None: ...


def _bar(folder: RunFolder, shown: bool) -> AbstractContextManager[_Bar | None]:
    if not shown:
        return nullcontext()
    from memlab.api.progress_bar import RunProgressBar

    return RunProgressBar(folder)


def _follow(
    folder: RunFolder, process: "subprocess.Popen[bytes]", bar: _Bar | None, wait: bool
) -> int | None:
    """Wait for the child process; the exit code, or None once an attempt has started if the
    caller does not wait.
    """
    history, attempts = History(folder), len(folder.attempts())
    while True:
        try:
            code = process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        if bar is not None and (history.refresh() or code is not None):
            bar.show(history)
        if code is not None:
            return code
        if not wait and len(folder.attempts()) > attempts:
            # Until its exit code is read, a process that has ended remains as a zombie.
            threading.Thread(target=process.wait, daemon=True).start()
            return None


def _failure(folder: RunFolder, code: int, messages: str) -> MemlabError:
    """The error of the child process: a user error as it is, any other with its last lines."""
    text = messages.strip()
    if code == 2:
        return MemlabError(text.removeprefix("memlab: "))
    lines = text.splitlines()[-5:]
    return RunError(
        f"training ended with exit code {code}",
        where=str(folder.path),
        found="\n".join(lines) or None,
        hint=f"`memlab resume {reference(folder)}` continues from its last checkpoint",
    )
