"""A screen around charts with one x axis: zoom, pan, a cursor that reads the values."""

from abc import abstractmethod
from dataclasses import replace
from typing import Any

from textual import on
from textual.screen import Screen

from memlab.tui.live.look import Extent, Look
from memlab.tui.live.plot import Plot


class ChartScreen(Screen[None]):
    """Does what the keys of `keys.LOOK` say. What the x axis means is up to the screen."""

    @property
    @abstractmethod
    def look(self) -> Look:
        """How one looks at the charts."""

    @abstractmethod
    def see(self, look: Look) -> None:
        """Look at them so from now on."""

    @property
    @abstractmethod
    def extent(self) -> Extent:
        """All there is to see."""

    @property
    @abstractmethod
    def plot(self) -> Plot[Any]:
        """The chart in whose columns the cursor moves."""

    @abstractmethod
    def slide(self, by: int) -> None:
        """Do what panning does where there is nothing to pan."""

    @abstractmethod
    def action_full(self) -> None:
        """Give a panel all the room, which is class `-one`, or take it back."""

    def read_at(self, x: float) -> None:
        """Read the values at a place of the x axis."""
        self.see(self.look.read_at(x, self.extent))

    @on(Plot.Pointed)
    def _pointed_at(self, event: Plot.Pointed) -> None:
        self.read_at(event.x)

    @on(Plot.Panned)
    def _panned(self, event: Plot.Panned) -> None:
        self.see(self.look.panned(event.share, self.extent))

    @on(Plot.Zoomed)
    def _zoomed(self, event: Plot.Zoomed) -> None:
        self.see(self.look.zoomed(event.factor, self.extent, event.x))

    def action_read(self) -> None:
        """Begin or end to read values."""
        if self.look.reading is not None:
            self.see(replace(self.look, reading=None))
            return
        low, high = self.look.span(self.extent)
        self.read_at(high if self.look.window is None else (low + high) / 2)

    def action_pan(self, by: int) -> None:
        """Move the reading cursor, else the window."""
        if self.look.reading is not None:
            self.see(self.look.read_on(by / max(self.plot.size.width, 1), self.extent))
        elif self.look.window:
            self.see(self.look.panned(by / 4, self.extent))
        else:
            self.slide(by)

    def action_zoom(self, factor: float) -> None:
        """Show less or more of the x axis."""
        self.see(self.look.zoomed(factor, self.extent))

    def action_reset(self) -> None:
        """Show all of the x axis."""
        self.see(replace(self.look, window=None))

    def action_log_x(self) -> None:
        """Change between a logarithmic and a linear x axis."""
        self.see(replace(self.look, x_log=not self.look.x_log))

    def action_outliers(self) -> None:
        """Leave outliers out of the y range, or not."""
        self.see(replace(self.look, hide_outliers=not self.look.hide_outliers))

    def action_marker(self) -> None:
        """Draw with braille or with blocks."""
        self.see(replace(self.look, blocks=not self.look.blocks))

    def action_back(self) -> None:
        """Leave what was entered last."""
        if self.has_class("-one"):
            self.action_full()
        elif self.look.reading is not None:
            self.see(replace(self.look, reading=None))
