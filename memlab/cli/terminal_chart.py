"""A chart printed at the width of the terminal, without colours where it has none."""

import shutil

from rich.console import Console
from rich.text import Text

from memlab.charts import DARK, PLAIN, Chart, draw

HEIGHT = 16
MAX_WIDTH = 120


def width() -> int:
    """Width of a report in cells."""
    return min(shutil.get_terminal_size((100, 30)).columns, MAX_WIDTH)


def print_chart(console: Console, chart: Chart) -> None:
    """Print a chart."""
    theme = DARK if console.is_terminal and not console.no_color else PLAIN
    text = draw(chart, width(), HEIGHT, theme)
    console.print(Text.from_ansi(text), soft_wrap=True)
