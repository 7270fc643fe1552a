"""A chart or a map in a panel, with the mouse: point, zoom, pan."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache

from textual import events
from textual.content import Content
from textual.message import Message

from memlab.charts import (
    Chart,
    ChartLayout,
    HeatGrid,
    Tiles,
    draw_at,
    draw_heat,
    draw_tiles,
    layout,
)
from memlab.tui.plots.keys import CHART
from memlab.tui.plots.painted_panel import PaintedPanel
from memlab.tui.plots.panel import T, link
from memlab.tui.plots.viewport import Viewport, XExtent

Picture = Chart | Tiles | HeatGrid

_ZOOM, _PAN = 0.8, 0.1
"""Zoom factor, and panned share of the window, per turn of the wheel."""


class Plot(PaintedPanel[T]):
    """Draws one chart and reports mouse events on it."""

    KEYS = CHART
    BINDINGS = CHART.bindings()

    @dataclass
    class PlotPointed(Message):
        """The mouse points at a position of the x axis."""

        x: float

    @dataclass
    class Zoomed(Message):
        """The wheel was turned at a position of the x axis."""

        factor: float
        x: float

    @dataclass
    class Panned(Message):
        """The wheel was turned sideways, by a fraction of the window."""

        share: float

    def __init__(self, *, y_log: bool, id: str) -> None:
        super().__init__(id=id)
        self.y_log = y_log
        self._where: ChartLayout | None = None

    @abstractmethod
    def picture(self, view_state: T, columns: int) -> Picture:
        """The picture to draw, with curves decimated for `columns` columns of cells."""

    @property
    def columns(self) -> int:
        """Columns for which curves are decimated."""
        return self._drawn_size.width

    @property
    @abstractmethod
    def measure_name(self) -> str:
        """Quantity on the y axis."""

    @property
    def is_share(self) -> bool:
        """Whether this quantity is declared to lie between 0 and 1."""
        return False

    def paint(self, view_state: T) -> None:
        width, height = self._drawn_size
        picture, colour = self.picture(view_state, self.columns), not self.app.no_color
        if isinstance(picture, Tiles):
            self._where, lines = None, draw_tiles(picture, width, height, colour=colour)
        elif isinstance(picture, HeatGrid):
            self._where, lines = None, draw_heat(picture, width, height, colour=colour)
        else:
            self._where = layout(picture, width, height, colour=colour, like=self._where)
            lines = draw_at(picture, self._where, width, height, colour=colour)
        self.keep_lines(lines)

    def _x_at(self, event: events.MouseEvent) -> float | None:
        at = event.get_content_offset(self)
        if self._where is None or at is None or at.x < self._where.left:
            return None
        return self._where.step(at.x - self._where.left)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Move the reading cursor to the mouse."""
        self._point(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while the button is held."""
        if event.button:
            self._point(event)

    def _point(self, event: events.MouseEvent) -> None:
        if (x := self._x_at(event)) is not None:
            self.post_message(self.PlotPointed(x))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._turn(event, _ZOOM)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._turn(event, 1 / _ZOOM)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        event.stop()
        self.post_message(self.Panned(-_PAN))

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        event.stop()
        self.post_message(self.Panned(_PAN))

    def _turn(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        if event.shift or event.ctrl:
            self.post_message(self.Panned(_PAN if factor > 1 else -_PAN))
        elif (x := self._x_at(event)) is not None:
            self.post_message(self.Zoomed(factor, x))

    def action_log_y(self) -> None:
        self.y_log = not self.y_log
        self.draw()


def log_link(axis: str, log: bool, action: str) -> Content:
    """A clickable label that shows whether an axis is logarithmic."""
    return link(f"log {axis}" if log else f"linear {axis}", action)


@lru_cache(maxsize=8)  # the charts of a screen have the same labels
def part_shown(viewport: Viewport, whole: XExtent, what: str) -> tuple[Content, ...]:
    """Labels of the visible part: the window of the x axis, hidden outliers."""
    parts = []
    if viewport.window:
        low, high = viewport.span(whole)
        ends = f"{low:,.6g} to {high:,.6g}" if whole.unit < 1 else f"{low:,.0f} to {high:,.0f}"
        parts.append(link(f"{what} {ends}", "screen.reset"))
    if viewport.hide_outliers:
        parts.append(link("without outliers", "screen.outliers"))
    return tuple(parts)
