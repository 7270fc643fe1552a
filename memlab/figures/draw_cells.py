"""Draw grids of cells: numbers as colours with a colour bar, or fractions of categories."""

from typing import Any

import numpy as np

from memlab.charts.scale import short
from memlab.figures.plot import CellGrid, Shares
from memlab.figures.style import Style
from memlab.figures.text import plain

SEQUENTIAL = "cividis"
"""colour map with monotone lightness, also for colour-blind readers and in greyscale"""
CATEGORIES = ("#009E73", "#F0E442", "#D55E00", "#7F7F7F", "#56B4E9", "#CC79A7")
"""colours of categories, distinguishable in greyscale"""
CATEGORY_HATCHES = ("", "//", "..", "xx", "\\\\", "--")
BLANK = "#ECECEC"


def cells_height(panel: CellGrid | Shares, style: Style, columns: int = 1) -> float:
    """Height in inches: square cells if there are many, otherwise rows as high as their texts,
    and all rows as high as the label of the colour bar.

    Args:
        columns: number of panels per row of the figure.
    """
    n_rows, n_columns = (panel.values if isinstance(panel, CellGrid) else panel.counts).shape[:2]
    width = 0.72 * style.width / columns
    if n_rows > 16 or n_columns > 16:
        return float(0.85 * width * min(max(n_rows / n_columns, 0.4), 1.0))
    letters = len(panel.value_label) if isinstance(panel, CellGrid) and panel.has_bar else 0
    font = style.font / 72
    return float(max(n_rows * min(width / n_columns, 4.2 * font), 8 * font, 0.62 * letters * font))


def draw_cells(axes: Any, panel: CellGrid, style: Style) -> dict[str, Any]:
    """Draw numbers as colours with a colour bar; returns the legend entries: label to handle."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    known = panel.values[np.isfinite(panel.values)]
    low = panel.low if panel.low is not None else known.min(initial=np.inf)
    high = panel.high if panel.high is not None else known.max(initial=-np.inf)
    low, high = (float(low), float(high)) if len(known) else (1.0, 2.0)
    if low == high:
        low, high = (low / 2, high * 2) if panel.log else (low - 0.5, high + 0.5)
    norm = (LogNorm if panel.log else Normalize)(low, high, clip=True)
    colours = colormaps[SEQUENTIAL].with_extremes(bad=BLANK)
    rows, columns = panel.values.shape
    many = rows > 16 or columns > 16
    image = axes.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, np.ma.masked_invalid(panel.values),
        norm=norm, cmap=colours, rasterized=rows * columns > 20_000,
        edgecolors="none" if many else "white", linewidth=0 if many else 0.8,
    )  # fmt: skip
    axes.set_facecolor(BLANK)
    _cell_marks(axes, panel, style, lambda value: colours(norm(value)))
    _axes_of_cells(axes, panel, rows, columns, style)
    if panel.has_bar:
        bar = axes.figure.colorbar(image, ax=axes, pad=0.02, aspect=25)
        bar.set_label(plain(panel.value_label))
        bar.outline.set_linewidth(0)
        if panel.log:
            _plain_log_ticks(bar, low, high)
    if panel.title:
        axes.set_title(plain(panel.title))
    return _cell_legend(panel, blanks=bool(np.isnan(panel.values).any()))


def _plain_log_ticks(bar: Any, low: float, high: float) -> None:
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    from memlab.charts.scale import Axis

    ticks = Axis.around(low, high, log=True).ticks(6)
    bar.ax.yaxis.set_major_locator(FixedLocator([value for value, _ in ticks]))
    bar.ax.yaxis.set_major_formatter(FixedFormatter([short(value) for value, _ in ticks]))
    bar.ax.yaxis.set_minor_locator(NullLocator())


def _cell_marks(axes: Any, panel: CellGrid, style: Style, colour_of: Any) -> None:
    """Draw the texts of cells, in black or white, and hatches over bounds."""
    from matplotlib.patches import Rectangle

    for (i, j), value in np.ndenumerate(panel.values):
        known = bool(np.isfinite(value))
        light = not known or np.dot(colour_of(value)[:3], (0.299, 0.587, 0.114)) > 0.5
        if panel.hatched is not None and panel.hatched[i, j]:
            corner = (j - 0.5, i - 0.5)
            axes.add_patch(
                Rectangle(corner, 1, 1, fill=False, hatch="///", linewidth=0,
                          edgecolor="#00000050" if light else "#ffffff60")
            )  # fmt: skip
        if text := panel.text(i, j):
            axes.text(
                j, i, plain(text), ha="center", va="center", fontsize=0.85 * style.font,
                color="black" if light else "white",
            )  # fmt: skip


def _axes_of_cells(
    axes: Any, panel: CellGrid | Shares, rows: int, columns: int, style: Style
) -> None:
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xlabel(plain(panel.x_label))
    axes.set_ylabel(plain(panel.y_label))
    for axis, labels in ((axes.xaxis, panel.column_labels), (axes.yaxis, panel.row_labels)):
        if labels:
            axis.set_ticks(range(len(labels)), [plain(label, 24) for label in labels])
            axis.set_tick_params(length=0)
    widest = max(map(len, panel.column_labels), default=0)
    panels = axes.get_subplotspec().get_gridspec().ncols  # per row of the figure
    if widest * 0.6 * 0.9 * style.font / 72 > 0.72 * style.width / panels / max(columns, 1):
        axes.tick_params(axis="x", rotation=90 if widest < 4 else 45)
        for label in axes.get_xticklabels() if widest >= 4 else ():
            label.set(ha="right", rotation_mode="anchor")
    for spine in axes.spines.values():
        spine.set_visible(False)


def _cell_legend(panel: CellGrid, *, blanks: bool) -> dict[str, Any]:
    from matplotlib.patches import Patch

    entries: dict[str, Any] = {}
    if panel.blank and blanks:
        entries[plain(panel.blank)] = Patch(facecolor=BLANK, edgecolor="#B0B0B0")
    if panel.hatched is not None and panel.hatched.any():
        entries["median not reached"] = Patch(facecolor="white", edgecolor="#606060", hatch="///")
    return entries


def draw_shares(axes: Any, panel: Shares, style: Style) -> dict[str, Any]:
    """Divide each cell among categories, left to right; returns the legend: label to handle."""
    from matplotlib.patches import Patch, Rectangle

    rows, columns, _ = panel.counts.shape
    colours_and_hatches = dict(
        zip(panel.categories, zip(CATEGORIES, CATEGORY_HATCHES, strict=True), strict=False)
    )
    for i, j in np.ndindex(rows, columns):
        total, left = int(panel.counts[i, j].sum()), j - 0.47
        if not total:
            axes.add_patch(Rectangle((left, i - 0.47), 0.94, 0.94, facecolor=BLANK, linewidth=0))
            axes.plot([j - 0.47, j + 0.47], [i - 0.47, i + 0.47], color="#9A9A9A", linewidth=0.6)
        for name, count in zip(panel.categories, panel.counts[i, j].tolist(), strict=True):
            colour, hatch = colours_and_hatches[name]
            width = 0.94 * count / max(total, 1)
            axes.add_patch(
                Rectangle((left, i - 0.47), width, 0.94, facecolor=colour, linewidth=0,
                          edgecolor="#00000060", hatch=hatch)
            )  # fmt: skip
            left += width
        if panel.texts and panel.texts[i][j]:
            axes.text(
                j, i, plain(panel.texts[i][j]), ha="center", va="center",
                fontsize=0.85 * style.font,
                bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.2},
            )  # fmt: skip
    _axes_of_cells(axes, panel, rows, columns, style)
    occurs = panel.counts.sum(axis=(0, 1)) > 0
    return {
        plain(name): Patch(facecolor=colour, hatch=hatch, edgecolor="#606060")
        for (name, (colour, hatch)), is_used in zip(
            colours_and_hatches.items(), occurs.tolist(), strict=True
        )
        if is_used
    }
