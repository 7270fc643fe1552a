"""A map of steps: one tile per item, coloured by the step at which it occurred.

In colours two tiles share a terminal cell, one above the other, which makes them square; without
colours a cell is a tile, and its shade shows the step.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.charts.draw import message
from memlab.charts.legend import side_by_side
from memlab.charts.scale import Floats, short
from memlab.charts.text import Fragment, Line, Lines, clip_to_width, stripped
from memlab.charts.theme import TILES

Integers = NDArray[np.int64]
LEVELS = 4
"""Number of colour levels, with about equal numbers of items."""
_NOTHING, _NOT_YET = -1, LEVELS
_SHADES = "█▓▒░·"
_WHOLE, _UPPER, _LOWER = "█▀▄"


@dataclass(frozen=True, eq=False)
class Tiles:
    """Items and the steps at which they occurred. Without positions they are laid out in order, row
    by row.
    """

    first: Floats
    """(item,) the step at which it occurred; inf = not yet"""
    row: Integers | None = None
    column: Integers | None = None
    shape: tuple[int, int] = (1, 1)
    """numbers of rows and columns of the positions"""
    caption: str = ""
    """added to the map's name in headings"""
    blank: str = ""
    """meaning of a position without an item"""
    instead: str = "no data yet"
    """message if there are no items"""


def draw_tiles(tiles: Tiles, width: int, height: int, *, colour: bool = True) -> Lines:
    """`height` >= 2 lines of at most `width` cells: a legend, and the map below.

    A tile of several items shows the step by which at least half of them had occurred.
    """
    if not len(tiles.first):
        return message(tiles.instead, width, height)
    edges = level_edges(tiles.first)
    grid = tile_steps(tiles, (height - 1) * (2 if colour else 1), width)
    levels = np.where(np.isnan(grid), _NOTHING, _level(grid, edges))
    rows = _squares(levels) if colour else _shades(levels)
    blank = tiles.blank if np.isnan(grid).any() else ""
    legend = clip_to_width(_legend(tiles.first, edges, blank, width, colour), width)
    return [legend, *map(stripped, rows)]


def level_edges(first: Floats) -> Floats:
    """The last step of each level, ascending: all distinct steps, or quantiles of them."""
    occurred = first[np.isfinite(first)]
    edges = np.unique(occurred)
    if len(edges) > LEVELS:
        shares = np.arange(1, LEVELS + 1) / LEVELS
        edges = np.unique(np.quantile(occurred, shares, method="inverted_cdf"))
    return edges


def _level(steps: Floats, edges: Floats) -> Integers:
    return np.where(np.isinf(steps), _NOT_YET, np.searchsorted(edges, steps))


def tile_steps(tiles: Tiles, rows: int, columns: int) -> Floats:
    """(row, column) step of each tile, at most `rows` by `columns`; inf = not yet, NaN = no
    item.

    If there is more room than items, each takes several tiles.
    """
    if tiles.row is None or tiles.column is None:
        row, column, shape = _in_order(len(tiles.first), rows, columns)
    else:
        row, column, shape = tiles.row, tiles.column, tiles.shape
    high, wide = min(rows, shape[0]), min(columns, shape[1])
    tile = (row * high // shape[0]) * wide + column * wide // shape[1]
    grid = _medians(tiles.first, tile, high * wide).reshape(high, wide)
    return grid.repeat(rows // high, axis=0).repeat(columns // wide, axis=1)


def _in_order(n: int, rows: int, columns: int) -> tuple[Integers, Integers, tuple[int, int]]:
    """Positions row by row: the largest squares that fit, or several items per tile."""
    fit = (s for s in range(min(rows, columns), 1, -1) if (rows // s) * (columns // s) >= n)
    side = next(fit, 1)
    rows, columns = rows // side, columns // side
    row, column = divmod(np.arange(n) // -(-n // (rows * columns)), columns)
    return row, column, (rows, columns)


def _medians(first: Floats, tile: Integers, n: int) -> Floats:
    """The lower median of each tile's items; NaN where there are none."""
    by_tile = first[np.lexsort((first, tile))]
    counts = np.bincount(tile, minlength=n)
    middle = np.cumsum(counts) - counts + (counts - 1) // 2
    medians = np.full(n, np.nan)
    medians[counts > 0] = by_tile[middle[counts > 0]]
    return medians


def _legend(first: Floats, edges: Floats, blank: str, width: int, colour: bool) -> Line:
    signs = "■■■■■" if colour else _SHADES
    parts = [
        Fragment(f"{signs[i]} ≤{short(edge)}", TILES[i]) for i, edge in enumerate(edges.tolist())
    ]
    if missing := int(np.isinf(first).sum()):
        parts.append(Fragment(f"{signs[_NOT_YET]} {missing:,} not yet", "tick"))
    if blank:
        parts.append(Fragment(f"□ {blank}", "tick"))
    return side_by_side(parts, width)


def _shades(levels: Integers) -> Lines:
    shades = np.array([*_SHADES, " "])
    return [[Fragment("".join(row), "tick")] for row in shades[levels]]


def _squares(levels: Integers) -> Lines:
    """Two rows of tiles per row of cells; equal neighbouring cells form one fragment."""
    padding = np.full((len(levels) % 2, levels.shape[1]), _NOTHING)
    pairs = np.concatenate([levels, padding]).reshape(-1, 2, levels.shape[1])
    lines = []
    for upper, lower in pairs:
        changes = np.diff(upper, prepend=-2).astype(bool) | np.diff(lower, prepend=-2).astype(bool)
        starts = np.flatnonzero(changes)
        lengths = np.diff(starts, append=levels.shape[1]).tolist()
        above, below = upper[starts].tolist(), lower[starts].tolist()
        runs = zip(above, below, lengths, strict=True)
        lines.append([_run(a, b, n) for a, b, n in runs])
    return lines


def _run(above: int, below: int, n: int) -> Fragment:
    if above == below:
        return Fragment((" " if above == _NOTHING else _WHOLE) * n, TILES[above])
    if above == _NOTHING:
        return Fragment(_LOWER * n, TILES[below])
    return Fragment(_UPPER * n, TILES[above], None if below == _NOTHING else TILES[below])
