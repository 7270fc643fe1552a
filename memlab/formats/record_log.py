"""Writes a run of a log as a read-only run folder."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memlab.detectors.observer import RunObserver
from memlab.detectors.series import is_positive
from memlab.errors import DataError
from memlab.formats.log import Log, LogRun, Steps, Values
from memlab.formats.names import NamedSeries
from memlab.record.events import Evaluated
from memlab.record.recording import OtherRun, Recording, Source
from memlab.record.row_format import MISSING

CHUNK = 65536
"""maximum number of rows per block"""
LOSS = "loss"

Table = Mapping[str, tuple[Steps, Values]]
"""name -> (ascending steps, values)"""


def record_run(
    run: LogRun, log: Log, named: Sequence[NamedSeries], runs: Path, source: str
) -> Recording:
    """Write a run of a log; return its recording, which has ended.

    Args:
        run: the run.
        log: the log that contains it.
        named: names and places of its series.
        runs: the folder of runs.
        source: the path as given by the user.

    Raises:
        DataError: a step is negative.
    """
    for series in run.series.values():
        if len(series.steps) and series.steps.min() < 0:
            raise DataError(
                "a step is negative", where=", ".join(run.files) or source,
                found=f"{series.steps.min()} in {series.name}",
            )  # fmt: skip
    recording = open_recording(run, log, named, runs, source)
    try:
        _write(run, named, recording)
    except BaseException:
        recording.close()
        raise
    recording.end("interrupted" if run.ended is False else "finished")
    return recording


def _write(run: LogRun, named: Sequence[NamedSeries], recording: Recording) -> None:
    firsts = [0, *run.restarts()]
    for attempt, first in enumerate(firsts, 1):
        if attempt > 1:
            recording.begin_attempt(first)
        rows = merged_series(run, named, "row", attempt)
        evaluations = merged_series(run, named, "evaluation", attempt)
        for block in iter_row_blocks(rows, evaluations, first):
            recording.add(*block)


def open_recording(
    run: LogRun, log: Log, named: Sequence[NamedSeries], runs: Path, source: str
) -> Recording:
    """A new recording of an imported run."""
    details = {
        "files": list(run.files),
        "names": {one.source: one.name for one in named if one.source != one.name},
        "notes": list(log.notes),
        "warnings": [*log.warnings, *([log.damage] if log.damage else [])],
        "attempts": run.attempts,
        "replaced": run.n_replaced,
        "ended": run.ended,
    }
    origin = Source(source, log.format, run.sha256, details)
    outline = OtherRun(run.config, run.planned_steps, origin)
    loss = merged_series(run, named, "row", run.attempts).get(LOSS)
    linear = loss is not None and not is_positive(
        loss[1][i : i + CHUNK] for i in range(0, len(loss[1]), CHUNK)
    )
    return Recording.create(runs, run.name, outline, lambda: RunObserver(linear=linear))


def merged_series(run: LogRun, named: Sequence[NamedSeries], place: str, attempt: int) -> Table:
    """The series with the given place, merged over the first `attempt` attempts."""
    return {one.name: run.series[one.source].merged(attempt) for one in named if one.place == place}


def end_step(*tables: Table) -> int:
    """The step after the last one with a value; 0 if there is no value."""
    series = [steps for table in tables for steps, _ in table.values() if len(steps)]
    return max((int(steps[-1]) + 1 for steps in series), default=0)


def iter_row_blocks(
    rows: Table, evaluations: Table, first: int, stop: int | None = None
) -> Iterator[tuple[Steps, dict[str, Values], list[Evaluated]]]:
    """Blocks of rows and evaluations from step `first` to before `stop`."""
    series = [*rows.values(), *evaluations.values()]
    at, end_of_log = first, end_step(rows, evaluations)
    stop = end_of_log if stop is None else min(stop, end_of_log)
    while at < stop:
        ends = [
            int(steps[place])
            for steps, _ in series
            if (place := int(np.searchsorted(steps, at)) + CHUNK) < len(steps)
        ]
        end = min([*ends, stop])
        yield *_rows(_between(rows, at, end)), _evaluations(_between(evaluations, at, end))
        at = end


def _between(table: Table, first: int, end: int) -> Table:
    """The values at steps from `first` to before `end`."""
    part: dict[str, tuple[Steps, Values]] = {}
    for name, (steps, values) in table.items():
        i, j = np.searchsorted(steps, (first, end))
        part[name] = steps[i:j], values[i:j]
    return part


def _rows(table: Table) -> tuple[Steps, dict[str, Values]]:
    """One row per step at which any of the series has a value."""
    filled = {name: series for name, series in table.items() if len(series[0])}
    if not filled:
        return np.zeros(0, np.int64), {}
    steps = next(iter(filled.values()))[0]
    if not all(np.array_equal(own, steps) for own, _ in filled.values()):
        steps = np.unique(np.concatenate([own for own, _ in filled.values()]))
    columns: dict[str, Values] = {}
    for name, (own, values) in filled.items():
        if len(own) == len(steps):
            columns[name] = np.asarray(values)
        else:
            column: NDArray[np.float64] = np.full(len(steps), MISSING)
            column[np.searchsorted(steps, own)] = values
            columns[name] = column
    return steps, columns


def _evaluations(table: Table) -> list[Evaluated]:
    by_step: dict[int, dict[str, float]] = {}
    for name, (steps, values) in table.items():
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            by_step.setdefault(step, {})[name] = value
    return [Evaluated(step=step, values=by_step[step]) for step in sorted(by_step)]
