"""Charts as strips of cells: ten times faster than to read them as text in general."""

import re
from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_INK = re.compile(r"\x1b\[(?:38;2;(\d+);(\d+);(\d+)|0)m")


def strips(chart: str) -> list[Strip]:
    """The lines of a chart, whose only escapes set the colour and reset it."""
    return [_strip(line) for line in chart.split("\n")]


def _strip(line: str) -> Strip:
    texts = _INK.split(line)
    segments = [Segment(texts[0])] if texts[0] else []
    for red, green, blue, text in zip(*(texts[i::4] for i in range(1, 5)), strict=True):
        if text:
            segments.append(Segment(text, _style(int(red), int(green), int(blue)) if red else None))
    return Strip(segments)


@lru_cache(maxsize=256)
def _style(red: int, green: int, blue: int) -> Style:
    return Style(color=Color.from_rgb(red, green, blue))
