"""Curves as terminal text: pure functions from arrays to coloured fragments."""

from memlab.charts.bars import bars, sparkline
from memlab.charts.chart import Band, Chart, Level, Marks, Series, VerticalRule
from memlab.charts.draw import draw, draw_at
from memlab.charts.heat import HeatGrid, HeatMap, draw_heat
from memlab.charts.layout import ChartLayout, layout
from memlab.charts.legend import values_at
from memlab.charts.smooth import Smoother, smooth
from memlab.charts.text import Fragment, Line, Lines, as_text
from memlab.charts.theme import DARK, LIGHT, Theme
from memlab.charts.tiles import Tiles, draw_tiles

__all__ = [
    "DARK",
    "LIGHT",
    "Band",
    "Chart",
    "ChartLayout",
    "Fragment",
    "HeatGrid",
    "HeatMap",
    "Level",
    "Line",
    "Lines",
    "Marks",
    "Series",
    "Smoother",
    "Theme",
    "Tiles",
    "VerticalRule",
    "as_text",
    "bars",
    "draw",
    "draw_at",
    "draw_heat",
    "draw_tiles",
    "layout",
    "smooth",
    "sparkline",
    "values_at",
]  # fmt: skip
