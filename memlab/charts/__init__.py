"""Curves as terminal text: pure functions from data to a string. Knows nothing of runs."""

from memlab.charts.bars import bars, sparkline
from memlab.charts.chart import Band, Chart, Level, Marks, Series, VerticalRule
from memlab.charts.draw import draw
from memlab.charts.layout import ChartLayout, layout
from memlab.charts.legend import values_at
from memlab.charts.smooth import Smoother, smooth
from memlab.charts.theme import DARK, LIGHT, PLAIN, Theme
from memlab.charts.tiles import Tiles, draw_tiles

__all__ = [
    "DARK",
    "LIGHT",
    "PLAIN",
    "Band",
    "Chart",
    "ChartLayout",
    "Level",
    "Marks",
    "Series",
    "Smoother",
    "Theme",
    "Tiles",
    "VerticalRule",
    "bars",
    "draw",
    "draw_tiles",
    "layout",
    "smooth",
    "sparkline",
    "values_at",
]  # fmt: skip
