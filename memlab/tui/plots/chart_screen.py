"""A screen around charts with one x axis: zoom, pan, a cursor that reads the values."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any

from textual import on
from textual.screen import Screen

from memlab.tui.plots.plot import Plot
from memlab.tui.plots.viewport import Viewport, XExtent


class ChartScreen(Screen[None]):
    """Implements the keys in `keys.CHART_SCREEN`. What the x axis means is up to the screen."""

    @property
    @abstractmethod
    def viewport(self) -> Viewport:
        """Visible part, axes, smoothing, cursor."""

    @abstractmethod
    def see(self, viewport: Viewport) -> None:
        """Use another viewport."""

    @property
    @abstractmethod
    def extent(self) -> XExtent:
        """The whole x axis."""

    @property
    @abstractmethod
    def plot(self) -> Plot[Any]:
        """The chart in whose columns the cursor moves."""

    @abstractmethod
    def slide(self, by: int) -> None:
        """Handle panning where the whole axis is visible."""

    @abstractmethod
    def action_full(self) -> None:
        """Show one panel alone (class `-one`), or all again."""

    def read_at(self, x: float) -> None:
        """Put the reading cursor on a position of the x axis."""
        self.see(self.viewport.read_at(x, self.extent))

    @on(Plot.Pointed)
    def _pointed_at(self, event: Plot.Pointed) -> None:
        self.read_at(event.x)

    @on(Plot.Panned)
    def _panned(self, event: Plot.Panned) -> None:
        self.see(self.viewport.panned(event.share, self.extent))

    @on(Plot.Zoomed)
    def _zoomed(self, event: Plot.Zoomed) -> None:
        self.see(self.viewport.zoomed(event.factor, self.extent, event.x))

    def action_read(self) -> None:
        """Show or remove the reading cursor."""
        if self.viewport.reading is not None:
            self.see(replace(self.viewport, reading=None))
            return
        low, high = self.viewport.span(self.extent)
        self.read_at(high if self.viewport.window is None else (low + high) / 2)

    def action_pan(self, by: int) -> None:
        """Move the reading cursor, else the window."""
        if self.viewport.reading is not None:
            self.see(self.viewport.read_on(by / max(self.plot.size.width, 1), self.extent))
        elif self.viewport.window:
            self.see(self.viewport.panned(by / 4, self.extent))
        else:
            self.slide(by)

    def action_zoom(self, factor: float) -> None:
        """Zoom in (factor < 1) or out."""
        self.see(self.viewport.zoomed(factor, self.extent))

    def action_reset(self) -> None:
        """Show all of the x axis."""
        self.see(replace(self.viewport, window=None))

    def action_log_x(self) -> None:
        """Switch between a logarithmic and a linear x axis."""
        self.see(replace(self.viewport, x_log=not self.viewport.x_log))

    def action_outliers(self) -> None:
        """Ignore outliers in the y range, or not."""
        self.see(replace(self.viewport, hide_outliers=not self.viewport.hide_outliers))

    def action_marker(self) -> None:
        """Draw with braille or with blocks."""
        self.see(replace(self.viewport, blocks=not self.viewport.blocks))

    def action_back(self) -> None:
        """Leave the full view, then the cursor."""
        if self.has_class("-one"):
            self.action_full()
        elif self.viewport.reading is not None:
            self.see(replace(self.viewport, reading=None))
