"""Results of a sweep as columns of plain values; None = not known."""

from collections.abc import Sequence
from typing import Any

from memlab.sweeps.tables import Results

Column = list[Any]
FINAL = ("mean", "std", "min", "max")
EVENT = ("reached", "median", "low", "high", "censored_at")


def cell_columns(results: Results, measures: Sequence[str] | None = None) -> dict[str, Column]:
    """One row a cell: its settings, members, steps to events, final values over seeds.

    Args:
        measures: final values to give; None = all that a finished member has.
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
    """One row a member: its place, how it stands, when it reached events, its final values."""
    axes = [axis.key for axis in results.sweep.axes]
    measures = results.measures
    columns: dict[str, Column] = {
        name: [] for name in ("run", *axes, "seed", "state", "step", *results.events, *measures)
    }
    for cell in results.cells:
        known = {one.state.member.run: one for one in cell.outcomes}
        for state in cell.states:
            one = known.get(state.member.run)
            crossings = [one.events[event] if one else None for event in results.events]
            final = one.state.final if one else {}
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
