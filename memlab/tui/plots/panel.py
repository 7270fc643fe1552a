"""Base of all panels: they receive an immutable view state and redraw only if it differs.

A view state is the content of a screen: a run at a step, runs in a comparison.
"""

from abc import abstractmethod
from collections.abc import Hashable
from functools import lru_cache
from typing import Generic, TypeVar

from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.style import Style
from textual.widget import Widget

T = TypeVar("T")

SEPARATOR = Content(" · ")
"""between the parts of a title"""


@lru_cache(maxsize=256)
def link(text: str, action: str, style: str = "") -> Content:
    """Text that can be clicked."""
    pressed = Style.from_meta({"@click": action})
    return Content.styled(text, Style.parse(style) + pressed)


class Panel(Widget, Generic[T], can_focus=True):
    """A part of the screen with a title. It is not drawn while hidden."""

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
        self._title_parts: list[Content] = []
        self._drawn: Hashable = None
        self._drawn_size = Size(0, 0)
        """of the content when it was last drawn"""

    @abstractmethod
    def depends(self, view_state: T) -> Hashable:
        """What the content depends on besides size and theme; equal values mean equal content."""

    @abstractmethod
    def paint(self, view_state: T) -> None:
        """Draw the content."""

    @abstractmethod
    def heading(self, view_state: T) -> list[Content]:
        """The parts of the title."""

    @property
    def title(self) -> Content:
        """The title of the panel."""
        return SEPARATOR.join(self._title_parts)

    def show_title(self, parts: list[Content]) -> None:
        """Set the title."""
        self._title_parts = parts
        self.border_title = self.title

    def show(self, view_state: T) -> None:
        """Set the view state; redraw if it looks different."""
        self.view_state = view_state
        self.draw()

    def draw(self) -> None:
        """Draw if something differs and the panel is visible."""
        size = self.size  # empty for a panel that is not on the screen
        if self.view_state is None or not size:
            return
        app = self.app
        depends = (size, app.theme, app.no_color, self.depends(self.view_state))
        if depends != self._drawn:
            self._drawn, self._drawn_size = depends, size
            self.paint(self.view_state)
            self.show_title(self.heading(self.view_state))
            self.refresh()

    def on_mount(self) -> None:
        """Redraw when the colours change."""
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.draw())

    def on_resize(self, event: Resize) -> None:
        self.draw()
