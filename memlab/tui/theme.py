"""Chart colours derived from the theme of the console."""

from functools import lru_cache

from textual.color import Color
from textual.theme import Theme as ConsoleTheme

from memlab.charts import DARK, LIGHT, Theme
from memlab.charts.theme import RGB

TICK, GUIDE, BAND = 0.55, 0.12, 0.3
"""Shares of the foreground, or of the curve's colour, in mixed colours."""


def chart_theme(theme: ConsoleTheme) -> Theme:
    """The chart colours for a theme of the console.

    Curves have the same colours in all dark and in all light themes, so that runs are recognized;
    the other colours are mixed from the theme's background.
    """
    if theme.ansi:
        return DARK if theme.dark else LIGHT
    return _mixed(theme.dark, theme.background, theme.foreground)


@lru_cache(maxsize=16)
def _mixed(dark: bool, ground: str | None, text: str | None) -> Theme:
    theme = DARK if dark else LIGHT
    console = ConsoleTheme("", "black", background=ground, foreground=text, dark=dark)
    colours = console.to_color_system().generate()
    background = Color.parse(colours["background"])
    foreground = Color.parse(colours["foreground"])
    train = Color(*theme.roles["train"])
    mixed = {
        "tick": _rgb(background.blend(foreground, TICK)),
        "guide": _rgb(background.blend(foreground, GUIDE)),
        "band": _rgb(background.blend(train, BAND)),
        "baseline": _rgb(background.blend(foreground, TICK)),
    }
    return Theme({**theme.roles, **mixed})


def _rgb(colour: Color) -> RGB:
    return (colour.r, colour.g, colour.b)
