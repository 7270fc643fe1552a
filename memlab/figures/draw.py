"""Draw a `FigureData` as a matplotlib `Figure`: a grid of panels, a title, a legend and a note."""

import textwrap
from typing import TYPE_CHECKING, Any, assert_never

from memlab.figures.draw_answers import answers_height, draw_answers
from memlab.figures.draw_cells import cells_height, draw_cells, draw_shares
from memlab.figures.draw_curves import draw_curves
from memlab.figures.plot import Answers, CellGrid, FigureData, Panel, PlottedCurves, Shares
from memlab.figures.style import Style, matplotlib_settings
from memlab.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 0.5
"""space between legend and note, in lines"""


def draw(plot: FigureData, style: Style) -> "Figure":
    """Draw the figure; deterministic for equal `plot` and `style`."""
    with matplotlib_settings(style):
        return _draw(plot, style)


def _draw(plot: FigureData, style: Style) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from memlab.figures.displayed_figure import DisplayedFigure

    columns, n = plot.columns, len(plot.panels)
    rows = -(-n // columns)
    heights = [
        max(_height(panel, style, plot) for panel in plot.panels[i : i + columns])
        for i in range(0, n, columns)
    ]
    total = sum(heights) + 2.2 * style.font / 72 * style.titled + _below(plot, style)
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03)
    figure = DisplayedFigure(figsize=(style.width, total), layout=layout)
    FigureCanvasAgg(figure)
    ratios = {"height_ratios": heights}
    grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=ratios).ravel()
    for unused in grid[n:]:
        unused.set_visible(False)
    entries: dict[str, Any] = {}
    for i, (axes, panel) in enumerate(zip(grid, plot.panels, strict=False)):
        is_first, is_last = i < columns, i >= n - columns
        entries |= _draw_panel(axes, panel, style, first=is_first, last=is_last)
    below = _note(figure, plot.note, style)
    if len(entries) > 1 or (entries and not isinstance(plot.panels[0], PlottedCurves)):
        below += _legend(figure, entries, below / total, style)
    rect = (0, below / total, 1, 1 - below / total)
    layout.set(rect=rect)
    if style.titled and plot.title:
        figure.suptitle(plain(plot.title, 90))
    return figure


def _draw_panel(
    axes: Any, panel: Panel, style: Style, *, first: bool, last: bool
) -> dict[str, Any]:
    """Draw one panel; returns its legend entries: label to handle."""
    match panel:
        case PlottedCurves():
            return draw_curves(axes, panel, style, rule_labels=first, x_label=last)
        case CellGrid():
            return draw_cells(axes, panel, style)
        case Shares():
            return draw_shares(axes, panel, style)
        case Answers():
            return draw_answers(axes, panel, style)
    assert_never(panel)


def _height(panel: Panel, style: Style, plot: FigureData) -> float:
    rows = -(-len(plot.panels) // plot.columns)
    match panel:
        case PlottedCurves():
            return style.panel_height * (1.5 if rows == 1 else 1.0 if rows <= 3 else 0.75)
        case CellGrid() | Shares():
            return cells_height(panel, style, plot.columns)
        case Answers():
            return answers_height(panel, style)
    assert_never(panel)


def _below(plot: FigureData, style: Style) -> float:
    """Space in inches for the x label, two lines of legend and the note."""
    note = _note_lines(plot.note, style)
    lines = 3.2 + 1.3 * len(note) + (GAP if note else 0)
    return lines * style.font * 1.2 / 72


def _legend(figure: Any, entries: dict[str, Any], bottom: float, style: Style) -> float:
    """Draw the legend above `bottom` (fraction of the figure height); returns its height in inches."""
    columns = _legend_columns(list(entries), style)
    figure.legend(
        list(entries.values()), list(entries), loc="lower center", bbox_to_anchor=(0.5, bottom),
        ncols=columns, handlelength=2.4, columnspacing=1.4, borderaxespad=0.2, borderpad=0.1,
    )  # fmt: skip
    return (-(-len(entries) // columns) * 1.45 + 0.6) * 0.9 * style.font / 72


def _note_lines(note: str, style: Style) -> list[str]:
    return textwrap.wrap(note, int(style.width * 72 / style.font * 2.0)) if note else []


def _note(figure: Any, note: str, style: Style) -> float:
    """Draw the note at the bottom; returns its height in inches."""
    lines = _note_lines(note, style)
    text = "\n".join(plain(line, 400) for line in lines)
    size = 0.85 * style.font
    figure.text(0.5, 0.01, text, ha="center", va="bottom", fontsize=size, color="#404040")
    return (len(lines) * 1.35 + (GAP if lines else 0)) * size / 72


def _legend_columns(labels: list[str], style: Style) -> int:
    """Number of entries per row that fit the width."""
    width = max(len(label) for label in labels) * 0.55 + 4.5
    return max(1, min(len(labels), int(style.width * 72 / (0.9 * style.font) / width)))
