"""A command to a live run, and the event that answers it."""

import time
from contextlib import suppress
from typing import TypeGuard

from memlab.errors import RunError
from memlab.record import files
from memlab.record.commands import CheckpointNow, Command, Edit, Pause, Resume, Stop, send
from memlab.record.events import Checkpoint, Edited, Ended, Event, Finding, Paused, Resumed
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import reference
from memlab.record.status import Status

POLL_SECONDS = 0.05
ANSWER_SECONDS = 60.0
ANSWERS: dict[type[Command], type[Event]] = {
    Pause: Paused,
    Resume: Resumed,
    Stop: Ended,
    CheckpointNow: Checkpoint,
    Edit: Edited,
}
LIVE = (Status.RUNNING, Status.PAUSED)
ALREADY = {Pause: Status.PAUSED, Resume: Status.RUNNING}
"""commands that set a status; a run that already has it does not answer"""


def ask(folder: RunFolder, command: Command, seconds: float = ANSWER_SECONDS) -> Event | None:
    """Send a command to a live run and wait for the event that answers it.

    Args:
        folder: the run.
        command: the command to send.
        seconds: how long to wait; 0 = only send it.

    Returns:
        The answer. None if `seconds` is 0, or the run already is as the command asks.

    Raises:
        RunError: no process trains the run, it ended without executing the command, it refused an
            edit, or the time is up. Then the command is withdrawn, unless it was taken.
    """
    folder.check_own()
    status = folder.status()
    if status not in LIVE:
        raise RunError(
            "no process trains this run",
            where=folder.path.name,
            found=str(status),
            allowed="a run that is running or paused",
            hint=f"start it again with `memlab resume {reference(folder)}`",
        )
    if ALREADY.get(type(command)) == status:
        return None
    history = History(folder)
    sent_after = _last_seq(history)
    path = send(folder, command)
    if not seconds:
        return None
    answer = _answer(history, command, sent_after, seconds)
    if answer is not None:
        return answer
    was_read = not path.exists()
    with suppress(OSError):
        files.calls.unlink(path)
    raise RunError(
        f"no answer to the command {command.kind} within {seconds:g} s",
        where=folder.path.name,
        found="the process has read it, but not executed it yet"
        if was_read
        else "no process has read it",
        hint="the run may be in a long evaluation, or its training loop does not poll for commands"
        + ("" if was_read else "; the command is withdrawn"),
    )


def _last_seq(history: History) -> int:
    events = history.until().events
    return events[-1].seq if events else -1


def _answer(history: History, command: Command, sent_after: int, seconds: float) -> Event | None:
    """The answering event; None on timeout."""
    folder, deadline = history.folder, time.monotonic() + seconds
    while True:
        live = folder.status() in LIVE  # read first, so that no event is missed
        history.refresh()
        for event in history.until().events:
            if event.seq <= sent_after:
                continue
            if isinstance(event, ANSWERS[type(command)]) and not (live and type(command) is Stop):
                return event  # of a stop only once the process has closed its record
            if isinstance(command, Edit) and _is_refusal(event):
                raise RunError("the run refused the edit", where=folder.path.name, found=event.what)
        if not live:
            raise RunError(
                f"the run ended before it answered the command {command.kind}",
                where=folder.path.name,
                found=str(folder.status()),
            )
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL_SECONDS)


def _is_refusal(event: Event) -> TypeGuard[Finding]:
    return isinstance(event, Finding) and event.what.startswith("an edit is refused")
