"""The line of keys at the bottom of a screen."""

from collections.abc import Sequence
from typing import Any, final

from textual import widgets
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Label
from textual.widgets._footer import FooterKey

FIRST = ("help", "quit")
"""Actions of the first keys."""


@final
class Footer(widgets.Footer):
    """Textual's footer, rebuilt only if its text changes: it has one widget per key."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._shown: list[tuple[str, str, bool]] = []

    def compose(self) -> ComposeResult:
        """Help and quit, then as many keys as fit, and how many more the help shows."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        keys.sort(key=lambda key: key.action not in FIRST)
        widths = [len(key.key_display) + 1 + len(key.description) + 1 for key in keys]
        shown = number_shown(widths, self.size.width or self.app.size.width)
        yield from keys[:shown]
        if shown < len(keys):
            yield Label(_more(len(keys) - shown), classes="more")

    def on_resize(self) -> None:
        """Show as many keys as now fit."""
        self.call_after_refresh(self.recompose)

    def bindings_changed(self, screen: Screen[Any]) -> None:
        if not (self.is_attached and screen is self.screen and screen.app.app_focus):
            super().bindings_changed(screen)
            return
        active = screen.active_bindings.values()
        shown = [(b.key, b.description, enabled) for _, b, enabled, _ in active if b.show]
        if shown != self._shown:
            self._shown = shown
            super().bindings_changed(screen)


def number_shown(widths: Sequence[int], room: int) -> int:
    """How many of the first keys fit; if not all do, there is room for the number of the others."""
    if sum(widths) <= room:
        return len(widths)
    room -= len(_more(len(widths)))
    ends = [sum(widths[: i + 1]) for i in range(len(widths))]
    return sum(end <= room for end in ends)


def _more(n: int) -> str:
    return f"+{n} more"
