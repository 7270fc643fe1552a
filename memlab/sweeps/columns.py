"""Results of a sweep as columns of plain values; None = unknown."""

from collections.abc import Sequence
from typing import Any

from memlab.sweeps.tables import Results

Column = list[Any]
FINAL = ("mean", "std", "min", "max")
EVENT = ("reached", "median", "low", "high", "censored_at")


def cell_columns(results: Results, measures: Sequence[str] | None = None) -> dict[str, Column]:
    """One row per cell: settings, number of members, steps to events, final values over seeds.

    Args:
        measures: measures whose final values to include; None = all of finished members.
    """
    chosen = results.measures if measures is None else list(measures)
    cells = results.cells
    columns: dict[str, Column] = {
        axis.key: [cell.cell.at[axis.key] for cell in cells] for axis in results.sweep.axes
    }
    columns["members"] = [len(cell.states) for cell in cells]
    columns["finished"] = [len(cell.finished) for cell in cells]
    for name in results.events:
        events = [cell.event(name) for cell in cells]
        columns |= {f"{name}_{part}": [getattr(e, part) for e in events] for part in EVENT}
    for name in chosen:
        finals = [cell.final(name) for cell in cells]
        columns |= {f"{name}_{part}": [getattr(f, part) for f in finals] for part in FINAL}
    return columns


def member_columns(results: Results) -> dict[str, Column]:
    """One row per member: axis values, seed, state, steps to events, final values."""
    axes = [axis.key for axis in results.sweep.axes]
    measures = results.measures
    columns: dict[str, Column] = {
        name: [] for name in ("run", *axes, "seed", "state", "step", *results.events, *measures)
    }
    for cell in results.cells:
        for state in cell.states:
            outcome = cell.outcome_by_run.get(state.member.run)
            crossings = [outcome.events[event] if outcome else None for event in results.events]
            final = outcome.state.final if outcome else {}
            row = [
                state.member.run,
                *(cell.cell.at[axis] for axis in axes),
                state.member.seed,
                state.state,
                state.step,
                *(None if crossing is None else crossing.step for crossing in crossings),
                *(final.get(name) for name in measures),
            ]
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
    return columns
