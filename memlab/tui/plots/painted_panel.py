"""A panel that stores its rendered lines.

Textual renders a widget line by line and applies styles to each line. A picture changes as a whole
and contains its background, so its lines are returned unchanged, which halves the time of a redraw.
"""

from collections.abc import Hashable
from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.style import Style

from memlab.charts import Lines
from memlab.tui.plots.chart_strips import strips
from memlab.tui.plots.panel import SEPARATOR, Panel, T
from memlab.tui.theme import chart_theme


class PaintedPanel(Panel[T]):
    """`paint` calls `keep_lines`."""

    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "title"
        """Textual draws it once for its styles; see `_top_line`"""
        self._lines: list[Strip] = []
        """content lines, as wide as the widget with its padding"""
        self._top: tuple[int, Strip] | None = None
        """width, and the line with the title"""
        self._top_styles: tuple[int, Segment, Style] | None = None
        """width, a glyph of the border, style of the title"""
        self._segments: dict[Hashable, list[Segment]] = {}
        """the parts of the title, most of which stay the same between redraws"""
        self._ground: Color | None = None
        """the background, which mixes those of all ancestors"""
        self._painted: Size | None = None
        """size of the widget when it was last painted"""

    def notify_style_update(self) -> None:
        """Forget what depends on styles, which change some time after the theme."""
        super().notify_style_update()
        self._drawn = self._top = self._top_styles = self._ground = None

    def show_title(self, parts: list[Content]) -> None:
        """Set the title."""
        self._title_parts, self._top = parts, None

    def keep_lines(self, lines: Lines) -> None:
        """Store the lines of a picture, in the colours of the theme."""
        app = self.app
        theme = None if app.no_color else chart_theme(app.current_theme)
        if self._ground is None:
            self._ground = self.background_colors[1].rich_color
        width, height = self.outer_size.width, self._drawn_size.height
        shown = lines[:height] + [[]] * (height - len(lines))
        self._lines = strips(shown, theme, self._ground, self.gutter.left, width)
        self._painted = self.outer_size

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region of the widget."""
        width, height = self.outer_size
        lines = [self._top_line(width), *self._lines] if self.gutter.top else self._lines
        if self._painted != self.outer_size:  # it has another size since it was painted
            blank = [Strip.blank(width, self.rich_style)] * (height - len(lines))
            lines = [line.crop_extend(0, width, self.rich_style) for line in (*lines, *blank)]
        lines = lines[crop.y : crop.bottom]
        if crop.column_span != (0, width):
            lines = [line.crop(*crop.column_span) for line in lines]
        # The other filters are for colours of the terminal's palette, which a picture has not.
        for line_filter in self.get_line_filters() if self.app.no_color else ():
            background = self.background_colors[1]
            lines = [line.apply_filter(line_filter, background) for line in lines]
        return lines

    def _top_line(self, width: int) -> Strip:
        """The border with the title."""
        if self._top is None or self._top[0] != width:
            self._top = width, self._drawn_top_line(width)
        return self._top[1]

    def _drawn_top_line(self, width: int) -> Strip:
        if self._top_styles is None or self._top_styles[0] != width:
            border, *rest = super().render_lines(Region(0, 0, width, 1))[0]
            titled = (rest or [border])[0].style
            self._top_styles = width, border, Style.from_rich_style(titled) if titled else Style()
            self._segments = {}
        _, border, style = self._top_styles
        parts, room = self._title_parts, width - 2
        n = sum(part.cell_length for part in parts) + 3 * max(len(parts) - 1, 0)
        if n > room:
            parts, n = [self.title.truncate(room, ellipsis=True)], room
        known, self._segments = self._segments, {}
        for part in (*parts, SEPARATOR):
            self._segments[_key(part)] = known.get(_key(part)) or part.render_segments(style)
        segments = [border] if parts else []
        for i, part in enumerate(parts):
            if i:
                segments += self._segments[_key(SEPARATOR)]
            segments += self._segments[_key(part)]
        left = width - n - len(segments[:1])
        return Strip([*segments, Segment(border.text * left, border.style)], width)


def _key(part: Content) -> Hashable:
    return part.plain, tuple(part.spans)
