"""A preset as YAML in the user's own editor."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from memlab.errors import MemlabError


def edited(text: str) -> str:
    """The text as the user left it; call while the console is suspended.

    Raises:
        MemlabError: the editor cannot be started or failed.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "preset.yaml"
        path.write_text(text)
        try:
            code = subprocess.call([*shlex.split(command), str(path)])
        except (OSError, ValueError) as error:
            raise _failed(command, str(error)) from None
        if code:
            raise _failed(command, f"exit code {code}")
        return path.read_text(errors="replace")


def _failed(command: str, found: str) -> MemlabError:
    return MemlabError(
        "the editor failed", where=command, found=found, hint="set $EDITOR to one that is here"
    )
