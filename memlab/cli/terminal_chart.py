"""Printing of a chart at the width of the terminal."""

import shutil

from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from memlab.charts import DARK, Chart, Fragment, draw

HEIGHT = 16
MAX_WIDTH = 120


def width() -> int:
    """Width of a report in cells."""
    return min(shutil.get_terminal_size((100, 30)).columns, MAX_WIDTH)


def print_chart(console: Console, chart: Chart) -> None:
    colour = console.is_terminal and not console.no_color
    for line in draw(chart, width(), HEIGHT, colour=colour):
        parts = ((f.text, _style(f) if colour else "") for f in line)
        console.print(Text.assemble(*parts), soft_wrap=True)


def _style(fragment: Fragment) -> Style:
    ground = fragment.ground and Color.from_rgb(*DARK.rgb(fragment.ground))
    return Style(color=Color.from_rgb(*DARK.rgb(fragment.colour)), bgcolor=ground or None)
