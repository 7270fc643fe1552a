"""The chart of a comparison: the curves of several runs, and how people look at them."""

import math
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from textual.content import Content

from memlab.charts import Chart, Series
from memlab.record.safe_text import safe_text
from memlab.tui.compare.curves import Axis
from memlab.tui.live.look import Extent, Look
from memlab.tui.live.panel import link
from memlab.tui.live.plot import Plot, log_link, part_shown

_CLOSEST = 2.0
"""Units in the narrowest window."""


@final
@dataclass(frozen=True, eq=False)
class Overlaid:
    """What there is to draw."""

    chart: Chart
    """the curves, without what is up to the look"""
    measure: str
    axis: Axis
    look: Look
    absent: int = 0
    """runs that have no curve"""

    @cached_property
    def extent(self) -> Extent:
        """Of all curves; the cursor moves from one evaluation to the next."""
        ends = [float(x) for s in self.chart.series for x in (s.x[0], s.x[-1])] or [0.0]
        first, last = min(ends), max(ends)
        unit = min((float(s.x[s.x > 0][0]) for s in self.chart.series if s.x[-1] > 0), default=1.0)
        closest = _CLOSEST * unit
        return Extent(first, max(last, first + closest), unit, closest)

    @property
    def x_log(self) -> bool:
        """Whether the x axis is logarithmic, which one with negative places cannot be."""
        return self.look.x_log and self.axis != "steps since memorized"


@final
class Overlay(Plot[Overlaid]):
    """Draws the curves over one another."""

    DEFAULT_CSS = "Overlay { height: 1fr; }"

    def depends(self, moment: Overlaid) -> Hashable:
        """What is handed in is always new."""
        return moment, self.y_log

    def picture(self, moment: Overlaid) -> Chart:
        """The curves as one looks at them."""
        look = moment.look
        return replace(
            moment.chart,
            series=tuple(_within(s, look.reading) for s in moment.chart.series),
            x_log=moment.x_log,
            y_log=self._y_log(moment),
            x_range=look.span(moment.extent) if moment.chart.series else None,
            cursor=look.reading,
            hide_outliers=look.hide_outliers,
            marker="blocks" if look.blocks else "braille",
        )

    def heading(self, moment: Overlaid) -> Content:
        """Measure and axes, what of them is shown, and where the cursor is."""
        look = moment.look
        if not moment.chart.series:
            return Content("mark runs with space in Runs (3), then c")
        said = [
            link(f"{safe_text(moment.measure, 40)} ▸", "screen.cycle_measure"),
            link(f"by {moment.axis} ▸", "screen.cycle_axis"),
            log_link("y", self._y_log(moment), "log_y"),
            log_link("x", moment.x_log, "screen.log_x"),
            *part_shown(look, moment.extent, moment.axis),
        ]
        if moment.absent:
            said.append(Content(f"{moment.absent} run{'s' * (moment.absent > 1)} not shown"))
        if look.reading is not None:
            said.append(Content.styled(f"values at {look.reading:,.6g}", "$text"))
        return Content(" · ").join(said)

    def _y_log(self, moment: Overlaid) -> bool:
        return self.y_log and not moment.measure.endswith("accuracy")


def _within(curve: Series, at: float | None) -> Series:
    """A curve without a value where it has not begun, or has ended."""
    there = at is None or curve.x[0] <= at <= curve.x[-1]
    return curve if there else replace(curve, value=math.nan)
