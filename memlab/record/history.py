"""The history of a run: its attempts merged, and followed while it grows."""

import json
from dataclasses import dataclass
from typing import final

import numpy as np

from memlab.record.attempt import Attempt, place
from memlab.record.event_log import EventReader
from memlab.record.events import Edited, Event
from memlab.record.folder import RunFolder
from memlab.record.missing_rows import MissingRows, damage_text
from memlab.record.row_tables import TableReader
from memlab.record.rows import SealedRows
from memlab.record.run_rows import NEVER, RunRows
from memlab.record.snapshot import Snapshot
from memlab.record.timeline import Timeline


@final
class _Part:
    """The records of one attempt."""

    def __init__(self, folder: RunFolder, attempt: Attempt) -> None:
        def place_of(name: str) -> str:
            return place(folder.id, attempt.number, name)

        self._info = attempt
        self.rows = TableReader(attempt.path, place_of, folder.columns)
        self.log = EventReader(attempt.path / "events.jsonl", place_of("events.jsonl"))

    def refresh(self) -> bool:
        return self.rows.refresh() | self.log.refresh()

    def missing(self) -> list[MissingRows]:
        return self.rows.missing(self.first_step, self._info.end)

    @property
    def first_step(self) -> int:
        """The step from which it replaces earlier rows; from its seals if attempt.json is lost."""
        stated = self._info.info.get("first_step", self.rows.first_step)
        return NEVER if stated is None else int(stated)

    @property
    def first_seq(self) -> int:
        """The seq from which it replaces earlier events."""
        stated = self._info.info.get("seq")
        if stated is None:
            return self.log.events[0].seq if self.log.events else NEVER
        return int(stated)


@final
class History:
    """Follows a run folder. It never writes, and damage never raises: see `damaged`.

    Attempts are merged in order: one that was resumed at seq q, with first row f, replaces events
    with seq >= q and rows with step >= f of all before it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._parts: dict[int, _Part] = {}
        self._timeline = Timeline()
        self._folded = 0
        self._compared: dict[tuple[int, int], _Comparison] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Read what was written since the last call; true if there was anything."""
        fresh = [a for a in self.folder.attempts() if a.number not in self._parts]
        for attempt in fresh:
            self._parts[attempt.number] = _Part(self.folder, attempt)
        self._parts = dict(sorted(self._parts.items()))
        parts = list(self._parts.values())
        grown = [part for part in parts if part.refresh()]
        if fresh or any(part is not parts[-1] for part in grown):
            self._timeline, self._folded = Timeline(), 0
            for event in _merged_events(parts[:-1], parts[-1].first_seq):
                self._timeline.append(event)
        if parts:
            for event in parts[-1].log.events[self._folded :]:
                self._timeline.append(event)
            self._folded = len(parts[-1].log.events)
        return bool(fresh or grown)

    @property
    def damaged(self) -> int:
        """Number of damaged seals and lines, which are left out; for rows, see `verify`."""
        return sum(part.rows.damaged + part.log.damaged for part in self._parts.values())

    def verify(self) -> None:
        """Read all rows once, so that `damaged` and `missing` are complete.

        Without it, they cover only the rows that were read for other reasons.
        """
        for part in self._parts.values():
            part.rows.verify()

    @property
    def missing(self) -> list[MissingRows]:
        """Rows that were recorded and cannot be read; for each step its latest attempt counts."""
        missing: list[MissingRows] = []
        hi = NEVER
        for part in reversed(self._parts.values()):
            lost = part.missing()
            missing += [
                part_within for one in lost if (part_within := one.within(part.first_step, hi))
            ]
            hi = min(hi, part.first_step)
        return sorted(missing, key=lambda one: one.first)

    @property
    def row_bytes(self) -> int:
        """Size of the row files, which `verify` reads."""
        return sum(table.size for part in self._parts.values() for table in part.rows.tables)

    @property
    def damage(self) -> str:
        """One line about what cannot be read; empty if everything can. See `verify`."""
        return damage_text(self.missing, sum(part.log.damaged for part in self._parts.values()))

    def until(self, step: int | None = None) -> Snapshot:
        """The run as of `step`; None = as of now."""
        rows = self._rows(len(self._parts))
        return Snapshot(
            rows if step is None else rows.until(step),
            self._timeline,
            self._timeline.counts(step),
        )

    def _rows(self, n_attempts: int) -> RunRows:
        parts = list(self._parts.values())[:n_attempts]
        return _merged_rows(self.folder.columns, parts)

    @property
    def resume_verified(self) -> dict[str, int | None] | None:
        """Steps that were computed twice, and the first whose rows differ in a bit, if any.

        After each resume the recomputed rows are compared with those of the dead attempt, up to the
        first edit that only one of them applied. None if the run was never resumed.
        """
        if len(self._parts) < 2:
            return None
        pairs = [self._comparison(i) for i in range(1, len(self._parts))]
        different = [pair.first_difference for pair in pairs if pair.first_difference is not None]
        return {
            "steps": sum(pair.steps for pair in pairs),
            "first_difference": min(different, default=None),
        }

    def _comparison(self, i: int) -> "_Comparison":
        """Rows of attempt `i` compared with those of all earlier ones, where both have them."""
        *before, part = list(self._parts.values())[: i + 1]
        old, new = self._rows(i), _merged_rows(self.folder.columns, [part])
        apart = _edits(_merged_events(before, NEVER), part.first_seq) ^ _edits(
            part.log.events, part.first_seq
        )
        last = min([old.last_step, new.last_step, *(step for step, _ in apart)])
        if (i, last) not in self._compared:
            self._compared[i, last] = _compare(old, new, part.first_step, last)
        return self._compared[i, last]


@dataclass(frozen=True)
class _Comparison:
    steps: int
    first_difference: int | None


def _compare(old: RunRows, new: RunRows, first: int, last: int) -> _Comparison:
    """Compare rows from step `first` to `last` that both have, in the columns that both have."""
    shared = [name for name in old.columns if name in new.columns]
    old_steps, old_rows = old.read(first, last)
    new_steps, new_rows = new.read(first, last)
    both, i, j = np.intersect1d(old_steps, new_steps, return_indices=True)
    different = np.zeros(len(both), np.bool_)
    for name in shared:
        a = old_rows[i, old.columns.index(name)]
        b = new_rows[j, new.columns.index(name)]
        different |= a.view(bits := f"u{a.itemsize}") != b.view(bits)
    first_different = both[different]
    return _Comparison(len(both), int(first_different[0]) if len(first_different) else None)


def _merged_rows(columns: tuple[str, ...] | None, parts: list[_Part]) -> RunRows:
    """The rows of attempts; `columns` are those of format 1.0."""
    tables: list[tuple[SealedRows, int]] = []
    for part in parts:
        for i, table in enumerate(part.rows.tables):
            first = part.first_step if i == 0 else table.first_step
            tables.append((table, NEVER if first is None else first))
    if columns is None:
        columns = tuple(dict.fromkeys(name for table, _ in tables for name in table.columns))
    return RunRows.merge(columns, tables)


def _merged_events(parts: list[_Part], stop: int) -> list[Event]:
    """Events of attempts with seq < `stop`, each attempt's cut where a later one takes over."""
    merged: list[list[Event]] = []
    for part in reversed(parts):
        merged.append([event for event in part.log.events if event.seq < stop])
        stop = min(stop, part.first_seq)
    return [event for events in reversed(merged) for event in events]


def _edits(events: list[Event], from_seq: int) -> set[tuple[int, str]]:
    return {
        (event.step, json.dumps(event.changes, sort_keys=True))
        for event in events
        if isinstance(event, Edited) and event.seq >= from_seq
    }
