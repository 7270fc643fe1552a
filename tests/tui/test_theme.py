"""Charts are readable in every theme of the console."""

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from memlab.charts import DARK, LIGHT
from memlab.tui.compare import colours
from memlab.tui.theme import chart_theme

CURVES = ("train", "val", "test", "spike", "memorized", "grokked")
THEMES = [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]


def _contrast(a: Color, b: Color) -> float:
    """Contrast ratio as defined by the Web Content Accessibility Guidelines 2.1."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    parts = [c / 255 for c in colour.rgb]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_curves_stand_out_from_the_background(theme) -> None:
    background = Color.parse(theme.to_color_system().generate()["background"])
    made = chart_theme(theme)
    for role in CURVES:
        assert _contrast(Color(*made.rgb(role)), background) >= 3, role
    palette = colours.DARK if theme.dark else colours.LIGHT
    assert all(_contrast(Color(*rgb), background) >= 2.5 for rgb in palette)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_guides_are_fainter_than_ticks(theme) -> None:
    background = Color.parse(theme.to_color_system().generate()["background"])
    made = chart_theme(theme)
    guide, tick = (_contrast(Color(*c), background) for c in (made.rgb("guide"), made.rgb("tick")))
    assert 1 < guide < tick


def test_ansi_themes_get_the_standard_colours() -> None:
    assert chart_theme(BUILTIN_THEMES["ansi-dark"]) is DARK
    assert chart_theme(BUILTIN_THEMES["ansi-light"]) is LIGHT


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_curves_can_be_read_on_a_band(theme) -> None:
    colours = chart_theme(theme)
    band = Color(*colours.rgb("band"))
    assert all(_contrast(Color(*colours.rgb(role)), band) >= 2 for role in ("train", "val", "test"))
