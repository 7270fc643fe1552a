"""The chart of a comparison: the curves of several runs, and the visible part."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from textual.content import Content

from memlab.charts import Chart, Series
from memlab.record.measure import Measure
from memlab.record.safe_text import safe_text
from memlab.tui.compare.curves import XAxis
from memlab.tui.plots.panel import link
from memlab.tui.plots.plot import Plot, log_link, part_shown
from memlab.tui.plots.viewport import Viewport, XExtent

_NARROWEST = 2.0
"""Width of the narrowest window in units."""


@final
@dataclass(frozen=True, eq=False)
class Overlaid:
    """The data to draw."""

    chart: Chart
    """the curves, without viewport and scale"""
    measure: Measure
    axis: XAxis
    viewport: Viewport
    absent: int = 0
    """number of runs without a curve"""

    @cached_property
    def extent(self) -> XExtent:
        """Range of all curves; the cursor moves from one evaluation to the next."""
        ends = [float(x) for s in self.chart.series for x in (s.x[0], s.x[-1])] or [0.0]
        first, last = min(ends), max(ends)
        unit = min((float(s.x[s.x > 0][0]) for s in self.chart.series if s.x[-1] > 0), default=1.0)
        narrowest = _NARROWEST * unit
        return XExtent(first, max(last, first + narrowest), unit, narrowest)

    @property
    def x_log(self) -> bool:
        """Whether the x axis is logarithmic; impossible with negative positions."""
        return self.viewport.x_log and self.axis != "steps since memorized"


class Overlay(Plot[Overlaid]):
    DEFAULT_CSS = "Overlay { height: 1fr; }"

    def depends(self, view_state: Overlaid) -> Hashable:
        """Always redraw: `show` gets new data."""
        return view_state, self.y_log

    @property
    def measure_name(self) -> str:
        return self.view_state.measure.name if self.view_state else ""

    @property
    def is_share(self) -> bool:
        return self.view_state is not None and self.view_state.measure.is_share

    def picture(self, view_state: Overlaid, columns: int) -> Chart:
        viewport = view_state.viewport
        return replace(
            view_state.chart,
            series=tuple(_within(s, viewport.reading) for s in view_state.chart.series),
            x_log=view_state.x_log,
            y_log=self.y_log,
            y_range=(0.0, 1.0) if view_state.measure.is_share and not self.y_log else None,
            x_range=viewport.span(view_state.extent) if view_state.chart.series else None,
            cursor=viewport.reading,
            hide_outliers=viewport.hide_outliers,
            marker="blocks" if viewport.blocks else "braille",
        )

    def heading(self, view_state: Overlaid) -> list[Content]:
        """Measure, axes, visible part, and the position of the cursor."""
        viewport = view_state.viewport
        parts = [
            link(f"{safe_text(view_state.measure.name, 40)} ▸", "screen.cycle_measure"),
            link(f"by {view_state.axis} ▸", "screen.cycle_axis"),
            log_link("y", self.y_log, "log_y"),
            log_link("x", view_state.x_log, "screen.log_x"),
            *part_shown(viewport, view_state.extent, view_state.axis),
        ]
        if view_state.absent:
            parts.append(
                Content(f"{view_state.absent} run{'s' * (view_state.absent > 1)} not shown")
            )
        if viewport.reading is not None:
            parts.append(Content.styled(f"values at {viewport.reading:,.6g}", "$text"))
        return parts


def _within(curve: Series, at: float | None) -> Series:
    """A curve that is NaN before its first and after its last value."""
    inside = at is None or curve.x[0] <= at <= curve.x[-1]
    return curve if inside else replace(curve, value=math.nan)
