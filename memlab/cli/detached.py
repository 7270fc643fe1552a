"""Processes that train and outlive the console that started them."""

import json
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from memlab.record.child_process import memlab_command, memlab_environment

if TYPE_CHECKING:
    from pathlib import Path

    from memlab.record.folder import RunFolder


def start_training(folder: "RunFolder") -> "subprocess.Popen[bytes]":
    """Train a run, or continue it, in a process of its own."""
    return _start("resume", str(folder.path.absolute()), "--quiet")


def start_fork(folder: "RunFolder", at: int, changes: Mapping[str, Any]) -> None:
    """Fork a run at a step in a process of its own."""
    path = folder.path.absolute()
    overrides = [f"{key}={json.dumps(value)}" for key, value in changes.items()]
    _start("fork", str(path), "--at", str(at), *overrides, "--quiet", "--runs", str(path.parent))


def resume_sweep(path: "Path") -> None:
    """Train the unfinished members of the sweep in a folder in a process of its own."""
    runs = path.absolute().parent.parent
    _start("sweep", "resume", path.name, "--quiet", "--runs", str(runs))


def _start(*words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        memlab_command(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=memlab_environment(),
        start_new_session=True,
    )
