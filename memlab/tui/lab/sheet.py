"""The lines of the form: names, values, notes, headings of groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

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
from memlab.tui.safe_content import safe

NAME = 20
"""Width of a name and its sign in cells."""


@dataclass(frozen=True)
class SheetLine:
    """A setting in the form, or the heading of a group."""

    name: str
    key: str = ""
    """"" for a heading"""
    value: str = ""
    note: str = ""
    words: tuple[str, ...] = ()
    """the allowed words, if only these are accepted"""
    changed: bool = False
    wrong: bool = False

    @property
    def sign(self) -> str:
        """Marks the state without colour."""
        return "✗" if self.wrong else "●" if self.changed else " "


class Sheet(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws the lines and holds the cursor."""

    KEYS = keys.CHOICE
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sheet--group", "sheet--cursor", "sheet--changed", "sheet--wrong", "sheet--value",
    }  # fmt: skip
    cursor: reactive[int] = reactive(-1)
    """index of a line that is a setting; -1 = none"""

    class SettingPointed(Message):
        """The cursor is on another line, or its line has moved."""

    class SettingChosen(Message):
        """Another option was chosen for the setting under the cursor."""

        def __init__(self, word: str) -> None:
            super().__init__()
            self.word = word

    def __init__(self) -> None:
        super().__init__(id="sheet")
        self.lines: Sequence[SheetLine] = ()

    def show(self, lines: Sequence[SheetLine]) -> None:
        """Show other lines; the cursor stays on its setting."""
        at = self.line.key if self.line else None
        self.lines = lines
        self.virtual_size = Size(self._width, len(lines))
        self.cursor = next((i for i, line in enumerate(lines) if line.key == at and at), -1)
        self.refresh()

    @property
    def line(self) -> SheetLine | None:
        return self.lines[self.cursor] if 0 <= self.cursor < len(self.lines) else None

    @property
    def _width(self) -> int:
        """Width in cells, without the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def room(self) -> int:
        """Width of a value in cells."""
        return max((self._width - NAME) * 3 // 5, 10)

    def place(self) -> tuple[int, int] | None:
        """Column and row of the value under the cursor, relative to this widget."""
        row = self.cursor - round(self.scroll_y)
        return (NAME, row) if self.line and 0 <= row < self.size.height else None

    def render_line(self, y: int) -> Strip:
        """The line `y` rows below the top."""
        i = y + round(self.scroll_y)
        if i >= len(self.lines):
            return Strip.blank(self.size.width, self.rich_style)
        style = self.visual_style
        if i == self.cursor:
            style += self.get_visual_style("sheet--cursor")
        return strip(self._drawn(self.lines[i], i == self.cursor), style, 0, self.size.width)

    def _drawn(self, line: SheetLine, is_current: bool) -> Content:
        if not line.key:
            return Content.styled(line.name, self._style("sheet--group"))
        marked = "sheet--wrong" if line.wrong else "sheet--changed" if line.changed else None
        note = safe(line.note, style="dim")
        value = safe(line.value, 2000)
        if line.words:
            arrow = "bold" if is_current else "dim"
            value = Content.assemble(("‹ ", arrow), value, (" ›", arrow))
        return Content.assemble(
            fixed_width(Content.styled(f"{line.sign} {line.name}", self._style(marked)), NAME),
            fixed_width(value, self.room).stylize_before(self._style("sheet--value")),
            " ",
            fixed_width(note, self._width - NAME - self.room - 1),
        )

    def _style(self, component: str | None) -> Style:
        return self.get_visual_style(component, partial=True) if component else Style()

    def watch_cursor(self) -> None:
        """Scroll it into view, with the heading above it."""
        top, height = round(self.scroll_y), max(self.size.height, 1)
        if self.cursor >= 0 and not top <= self.cursor < top + height:
            wanted = self.cursor - 1 if self.cursor <= top else self.cursor - height + 1
            self.scroll_to(y=wanted, animate=False, force=True)
        self.refresh()
        self.post_message(self.SettingPointed())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Redraw, and report that lines have moved."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.SettingPointed())

    def move(self, by: int) -> None:
        """Move to the next setting in a direction; stay at the end."""
        i = self.cursor + by
        while 0 <= i < len(self.lines) and not self.lines[i].key:
            i += by
        if 0 <= i < len(self.lines):
            self.cursor = i

    def go(self, key: str) -> None:
        self.cursor = next((i for i, line in enumerate(self.lines) if line.key == key), self.cursor)

    def action_turn(self, by: int) -> None:
        """Choose another option, relative to the current one."""
        if self.line and self.line.words:
            words = self.line.words
            at = words.index(self.line.value) if self.line.value in words else -by
            self.post_message(self.SettingChosen(words[(at + by) % len(words)]))

    def action_add_choice(self) -> None:
        """Add the first word that is not chosen yet: several words make an axis."""
        if self.line and self.line.words:
            chosen = self.line.value.split(",")
            if (word := next((w for w in self.line.words if w not in chosen), None)) is not None:
                self.post_message(self.SettingChosen(",".join([*chosen, word])))

    def on_click(self, event: Click) -> None:
        """Go to the line; on a choice, select the next option, or the previous one on the left
        arrow.
        """
        i = event.y + round(self.scroll_y)
        if i < len(self.lines) and self.lines[i].key:
            again = i == self.cursor
            self.cursor = i
            if again and event.x >= NAME:
                self.action_turn(-1 if event.x < NAME + 2 else 1)
