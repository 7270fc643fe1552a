"""Rasterization: a grid of cells, row 0 at the bottom, each with a glyph and its colours.

Curves that share a cell keep the dots of all of them; the cell has the colour of the last one. A
band lies behind the curves: as quarter blocks where it is alone, as the background of their cells.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from memlab.charts.scale import Floats
from memlab.charts.text import Fragment, Lines, stripped
from memlab.charts.theme import Colour

Mask = NDArray[np.bool_]
"""(row, column): some cells"""
Dots = NDArray[np.uint8]
"""(row, column): the dots of each cell as the bits of its braille character, U+2800 + bits"""
Marker = str
"""braille, blocks, or the one glyph of each cell with at least one dot"""

_LEFT = np.array([0x00, 0x40, 0x44, 0x46, 0x47], dtype=np.uint8)
_RIGHT = np.array([0x00, 0x80, 0xA0, 0xB0, 0xB8], dtype=np.uint8)
"""The lowest 0 to 4 dots of either half of a cell."""
_QUARTERS = (np.arange(256)[:, None] & [0x44, 0xA0, 0x03, 0x18] > 0) @ [1, 2, 4, 8]
"""By the dots: which quarters of the cell contain one, as an index into the blocks."""
_BLOCKS = np.array([ord(glyph) for glyph in " ▖▗▄▘▌▚▙▝▞▐▟▀▛▜█"], dtype="<u4")
_FULL = len(_BLOCKS) - 1
_BLANK = ord(" ")
_GLYPHS = {"braille": np.arange(0x2800, 0x2900, dtype="<u4"), "blocks": _BLOCKS[_QUARTERS]}
"""Glyphs of a cell by its dots, by marker."""


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
        """the dots of all curves"""
        self._bands = np.zeros((rows, columns), dtype=np.int64)
        """index of the colour of the band in each cell"""

    def paint(self, where: Mask, glyphs: NDArray[np.uint32] | str, colour: Colour) -> None:
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
        if marker in _GLYPHS:
            self._dots |= dots
            self.paint(dots > 0, _GLYPHS[marker][self._dots], colour)
        else:
            self.paint(dots > 0, marker, colour)

    def paint_band(self, dots: Dots, colour: Colour) -> None:
        """Fill an area, before any curve; curves painted later keep it as their background."""
        quarters = _QUARTERS[dots]
        where = quarters > 0
        full = quarters == _FULL
        self.paint(where, np.where(full, _BLANK, _BLOCKS[quarters]), colour)
        np.copyto(self._bands, self._index(colour), where=where)
        np.copyto(self.grounds, self._index(colour), where=full)

    def lines(self) -> Lines:
        """The rows from the top, each split where the colour changes."""
        text = self.glyphs.tobytes().decode("utf-32-le")
        colours = self.inks * len(self.palette) + self.grounds
        changes = np.ones((self.rows, self.columns), dtype=bool)
        changes[:, 1:] = colours[:, 1:] != colours[:, :-1]
        starts = np.flatnonzero(changes)
        texts = [text[a:b] for a, b in pairwise((*starts.tolist(), changes.size))]
        inks = map(self.palette.__getitem__, self.inks.ravel()[starts].tolist())
        grounds = map([None, *self.palette[1:]].__getitem__, self.grounds.ravel()[starts].tolist())
        fragments = list(map(Fragment, texts, inks, grounds))
        # Fragments do not cross rows: each row begins with a change.
        first = np.searchsorted(starts, np.arange(self.rows + 1) * self.columns).tolist()
        return [stripped(fragments[a:b]) for a, b in pairwise(first)][::-1]

    def _index(self, colour: Colour) -> int:
        if colour not in self.palette:
            self.palette.append(colour)
        return self.palette.index(colour)


def dots(spans: Floats, rows: int, *, thin: bool = False) -> Dots:
    """Fill each half column of curves from low to high; returns (curve, row, column).

    Args:
        spans: (low or high, curve, half column), in positions on the y axis; NaN = nothing.
        rows: of cells.
        thin: omit a column's end dot where the next column continues from the very same row, so
            that a slope is a diagonal line of single dots.
    """
    levels = 4 * rows
    ends = np.where(spans == 1.0, levels - 1, np.floor(spans * levels))
    bottom, top = ends
    if thin:
        filled = top[:, :-1] > bottom[:, :-1]
        rises = filled & (bottom[:, 1:] == top[:, :-1])
        falls = filled & (top[:, 1:] == bottom[:, :-1])
        top[:, :-1] -= rises
        bottom[:, :-1] += falls
    top += 1
    # Numbers of dots below the span, and up to its top; all for NaN, so that no dot is between them.
    below, upto = _lowest(np.maximum(np.fmin(ends, levels), 0).astype(np.int64), rows)
    return np.asarray(upto & ~below)


def _lowest(n: NDArray[np.int64], rows: int) -> Dots:
    """The lowest `n` dots of each half column, (..., half column), as (..., row, column)."""
    in_row = n[..., None, :] - 4 * np.arange(rows)[:, None]
    left, right = in_row[..., ::2], in_row[..., 1::2]
    return np.asarray(_LEFT.take(left, mode="clip") | _RIGHT.take(right, mode="clip"))
