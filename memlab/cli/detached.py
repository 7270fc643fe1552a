"""Training processes that outlive the console that starts them."""

import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from memlab.record.child_process import memlab_command, memlab_environment

if TYPE_CHECKING:
    from pathlib import Path

    from memlab.record.folder import RunFolder


def start_training(folder: "RunFolder") -> "subprocess.Popen[bytes]":
    """Train or resume a run in a separate process."""
    return _start("resume", str(folder.path.absolute()), "--quiet")


def start_fork(folder: "RunFolder", at: int, changes: Mapping[str, Any]) -> None:
    """Fork a run at a step and train the fork in a separate process."""
    from memlab.api.overrides import override_texts

    path, overrides = folder.path.absolute(), override_texts(changes)
    _start("fork", str(path), "--at", str(at), *overrides, "--quiet", "--runs", str(path.parent))


def resume_sweep(path: "Path") -> None:
    """Train the unfinished members of the sweep at `path` in a separate process."""
    runs = path.absolute().parent.parent
    _start("sweep", "resume", path.name, "--quiet", "--runs", str(runs))


def _start(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        memlab_command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=memlab_environment(),
        start_new_session=True,
    )
