"""The charts that the console shows, as a figure: same window, same measures, same runs or sweep."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from memlab.charts import Tiles
from memlab.figures.draw import draw
from memlab.figures.plot import CellGrid, FigureData, Floats, Panel, PlottedCurves, ShownChart
from memlab.figures.save import Origin, to_bytes
from memlab.figures.style import style_of
from memlab.record import files
from memlab.record.safe_text import safe_text

STYLE = "web"


def save_shown_charts(
    panels: Sequence[tuple[str, bool, ShownChart]], runs: Mapping[str, str], x_label: str
) -> Path:
    """Save charts of `runs` or a sweep (id to name) in the current folder; returns the path.

    Each chart comes with the name of its measure, and whether its values are shares of 1.

    Raises:
        OSError: the file cannot be written.
    """
    ids = tuple(runs)
    title = ", ".join(safe_text(name or run, 40) for run, name in runs.items())
    drawn = tuple(_panel(*panel, x_label) for panel in panels)
    data = FigureData("shown", drawn, ids, title=title)
    style = style_of(STYLE)
    others = f"-and-{len(ids) - 1}" if len(ids) > 1 else ""
    path = _unused(Path.cwd() / f"{ids[0]}{others}-{safe_text(panels[0][0], 30)}.png")
    origin = Origin(title, ids, "a key of the console")
    files.replace(path, to_bytes(draw(data, style), "png", style, origin))
    return path


def _panel(name: str, is_share: bool, chart: ShownChart, x_label: str) -> Panel:
    if isinstance(chart, CellGrid):
        return chart
    if isinstance(chart, Tiles):
        return CellGrid(_grid(chart), "", "", f"{name}: first right at step", blank=chart.blank)
    return PlottedCurves(chart, name.replace("_", " "), x_label, percent=is_share)


def _grid(tiles: Tiles) -> Floats:
    """The steps in their places; NaN = not yet, or nothing there."""
    first = np.where(np.isfinite(tiles.first), tiles.first, np.nan)
    if tiles.row is None or tiles.column is None:
        columns = max(int(np.ceil(np.sqrt(2 * len(first)))), 1)
        padded = np.full(-(-max(len(first), 1) // columns) * columns, np.nan)
        padded[: len(first)] = first
        return padded.reshape(-1, columns)
    values = np.full(tiles.shape, np.nan)
    values[tiles.row, tiles.column] = first
    return values


def _unused(path: Path) -> Path:
    """The path, with a number where a file of that name is there already."""
    path = path.with_name(path.name.replace("/", "-").replace(" ", "-"))
    taken, number = path, 2
    while taken.exists():
        taken = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return taken
