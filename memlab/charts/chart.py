"""The contents of a chart, as immutable data. `theme` has the colours, `draw` draws it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from memlab.charts.theme import Colour

Values = NDArray[Any]
"""numbers of any type"""

Range = tuple[float, float]


def _as_floats(shape: object, *names: str) -> None:
    """Convert columns to float64 once, so that searches need not convert them again."""
    for name in names:
        object.__setattr__(shape, name, np.asarray(getattr(shape, name), dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Series:
    """A curve. Values that are not finite, or not positive on a log axis, are gaps."""

    name: str
    """empty = not in the legend"""
    x: Values
    """steps, ascending"""
    y: Values
    """one value per step"""
    colour: Colour
    """a role of the theme ("train", "val", ...) or RGB"""
    value: float | None = None
    """value in the legend; None = the value at the cursor, NaN = no value"""
    leads: bool = False
    """whether it comes first in the legend, regardless of drawing order"""

    def __post_init__(self) -> None:
        _as_floats(self, "x", "y")


@dataclass(frozen=True, eq=False)
class Band:
    """An area between two curves: minimum and maximum of raw values, of seeds, of a bin.

    Raw values may be given as both `low` and `high`: drawing uses the extremes of each column.
    """

    x: Values
    """steps, ascending"""
    low: Values
    high: Values
    colour: Colour

    def __post_init__(self) -> None:
        _as_floats(self, "x", "low", "high")


@dataclass(frozen=True, eq=False)
class Marks:
    """Points to emphasize, such as the peaks of spikes; each gets a ▼ above it."""

    name: str
    """singular, for the legend: "spike" """
    x: Values
    y: Values
    colour: Colour

    @classmethod
    def at(cls, name: str, points: Iterable[tuple[float, float]], colour: Colour) -> Self:
        """Marks at these (x, y), sorted by x."""
        x, y = np.array(sorted(points), dtype=np.float64).reshape(-1, 2).T
        return cls(name, x, y, colour)

    def __post_init__(self) -> None:
        _as_floats(self, "x", "y")


@dataclass(frozen=True)
class VerticalRule:
    """A vertical line at a step: a phase, an edit, a checkpoint."""

    x: float
    label: str
    colour: Colour


@dataclass(frozen=True)
class Level:
    """A horizontal reference line, such as the chance loss. It does not widen the y range."""

    y: float
    name: str
    colour: Colour


@dataclass(frozen=True, eq=False)
class Chart:
    """Curves over steps with their annotations. Later series are drawn over earlier ones."""

    series: tuple[Series, ...] = ()
    bands: tuple[Band, ...] = ()
    marks: tuple[Marks, ...] = ()
    rules: tuple[VerticalRule, ...] = ()
    levels: tuple[Level, ...] = ()
    x_log: bool = False
    y_log: bool = False
    x_whole: bool = False
    """whether x has whole numbers only, such as steps: there are no ticks between them"""
    x_range: Range | None = None
    """visible steps; None = all"""
    y_range: Range | None = None
    """visible values; None = range of the visible steps plus a margin"""
    hide_outliers: bool = False
    """exclude the lowest and highest 1 % of columns from the y range"""
    cursor: float | None = None
    """step at which the legend reads the values; None = the last"""
    not_finite: int | None = None
    """number of visible values that are not finite; None = counted from the curves"""
    marker: Literal["braille", "blocks"] = "braille"
    """blocks: 2 x 2 dots per cell, for fonts with poor braille"""
