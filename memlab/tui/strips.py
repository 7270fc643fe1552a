"""Lines of a widget that draws itself line by line."""

from textual.content import Content
from textual.strip import Strip
from textual.style import Style


def strip(line: Content, style: Style, left: int, width: int) -> Strip:
    """The `width` cells of a line from cell `left` on, on the style's background to the end."""
    drawn = Strip(line.render_segments(style), line.cell_length)
    return drawn.crop_extend(left, left + width, style.rich_style)


def fitted(cell: Content, width: int, *, right: bool = False) -> Content:
    """A text in exactly `width` cells; what does not fit ends in an ellipsis."""
    cell = cell.truncate(width, ellipsis=True)
    blank = Content(" " * (width - cell.cell_length))
    return blank + cell if right else cell + blank
