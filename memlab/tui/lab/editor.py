"""Editing of a preset as YAML in $EDITOR."""

import os
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

from memlab.errors import MemlabError

FAILED = "the editor failed"


def edited(text: str) -> str:
    """The text after editing; call while the console is suspended.

    Raises:
        MemlabError: the editor cannot be started or failed.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preset.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            code = _call([*shlex.split(command), str(path)])
        except (OSError, ValueError) as error:
            hint = "set $EDITOR to an installed editor"
            raise MemlabError(FAILED, where=command, found=str(error), hint=hint) from None
        if code:
            raise MemlabError(FAILED, where=command, found=f"exit code {code}")
        return path.read_text(encoding="utf-8", errors="replace")


def _call(words: list[str]) -> int:
    """Run a program until it exits. ctrl+c interrupts it, not the console."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.call(words)
    finally:
        signal.signal(signal.SIGINT, before)
