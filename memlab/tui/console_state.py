"""What the console keeps from one session to the next: how it looks, never what was trained."""

import json
from pathlib import Path
from typing import final

from memlab.record import files
from memlab.record.home import home_folder

MOST = 1 << 16
"""Bytes of the file; a larger one is none of ours."""


def state_file() -> Path | None:
    """`memlab/console.json` in `$XDG_STATE_HOME`, else in `~/.local/state`; None without a home."""
    home = home_folder("XDG_STATE_HOME", ".local/state")
    return home and home / "console.json"


@final
class ConsoleState:
    """Values by name, in one small file. A damaged or read-only file is no error."""

    def __init__(self, path: Path | None = None) -> None:
        """Without a path nothing is stored."""
        self._path = path

    def recall(self, name: str) -> str | None:
        word = self._known().get(name)
        return word if isinstance(word, str) else None

    def keep(self, name: str, word: str) -> None:
        if self._path:
            text = json.dumps({**self._known(), name: word}, indent=2)
            try:
                files.make_folder(self._path.parent)
                files.replace(self._path, text.encode())
            except OSError:
                return

    def _known(self) -> dict[str, object]:
        try:
            known = json.loads((self._path and files.read(self._path, MOST)) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return known if isinstance(known, dict) else {}
