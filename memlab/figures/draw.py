"""From a `Plot` to a matplotlib `Figure`: panels one below the other, a legend, a title, a note."""

import textwrap
from typing import TYPE_CHECKING, Any, assert_never

from memlab.figures.draw_answers import answers_height, draw_answers
from memlab.figures.draw_cells import cells_height, draw_cells, draw_shares
from memlab.figures.draw_curves import draw_curves
from memlab.figures.plot import Answers, Cells, Curves, Panel, Plot, Shares
from memlab.figures.style import Style, matplotlib_settings
from memlab.figures.text import plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(plot: Plot, style: Style) -> "Figure":
    """The figure; the same plot and style give the same one."""
    with matplotlib_settings(style):
        return _draw(plot, style)


def _draw(plot: Plot, style: Style) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [_height(panel, style, plot) for panel in plot.panels]
    above = 2.2 * style.font / 72 * style.titled
    beside = plot.side_by_side and len(plot.panels) > 1
    rows, columns = (1, len(heights)) if beside else (len(heights), 1)
    total = (max(heights) if beside else sum(heights)) + above + _below(plot, style)
    figure = Figure(figsize=(style.width, total), layout="constrained")
    FigureCanvasAgg(figure)
    note = _note(figure, plot.note, style)
    rect = (0, note / total, 1, 1 - note / total)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, rect=rect)  # type: ignore[union-attr]
    ratios = {} if beside else {"height_ratios": heights}
    grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=ratios).ravel()
    entries: dict[str, Any] = {}
    for i, (axes, panel) in enumerate(zip(grid, plot.panels, strict=True)):
        is_last = beside or i == len(grid) - 1
        entries |= _draw_panel(axes, panel, style, first=i == 0, last=is_last)
    if len(entries) > 1 or (entries and not isinstance(plot.panels[0], Curves)):
        columns = legend_columns(list(entries), style)
        figure.legend(
            list(entries.values()), list(entries), loc="outside lower center", ncols=columns,
            handlelength=2.4, columnspacing=1.4, borderaxespad=0.1,
        )  # fmt: skip
    if style.titled and plot.title:
        figure.suptitle(plain(plot.title, 90))
    return figure


def _draw_panel(axes: Any, panel: Panel, style: Style, *, first: bool, last: bool) -> dict[str, Any]:
    """Draw one panel; its legend: label to handle."""
    match panel:
        case Curves():
            return draw_curves(axes, panel, style, rule_labels=first, x_label=last)
        case Cells():
            return draw_cells(axes, panel, style)
        case Shares():
            return draw_shares(axes, panel, style)
        case Answers():
            return draw_answers(axes, panel, style)
    assert_never(panel)


def _height(panel: Panel, style: Style, plot: Plot) -> float:
    n = len(plot.panels) if plot.side_by_side else 1
    match panel:
        case Curves():
            share = 1.5 if len(plot.panels) == 1 or plot.side_by_side else 1.0
            return style.panel_height * (share if len(plot.panels) <= 3 else 0.75)
        case Cells() | Shares():
            return cells_height(panel, style, n)
        case Answers():
            return answers_height(panel, style)
    assert_never(panel)


def _below(plot: Plot, style: Style) -> float:
    """Room for the x label, the legend and the note, in inches."""
    lines = 2.2 + 1.3 * len(_note_lines(plot.note, style))
    return lines * style.font * 1.2 / 72


def _note_lines(note: str, style: Style) -> list[str]:
    return textwrap.wrap(note, int(style.width * 72 / style.font * 1.75)) if note else []


def _note(figure: Any, note: str, style: Style) -> float:
    """Write the note at the bottom; its height in inches."""
    lines = _note_lines(note, style)
    text = "\n".join(plain(line, 400) for line in lines)
    size = 0.85 * style.font
    figure.text(0.5, 0.01, text, ha="center", va="bottom", fontsize=size, color="#404040")
    return len(lines) * 1.35 * size / 72


def legend_columns(labels: list[str], style: Style) -> int:
    """As many entries beside each other as fit the width."""
    width = max(len(label) for label in labels) * 0.55 + 4.5
    return max(1, min(len(labels), int(style.width * 72 / (0.9 * style.font) / width)))

