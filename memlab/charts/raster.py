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


def _bytes(dots: Dots) -> NDArray[np.uint8]:
    """The dots of each cell, (..., 8), as the bits of one byte.

    One product adds up the eight dots, each shifted to its place in the highest byte; `np.packbits`
    takes ten times as long.
    """
    together = np.ascontiguousarray(dots).view("<u8")[..., 0]
    return ((together * np.uint64(0x0102040810204080)) >> np.uint64(56)).astype(np.uint8)


_ALL = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(bool)
_DOTS = np.zeros((256, 4, 2), dtype=bool)
_DOTS[_bytes(_ALL)] = _ALL.reshape(256, 4, 2)
"""The dots of a cell by their byte, row 0 at the bottom."""
_BRAILLE = (
    0x2800
    + (_DOTS * np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])).sum(axis=(1, 2))
).astype("<u4")
_QUARTERS = (_DOTS.reshape(256, 2, 2, 2).any(axis=2) * np.array([[1, 2], [4, 8]])).sum(axis=(1, 2))
"""By the same byte: which quarters of the cell contain a dot, as an index into the blocks."""
_BLOCKS = np.array([ord(glyph) for glyph in " ▖▗▄▘▌▚▙▝▞▐▟▀▛▜█"], dtype="<u4")
_FULL = len(_BLOCKS) - 1
_BLANK = ord(" ")
_GLYPHS = {"braille": _BRAILLE, "blocks": _BLOCKS[_QUARTERS]}
"""Glyphs of a cell by the byte of its dots, by marker."""


class Cells:
    """The canvas; glyphs painted later replace earlier ones."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.glyphs = np.full((rows, columns), _BLANK, dtype="<u4")
        self.inks = np.zeros((rows, columns), dtype=np.int64)
        self.grounds = np.zeros((rows, columns), dtype=np.int64)
        self.palette: list[Colour] = [""]
        """index 0: not painted"""
        self._dots = np.zeros((rows, columns), dtype=np.uint8)
        """the dots of all curves, a byte per cell"""
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
        bits = self._by_cell(dots)
        if marker in _GLYPHS:
            self._dots |= bits
            self.paint(bits > 0, _GLYPHS[marker][self._dots], colour)
        else:
            self.paint(bits > 0, marker, colour)

    def paint_band(self, dots: Dots, colour: Colour) -> None:
        """Fill an area, before any curve; curves painted later keep it as their background."""
        quarters = _QUARTERS[self._by_cell(dots)]
        where = quarters > 0
        full = quarters == _FULL
        self.paint(where, np.where(full, _BLANK, _BLOCKS[quarters]), colour)
        np.copyto(self._bands, self._index(colour), where=where)
        np.copyto(self.grounds, self._index(colour), where=full)

    def _by_cell(self, dots: Dots) -> NDArray[np.uint8]:
        """The dots of each cell as a byte: (row, column)."""
        by_cell = dots.reshape(self.rows, 4, self.columns, 2).swapaxes(1, 2)
        return _bytes(by_cell.reshape(self.rows, self.columns, 8))

    def lines(self) -> Lines:
        """The rows from the top, each split where the colour changes."""
        text = self.glyphs.tobytes().decode("utf-32-le")
        colours = self.inks * len(self.palette) + self.grounds
        changes = np.ones((self.rows, self.columns), dtype=bool)
        changes[:, 1:] = colours[:, 1:] != colours[:, :-1]
        starts = np.flatnonzero(changes)
        # Fragments do not cross rows: each row begins with a change.
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


def dots(low: Floats, high: Floats, rows: int, *, thin: bool = False) -> Dots:
    """Fill each half column of curves from `low` to `high`, (curve, half column), in positions on
    the y axis; NaN = nothing. Returns (curve, 4 * rows, half column).

    `thin` drops a column's end dot where the next column continues from the very same row, so that
    a slope is a diagonal line of single dots.
    """
    levels = 4 * rows
    ends = np.stack((low, high))
    bottom, top = np.where(ends == 1.0, levels - 1, np.floor(ends * levels))
    if thin:
        rises, falls = np.zeros((2, *bottom.shape), dtype=bool)
        filled = top[:, :-1] > bottom[:, :-1]
        rises[:, :-1] = filled & (bottom[:, 1:] == top[:, :-1])
        falls[:, :-1] = filled & (top[:, 1:] == bottom[:, :-1])
        bottom, top = bottom + falls, top - rises
    level = np.arange(levels, dtype=np.float64)[:, None]
    return np.asarray((level >= bottom[:, None]) & (level <= top[:, None]))
