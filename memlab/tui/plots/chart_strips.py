"""Charts as strips of cells."""

from functools import lru_cache
from typing import final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from memlab.charts import Lines, Theme
from memlab.charts.text import cells
from memlab.charts.theme import Colour


def strips(
    lines: Lines, theme: Theme | None, background: Color, left: int, width: int
) -> list[Strip]:
    """The lines of a chart after `left` blanks, each exactly `width` cells long.

    Args:
        theme: the colours; None = the background alone.
    """
    styles = _Styles(None, background) if theme is None else _styles(theme, background)
    blank = Style(bgcolor=background)
    margin = Segment(" " * left, blank)
    drawn = []
    for line in lines:
        segments = [Segment(text, styles[ink, ground]) for text, ink, ground in line]
        room = width - left - cells("".join([fragment.text for fragment in line]))
        strip = Strip([margin, *segments, Segment(" " * max(room, 0), blank)], width - min(room, 0))
        drawn.append(strip if room >= 0 else strip.crop(0, width))
    return drawn


@final
class _Styles(dict[tuple[Colour, Colour | None], Style]):
    """Styles by colours of text and ground; without a theme all have the background alone."""

    def __init__(self, theme: Theme | None, background: Color) -> None:
        super().__init__()
        self._theme, self._background = theme, background

    def __missing__(self, colours: tuple[Colour, Colour | None]) -> Style:
        ink, ground = colours
        style = Style(bgcolor=self._background)
        if self._theme is not None:
            style += Style(color=Color.from_rgb(*self._theme.rgb(ink)))
            if ground:
                style += Style(bgcolor=Color.from_rgb(*self._theme.rgb(ground)))
        self[colours] = style
        return style


_styles = lru_cache(maxsize=8)(_Styles)
