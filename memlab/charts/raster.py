"""Rasterization: a grid of cells, row 0 at the bottom, each with a glyph and its colours.

Curves that share a cell keep the dots of all of them; the cell has the colour of the last one. A
band lies behind the curves: as quarter blocks where it is alone, as the background of their cells.
"""

import numpy as np
from numpy.typing import NDArray

from memlab.charts.scale import Floats
from memlab.charts.text import Fragment, Lines, stripped
from memlab.charts.theme import Colour

Dots = NDArray[np.bool_]
"""(4 * rows, 2 * columns), row 0 at the bottom"""
Marker = str
"""braille, blocks, or the one glyph of each cell with at least one dot"""

_BRAILLE = np.arange(0x2800, 0x2900, dtype="<u4")
_BRAILLE_BITS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])
_BLOCK_BITS = np.array([[1, 2], [4, 8]])
_BLOCKS = np.array([ord(glyph) for glyph in " ▖▗▄▘▌▚▙▝▞▐▟▀▛▜█"], dtype="<u4")
_FULL = len(_BLOCKS) - 1
_BLANK = ord(" ")


class Cells:
    """The canvas; glyphs painted later replace earlier ones."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.glyphs = np.full((rows, columns), _BLANK, dtype="<u4")
        self.inks = np.zeros((rows, columns), dtype=np.int64)
        self.grounds = np.zeros((rows, columns), dtype=np.int64)
        self.palette: list[Colour] = [""]
        """index 0: not painted"""
        self._bits = np.zeros((rows, columns), dtype=np.int64)
        """the dots of all curves"""
        self._bands = np.zeros((rows, columns), dtype=np.int64)
        """index of the colour of the band in each cell"""

    def paint(self, where: Dots, glyphs: NDArray[np.uint32] | str, colour: Colour) -> None:
        """Set the cells where `where`, which broadcasts to (rows, columns), is true."""
        codes = ord(glyphs) if isinstance(glyphs, str) else glyphs
        np.copyto(self.glyphs, codes, where=where, casting="unsafe")
        np.copyto(self.inks, self._index(colour), where=where)
        np.copyto(self.grounds, self._bands, where=where)

    def paint_row(self, row: int | None, glyph: str, colour: Colour) -> None:
        """Fill a row; None = a row that is not visible."""
        if row is not None:
            self.glyphs[row], self.inks[row] = ord(glyph), self._index(colour)

    def paint_column(self, column: int | None, glyph: str, colour: Colour) -> None:
        """Fill a column; None = a column that is not visible."""
        if column is not None:
            self.glyphs[:, column], self.inks[:, column] = ord(glyph), self._index(colour)

    def write(self, row: int, start: int, text: str, colour: Colour) -> None:
        """Write glyphs of width one."""
        index = self._index(colour)
        for column, glyph in enumerate(text, start):
            self.glyphs[row, column], self.inks[row, column] = ord(glyph), index

    def paint_curve(self, dots: Dots, marker: Marker, colour: Colour) -> None:
        """Add a curve's dots to its cells and set the colour of these cells."""
        by_cell = self._by_cell(dots)
        if marker == "braille":
            bits = np.asarray(np.einsum("rycx,yx->rc", by_cell, _BRAILLE_BITS))
            self._bits |= bits
            self.paint(bits > 0, _BRAILLE[self._bits], colour)
            return
        bits = _quarters(by_cell)
        if marker == "blocks":
            self._bits |= bits
            self.paint(bits > 0, _BLOCKS[self._bits], colour)
        else:
            self.paint(bits > 0, marker, colour)

    def paint_band(self, dots: Dots, colour: Colour) -> None:
        """Fill an area, before any curve; curves painted later keep it as their background."""
        quarters = _quarters(self._by_cell(dots))
        where = quarters > 0
        full = quarters == _FULL
        self.paint(where, np.where(full, _BLANK, _BLOCKS[quarters]), colour)
        np.copyto(self._bands, self._index(colour), where=where)
        np.copyto(self.grounds, self._index(colour), where=full)

    def _by_cell(self, dots: Dots) -> Dots:
        """View of the dots by cell: (row, 4, column, 2)."""
        return dots.reshape(self.rows, 4, self.columns, 2)

    def lines(self) -> Lines:
        """The rows from the top, each split where the colour changes."""
        text = self.glyphs.tobytes().decode("utf-32-le")
        colours = self.inks * len(self.palette) + self.grounds
        changes = np.ones((self.rows, self.columns), dtype=bool)
        changes[:, 1:] = colours[:, 1:] != colours[:, :-1]
        starts = np.flatnonzero(changes)
        # What begins in a row ends in it: each row begins with a change.
        runs = list(
            zip(
                starts.tolist(),
                np.append(starts, changes.size)[1:].tolist(),
                self.inks.ravel()[starts].tolist(),
                self.grounds.ravel()[starts].tolist(),
                strict=True,
            )
        )
        first = np.searchsorted(starts, np.arange(self.rows + 1) * self.columns).tolist()
        palette = self.palette
        return [
            stripped(
                [
                    Fragment(text[a:b], palette[i], palette[g] if g else None)
                    for a, b, i, g in runs[first[row] : first[row + 1]]
                ]
            )
            for row in reversed(range(self.rows))
        ]

    def _index(self, colour: Colour) -> int:
        if colour not in self.palette:
            self.palette.append(colour)
        return self.palette.index(colour)


def _quarters(by_cell: Dots) -> NDArray[np.int64]:
    """(row, column) index into the block glyphs: which quarters of a cell contain a dot."""
    rows, _, columns, _ = by_cell.shape
    pairs = by_cell.reshape(rows, 2, 2, columns, 2)
    halves = pairs[:, :, 0] | pairs[:, :, 1]
    return np.asarray(np.einsum("rycx,yx->rc", halves, _BLOCK_BITS))


def dots(low: Floats, high: Floats, rows: int, *, thin: bool = False) -> Dots:
    """Fill each half column from `low` to `high`, in positions on the y axis; NaN = nothing.

    `thin` drops a column's end dot where the next column continues from the very same row, so that
    a slope is a diagonal line of single dots.
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
