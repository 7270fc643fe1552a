"""The line of keys at the bottom of a screen."""

from typing import Any, final

from textual import widgets
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

FIRST = ("help", "quit")
"""Actions of the first keys."""


@final
class Footer(widgets.Footer):
    """Textual's footer, rebuilt only if its text changes: it has one widget per key."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._shown: list[tuple[str, str, bool]] = []

    def compose(self) -> ComposeResult:
        """Help and quit first, since a narrow terminal cuts off the end of the line."""
        return sorted(super().compose(), key=_order)

    def bindings_changed(self, screen: Screen[Any]) -> None:
        if not (self.is_attached and screen is self.screen and screen.app.app_focus):
            super().bindings_changed(screen)
            return
        active = screen.active_bindings.values()
        shown = [(b.key, b.description, enabled) for _, b, enabled, _ in active if b.show]
        if shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)


def _order(shown: Widget) -> bool:
    return getattr(shown, "action", None) not in FIRST
