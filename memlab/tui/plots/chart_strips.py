"""Charts as strips of cells."""

from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from memlab.charts import Line, Lines, Theme
from memlab.charts.theme import RGB


def strips(lines: Lines, theme: Theme | None) -> list[Strip]:
    """The lines of a chart in the colours of a theme; None = without colours."""
    return [_strip(line, theme) for line in lines]


def _strip(line: Line, theme: Theme | None) -> Strip:
    if theme is None:
        return Strip([Segment(fragment.text) for fragment in line])
    rgb = theme.rgb
    return Strip(
        [Segment(text, _style(rgb(ink), ground and rgb(ground))) for text, ink, ground in line]
    )


@lru_cache(maxsize=256)
def _style(ink: RGB, ground: RGB | None) -> Style:
    return Style(color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*ground) if ground else None)
