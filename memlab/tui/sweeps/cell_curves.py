"""The curves of one cell: each seed, their median, and their range as a band."""

from collections.abc import Sequence
from typing import final

import numpy as np
from textual.content import Content

from memlab.charts import Band, Chart, Series
from memlab.charts.theme import RGB
from memlab.record.safe_text import safe_text
from memlab.sweeps.outcomes import PHASES, condition
from memlab.tui.compare.curves import Compared, aligned, faded
from memlab.tui.compare.overlay import Overlaid, Overlay
from memlab.tui.plots.panel import link
from memlab.tui.plots.plot import log_link, part_shown

_THIN, _BAND = 0.55, 0.15
"""share of the median's colour in single seeds and in the band"""
_MEDIAN = {True: (230, 159, 0), False: (190, 95, 0)}
"""colour of the median by whether the background is dark"""


def curve_measure(measure: str) -> str:
    """The measure that defines an event (train_accuracy for memorized); a measure is returned as is."""
    definition = PHASES.get(measure)
    if definition is None:
        return measure
    return condition(definition.partition(" after ")[0])[0]


def cell_chart(runs: Sequence[Compared], measure: str, *, dark: bool) -> Chart:
    """The curves of runs that differ only in their seeds."""
    colour: RGB = _MEDIAN[dark]
    thin = faded(colour, dark, _THIN)
    known = [(run.name, *run.curve(measure, "step")) for run in runs]
    known = [(name, x, y) for name, x, y in known if len(x)]
    singles = [Series(name, x, y, thin) for name, x, y in known]
    if len(known) < 2:
        return Chart(series=tuple(Series(name, x, y, colour) for name, x, y in known))
    x, values = aligned([(x, y) for _, x, y in known])
    median = Series(f"median of {len(known)}", x, np.median(values, axis=0), colour, leads=True)
    spread = Band(x, values.min(axis=0), values.max(axis=0), faded(colour, dark, _BAND))
    return Chart(series=(*singles, median), bands=(spread,))


@final
class CellCurves(Overlay):
    """Draws the curves of the selected cell."""

    def heading(self, view_state: Overlaid) -> Content:
        """The measure, the scales of the axes and the visible steps."""
        if not view_state.chart.series:
            return Content(safe_text(view_state.measure.name, 40))
        viewport = view_state.viewport
        parts = [
            link(f"{safe_text(view_state.measure.name, 40)} ▸", "screen.cycle_measure(1)"),
            log_link("y", self.y_log, "log_y"),
            log_link("x", view_state.x_log, "screen.log_x"),
            *part_shown(viewport, view_state.extent, "step"),
        ]
        if viewport.reading is not None:
            parts.append(Content.styled(f"values at {viewport.reading:,.6g}", "$text"))
        return Content(" · ").join(parts)
