"""What all panels share: they are handed a moment and draw only what differs from before.

A moment is whatever a screen shows, immutable: a run at a step, runs in a comparison.
"""

from abc import abstractmethod
from collections.abc import Hashable
from typing import Generic, TypeVar

from textual.content import Content
from textual.events import Resize
from textual.style import Style
from textual.widget import Widget

T = TypeVar("T")


def link(text: str, action: str, style: str = "") -> Content:
    """Text that the mouse may press."""
    pressed = Style.from_meta({"@click": action})
    return Content.styled(text, Style.parse(style) + pressed)


class Panel(Widget, Generic[T], can_focus=True):
    """A part of the screen with a title above it. Not drawn while it is hidden."""

    DEFAULT_CSS = """
    Panel {
        border-top: solid $surface-lighten-2;
        border-title-color: $text-muted;
        padding: 0 1;
    }
    Panel:focus { border-top: solid $primary; border-title-color: $text-primary; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.view_state: T | None = None
        self._drawn: Hashable = None

    @abstractmethod
    def depends(self, view_state: T) -> Hashable:
        """What the picture depends on besides size and theme: equal = the same picture."""

    @abstractmethod
    def paint(self, view_state: T) -> None:
        """Make the picture that fills the panel from now on."""

    @abstractmethod
    def heading(self, view_state: T) -> Content:
        """What stands in the line above."""

    def show(self, view_state: T) -> None:
        """Take in a moment, and draw it if that would look different."""
        self.view_state = view_state
        self.draw()

    def draw(self) -> None:
        """Draw, if there is something new to see and somebody can see it."""
        if self.view_state is None or not self.size or not self.is_on_screen:
            return
        depends = (self.size, self.app.theme, self.app.no_color, self.depends(self.view_state))
        if depends != self._drawn:
            self._drawn = depends
            self.paint(self.view_state)
            self.border_title = self.heading(self.view_state)
            self.refresh()

    def on_mount(self) -> None:
        """Be drawn anew when the colours change."""
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.draw())

    def on_resize(self, event: Resize) -> None:
        """Fill the new size."""
        self.draw()
