"""The line of keys at the bottom of a screen."""

import itertools
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, final

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen

from memlab.tui.still import Still

FIRST = ("help", "quit")
"""Actions of the first keys."""


class FooterKey(NamedTuple):
    """A key and what it does."""

    key: str
    display: str
    description: str
    action: str
    enabled: bool
    help: str

    @property
    def width(self) -> int:
        """In cells, with the space after it."""
        return len(self.display) + 1 + len(self.description) + 1


@final
class Footer(Still):
    """Help and quit, then as many keys as fit, and how many more the help shows.

    It is one widget: a widget per key, as in Textual's footer, takes half of the time in which a
    screen opens.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "footer--key", "footer--description", "footer--hover",
    }  # fmt: skip
    DEFAULT_CSS: ClassVar[str] = """
    Footer {
        dock: bottom; height: 1; text-wrap: nowrap;
        color: $footer-foreground; background: $footer-background;
        & > .footer--key {
            color: $footer-key-foreground; background: $footer-key-background; text-style: bold;
        }
        & > .footer--description {
            color: $footer-description-foreground; background: $footer-description-background;
        }
        & > .footer--hover { background: $block-hover-background; }
    }
    """

    hovered: reactive[int | None] = reactive(None)
    """which of the keys is under the mouse"""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[FooterKey] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[Any]) -> None:
        if not screen.app.app_focus:  # the focus is lost only briefly
            return
        keys: dict[str, FooterKey] = {}
        for _, binding, enabled, tooltip in screen.active_bindings.values():
            if binding.show:
                key = FooterKey(
                    binding.key, self.app.get_key_display(binding), binding.description,
                    binding.action, enabled, tooltip or binding.description,
                )  # fmt: skip
                keys.setdefault(binding.action, key)
        ordered = sorted(keys.values(), key=lambda key: key.action not in FIRST)
        if ordered != self._keys:
            self._keys, self.hovered = ordered, None
            self.refresh()

    @property
    def shown(self) -> list[FooterKey]:
        """The keys that fit."""
        return self._keys[: number_shown([key.width for key in self._keys], self.size.width)]

    def render(self) -> Content:
        """The keys that fit, and the number of the others."""
        shown = self.shown
        keys = Content(" ").join(self._drawn(key, i == self.hovered) for i, key in enumerate(shown))
        hidden = len(self._keys) - len(shown)
        return keys + f" {_more(hidden)}" if hidden else keys

    def _drawn(self, key: FooterKey, hovered: bool) -> Content:
        names = ["footer--hover"] if hovered else []
        content = Content.assemble(
            (key.display, self.get_visual_style(*names, "footer--key")),
            (f" {key.description}", self.get_visual_style(*names, "footer--description")),
        )
        return content if key.enabled else content.stylize("dim")

    def _key_at(self, x: int) -> int | None:
        ends = itertools.accumulate(key.width for key in self.shown)
        return next((i for i, end in enumerate(ends) if x < end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.hovered = self._key_at(event.x)

    def on_leave(self) -> None:
        self.hovered = None

    def watch_hovered(self) -> None:
        self.tooltip = None if self.hovered is None else self.shown[self.hovered].help

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Do what the key under the mouse does."""
        place = self._key_at(event.x)
        if place is None:
            return
        if self.shown[place].enabled:
            self.app.simulate_key(self.shown[place].key)
        else:
            self.app.bell()


def number_shown(widths: Sequence[int], room: int) -> int:
    """How many of the first keys fit; if not all do, there is room for the number of the others."""
    if sum(widths) <= room:
        return len(widths)
    room -= len(_more(len(widths)))
    ends = [sum(widths[: i + 1]) for i in range(len(widths))]
    return sum(end <= room for end in ends)


def _more(n: int) -> str:
    return f"+{n} more"
