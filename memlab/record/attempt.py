"""An attempt: one process that trains a run, with a folder that no other process writes to."""

import os
import threading
import time
from pathlib import Path
from typing import Any, final

from memlab.record import process, sealed_json
from memlab.record.json_types import ATTEMPT, END, HEARTBEAT

STANDSTILL = 15.0
"""Seconds without a heartbeat, on the watcher's own clock, after which an attempt is dead."""

_SHAPES = {"attempt.json": ATTEMPT, "heartbeat": HEARTBEAT, "end.json": END}
open_here: set[Path] = set()
"""Folders of the attempts that this process has open: other processes cannot detect a dead thread."""
opening = threading.Lock()
"""Held while an attempt of this process exists but is not yet registered as open."""


def place(run: str, number: int, name: str) -> str:
    """The identity of an attempt's file, which seeds its CRCs."""
    return f"{run}/attempts/{number:03d}/{name}"


@final
class Attempt:
    """The contents of `attempts/NNN`.

    Liveness of an attempt on another machine is known only from changes of its heartbeat: keep the
    object and ask again.
    """

    def __init__(self, path: Path, run: str) -> None:
        self.path, self.number, self._run = path, int(path.name), run
        self._next = str(path.parent / f"{self.number + 1:03d}")
        self._info: dict[str, Any] | None = None
        self._end: dict[str, Any] | None = None
        self._seen: tuple[int, float] | None = None

    def _read(self, name: str) -> dict[str, Any] | None:
        return sealed_json.read(
            f"{self.path}/{name}", place(self._run, self.number, name), _SHAPES[name]
        )

    @property
    def info(self) -> dict[str, Any]:
        """`attempt.json`; empty if it is damaged."""
        if self._info is None:
            self._info = self._read("attempt.json")
        return self._info or {}

    @property
    def end(self) -> dict[str, Any] | None:
        """`end.json`: reason, step, summary; None while it runs, or if the process died."""
        if self._end is None:
            self._end = self._read("end.json")
        return self._end

    @property
    def last_step(self) -> int:
        """The last step known to have been reached: a lower bound that is cheap to read."""
        return int((self.end or self._read("heartbeat") or {}).get("step", 0))

    @property
    def waiting(self) -> bool:
        """Whether its heartbeat says that its process waits for disk space."""
        return (self._read("heartbeat") or {}).get("state") == "waiting"

    def superseded(self) -> bool:
        """Whether a later attempt has taken over the run."""
        return os.path.exists(self._next)

    def alive(self) -> bool:
        """Whether its process is still running.

        On another machine it counts as alive until its heartbeat has stopped changing.
        """
        if self.end is not None or self.superseded():
            return False
        is_running = self._is_running()
        return self._moves() if is_running is None else is_running

    def _is_running(self) -> bool | None:
        is_running = process.is_running(self.info) if self.info else None
        if is_running and self.info["pid"] == os.getpid():
            with opening:
                return self.path.resolve() in open_here
        return is_running

    def _moves(self) -> bool:
        counter = (self._read("heartbeat") or {}).get("counter", -1)
        now = time.monotonic()
        if self._seen is None or self._seen[0] != counter:
            self._seen = (counter, now)
        return now - self._seen[1] < STANDSTILL

    def watch(self) -> bool:
        """Whether it is alive, watching its heartbeat for as long as necessary (up to 15 s)."""
        first = (self._read("heartbeat") or {}).get("counter", -1)
        while self.alive():
            if self._is_running() or self._seen is None or self._seen[0] != first:
                return True
            time.sleep(0.1)
        return False
