"""`--on-event CMD`: a program that is called at each phase and spike, and at the end of a run.

It cannot disturb the run: training does not wait for it, its output is discarded, its run time and
the queue of events are limited, and problems are reported in one warning.
"""

import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, final

import typer

from memlab.errors import MemlabError

if TYPE_CHECKING:
    from memlab.record.events import Event
    from memlab.record.folder import RunFolder

OnEvent = Annotated[
    str | None,
    typer.Option(
        "--on-event",
        metavar="CMD",
        help="Program to call, without a shell, at each phase and spike and at the end of the run; "
        "it reads the event as JSON from stdin.",
    ),
]
KINDS = ("phase", "spike", "ended")
"""kinds of events for which the program is called; a divergence is a phase"""
MAX_QUEUED = 100
"""maximum number of queued events; further ones are dropped"""
CALL_SECONDS = 30.0
"""time limit of one call, after which it is killed with its child processes"""
END_SECONDS = 10.0
"""time limit of the remaining calls at the end of a run; the others are dropped"""


def parse_command(text: str | None) -> tuple[str, ...]:
    """The program and its arguments, split as a shell does; empty without the option.

    Raises:
        MemlabError: there is no such program, or a quote is not closed.
    """
    if text is None:
        return ()
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise MemlabError("invalid command", where="--on-event", found=f"{text}: {error}") from None
    if not words or shutil.which(words[0]) is None:
        raise MemlabError(
            "program not found", where="--on-event", found=words[0] if words else "nothing",
            allowed="a program on PATH, or its path",
            hint="it is not executed by a shell; for pipes or redirection, use a script",
        )  # fmt: skip
    return tuple(words)


def call_on_events(
    events: "Iterator[Event]", program: Sequence[str], folder: "RunFolder"
) -> "Iterator[Event]":
    """Yield the events, and call the program for those in `KINDS`."""
    if not program:
        yield from events
        return
    command = EventCommand(program, folder.path.name)
    try:
        for event in events:
            if event.kind in KINDS:
                command.send(event)
            yield event
    finally:
        command.close()


@final
class EventCommand:
    """Calls the program for queued events, one at a time, in a thread."""

    def __init__(self, program: Sequence[str], run: str) -> None:
        self._program, self._run = list(program), run
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._warned = self._given_up = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def send(self, event: "Event") -> None:
        """Queue a call of the program; returns at once."""
        from memlab.record.events import to_json

        if self._queue.qsize() >= MAX_QUEUED:
            self._warn("is too slow: events are dropped")
        else:
            from memlab.cli.output import json_line

            self._queue.put(json_line({"run": self._run} | to_json(event)))

    def close(self) -> None:
        """Wait for the remaining calls, at most `END_SECONDS`."""
        self._queue.put(None)
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            self._given_up = True
            self._warn(f"was killed: still running {END_SECONDS:g} s after the end")
            if self._process is not None:
                _kill(self._process)

    def _work(self) -> None:
        while not self._given_up and (line := self._queue.get()) is not None:
            try:
                self._call(line.encode() + b"\n")
            except OSError as error:
                self._warn(f"cannot be started: {error.strerror}")

    def _call(self, line: bytes) -> None:
        self._process = process = subprocess.Popen(
            self._program,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl+C must reach the training alone, and killing the group ends child processes, too.
            start_new_session=True,
        )
        if self._given_up:
            _kill(process)
        try:
            process.communicate(line, CALL_SECONDS)
        except subprocess.TimeoutExpired:
            self._warn(f"was killed: it took more than {CALL_SECONDS:g} s")
            _kill(process)
            process.wait()
        else:
            if process.returncode and not self._given_up:
                self._warn(f"exited with code {process.returncode}")

    def _warn(self, what: str) -> None:
        if not self._warned:
            from memlab.cli.output import stderr

            self._warned = True
            stderr().print(f"warning: --on-event: {shlex.join(self._program)} {what}", markup=False)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
