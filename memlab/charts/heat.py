"""Matrices as coloured cells: one or several side by side, each under its title.

In colours two rows of values share a line of the terminal, one above the other, which makes cells
square; without colours the shade of a character shows the value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.charts.draw import message
from memlab.charts.scale import Floats, short
from memlab.charts.text import Fragment, Line, Lines, cells, clip_to_width, cut, stripped
from memlab.charts.theme import RGB

_ANCHORS: tuple[RGB, ...] = (
    (0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56),
)  # fmt: skip
"""of a colour map that grows from dark to light for every reader, in grey as well"""
_LEVELS = 32
_SHADES = " ░▒▓█"
_UPPER = "▀"
_LEAST = (8, 3)
"""Width and height in cells of the smallest matrix that is drawn."""
_LONGEST_LABEL = 8


@dataclass(frozen=True, eq=False)
class HeatMap:
    """A matrix."""

    values: Floats
    """(row, column); NaN = there is none"""
    title: str = ""
    row_labels: tuple[str, ...] = ()
    """empty = none"""


@dataclass(frozen=True, eq=False)
class HeatGrid:
    """Matrices on one scale."""

    maps: tuple[HeatMap, ...]
    low: float
    high: float
    """what the darkest and the lightest colour mean, `low` < `high`"""
    instead: str = "nothing to show"
    """text that is shown if there are no matrices"""


def draw_heat(grid: HeatGrid, width: int, height: int, *, colour: bool = True) -> Lines:
    """Exactly `height` lines of at most `width` cells: a legend, then the matrices."""
    if not grid.maps or width < _LEAST[0] or height < _LEAST[1] + 1:
        return message(grid.instead, width, height)
    columns, rows = _arrangement(grid, width, height - 1, colour)
    wide, high = (width + 1) // columns - 1, (height - 1) // rows
    shown = grid.maps[: rows * columns]
    lines: Lines = [clip_to_width(_legend(grid, len(grid.maps) - len(shown), colour), width)]
    for i in range(0, len(shown), columns):
        blocks = [_block(one, grid, wide, high, colour) for one in shown[i : i + columns]]
        lines += [_joined(parts, wide) for parts in zip(*blocks, strict=True)]
    return [*lines, *([] for _ in range(height - len(lines)))]


def _arrangement(grid: HeatGrid, width: int, height: int, colour: bool) -> tuple[int, int]:
    """Columns and rows of matrices: as many as there is room for, then as large as possible."""
    most_columns = min(len(grid.maps), max(1, (width + 1) // (_LEAST[0] + 1)))
    most_rows = max(1, height // _LEAST[1])

    def worth(columns: int) -> tuple[int, int, int]:
        rows = min(-(-len(grid.maps) // columns), most_rows)
        wide, high = (width + 1) // columns - 1, height // rows
        side = _side(grid.maps[0], wide, high, colour)
        return min(rows * columns, len(grid.maps)), side, -rows * columns

    columns = max(range(1, most_columns + 1), key=worth)
    return columns, min(-(-len(grid.maps) // columns), most_rows)


def _tile(one: HeatMap, width: int, height: int, colour: bool) -> int:
    """How many tiles a value takes either way in a block of cells; at least one."""
    return max(1, _side(one, width, height, colour))


def _side(one: HeatMap, width: int, height: int, colour: bool) -> int:
    """How many tiles a value can take either way; 0 = there is no room for all values."""
    rows = (height - bool(one.title)) * (2 if colour else 1)
    high, wide = one.values.shape
    side: int = max(0, min(rows // high, (width - _left(one)) // wide))
    return side - side % 2 if colour and side > 2 else side  # labels need whole lines


def _left(one: HeatMap) -> int:
    """Cells that labels take."""
    widest = max((cells(cut(label, _LONGEST_LABEL)) for label in one.row_labels), default=0)
    return widest + bool(one.row_labels)


def _legend(grid: HeatGrid, hidden: int, colour: bool) -> Line:
    if colour:
        ramp = [Fragment("█", _colour(level)) for level in range(0, _LEVELS, 4)]
    else:
        ramp = [Fragment(_SHADES, "tick")]
    more = f"   +{hidden} more" if hidden else ""
    return [
        Fragment(f"{short(grid.low)} ", "tick"),
        *ramp,
        Fragment(f" {short(grid.high)}{more}", "tick"),
    ]


def _block(one: HeatMap, grid: HeatGrid, width: int, height: int, colour: bool) -> Lines:
    """`height` lines of a matrix under its title, labels on the left."""
    labels = [cut(label, _LONGEST_LABEL) for label in one.row_labels]
    left = _left(one)
    title = [Fragment(" " * left, "tick"), Fragment(cut(one.title, width - left), "tick")]
    high = height - bool(one.title)
    repeat = _tile(one, width, height, colour)
    levels = _levels(one.values, grid, (high * (2 if colour else 1), width - left), repeat)
    rows = _squares(levels) if colour else _shades(levels)
    lines: Lines = [title] if one.title else []
    for i, row in enumerate(rows):
        at = i * (2 if colour else 1)
        is_first = at % repeat < (2 if colour else 1) and at // repeat < len(labels)
        label = labels[at // repeat] if labels and is_first else ""
        margin = [Fragment(label + " " * (left - cells(label)), "tick")] if left else []
        lines.append([*margin, *row])
    return [*lines[:height], *([] for _ in range(height - len(lines)))]


def _levels(
    values: Floats, grid: HeatGrid, room: tuple[int, int], repeat: int
) -> NDArray[np.int64]:
    """(row, column) level of each tile, -1 = none; means where there is no room for all values."""
    rows, columns = (min(n, max(most, 1)) for n, most in zip(values.shape, room, strict=True))
    tiles = _means(values, rows, columns)
    tiles = tiles.repeat(repeat, axis=0).repeat(repeat, axis=1)
    place = np.clip((tiles - grid.low) / (grid.high - grid.low), 0, 1)
    known = np.isfinite(place)
    levels = np.full(tiles.shape, -1)
    levels[known] = np.minimum((place[known] * _LEVELS).astype(np.int64), _LEVELS - 1)
    return levels


def _means(values: Floats, rows: int, columns: int) -> Floats:
    """(rows, columns) means of neighbouring values; NaN where all of them are NaN."""
    row = np.arange(values.shape[0]) * rows // values.shape[0]
    column = np.arange(values.shape[1]) * columns // values.shape[1]
    tile = (row[:, None] * columns + column).ravel()
    known = np.isfinite(values.ravel())
    sums = np.bincount(tile[known], values.ravel()[known], rows * columns)
    counts = np.bincount(tile[known], minlength=rows * columns)
    means = np.full(rows * columns, np.nan)
    means[counts > 0] = sums[counts > 0] / counts[counts > 0]
    return means.reshape(rows, columns)


def _colour(level: int) -> RGB:
    """Between the anchors, level 0 the darkest."""
    place = level / (_LEVELS - 1) * (len(_ANCHORS) - 1)
    i = min(int(place), len(_ANCHORS) - 2)
    mixed = [round(a + (place - i) * (b - a)) for a, b in zip(*_ANCHORS[i : i + 2], strict=True)]
    return (mixed[0], mixed[1], mixed[2])


def _shades(levels: NDArray[np.int64]) -> Lines:
    shades = np.array([*_SHADES, "·"])
    index = np.where(levels < 0, len(_SHADES), levels * len(_SHADES) // _LEVELS)
    return [[Fragment("".join(row), "tick")] for row in shades[index]]


def _squares(levels: NDArray[np.int64]) -> Lines:
    """Two rows of tiles in a row of cells, equal neighbours in one fragment."""
    odd = np.full((len(levels) % 2, levels.shape[1]), -1)
    lines: Lines = []
    for upper, lower in np.concatenate([levels, odd]).reshape(-1, 2, levels.shape[1]):
        changes = np.diff(upper, prepend=-2).astype(bool) | np.diff(lower, prepend=-2).astype(bool)
        starts = np.flatnonzero(changes)
        lengths = np.diff(starts, append=levels.shape[1])
        lines.append(
            [
                _run(int(upper[start]), int(lower[start]), int(n))
                for start, n in zip(starts, lengths, strict=True)
            ]
        )
    return lines


def _run(above: int, below: int, n: int) -> Fragment:
    if above < 0:
        return Fragment(" " * n if below < 0 else "▄" * n, "tick" if below < 0 else _colour(below))
    return Fragment(_UPPER * n, _colour(above), None if below < 0 else _colour(below))


def _joined(parts: tuple[Line, ...], width: int) -> Line:
    """Lines of blocks side by side, each filled to the width of its block and a blank."""
    joined: Line = []
    for part in parts:
        used = sum(cells(fragment.text) for fragment in part)
        joined += [*part, Fragment(" " * (width - used + 1), "tick")]
    return stripped(joined)
