"""From spans to glyphs: a grid of cells, row 0 at the bottom, each with a glyph and a colour."""

import numpy as np
from numpy.typing import NDArray

from memlab.charts.scale import Floats
from memlab.charts.text import Fragment
from memlab.charts.theme import RGB

Dots = NDArray[np.bool_]
"""(4 * rows, 2 * columns), row 0 at the bottom"""
Marker = str
"""braille, blocks, or the one glyph of each cell with at least one dot"""

_BRAILLE_BITS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])
_BLOCK_BITS = np.array([[1, 2], [4, 8]])
_BLOCKS = np.array(list(" ▖▗▄▘▌▚▙▝▞▐▟▀▛▜█"))

_UNSEEN = (-1, -1, -1)
"""The ink of cells in which nothing was painted, so that they lie apart from all others."""


class Cells:
    """The canvas; what is painted later covers what was there."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.glyphs = np.full((rows, columns), " ")
        self.inks = np.zeros((rows, columns), dtype=np.int64)
        self.palette: list[RGB] = [_UNSEEN]

    def paint(self, where: Dots, glyphs: NDArray[np.str_] | str, colour: RGB) -> None:
        """Cover the cells where `where`, which broadcasts to (rows, columns), is true."""
        np.copyto(self.glyphs, glyphs, where=where)
        np.copyto(self.inks, self._ink(colour), where=where)

    def paint_row(self, row: int | None, glyph: str, colour: RGB) -> None:
        """Cover a row; None = one that is not shown."""
        if row is not None:
            self.glyphs[row], self.inks[row] = glyph, self._ink(colour)

    def paint_column(self, column: int | None, glyph: str, colour: RGB) -> None:
        """Cover a column; None = one that is not shown."""
        if column is not None:
            self.glyphs[:, column], self.inks[:, column] = glyph, self._ink(colour)

    def write(self, row: int, start: int, text: str, colour: RGB) -> None:
        """Cover cells with glyphs of one cell each."""
        for column, glyph in enumerate(text, start):
            self.glyphs[row, column], self.inks[row, column] = glyph, self._ink(colour)

    def lines(self) -> list[list[Fragment]]:
        """The rows from the top, each cut where the colour changes."""
        return [self._fragments(row) for row in reversed(range(self.rows))]

    def _fragments(self, row: int) -> list[Fragment]:
        inks, text = self.inks[row], "".join(self.glyphs[row].tolist())
        starts = np.flatnonzero(np.diff(inks, prepend=-1)).tolist()
        ends = [*starts[1:], self.columns]
        return [
            Fragment(text[a:b], self.palette[inks[a]]) for a, b in zip(starts, ends, strict=True)
        ]

    def _ink(self, colour: RGB) -> int:
        if colour not in self.palette:
            self.palette.append(colour)
        return self.palette.index(colour)

    def paint_dots(self, dots: Dots, marker: Marker, colour: RGB) -> None:
        """Cover the cells that hold at least one dot."""
        by_cell = dots.reshape(self.rows, 4, self.columns, 2)
        where = np.asarray(by_cell.any(axis=(1, 3)))
        if marker == "braille":
            code = np.einsum("rycx,yx->rc", by_cell, _BRAILLE_BITS)
            self.paint(where, (0x2800 + code).astype(np.uint32).view("<U1"), colour)
        elif marker == "blocks":
            halves = by_cell.reshape(self.rows, 2, 2, self.columns, 2).any(axis=2)
            self.paint(where, _BLOCKS[np.einsum("rycx,yx->rc", halves, _BLOCK_BITS)], colour)
        else:
            self.paint(where, marker, colour)


def dots(low: Floats, high: Floats, rows: int, *, thin: bool = False) -> Dots:
    """Fill each half column from `low` to `high`, places on the y axis; NaN = nothing.

    `thin` drops a column's end dot where the next column goes on from the very same row, so that
    a slope is a chain of diagonal neighbours.
    """
    levels = 4 * rows
    bottom, top = (
        np.where(place == 1.0, levels - 1, np.floor(place * levels)) for place in (low, high)
    )
    if thin:
        after_bottom, after_top = np.append(bottom[1:], np.nan), np.append(top[1:], np.nan)
        rises = (top > bottom) & (after_bottom == top)
        falls = (top > bottom) & (after_top == bottom)
        bottom, top = bottom + falls, top - rises
    level = np.arange(levels)[:, None]
    return np.asarray((level >= bottom) & (level <= top))
