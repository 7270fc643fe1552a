"""A scrolling list with one selected line."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from textual import events
from textual.content import Content

from memlab.tui.live.keys import LINES
from memlab.tui.live.view_state import ViewState
from memlab.tui.plots.panel import Panel
from memlab.tui.still import Still

T = TypeVar("T")


class Lines(Panel[ViewState], Still, Generic[T]):
    """A list that draws only visible lines."""

    KEYS = LINES
    BINDINGS = LINES.bindings()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.selected = 0
        self._top = 0
        self._picture = Content("")

    @abstractmethod
    def lines(self, view_state: ViewState) -> Sequence[T]:
        """The items, one per line."""

    @abstractmethod
    def rendered(self, items: Sequence[T]) -> list[Content]:
        """The lines of these items; the caller cuts them to the width."""

    @abstractmethod
    def choose(self, item: T) -> None:
        """Open an item."""

    def prepare(self, items: Sequence[T], view_state: ViewState, width: int) -> None:
        """Compute what all lines share before they are drawn."""

    def footnote(self) -> list[Content]:
        """Lines fixed at the bottom."""
        return []

    def render(self) -> Content:
        """The cached picture."""
        return self._picture

    def paint(self, view_state: ViewState) -> None:
        """Draw the lines around the selected one."""
        width, height = self.size
        items = self.lines(view_state)
        self.selected = min(self.selected, max(len(items) - 1, 0))
        self.prepare(items, view_state, width)
        below = self.footnote()
        room = max(height - len(below), 1)
        self._top = min(max(self._top, self.selected - room + 1), self.selected)
        self._top = max(min(self._top, len(items) - room), 0)
        lines = self.rendered(items[self._top : self._top + room])
        shown = [self._cut(line, self._top + i, width) for i, line in enumerate(lines)]
        shown += [Content("")] * (room - len(shown) if below else 0)
        self._picture = Content("\n").join([*shown, *below])

    def _cut(self, line: Content, i: int, width: int) -> Content:
        line = line.truncate(width, ellipsis=True)
        if i == self.selected and self.has_focus:
            line = line.pad_right(max(width - line.cell_length, 0)).stylize("on $surface-lighten-2")
        return line

    def action_move(self, by: int) -> None:
        if self.view_state:
            last = max(len(self.lines(self.view_state)) - 1, 0)
            self.selected = min(max(self.selected + by, 0), last)
            self.draw()

    def action_page(self, by: int) -> None:
        """Move the selection by a page."""
        self.action_move(by * max(self.size.height - 1, 1))

    def action_choose(self) -> None:
        if self.view_state and (items := self.lines(self.view_state)):
            self.choose(items[self.selected])

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(1)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if self.view_state and at is not None:
            row = self._top + at.y
            if row < len(self.lines(self.view_state)):
                self.selected = row
                self.action_choose()
                self.draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show or hide the selection."""
        super().watch_has_focus(has_focus)
        self.draw()
