"""Writes a run that another program trained: rows and events in, a run of format 1.1 out.

with Recording.create(runs, "my log", source=Source(...), observe=...) as recording:
    recording.add(steps, {"loss": loss, "grad_norm": norm}, events)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Ended, Evaluated, Event, Started
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.row_format import Steps
from memlab.record.summary import end_summary

BLOCK = 1024
"""maximum number of rows per call of the observer when evaluations lie between them"""


@dataclass(frozen=True)
class Source:
    """The source of an imported run."""

    path: str
    """as the user gave it"""
    format: str
    sha256: str
    """SHA-256 of the bytes read; "" while the source still grows"""
    details: dict[str, Any]
    """other facts about the source: warnings, omitted lines, mapped names"""


@dataclass(frozen=True)
class OtherRun:
    """Facts about a run that memlab does not train, known when it is created."""

    config: Mapping[str, Any] = field(default_factory=dict)
    """settings as its program states them, by name"""
    steps: int | None = None
    """planned updates"""
    source: Source | None = None
    """the source of an imported run, which is read-only"""
    more: Mapping[str, Any] = field(default_factory=dict)
    """further members of `run.json`, such as `measures`"""

    def to_json(self) -> dict[str, Any]:
        return {
            "config": json_ready(self.config),
            **({} if self.source is None else {"source": asdict(self.source)}),
            **({} if self.steps is None else {"check": {"updates": self.steps}}),
            **self.more,
        }


def json_ready(value: Any) -> Any:
    """`value` as a JSON value: numbers of numpy and torch as numbers, other types as text."""
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if hasattr(value, "item"):
        return json_ready(value.item())
    return str(value)


class Observer(Protocol):
    """Detects spikes and phases. Implemented by `memlab.detectors.observer`."""

    def rows(self, steps: Steps, columns: Mapping[str, NDArray[np.floating[Any]]]) -> list[Event]:
        """Events detected in rows, which follow the previous ones."""

    def event(self, event: Event) -> list[Event]:
        """Events detected in an event."""


class _Blind:
    """Detects nothing."""

    def rows(self, steps: Steps, columns: Mapping[str, NDArray[np.floating[Any]]]) -> list[Event]:
        return []

    def event(self, event: Event) -> list[Event]:
        return []


@final
class Recording:
    """One process that records a run, as one attempt or, where steps go back, as several."""

    def __init__(self, folder: RunFolder, observe: Callable[[], Observer] = _Blind) -> None:
        """
        Args:
            observe: creates a new observer.
        """
        self.folder, self._observe = folder, observe
        self._observer: Observer = _Blind()
        self._writer: AttemptWriter | None = None
        self._last_event = 0
        """step of the last event"""
        self.last_step = -1
        """step of the last row; -1 = none"""

    @classmethod
    def create(
        cls,
        runs: Path,
        name: str,
        description: OtherRun,
        observe: Callable[[], Observer] = _Blind,
    ) -> Self:
        return cls(RunFolder.create(runs, description.to_json(), None, name), observe)

    @property
    def attempts(self) -> int:
        """Number of attempts so far."""
        return self._writer.number if self._writer else 0

    def add(
        self,
        steps: ArrayLike,
        columns: Mapping[str, ArrayLike],
        events: Sequence[Event] = (),
        walls: Sequence[float] | None = None,
    ) -> None:
        """Add rows, and events that happened among or after them.

        A first step at or below that of the last row begins a new attempt.

        Args:
            steps: (row,) strictly ascending, 0 or above.
            columns: by name (row,) values; `MISSING` where there is none.
            events: in the order of their steps: `Evaluated`, `Samples`, ...
            walls: of the events, seconds since the epoch; without them, now.
        """
        rows = np.asarray(steps, np.int64)
        values = {name: np.asarray(column, np.float64) for name, column in columns.items()}
        if len(rows) and rows[0] <= self.last_step:
            self.begin_attempt(int(rows[0]))
        times: Sequence[float | None] = walls or [None] * len(events)
        waiting = list(zip(events, times, strict=True))
        at = 0
        while at < len(rows) or waiting:
            stop = min(at + BLOCK, len(rows)) if waiting else len(rows)
            # Events after the last row of the block belong to a later one.
            limit = np.inf if stop == len(rows) else int(rows[stop - 1])
            n = next(
                (i for i, (event, _) in enumerate(waiting) if event.step > limit), len(waiting)
            )
            block = {name: column[at:stop] for name, column in values.items()}
            self._add(rows[at:stop], block, waiting[:n])
            waiting, at = waiting[n:], stop

    def _add(
        self,
        steps: Steps,
        columns: Mapping[str, NDArray[np.float64]],
        events: Iterable[tuple[Event, float | None]],
    ) -> None:
        """Rows and the events among them, with the events detected in both, in step order."""
        writer = self._writer or self.begin_attempt(int(steps[0]) if len(steps) else 0)
        noticed: list[tuple[Event, float | None]] = []
        if len(steps):
            writer.table.append(steps, columns)
            self.last_step = int(steps[-1])
            noticed += [(event, None) for event in self._observer.rows(steps, columns)]
        for event, wall in events:
            noticed.append((event, wall))
            noticed += [(other, wall) for other in self._observer.event(event)]
        for event, wall in sorted(noticed, key=lambda pair: pair[0].step):
            self._write(event, wall)

    def _write(self, event: Event, wall: float | None = None) -> None:
        assert self._writer is not None
        self._writer.write(event, seal_rows=False, wall=wall)
        self._last_event = event.step

    def begin_attempt(self, first_step: int) -> AttemptWriter:
        """Replace the records from `first_step` on by the records that are added next."""
        if self._writer is not None:
            self._writer.end("interrupted", max(self.last_step, 0), {})
        self._writer, self._observer = begin_attempt(self.folder, first_step, self._observe)
        self.last_step = min(self.last_step, first_step - 1)
        return self._writer

    def flush(self) -> None:
        """Seal all pending rows, so that followers see them."""
        if self._writer is not None:
            self._writer.flush()
            self._writer.beat(max(self.last_step, 0))

    def end(self, reason: str = "finished", step: int | None = None) -> None:
        """Close the run: nothing can be added afterwards."""
        writer = self._writer or self.begin_attempt(0)
        step = max(self.last_step, self._last_event, 0) if step is None else step
        for noticed in self._observer.event(Ended(step=step, reason=reason)):
            self._write(noticed)
        writer.flush()
        summary = end_summary(self.folder)
        self._write(Ended(step=step, reason=reason, summary=summary))
        writer.end(reason, step, summary)

    def close(self) -> None:
        """Close the files without an end."""
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.end()
        self.close()


def begin_attempt(
    folder: RunFolder, first_step: int, observe: Callable[[], Observer]
) -> tuple[AttemptWriter, Observer]:
    """The next attempt, and an observer that has seen the records before `first_step`.

    Raises:
        BusyError: another process records the run.
    """
    now = History(folder).until()
    earlier = list(takewhile(lambda event: event.step < first_step, now.events))
    attempts = folder.attempts()
    resumed_from = first_step - 1 if attempts else None
    writer = folder.begin(
        {"resumed_from": resumed_from},
        seq=earlier[-1].seq + 1 if earlier else 0,
        first_step=first_step,
    )
    writer.write(
        Started(
            step=max(first_step - 1, 0),
            attempt=writer.number,
            resumed_from=resumed_from,
            device="",  # known only to the other program
        )
    )
    observer = observe()
    rows = now.steps.until(first_step - 1)
    for steps, values in rows.blocks():
        observer.rows(steps, dict(zip(rows.columns, values.T, strict=True)))
    for event in earlier:
        if isinstance(event, Evaluated):
            observer.event(event)
    return writer, observer
