"""The line of keys at the bottom of a screen."""

from typing import Any, final

from textual import widgets
from textual.screen import Screen


@final
class Footer(widgets.Footer):
    """Textual's footer, made anew only when it says something else: it is a widget for each key."""

    def __init__(self) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._said: list[tuple[str, str, bool]] = []

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Say what keys do here, if that is news."""
        if not (self.is_attached and screen is self.screen and screen.app.app_focus):
            super().bindings_changed(screen)
            return
        active = screen.active_bindings.values()
        said = [(b.key, b.description, enabled) for _, b, enabled, _ in active if b.show]
        if said != self._said:
            self._said = said
            super().bindings_changed(screen)
