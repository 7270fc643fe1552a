"""`steps-to`: steps to an event against a setting; runs that did not reach it are bounds."""

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
    """One point per run; a hollow triangle at the last step of a run that did not reach it."""
    event = options.measure or "grokked"
    known = source.results()
    results = known if event in known.events else source.results(event)
    panels = tuple(_panel(source, grid, event) for grid in grids(source, results, options))
    if not any(panel.points for panel in panels):
        raise nothing_to_draw("steps-to", "no run made a step", [source.id])
    title = f"{source.name}: steps to {event}"
    note = (
        "One point per run; lines join Kaplan-Meier medians. Triangles: not reached up to "
        "that step, so more steps are needed than that."
    )
    return FigureData("steps-to", panels, (source.id,), title=title, note=note)


@final
@dataclass(frozen=True)
class _Group:
    """The cells of one row of the grid: one colour."""

    name: str
    colour: RGB
    shift: float
    """along x, so that groups lie beside each other"""
    cells: tuple[tuple[float, CellResult], ...]
    """place on the x axis, and cell"""


def _panel(source: SweepSnapshot, grid: SweepGrid, event: str) -> PlottedCurves:
    groups = list(_groups(grid))
    budget = max((source.sweep.target(m) for m in source.sweep.members), default=0)
    chart = Chart(
        series=tuple(line for group in groups for line in _medians(group, event)),
        levels=(Level(budget, f"budget ({budget:,} steps)", "chance"),) if budget else (),
        y_log=True,
    )
    points = tuple(found for group in groups for found in _points(group, event))
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
    found = [(x + group.shift, cell.event(event).median) for x, cell in group.cells]
    known = np.array([(x, m) for x, m in found if m is not None], np.float64).reshape(-1, 2)
    if len(known) > 1:
        yield Series("", known[:, 0], known[:, 1], group.colour)


def _points(group: _Group, event: str) -> Iterator[Points]:
    """The runs that reached the event, then those that did not."""
    reached, bounds, unfinished = [], [], 0
    for x, cell in group.cells:
        for i, outcome in enumerate(cell.outcomes):
            place = x + group.shift + (i - (len(cell.outcomes) - 1) / 2) * 0.03
            crossing = outcome.events[event]
            if crossing is None:
                bounds.append((place, outcome.state.step))
                unfinished += outcome.state.state in UNFINISHED
            else:
                reached.append((place, crossing.step))
    if reached:
        x_values, y_values = np.array(reached, np.float64).T
        yield Points(group.name or "reached", x_values, y_values, group.colour)
    if bounds:
        x_values, y_values = np.array(bounds, np.float64).T
        more = f", {unfinished} of them unfinished" if unfinished else ""
        name = f"{group.name}: not reached ({len(bounds)}{more})".removeprefix(": ")
        yield Points(name, x_values, y_values, group.colour, hollow=True)


def _ticks(axis: SweepAxis) -> tuple[tuple[float, str], ...]:
    """Values at equal distances, labelled as they were typed."""
    return tuple((float(i), value_text(value)) for i, value in enumerate(axis.values))


KIND = Kind(
    "steps-to", "Steps to an event (--measure grokked) against a setting.", "sweep", steps_to
)
