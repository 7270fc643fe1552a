"""A table of any length: only visible rows are created and drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual.binding import BindingType
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

from memlab.tui import keys
from memlab.tui.line_strips import fixed_width, strip


@dataclass(frozen=True)
class Column:
    """One column: key, title, width in cells."""

    key: str
    title: str
    width: int
    align: Literal["left", "right"] = "left"


Cells = Sequence[Content]
"""One cell per column."""


class TableMessage(Message):
    """A message of a table, so that screens with several tables can distinguish them by id."""

    def __init__(self, table: "Table") -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> "Table":
        """What `@on(Table.RowMoved, "#id")` matches."""
        return self.table


class Table(ScrollView, can_focus=True):
    """Rows under a fixed header. Contents are requested when a row is drawn."""

    KEYS = keys.TABLE
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--odd"}
    DEFAULT_CSS: ClassVar[str] = """
    Table { height: 1fr; background: transparent; }
    Table > .table--header { text-style: bold; color: $text-accent; background: $panel; }
    Table > .table--cursor { background: $foreground 12%; text-style: bold; }
    Table:focus > .table--cursor { background: $primary 55%; color: $foreground; }
    Table > .table--odd { background: $foreground 3%; }
    """
    cursor: reactive[int] = reactive(0)

    class RowMoved(TableMessage):
        """The cursor or the visible rows have changed."""

    class RowOpened(TableMessage):
        """The row under the cursor was clicked again."""

    class HeaderClicked(TableMessage):
        """A column title was clicked."""

        def __init__(self, table: "Table", key: str) -> None:
            super().__init__(table)
            self.key = key

    class FirstCellClicked(TableMessage):
        """The first cell of the row under the cursor was clicked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns: Sequence[Column] = ()
        self._rows = 0
        self._cells: Callable[[int], Cells] = _no_cells
        self._sorted: tuple[str, bool] = ("", False)
        self._fixed = 0

    def show(
        self,
        columns: Sequence[Column],
        rows: int,
        cells: Callable[[int], Cells],
        sorted_by: tuple[str, bool] = ("", False),
        fixed: int = 0,
    ) -> None:
        """Show rows.

        Args:
            rows: number of rows.
            cells: creates the cells of a row.
            sorted_by: a column, and whether descending.
            fixed: number of columns that do not scroll sideways.
        """
        self._columns, self._rows, self._cells, self._sorted = columns, rows, cells, sorted_by
        self._fixed = fixed
        self.virtual_size = Size(_width(columns), rows + 1)
        self.cursor = min(self.cursor, max(rows - 1, 0))
        self.refresh()

    @property
    def _shown(self) -> Size:
        """The size without scroll bars, which would hide the end of a number or the last row."""
        return self.scrollable_content_region.size

    @property
    def seen(self) -> range:
        """The visible rows."""
        first = round(self.scroll_y)
        return range(first, min(first + max(self._shown.height - 1, 0), self._rows))

    def render_line(self, y: int) -> Strip:
        """The header, or the row `y` lines below the top."""
        row = y - 1 + round(self.scroll_y)
        if y == 0:
            cells, style = self._header(), self.get_visual_style("table--header")
        elif row < self._rows:
            cells, style = self._cells(row), self._style_of(row)
        else:
            return Strip.blank(self._shown.width, self.rich_style)
        return self._strip(cells, style)

    def _style_of(self, row: int) -> Style:
        if row == self.cursor:
            return self.get_visual_style("table--cursor")
        return self.get_visual_style("table--odd") if row % 2 else self.visual_style

    def _header(self) -> Cells:
        key, down = self._sorted
        sign = " ▾" if down else " ▴"
        return [Content(c.title + (sign if c.key == key else "")) for c in self._columns]

    def _strip(self, cells: Cells, style: Style) -> Strip:
        drawn = [
            fixed_width(cell, column.width, right=column.align == "right") + " "
            for column, cell in zip(self._columns, cells, strict=True)
        ]
        fixed_part = Content("").join(drawn[: self._fixed])
        width = self._shown.width
        room = max(width - fixed_part.cell_length, 0)
        start = round(self.scroll_x)
        n = self._fixed
        scrolled = _visible(drawn[n:], self._columns[n:], start, start + room)
        left = strip(fixed_part, style, 0, width - room)
        return Strip.join([left, strip(scrolled, style, start, room)])

    # Navigation

    def validate_cursor(self, cursor: int) -> int:
        """Keep it on a row."""
        return min(max(cursor, 0), max(self._rows - 1, 0))

    def watch_cursor(self) -> None:
        """Scroll it into view."""
        height = max(self._shown.height - 1, 1)
        top = round(self.scroll_y)
        if self.cursor < top or self.cursor >= top + height:
            wanted = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=wanted, animate=False, force=True)
        self.refresh()
        self.post_message(self.RowMoved(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Redraw, and post `RowMoved`."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.RowMoved(self))

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_page(self, by: int) -> None:
        self.cursor += by * max(self._shown.height - 2, 1)

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = self._rows - 1

    def action_scroll(self, by: int) -> None:
        """Scroll sideways."""
        self.scroll_to(x=self.scroll_x + by, animate=False)

    # Mouse

    def on_click(self, event: Click) -> None:
        """Select a row, sort by a column, or open the row under the cursor."""
        is_fixed = event.x < _width(self._columns[: self._fixed])
        x = event.x if is_fixed else event.x + round(self.scroll_x)
        row = event.y - 1 + round(self.scroll_y)
        if event.y == 0:
            if column := self._column_at(x):
                self.post_message(self.HeaderClicked(self, column.key))
        elif row < self._rows:
            again = row == self.cursor
            self.cursor = row
            if self._columns and x <= self._columns[0].width:
                self.post_message(self.FirstCellClicked(self))
            elif again:
                self.post_message(self.RowOpened(self))

    def _column_at(self, x: int) -> Column | None:
        for column in self._columns:
            x -= column.width + 1
            if x < 0:
                return column
        return None


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width + 1 for column in columns)


def _visible(cells: Sequence[Content], columns: Sequence[Column], start: int, end: int) -> Content:
    """Cells in a row, from which the terminal shows `start` to `end`.

    No number is cut in two, else 160 would read as 16: the start of the line hides it, the end
    gives it an ellipsis.
    """
    drawn, at = [], 0
    for cell, column in zip(cells, columns, strict=True):
        width, shown = cell.cell_length, cell
        if column.align == "right" and at < start < at + width:
            shown = Content(" " * width)
        elif at < end < at + cell.rstrip().cell_length:
            shown = cell.truncate(end - at, ellipsis=True)
        drawn.append(shown)
        at += width
    return Content("").join(drawn)


def _no_cells(row: int) -> Cells:
    return ()
