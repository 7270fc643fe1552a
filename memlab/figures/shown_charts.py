"""Save the charts of the console as a figure, with the same range of steps, measures and runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from memlab.charts import Tiles
from memlab.figures.example_grid import example_grid
from memlab.figures.make import rendered
from memlab.figures.plot import CellGrid, FigureData, Panel, PlottedCurves, ShownChart
from memlab.record import files
from memlab.record.safe_text import safe_text

STYLE = "web"


def save_shown_charts(
    panels: Sequence[tuple[str, bool, ShownChart]], runs: Mapping[str, str], x_label: str
) -> Path:
    """Save charts as a PNG in the current folder; returns the path.

    Args:
        panels: (name of the measure, whether its values are fractions, chart).
        runs: id to name, of runs or a sweep.
        x_label: label of the x axis.

    Raises:
        OSError: the file cannot be written.
    """
    ids = tuple(runs)
    title = ", ".join(safe_text(name or run, 40) for run, name in runs.items())
    data = FigureData("shown", tuple(_panel(*panel, x_label) for panel in panels), ids, title=title)
    others = f"-and-{len(ids) - 1}" if len(ids) > 1 else ""
    path = _unused(Path.cwd() / f"{ids[0]}{others}-{safe_text(panels[0][0], 30)}.png")
    files.replace(path, rendered(data, "png", STYLE, "a key of the console"))
    return path


def _panel(name: str, is_share: bool, chart: ShownChart, x_label: str) -> Panel:
    if isinstance(chart, CellGrid):
        return chart
    if isinstance(chart, Tiles):
        first = np.where(np.isfinite(chart.first), chart.first, np.nan)
        grid = example_grid(first, chart.row, chart.column, chart.shape)
        return CellGrid(grid, "", "", f"{name}: first correct at step", blank=chart.blank)
    return PlottedCurves(chart, name.replace("_", " "), x_label, percent=is_share)


def _unused(path: Path) -> Path:
    """The path, with a number appended if the file exists."""
    path = path.with_name(path.name.replace("/", "-").replace(" ", "-"))
    unused, number = path, 2
    while unused.exists():
        unused = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return unused
