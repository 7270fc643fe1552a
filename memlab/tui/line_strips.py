"""Strips for widgets that draw line by line."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from textual.content import Content
from textual.strip import Strip
from textual.style import Style


def strip(line: Content, style: Style, left: int, width: int) -> Strip:
    """`width` cells of a line from cell `left` on, filled with the background of the style."""
    drawn = Strip(line.render_segments(style), line.cell_length)
    return drawn.crop_extend(left, left + width, style.rich_style)


def fixed_width(cell: Content, width: int, *, right: bool = False) -> Content:
    """A text in exactly `width` cells, with an ellipsis if it was cut."""
    cell = cell.truncate(width, ellipsis=True)
    blank = Content(" " * (width - cell.cell_length))
    return blank + cell if right else cell + blank


def row(glyphs: Sequence[str], styles: Sequence[str]) -> Content:
    """Glyphs in a row. Neighbours of equal style form one span, since drawing time grows with the
    number of spans.
    """
    runs = groupby(zip(glyphs, styles, strict=True), key=itemgetter(1))
    return Content.assemble(*(("".join(text for text, _ in run), style) for style, run in runs))
