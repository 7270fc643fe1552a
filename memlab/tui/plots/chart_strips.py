"""Charts as strips of cells."""

from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from memlab.charts import Line, Lines, Theme
from memlab.charts.theme import RGB


def strips(lines: Lines, theme: Theme | None, background: Color) -> list[Strip]:
    """The lines of a chart in the colours of a theme; None = the background alone."""
    return [_strip(line, theme, background) for line in lines]


def _strip(line: Line, theme: Theme | None, background: Color) -> Strip:
    if theme is None:
        plain = Style(bgcolor=background)
        return Strip([Segment(fragment.text, plain) for fragment in line])
    rgb = theme.rgb
    return Strip(
        [
            Segment(text, _style(rgb(ink), ground and rgb(ground), background))
            for text, ink, ground in line
        ]
    )


@lru_cache(maxsize=256)
def _style(ink: RGB, ground: RGB | None, background: Color) -> Style:
    return Style(
        color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*ground) if ground else background
    )
