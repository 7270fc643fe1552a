"""Containers that draw nothing: the screen is seen where they have no children.

Textual composes the lines of containers with those of their children at every redraw, which takes
as long as the children's if containers are nested.
"""

from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.strip import Strip


class ClearRow(Horizontal):
    """Children side by side."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return []


class ClearColumn(Vertical):
    """Children one above the other."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return []
