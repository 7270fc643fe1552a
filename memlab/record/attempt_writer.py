"""Writes one attempt: rows, events, heartbeat and end."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, final

import numpy as np

from memlab.errors import RunError
from memlab.record import files, sealed_json
from memlab.record.attempt import Attempt, open_here, place
from memlab.record.checkpoints import Checkpoints
from memlab.record.event_log import EventWriter
from memlab.record.events import COLUMNS, Event, Rows
from memlab.record.row_tables import TableWriter, row_file_1_0
from memlab.record.row_writer import RowWriter


@final
class AttemptWriter:
    """The only writer of a claimed attempt; created by `RunFolder.claim`."""

    def __init__(
        self,
        path: Path,
        run: str,
        seq: int,
        first_step: int,
        columns: tuple[str, ...] | None = COLUMNS,
    ) -> None:
        """
        Args:
            columns: those of format 1.0; None = the run is of format 1.1.
        """
        self.number, self.seq = int(path.name), seq
        self.first_step, self.pid = first_step, os.getpid()
        self._path, self._run = path, run
        self._attempt = Attempt(path, run)
        self._rows: RowWriter | TableWriter
        if columns is None:
            self._rows = TableWriter(path, self._place)
        else:
            self._kept = [COLUMNS.index(name) for name in columns]
            file = row_file_1_0(path, self._place, columns)
            self._rows = RowWriter(file, after=first_step - 1)
        self._events = EventWriter(path / "events.jsonl", self._place("events.jsonl"))
        self._heartbeat = files.create(path / "heartbeat")
        files.sync_folder(path)
        self._beats = 0
        self._lost: OSError | None = None
        self._step = first_step - 1
        self._epoch = time.time() - time.monotonic()
        self._open = True
        open_here.add(path.resolve())

    def _place(self, name: str) -> str:
        return place(self._run, self.number, name)

    def _wall(self) -> float:
        """Seconds since the epoch, from the clock at the start of the attempt: the system clock may
        be set meanwhile.
        """
        return self._epoch + time.monotonic()

    def write(self, event: Event, *, seal_rows: bool = True, wall: float | None = None) -> Event:
        """Append an event, stamped with wall and seq.

        Rows may wait in memory for a moment; any other event is in the file, and all rows before
        it are sealed, when this returns. After an `OSError` the call can be repeated.

        Args:
            seal_rows: False if rows and events come from a source that can be read again.
            wall: time of the event; None = now.
        """
        if isinstance(event, Rows):
            assert isinstance(self._rows, RowWriter), "format 1.1 takes rows by `append`"
            steps = np.arange(event.first, event.step + 1)
            self._rows.append(steps, event.values[:, self._kept])
            return event
        if seal_rows:
            self._rows.flush()
        event = replace(event, wall=self._wall() if wall is None else wall, seq=self.seq)
        self._events.append(event)
        self.seq += 1
        return event

    def keep_rows(self, first: int, rows: Sequence[Sequence[float]]) -> None:
        """Put rows from step `first` on on disk, before the event with all of them."""
        assert isinstance(self._rows, RowWriter), "format 1.1 takes rows by `append_row`"
        if len(self._kept) < len(COLUMNS):
            rows = [[row[i] for i in self._kept] for row in rows]
        self._rows.keep(first, rows)

    @property
    def table(self) -> TableWriter:
        """The writer of rows of a run of format 1.1."""
        assert isinstance(self._rows, TableWriter), "format 1.0 takes rows as an event"
        return self._rows

    def flush(self) -> None:
        """Seal all pending rows."""
        self._rows.flush()

    def sync(self) -> None:
        """Seal all pending rows, and make rows and events durable against power loss.

        After an error the disk may have lost data, and may not report that again: every later
        call raises the same error.
        """
        if self._lost:
            raise self._lost
        self._rows.flush()
        try:
            self._rows.sync()
            self._events.sync()
        except OSError as error:
            self._lost = error
            raise

    def commit(self, step: int, contents: Mapping[str, bytes]) -> None:
        """Commit a checkpoint, once every row and event before it is durable.

        Raises:
            RunError: a later attempt has taken over, so this attempt may no longer write.
        """
        self.sync()
        if self.superseded():
            raise RunError("another process has taken over this run", where=self._run)
        Checkpoints(self._path.parent.parent / "checkpoints").commit(step, contents)

    @property
    def lost(self) -> bool:
        """Whether the disk may have dropped written data, so that nothing can be made durable any
        more.
        """
        return self._lost is not None

    def beat(self, step: int, state: Literal["running", "waiting"] = "running") -> None:
        """Update the heartbeat; call it every few seconds, also while paused.

        Args:
            step: updates done.
            state: "waiting" while the disk is full and no event can be written.
        """
        self._beats, self._step = self._beats + 1, step
        # Rewritten in place, so both states have the same length: seven letters.
        document = {"counter": self._beats, "step": step, "state": state}
        text = sealed_json.seal(document, self._place("heartbeat"))
        with suppress(OSError):  # Only a hint: training continues without it.
            files.write_at(self._heartbeat, text, 0)

    def superseded(self) -> bool:
        """Whether a later attempt has taken over the run."""
        return self._attempt.superseded()

    def end(self, reason: str, step: int, summary: Mapping[str, Any]) -> None:
        """Close the attempt permanently. Does nothing if it has ended already."""
        if not self._open:
            return
        if not self._lost:
            self.sync()
        document = {
            "reason": reason,
            "step": step,
            "wall": self._wall(),
            "summary": dict(summary),
            "sha256": {name: self._sha256(name) for name in self._hashed()},
        }
        if isinstance(self._rows, TableWriter):
            # Steps may have gaps, so the last step does not determine the number of rows.
            document["rows"] = self._rows.n_rows
        files.replace(
            self._path / "end.json", sealed_json.seal(document, self._place("end.json"), indent=2)
        )
        self.close()

    def _hashed(self) -> list[str]:
        """Names of the files that contain rows and events."""
        return sorted(name for name in os.listdir(self._path) if name.endswith(_HASHED))

    def _sha256(self, name: str) -> str:
        with open(self._path / name, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def close(self) -> None:
        """Close the files without an end; readers see an attempt that has died."""
        if self._open:
            self._open = False
            open_here.discard(self._path.resolve())
            self._rows.close()
            self._events.close()
            os.close(self._heartbeat)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, Exception):
                # The first error matters to the user, not that end.json does not fit on the disk.
                with suppress(OSError):
                    self.end("failed", self._step, {"error": f"{type(error).__name__}: {error}"})
            elif self._open:
                self.flush()
        finally:
            self.close()


_HASHED = (".bin", ".idx", ".jsonl")
