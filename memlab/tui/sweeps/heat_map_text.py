"""A grid of cells as terminal text: each cell contains its value on a coloured background."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.charts import Fragment, Line, Lines, Theme
from memlab.charts.scale import short
from memlab.charts.text import cells, clip_to_width, cut
from memlab.charts.theme import RGB, TILES, Colour
from memlab.figures.plot import CellGrid

SHADES = "░▒▓█"
"""Shades from low to high, for terminals without colour."""
_ROW_LABEL = 14
_MAX_WIDTH = 30
_WIDTH_PER_HEIGHT = 3
"""A cell is at least so many times as wide as high, counted in terminal cells."""
_DARK_INK, _LIGHT_INK = (10, 10, 10), (250, 250, 250)

Levels = NDArray[np.float64]
"""(row, column) values scaled to 0 to 1 between minimum and maximum; NaN = no value"""


@final
@dataclass(frozen=True)
class HeatMapLayout:
    """The visible cells and their sizes, in terminal cells."""

    left: int
    """width of the row labels"""
    width: int
    height: int
    """of a cell"""
    columns: range
    rows: range
    """the visible ones"""

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """Row and column of the cell at a place of the picture."""
        row, column = (y - 1) // self.height, (x - self.left) // self.width
        if y < 1 or x < self.left or row >= len(self.rows) or column >= len(self.columns):
            return None
        return self.rows[row], self.columns[column]


def heat_map_layout(
    grid: CellGrid, selected: tuple[int, int], width: int, height: int
) -> HeatMapLayout:
    """The layout in `width` by `height`; if not all cells fit, those around the selected one."""
    rows, columns = grid.values.shape
    labels = [cells(label) for label in (*grid.row_labels, grid.y_label)]
    left = min(max(labels, default=0), _ROW_LABEL) + 1
    first_lines = [grid.text(i, j).partition("\n")[0] for i in range(rows) for j in range(columns)]
    # Brackets, a shade and a blank.
    needed = max(max(map(cells, [*first_lines, *grid.column_labels]), default=1) + 4, 6)
    room = max(width - left, needed)
    shown = min(room // needed, columns)
    cell_width = min(room // max(shown, 1), max(needed, _MAX_WIDTH))
    lines = max(height - 2, 1)
    cell_height = max(min(lines // rows, cell_width // _WIDTH_PER_HEIGHT), 1)
    return HeatMapLayout(
        left,
        cell_width,
        cell_height,
        _window(selected[1], shown, columns),
        _window(selected[0], min(lines // cell_height, rows), rows),
    )


def _window(at: int, n: int, of: int) -> range:
    """`n` of `of` indices that contain `at`, in the middle if possible."""
    first = min(max(at - n // 2, 0), max(of - n, 0))
    return range(first, first + max(n, 1))


def draw_heat_map(
    grid: CellGrid, selected: tuple[int, int], width: int, height: int, theme: Theme | None
) -> Lines:
    """At most `height` lines: column labels, the cells, the scale. Without a theme, no colours."""
    where = heat_map_layout(grid, selected, width, height)
    drawing = _Drawing(grid, where, selected, theme)
    lines: Lines = [drawing.column_labels()]
    lines += [drawing.line(i, part) for i in where.rows for part in range(where.height)]
    lines += [drawing.scale()] * (len(lines) < height)
    return [clip_to_width(line, width) for line in lines]


@final
@dataclass(frozen=True)
class _Drawing:
    """The parts of one picture."""

    grid: CellGrid
    where: HeatMapLayout
    selected: tuple[int, int]
    theme: Theme | None

    def column_labels(self) -> Line:
        """The name of the y axis, then the values along x; arrows mark hidden columns."""
        grid, where = self.grid, self.where
        corner = cut(grid.y_label, where.left - 1)
        hidden_before, hidden_after = (
            where.columns[0] > 0,
            where.columns[-1] < len(grid.values[0]) - 1,
        )
        parts = [Fragment(corner + " " * (where.left - cells(corner)), "tick")]
        for j in where.columns:
            label = grid.column_labels[j] if grid.column_labels else ""
            if j == where.columns[0] and hidden_before:
                label = f"‹ {label}"
            if j == where.columns[-1] and hidden_after:
                label = f"{label} ›"
            parts.append(Fragment(_centred(cut(label, where.width), where.width), "tick"))
        return parts

    def line(self, i: int, part: int) -> Line:
        """Line `part` of a row of cells."""
        label = Fragment(self._row_label(i, part), "tick")
        return [label, *(self._cell((i, j), part) for j in self.where.columns)]

    def scale(self) -> Line:
        """The scale with its ends, and the meaning of other signs."""
        grid, theme = self.grid, self.theme
        known = grid.values[np.isfinite(grid.values)]
        parts = [Fragment(" " * self.where.left, "tick")]
        if len(known):
            low = known.min() if grid.low is None else grid.low
            high = known.max() if grid.high is None else grid.high
            parts.append(Fragment(f"{short(float(low))} ", "tick"))
            if theme is None:
                parts.append(Fragment(SHADES, "tick"))
            else:
                parts += [Fragment("█", colour_of(i / 7, theme)) for i in range(8)]
            parts.append(Fragment(f" {short(float(high))}{' log' if grid.log else ''}", "tick"))
        if grid.hatched is not None and grid.hatched.any():
            parts.append(Fragment("  > = not reached by then", "tick"))
        if np.isnan(grid.values).any():
            parts.append(Fragment("  · = no value", "tick"))
        return parts

    @cached_property
    def _levels(self) -> Levels:
        return _levels_of(self.grid)

    def _row_label(self, i: int, part: int) -> str:
        grid, where = self.grid, self.where
        label = grid.row_labels[i] if part == (where.height - 1) // 2 and grid.row_labels else ""
        more = {where.rows[0]: "↑" * (i > 0), where.rows[-1]: "↓" * (i < len(grid.values) - 1)}
        if part == (where.height - 1) // 2 and more.get(i):
            label = f"{more[i]} {label}"
        label = cut(label, where.left - 1)
        return " " * (where.left - 1 - cells(label)) + label + " "

    def _cell(self, at: tuple[int, int], part: int) -> Fragment:
        """Line `part` of a cell: its texts in the middle; brackets around the selected one."""
        grid, where, theme = self.grid, self.where, self.theme
        level, is_bound = self._levels[at], grid.hatched is not None and bool(grid.hatched[at])
        texts = grid.text(*at).split("\n") if math.isfinite(level) else ["·"]
        first = (where.height - 1) // 2
        text = texts[part - first] if 0 <= part - first < len(texts) else ""
        if theme is None and part == first and math.isfinite(level) and not is_bound:
            text = f"{SHADES[min(int(level * len(SHADES)), len(SHADES) - 1)]}{text}"
        text = _centred(cut(text, where.width - 2), where.width - 2)
        ends = "[]" if at == self.selected and part == first else "  "
        text = f"{ends[0]}{text}{ends[1]}"
        if theme is None:
            return Fragment(text, "tick")
        if not math.isfinite(level):
            return Fragment(text, "tick")
        ground = theme.rgb(TILES[-1]) if is_bound else colour_of(level, theme)
        return Fragment(text, _ink_on(ground), ground)


def _levels_of(grid: CellGrid) -> Levels:
    values = np.log(grid.values) if grid.log else grid.values
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(values.shape, np.nan)
    ends = (grid.low, grid.high)
    low, high = (
        observed if given is None else given
        for given, observed in zip(ends, (float(known.min()), float(known.max())), strict=True)
    )
    return np.clip((values - low) / (high - low or 1.0), 0, 1)


def colour_of(level: float, theme: Theme) -> RGB:
    """The colour at a level from 0 to 1, interpolated between the tile colours of the theme."""
    stops = np.array([theme.rgb(role) for role in TILES[:-1]], np.float64)
    at = level * (len(stops) - 1)
    below = min(int(at), len(stops) - 2)
    mixed = stops[below] + (at - below) * (stops[below + 1] - stops[below])
    r, g, b = mixed.round().astype(int).tolist()
    return r, g, b


def _ink_on(ground: RGB) -> Colour:
    r, g, b = ground
    return _DARK_INK if 0.299 * r + 0.587 * g + 0.114 * b > 128 else _LIGHT_INK


def _centred(text: str, width: int) -> str:
    room = max(width - cells(text), 0)
    return " " * (room // 2) + text + " " * (room - room // 2)
