"""State of the console that persists across sessions: appearance and selections."""

import json
from pathlib import Path
from typing import final

from memlab.record import files
from memlab.record.user_folders import state_folder

MAX_BYTES = 1 << 16
"""Maximum size of the file."""


def state_file() -> Path | None:
    """`console.json` in the state folder of the user; None if there is no such folder."""
    state = state_folder()
    return state and state / "console.json"


@final
class ConsoleState:
    """Texts by name, in one small file. A damaged or read-only file is ignored."""

    def __init__(self, path: Path | None = None) -> None:
        """Without a path nothing is stored."""
        self._path = path

    @property
    def folder(self) -> Path | None:
        """Where the console keeps files; None = nowhere."""
        return self._path and self._path.parent

    def recall(self, name: str) -> str | None:
        text = self._stored().get(name)
        return text if isinstance(text, str) else None

    def keep(self, name: str, text: str) -> None:
        if self._path:
            content = json.dumps({**self._stored(), name: text}, indent=2)
            try:
                files.make_folder(self._path.parent)
                files.replace(self._path, content.encode())
            except OSError:
                return

    def _stored(self) -> dict[str, object]:
        try:
            stored = json.loads((self._path and files.read(self._path, MAX_BYTES)) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}
