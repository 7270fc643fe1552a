"""The numbers of a figure as CSV, and a short script that draws them."""

import csv
import io
import json
import math
from importlib.resources import files

from memlab.figures.plot import Answers, CellGrid, FigureData, Panel, PlottedCurves, Shares

HEADER = ("panel", "element", "name", "x", "y", "y2", "text")


def to_csv(plot: FigureData) -> str:
    """All plotted numbers.

    Columns: panel (from 1), element (line, band, mark, point, bound, rule, level, cell, share,
    token), name of the element, x, y, y2 (upper end of a band, value of a cell), text.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(HEADER)
    for number, panel in enumerate(plot.panels, start=1):
        for element, name, x, y, y2, text in panel.numbers():
            rows.writerow([number, element, name, _cell(x), _cell(y), _cell(y2), text])
    return out.getvalue()


def redraw_script(plot: FigureData, csv_name: str, picture_name: str) -> str:
    """A script that draws the CSV in the same folder; it needs only matplotlib."""
    template = files("memlab.figures").joinpath("redraw.py.txt").read_text("utf-8")
    panels = [_panel(panel) for panel in plot.panels]
    replaced = template.replace("PANELS", json.dumps(panels, indent=4).replace("true", "True"))
    replaced = replaced.replace("false", "False").replace("CSV", repr(csv_name))
    return replaced.replace("PICTURE", repr(picture_name))


def _panel(panel: Panel) -> dict[str, object]:
    match panel:
        case PlottedCurves(chart=chart):
            scales = {"x_log": chart.x_log, "y_log": chart.y_log}
            return {"x": panel.x_label, "y": panel.y_label, **scales}
        case CellGrid() | Shares():
            return {"x": panel.x_label, "y": panel.y_label, "x_log": False, "y_log": False}
        case Answers():
            return {"x": "step", "y": "sample", "x_log": False, "y_log": False}


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return repr(int(value)) if math.isfinite(value) and value == int(value) else repr(float(value))
