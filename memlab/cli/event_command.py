"""`--on-event CMD`: a program that is run at a phase, a spike, and the end of a run.

It cannot harm the run: training never waits for it, its output is discarded, its time and the number
of events that wait for it are bounded, and of everything that goes wrong one warning tells.
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
        help="Run a program, without a shell, at each phase, spike and end, divergence included; "
        "it gets the event as JSON on stdin.",
    ),
]
KINDS = ("phase", "spike", "ended")
"""of events that are passed on; a divergence is a phase, and a reason to end"""
WAITING = 100
"""events that may wait; further ones are dropped"""
CALL_SECONDS = 30.0
"""that one call may take; then it is killed with what it started"""
END_SECONDS = 10.0
"""that the end of a run waits for calls; those that are left then are dropped"""


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
        raise MemlabError(
            "this is no command", where="--on-event", found=f"{text}: {error}"
        ) from None
    if not words or shutil.which(words[0]) is None:
        raise MemlabError(
            "no such program", where="--on-event", found=words[0] if words else "nothing",
            allowed="a program on PATH, or its path",
            hint="no shell reads this: for pipes or redirection write a script",
        )  # fmt: skip
    return tuple(words)


def passed_on(
    events: "Iterator[Event]", words: Sequence[str], folder: "RunFolder"
) -> "Iterator[Event]":
    """The same events; those of the chosen kinds are given to the program meanwhile."""
    if not words:
        yield from events
        return
    command = EventCommand(words, folder.path.name)
    try:
        for event in events:
            if event.kind in KINDS:
                command.send(event)
            yield event
    finally:
        command.close()


@final
class EventCommand:
    """Calls the program for one event after another, in a thread."""

    def __init__(self, words: Sequence[str], run: str) -> None:
        self._words, self._run = list(words), run
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None
        self._warned = self._given_up = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def send(self, event: "Event") -> None:
        """Have the program called; returns at once."""
        from memlab.record.events import to_json

        if self._waiting.qsize() >= WAITING:
            self._warn("is too slow: events are dropped")
        else:
            from memlab.cli.output import json_line

            self._waiting.put(json_line({"run": self._run} | to_json(event)))

    def close(self) -> None:
        """Wait a bounded time for the calls that are left."""
        self._waiting.put(None)
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            self._given_up = True
            self._warn(f"still runs {END_SECONDS:g} s after the end: it is killed")
            if self._process is not None:
                _kill(self._process)

    def _work(self) -> None:
        while not self._given_up and (line := self._waiting.get()) is not None:
            try:
                self._call(line.encode() + b"\n")
            except OSError as error:
                self._warn(f"cannot be started: {error.strerror}")

    def _call(self, line: bytes) -> None:
        self._process = process = subprocess.Popen(
            self._words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl+C is meant for the training; and what the program starts is killed with it.
            start_new_session=True,
        )
        if self._given_up:
            _kill(process)
        try:
            process.communicate(line, CALL_SECONDS)
        except subprocess.TimeoutExpired:
            self._warn(f"took more than {CALL_SECONDS:g} s: it was killed")
            _kill(process)
            process.wait()
        else:
            if process.returncode and not self._given_up:
                self._warn(f"ended with code {process.returncode}")

    def _warn(self, what: str) -> None:
        if not self._warned:
            from memlab.cli.output import stderr

            self._warned = True
            stderr().print(f"warning: --on-event: {shlex.join(self._words)} {what}", markup=False)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
