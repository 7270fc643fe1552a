"""Widgets that keep their lines.

Textual renders every widget of a screen at each update of one of them.
"""

from collections.abc import Hashable
from typing import Self

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Still(Widget):
    """Renders its lines again after a refresh, or with another size, focus or theme."""

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

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region of the widget."""
        state = crop, self.outer_size, self.has_focus, self.app.theme
        if self._still is None or self._still[0] != state:
            self._still = state, super().render_lines(crop)
        return self._still[1]
