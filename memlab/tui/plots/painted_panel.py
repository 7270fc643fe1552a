"""A panel that stores its rendered lines.

Textual renders a widget line by line and applies styles to each line. A picture changes as a whole
and contains its background, so its lines are returned unchanged, which halves the time of a redraw.
"""

from rich.color import Color
from textual.geometry import Region, Size
from textual.strip import Strip

from memlab.charts import Lines
from memlab.tui.plots.chart_strips import strips
from memlab.tui.plots.panel import Panel, T
from memlab.tui.theme import chart_theme


class PaintedPanel(Panel[T]):
    """`paint` calls `keep_lines`; Textual draws the title."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._lines: list[Strip] = []
        """content lines, as wide as the widget with its padding"""
        self._ground: tuple[str, Color] | None = None
        """theme, and the background in it, which mixes those of all ancestors"""
        self._painted: Size | None = None
        """size of the content when it was last painted"""

    def keep_lines(self, lines: Lines) -> None:
        """Store the lines of a picture, in the colours of the theme."""
        theme = None if self.app.no_color else chart_theme(self.app.current_theme)
        if self._ground is None or self._ground[0] != self.app.theme:
            self._ground = self.app.theme, self.background_colors[1].rich_color
        background = self._ground[1]
        width, height = self.outer_size.width, self.size.height
        shown = lines[:height] + [[]] * (height - len(lines))
        self._lines = strips(shown, theme, background, self.gutter.left, width)
        self._painted = self.size

    def render_line(self, y: int) -> Strip:
        """A line of the content."""
        if y >= len(self._lines):
            return Strip.blank(self.size.width, self.rich_style)
        left = self.gutter.left
        return self._lines[y].crop(left, left + self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region of the widget."""
        top = self.gutter.top
        if self.app.no_color or self._painted != self.size or self.gutter.bottom:
            return super().render_lines(crop)
        above = max(min(top, crop.bottom) - crop.y, 0)
        lines = super().render_lines(Region(crop.x, crop.y, crop.width, above)) if above else []
        below = self._lines[max(crop.y - top, 0) : crop.bottom - top]
        if crop.column_span != (0, self.outer_size.width):
            below = [line.crop(*crop.column_span) for line in below]
        return [*lines, *below]
