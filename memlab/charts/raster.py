"""From spans to glyphs: a grid of cells, row 0 at the bottom, each with a glyph and a colour."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memlab.charts.scale import Floats
from memlab.charts.theme import RGB

Dots = NDArray[np.bool_]
"""(4 * rows, 2 * columns), row 0 at the bottom"""
Marker = Literal["braille", "blocks"] | str
"""how dots become glyphs; any single character stands for a cell with at least one dot"""

_BRAILLE_BITS = np.array([[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]])
_BLOCK_BITS = np.array([[1, 2], [4, 8]])
_BLOCKS = np.array(list(" ▖▗▄▘▌▚▙▝▞▐▟▀▛▜█"))


class Cells:
    """The canvas; what is painted later covers what was there."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.glyphs = np.full((rows, columns), " ")
        self.inks = np.zeros((rows, columns), dtype=np.int64)
        self.palette: list[RGB] = []

    def paint(self, where: Dots, glyphs: NDArray[np.str_] | str, colour: RGB) -> None:
        """Cover the cells where `where` (rows, columns) is true."""
        if colour not in self.palette:
            self.palette.append(colour)
        self.glyphs = np.where(where, glyphs, self.glyphs)
        self.inks[where] = self.palette.index(colour)

    def paint_dots(self, dots: Dots, marker: Marker, colour: RGB) -> None:
        """Cover the cells that hold at least one dot."""
        by_cell = dots.reshape(self.rows, 4, self.columns, 2)
        where = by_cell.any(axis=(1, 3))
        if marker == "braille":
            code = np.einsum("rycx,yx->rc", by_cell, _BRAILLE_BITS)
            self.paint(where, (0x2800 + code).astype(np.uint32).view("<U1"), colour)
        elif marker == "blocks":
            halves = by_cell.reshape(self.rows, 2, 2, self.columns, 2).any(axis=2)
            self.paint(where, _BLOCKS[np.einsum("rycx,yx->rc", halves, _BLOCK_BITS)], colour)
        else:
            self.paint(where, marker, colour)


def dots(low: Floats, high: Floats, rows: int) -> Dots:
    """Fill each half column from `low` to `high`, places on the y axis; NaN = nothing."""
    levels = 4 * rows
    bottom, top = (
        np.where(place == 1.0, levels - 1, np.floor(place * levels)) for place in (low, high)
    )
    level = np.arange(levels)[:, None]
    return np.asarray((level >= bottom) & (level <= top))
