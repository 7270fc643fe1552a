"""Widgets that keep their lines.

Textual renders every widget of a screen at each update of one of them.
"""

from collections.abc import Hashable
from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Still(Widget):
    """Renders its lines again after a refresh, with other styles, or with another size."""

    _still: tuple[Hashable, list[Strip]] | None = None
    """the lines last rendered, and what they depend on"""

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Forget the lines."""
        self._still = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Forget the lines: styles change some time after the theme."""
        super().notify_style_update()
        self._still = None

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region of the widget."""
        state = crop, self.outer_size, self.has_focus, self.app.theme
        if self._still is None or self._still[0] != state:
            self._still = state, super().render_lines(crop)
        return self._still[1]
