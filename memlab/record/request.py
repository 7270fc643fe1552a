"""Asks a live run for something and waits for its answer, which is an event."""

import time
from collections.abc import Callable
from contextlib import suppress

from memlab.errors import RunError
from memlab.record import files
from memlab.record.commands import CheckpointNow, Command, Edit, Pause, Resume, Stop, send
from memlab.record.events import Checkpoint, Edited, Ended, Event, Finding, Paused, Resumed
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.status import Status

WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05
REFUSED = "an edit is refused"
"""how a finding begins that answers an edit"""


def request(folder: RunFolder, command: Command, wait: Callable[[float], bool]) -> Event | None:
    """The event that answers a command; None where there was nothing to do.

    Args:
        wait: sleeps for some seconds; false = it has lasted long enough.

    Raises:
        RunError: no process works on the run, it refused, or nobody answered. Then the command is
            withdrawn, if nobody has taken it.
    """
    status = folder.status()
    if status not in (Status.RUNNING, Status.PAUSED):
        raise RunError(
            f"no process works on this run, so nobody can {command.kind} it",
            where=folder.path.name,
            found=f"status {status}",
        )
    if (isinstance(command, Pause) and status == Status.PAUSED) or (
        isinstance(command, Resume) and status == Status.RUNNING
    ):
        return None
    history = History(folder)
    seen = max((event.seq for event in history.until().events), default=-1)
    path = send(folder, command)
    while wait(POLL_SECONDS):
        history.refresh()
        fresh = [event for event in history.until().events if event.seq > seen]
        for event in fresh:
            if isinstance(event, _ANSWERS[type(command)]) or _refuses(command, event):
                return _accepted(folder, event)
        if any(isinstance(event, Ended) for event in fresh) or not _alive(folder):
            raise RunError(
                f"the run ended before it answered to {command.kind}", where=folder.path.name
            )
    taken = not path.exists()
    with suppress(OSError):
        files.calls.unlink(path)
    raise RunError(
        f"nobody answered to {command.kind}",
        where=folder.path.name,
        found="the request was taken, but is not done yet"
        if taken
        else "the request was not taken",
        hint="see `memlab show`: the run may be in a long evaluation, or its loop asks for no commands"
        + ("" if taken else "; the request is withdrawn"),
    )


def _alive(folder: RunFolder) -> bool:
    return folder.status() in (Status.RUNNING, Status.PAUSED)


def _refuses(command: Command, event: Event) -> bool:
    return (
        isinstance(command, Edit) and isinstance(event, Finding) and event.what.startswith(REFUSED)
    )


def _accepted(folder: RunFolder, event: Event) -> Event:
    if isinstance(event, Finding):
        raise RunError(event.what, where=folder.path.name, found=event.why, hint=event.advice)
    return event


_ANSWERS: dict[type[Command], type[Event]] = {
    Pause: Paused,
    Resume: Resumed,
    Stop: Ended,
    CheckpointNow: Checkpoint,
    Edit: Edited,
}


def for_seconds(limit: float) -> Callable[[float], bool]:
    """A `wait` for `request` that lasts up to `limit` seconds."""
    end = time.monotonic() + limit

    def wait(seconds: float) -> bool:
        time.sleep(seconds)
        return time.monotonic() < end

    return wait
