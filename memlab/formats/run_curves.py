"""The curves of a run as series and as blocks of rows, for export."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from memlab.formats.log import Steps, Values
from memlab.record.events import Evaluated
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.row_format import MISSING
from memlab.record.snapshot import Snapshot
from memlab.record.summary import planned_steps


@dataclass(frozen=True)
class RunCurves:
    """The series of a run: per-step columns and evaluated quantities."""

    name: str
    snapshot: Snapshot
    planned_steps: int
    created: float
    """seconds since the epoch"""
    walls: tuple[tuple[int, float], ...]
    """(step, seconds since the epoch) of events, ascending"""

    @classmethod
    def of(cls, folder: RunFolder) -> "RunCurves":
        """The curves recorded so far."""
        snapshot = History(folder).until()
        created = float(folder.description.get("created", 0.0))
        walls = {event.step: event.wall for event in snapshot.events}
        planned = planned_steps(folder, snapshot)
        return cls(folder.path.name, snapshot, planned, created, tuple(sorted(walls.items())))

    @property
    def row_names(self) -> tuple[str, ...]:
        return self.snapshot.steps.columns

    @property
    def evaluated_names(self) -> tuple[str, ...]:
        """Evaluated quantities, without those that are also per-step columns."""
        names = (name for name in self.snapshot.evaluations if name != "step")
        return tuple(name for name in names if name not in self.row_names)

    def series(self) -> Iterator[tuple[str, Steps, Values]]:
        """Name, ascending steps and values of each series, at the steps where it was recorded."""
        for name in self.row_names:
            steps, values = self.snapshot.steps.measured(name)
            yield name, steps, values.astype(np.float64)
        evaluations = self.evaluations()
        for name in self.evaluated_names:
            values_by_step = {s: row[name] for s, row in evaluations.items() if name in row}
            yield (
                name,
                np.array(list(values_by_step), np.int64),
                np.array(list(values_by_step.values()), np.float64),
            )

    def evaluations(self) -> dict[int, dict[str, float]]:
        """By ascending step, the values evaluated there; the last evaluation of a step counts."""
        by_step: dict[int, dict[str, float]] = {}
        for event in self.snapshot.of(Evaluated):
            by_step.setdefault(event.step, {}).update(event.values)
        return dict(sorted(by_step.items()))

    def wide(self) -> Iterator[tuple[Steps, Values]]:
        """Blocks of (row, column) values with every column; `MISSING` where nothing was recorded."""
        evaluations = self.evaluations()
        evaluated = np.array(list(evaluations), np.int64)
        n_rows, done = len(self.row_names), 0
        for steps, values in self._blocks():
            stop = len(evaluated)
            if len(steps):
                stop = int(np.searchsorted(evaluated, steps[-1], "right"))
            here, done = evaluated[done:stop], stop
            both = np.union1d(steps, here)
            table = np.full((len(both), n_rows + len(self.evaluated_names)), MISSING)
            table[np.searchsorted(both, steps), :n_rows] = values
            for step in here.tolist():
                row = table[np.searchsorted(both, step)]
                for i, name in enumerate(self.evaluated_names, n_rows):
                    row[i] = evaluations[step].get(name, MISSING)
            if len(both):
                yield both, table

    def _blocks(self) -> Iterator[tuple[Steps, Values]]:
        """Blocks of per-step rows, and an empty one at the end."""
        rows = self.snapshot.steps
        for steps, values in rows.blocks():
            numbers = values.astype(np.float64)
            for i, name in enumerate(self.row_names):
                numbers[~rows.recorded(name, values[:, i]), i] = MISSING
            yield steps, numbers
        yield np.zeros(0, np.int64), np.zeros((0, len(self.row_names)))

    def wall(self, steps: Steps) -> Values:
        """Approximate time of each step, interpolated between the events around it."""
        if not self.walls:
            return np.full(len(steps), self.created)
        at, when = np.array(self.walls, np.float64).T
        walls: Values = np.interp(steps, at, when)
        return walls
