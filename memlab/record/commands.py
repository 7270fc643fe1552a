"""Commands to a live attempt: one sealed file each in `commands/`, created by a rename.

A command is for one attempt. The exception is an edit with a step: it stays in the folder, so that
a later attempt, which resumes before that step, applies it again at the same step.
"""

import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from memlab.errors import RunError
from memlab.record import files, sealed_json
from memlab.record.folder import RunFolder
from memlab.record.json_types import COMMAND


@dataclass(frozen=True)
class Command:
    """A user's request to a live run; answered by an event."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Pause(Command):
    """Wait after the current update."""

    kind = "pause"


@dataclass(frozen=True)
class Resume(Command):
    """Continue after a pause."""

    kind = "resume"


@dataclass(frozen=True)
class Stop(Command):
    """Save a checkpoint and end."""

    kind = "stop"


@dataclass(frozen=True)
class CheckpointNow(Command):
    """Save a checkpoint and continue."""

    kind = "checkpoint"


@dataclass(frozen=True)
class Edit(Command):
    """Change settings during training."""

    kind = "edit"
    changes: dict[str, Any]
    """dotted setting to new value: {"optimizer.lr": 0.0003}"""
    at: int | None = None
    """apply after this step; None = as soon as it is read"""


KINDS: dict[str, type[Command]] = {
    cls.kind: cls for cls in (Pause, Resume, Stop, CheckpointNow, Edit)
}
_NAME = re.compile(r"(\d{20})-", re.ASCII)


def _place(run: str) -> str:
    return f"{run}/commands"


def send(folder: RunFolder, command: Command) -> Path:
    """Send a command to the newest attempt of a run; returns the command's file.

    Raises:
        RunError: the run has no attempt, or was imported.
    """
    folder.check_writable()
    folder.check_own()
    attempts = folder.attempts()
    if not attempts:
        raise RunError(
            "no process has started this run", where=folder.path.name, hint="start it first"
        )
    document = {"command": command.kind, "attempt": attempts[-1].number, **asdict(command)}
    name = f"{_next(folder.path / 'commands'):020d}-{secrets.token_hex(3)}.json"
    path = folder.path / "commands" / name
    files.replace(path, sealed_json.seal(document, _place(folder.id)))
    return path


def _next(commands: Path) -> int:
    """The time in nanoseconds, but later than all pending commands: the clock may have been set
    back.
    """
    waiting = [int(match[1]) for match in map(_NAME.match, os.listdir(commands)) if match]
    return max(time.time_ns(), max(waiting, default=0) + 1)


@final
class Inbox:
    """The commands for one attempt of a run."""

    def __init__(self, folder: RunFolder, attempt: int) -> None:
        self._path, self._place, self._attempt = (
            folder.path / "commands",
            _place(folder.id),
            attempt,
        )
        mine = [a.info for a in folder.attempts() if a.number == attempt]
        self._resumed_at = int(mine[0].get("first_step", 1)) - 1 if mine else 0
        self._done: set[str] = set()

    def poll(self) -> list[Command]:
        """New commands in the order they were sent; each is returned once."""
        try:
            names = [name for name in os.listdir(self._path) if name not in self._done]
        except OSError:
            return []
        commands = (self._take(name) for name in sorted(names) if name.endswith(".json"))
        return [command for command in commands if command is not None]

    def _take(self, name: str) -> Command | None:
        self._done.add(name)
        document = sealed_json.read(self._path / name, self._place, COMMAND) or {}
        command = _command(document)
        if isinstance(command, Edit) and command.at is not None:
            return command if command.at >= self._resumed_at else None
        if document.get("attempt", 0) <= self._attempt:
            # In a read-only folder, too, each command is returned once.
            with suppress(OSError):
                files.calls.unlink(self._path / name)
        return command if document.get("attempt") == self._attempt else None


def _command(document: dict[str, Any]) -> Command | None:
    cls = KINDS.get(str(document.get("command")))
    if cls is not Edit:
        return cls() if cls else None
    return Edit(changes=document.get("changes", {}), at=document.get("at"))
