"""Charts as strips of cells."""

from functools import lru_cache

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
    blank = Style(bgcolor=background)
    margin = Segment(" " * left, blank)
    drawn = []
    for line in lines:
        segments = [
            Segment(text, _style(theme, ink, ground, background) if theme else blank)
            for text, ink, ground in line
        ]
        room = width - left - sum(cells(fragment.text) for fragment in line)
        strip = Strip([margin, *segments, Segment(" " * max(room, 0), blank)], width - min(room, 0))
        drawn.append(strip if room >= 0 else strip.crop(0, width))
    return drawn


@lru_cache(maxsize=512)
def _style(theme: Theme, ink: Colour, ground: Colour | None, background: Color) -> Style:
    return Style(
        color=Color.from_rgb(*theme.rgb(ink)),
        bgcolor=Color.from_rgb(*theme.rgb(ground)) if ground else background,
    )
