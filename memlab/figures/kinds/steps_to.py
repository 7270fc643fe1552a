"""`steps-to`: steps to an event against a setting; runs without the event are lower bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from memlab.charts import Chart, Level, Series
from memlab.charts.theme import RGB
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import FigureData, PlottedCurves, Points
from memlab.figures.source import FigureOptions, SweepSnapshot
from memlab.figures.sweep_grid import SweepGrid, axis_name, grids, value_text
from memlab.sweeps.plan import SweepAxis
from memlab.sweeps.progress import UNFINISHED
from memlab.sweeps.tables import CellResult


def steps_to(source: SweepSnapshot, options: FigureOptions) -> FigureData:
    """One point per run, or a hollow triangle at its last step if it did not reach the event."""
    event = options.measure or "grokked"
    results = source.results_with(event)
    panels = tuple(_panel(source, grid, event) for grid in grids(source, results, options))
    if not any(panel.points for panel in panels):
        raise nothing_to_draw("steps-to", "no member has trained", [source.id])
    title = f"{source.name}: steps to {event}"
    note = (
        "One point per run; lines connect Kaplan-Meier medians. Triangles: not reached up to that "
        "step, which is a lower bound."
    )
    return FigureData("steps-to", panels, (source.id,), title=title, note=note)


@final
@dataclass(frozen=True)
class _Group:
    """The cells of one row of the grid, drawn in one colour."""

    name: str
    colour: RGB
    shift: float
    """offset along x, so that groups do not overlap"""
    cells: tuple[tuple[float, CellResult], ...]
    """(position on the x axis, cell)"""


def _panel(source: SweepSnapshot, grid: SweepGrid, event: str) -> PlottedCurves:
    groups = list(_groups(grid))
    budget = max((source.sweep.target(m) for m in source.sweep.members), default=0)
    chart = Chart(
        series=tuple(line for group in groups for line in _medians(group, event)),
        levels=(Level(budget, f"budget ({budget:,} steps)", "chance"),) if budget else (),
        y_log=True,
    )
    points = tuple(points for group in groups for points in _points(group, event))
    return PlottedCurves(
        chart, f"steps to {event}", axis_name(grid.x.key), points, x_ticks=_ticks(grid.x)
    )


def _groups(grid: SweepGrid) -> Iterator[_Group]:
    values = grid.y.values if grid.y else (None,)
    for k, value in enumerate(values):
        name = f"{axis_name(grid.y.key)} = {value_text(value)}" if grid.y else ""
        cells = tuple((float(j), cell) for i, j, cell in grid if i == k and cell is not None)
        yield _Group(name, (k, 0, 0), (k - (len(values) - 1) / 2) * 0.12, cells)


def _medians(group: _Group, event: str) -> Iterator[Series]:
    """A line through the medians that were reached."""
    medians = [(x + group.shift, cell.event(event).median) for x, cell in group.cells]
    reached = np.array([(x, m) for x, m in medians if m is not None], np.float64).reshape(-1, 2)
    if len(reached) > 1:
        yield Series("", reached[:, 0], reached[:, 1], group.colour)


def _points(group: _Group, event: str) -> Iterator[Points]:
    """Points of the runs that reached the event, then of those that did not."""
    reached, bounds, unfinished = [], [], 0
    for x, cell in group.cells:
        for i, outcome in enumerate(cell.outcomes):
            position = x + group.shift + (i - (len(cell.outcomes) - 1) / 2) * 0.03
            crossing = outcome.events[event]
            if crossing is None:
                bounds.append((position, outcome.state.step))
                unfinished += outcome.state.state in UNFINISHED
            else:
                reached.append((position, crossing.step))
    if reached:
        x_values, y_values = np.array(reached, np.float64).T
        yield Points(group.name or "reached", x_values, y_values, group.colour)
    if bounds:
        x_values, y_values = np.array(bounds, np.float64).T
        more = f", {unfinished} of them unfinished" if unfinished else ""
        name = f"{group.name}: not reached ({len(bounds)}{more})".removeprefix(": ")
        yield Points(name, x_values, y_values, group.colour, hollow=True)


def _ticks(axis: SweepAxis) -> tuple[tuple[float, str], ...]:
    """Values at equal distances, as written in the sweep."""
    return tuple((float(i), value_text(value)) for i, value in enumerate(axis.values))


KIND = Kind(
    "steps-to", "Steps to an event (--measure grokked) against a setting.", "sweep", steps_to
)
