"""The records of an undamaged run. Readers of a damaged copy must not return anything else."""

from pathlib import Path
from typing import final

import numpy as np

from memlab.errors import RunError
from memlab.record.attempt import place
from memlab.record.event_log import EventReader
from memlab.record.events import Event
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.labels import Labels
from memlab.record.row_tables import TableReader
from memlab.record.run_rows import NEVER


@final
class ExpectedRun:
    """The records of a run before its files were changed."""

    def __init__(self, folder: RunFolder) -> None:
        rows = History(folder).until().steps
        self._columns = rows.columns
        self._steps, self._rows = rows.read(0, NEVER)
        self._description, self._labels = folder.description, folder.labels()
        self._ends = [attempt.end for attempt in folder.attempts()]
        self._events = [event for number in (1, 2) for event in _events(folder, number)]
        self._stored = {
            step: folder.checkpoints.load(step, need="weights").files
            for step in folder.checkpoints.steps()
        }
        self._longest = max(_longest_seal(folder, number) for number in (1, 2))

    def contradiction(self, path: Path, *, one_bit_of_rows: bool) -> str | None:
        """Compare a damaged copy; returns what is wrong or missing, or None.

        Args:
            path: a damaged copy.
            one_bit_of_rows: only one bit of `steps.*` is wrong, so at most one seal may be lost.
        """
        folder = RunFolder(path)
        history = History(folder)
        now = history.until().steps
        steps, rows = now.read(0, NEVER)
        at = np.isin(self._steps, steps)
        lost = len(self._steps) - len(steps)
        columns = [self._columns.index(name) for name in now.columns if name in self._columns]
        is_correct = {
            # Without run.json the columns are unknown, and readers return no rows.
            "columns": len(columns) == len(now.columns) or not len(steps),
            "rows": rows.tobytes() == self._rows[at][:, columns].tobytes(),
            "number of rows": not one_bit_of_rows or lost <= self._longest,
            "events": all(event in self._events for event in history.until().events),
            "resume_verified": (history.resume_verified or {}).get("first_difference") is None,
            "description": folder.description in ({}, self._description),
            "labels": folder.labels() in (Labels(), self._labels),
            "end": all(attempt.end in (None, *self._ends) for attempt in folder.attempts()),
            "checkpoint": self._is_a_checkpoint(folder),
        }
        return next((f"wrong {name}" for name, correct in is_correct.items() if not correct), None)

    def _is_a_checkpoint(self, folder: RunFolder) -> bool:
        try:
            stored = folder.checkpoints.load(need="weights")
        except RunError:
            return True
        return stored.files == self._stored.get(stored.step)


def _events(folder: RunFolder, number: int) -> list[Event]:
    path = folder.path / "attempts" / f"{number:03d}" / "events.jsonl"
    reader = EventReader(path, place(folder.id, number, path.name))
    reader.refresh()
    return reader.events


def _longest_seal(folder: RunFolder, number: int) -> int:
    path = folder.path / "attempts" / f"{number:03d}"
    reader = TableReader(path, lambda name: place(folder.id, number, name), folder.columns)
    reader.refresh()
    return max(int(table.seals["rows"].max(initial=0)) for table in reader.tables)
