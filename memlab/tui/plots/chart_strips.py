"""Charts as strips of cells: ten times faster than to read them as text in general."""

import re
from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_INK = re.compile(r"\x1b\[(?:38;2;([\d;]+?)(?:;48;2;([\d;]+))?|0)m")


def strips(chart: str) -> list[Strip]:
    """The lines of a chart, whose only escapes set the colours and reset them."""
    return [_strip(line) for line in chart.split("\n")]


def _strip(line: str) -> Strip:
    texts = _INK.split(line)
    segments = [Segment(texts[0])] if texts[0] else []
    for ink, ground, text in zip(*(texts[i::3] for i in range(1, 4)), strict=True):
        if text:
            segments.append(Segment(text, _style(ink, ground) if ink else None))
    return Strip(segments)


@lru_cache(maxsize=256)
def _style(ink: str, ground: str | None) -> Style:
    return Style(color=_colour(ink), bgcolor=_colour(ground) if ground else None)


def _colour(rgb: str) -> Color:
    return Color.from_rgb(*map(int, rgb.split(";")))
