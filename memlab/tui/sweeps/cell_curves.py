"""The curves of one cell: each seed, their median, and their range as a band."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np
from textual import on, work
from textual.content import Content
from textual.message import Message

from memlab.charts import Band, Chart, Series
from memlab.charts.theme import RGB
from memlab.record.folder import RunFolder
from memlab.record.measure import Measures
from memlab.record.safe_text import safe_text
from memlab.sweeps.outcomes import PHASES, condition
from memlab.sweeps.tables import CellResult
from memlab.tui.compare.curves import Compared, aligned, declaration, faded
from memlab.tui.compare.overlay import Overlaid, Overlay
from memlab.tui.compare.run_reader import RunReader
from memlab.tui.plots.panel import link
from memlab.tui.plots.plot import log_link, part_shown
from memlab.tui.plots.viewport import Viewport
from memlab.tui.worker_running import worker_running

_THIN, _BAND = 0.55, 0.15
"""share of the median's colour in single seeds and in the band"""
_MEDIAN = {True: (230, 159, 0), False: (190, 95, 0)}
"""colour of the median by whether the background is dark"""
CellKey = tuple[str, int]
"""id of a sweep and number of a cell"""


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
    """Reads the runs of one cell in a thread, and draws their curves."""

    @dataclass
    class CurvesRead(Message):
        """The runs of a cell were read."""

        key: CellKey
        runs: list[Compared]

    def __init__(self, runs: Path, *, id: str) -> None:
        """`runs`: the folder of runs."""
        measure = Measures()["val_accuracy"]
        super().__init__(y_log=measure.scale == "log", id=id)
        self._folder, self._reader = runs, RunReader()
        self._selected: tuple[CellKey, CellResult | None] = ("", 0), None
        """replaced as a whole, since a thread reads it"""
        self._measure = measure.name
        self._runs: list[Compared] = []
        self._runs_of: CellKey | None = None
        self.overlaid = Overlaid(Chart(), measure, "step", Viewport())

    def on_mount(self) -> None:
        """The colours depend on the theme."""
        self.app.theme_changed_signal.subscribe(self, lambda theme: self._rebuild())

    @property
    def has_runs(self) -> bool:
        """Whether runs of a cell were read."""
        return bool(self._runs)

    def show_cell(self, key: CellKey, cell: CellResult | None, measure: str) -> None:
        """Show a cell; the curves of another cell disappear until its runs are read.

        Args:
            cell: its current results; None = no cell is selected.
            measure: a measure or an event.
        """
        is_other = key != self._selected[0]
        self._selected = key, cell
        self._measure = curve_measure(measure)
        self._rebuild()
        if is_other:
            self.refresh_runs()

    def see(self, viewport: Viewport) -> None:
        """Show another part of the axes."""
        self.overlaid = replace(self.overlaid, viewport=viewport)
        self.show(self.overlaid)

    def refresh_runs(self) -> None:
        """Read what the runs of the cell have recorded since."""
        has_cell = self._selected[1] is not None
        if has_cell and self.screen.is_current and not worker_running(self, "curves"):
            self._read()

    @work(thread=True, group="curves")
    def _read(self) -> None:
        key, cell = self._selected
        while cell is not None:
            runs = self._reader.read(
                [
                    (RunFolder(self._folder / one.state.member.run), f"seed {one.seed}")
                    for one in cell.outcomes
                ]
            )
            if cell is self._selected[1]:
                self.post_message(self.CurvesRead(key, runs))
                return
            key, cell = self._selected  # another one was selected meanwhile

    @on(CurvesRead)
    def _take(self, event: CurvesRead) -> None:
        self._runs, self._runs_of = event.runs, event.key
        self._rebuild()
        if event.key != self._selected[0]:
            self.refresh_runs()

    def _rebuild(self) -> None:
        """Build the chart from the runs."""
        runs = self._runs if self._runs_of == self._selected[0] else []
        chart = cell_chart(runs, self._measure, dark=self.app.current_theme.dark)
        declared = declaration(runs, self._measure)
        if declared.name != self.overlaid.measure.name:
            self.y_log = declared.scale == "log"
        self.overlaid = Overlaid(chart, declared, "step", self.overlaid.viewport)
        self.show(self.overlaid)

    def heading(self, view_state: Overlaid) -> list[Content]:
        """The measure, the scales of the axes and the visible steps."""
        if not view_state.chart.series:
            return [Content(safe_text(view_state.measure.name, 40))]
        viewport = view_state.viewport
        parts = [
            link(f"{safe_text(view_state.measure.name, 40)} ▸", "screen.cycle_measure(1)"),
            log_link("y", self.y_log, "log_y"),
            log_link("x", view_state.x_log, "screen.log_x"),
            *part_shown(viewport, view_state.extent, "step"),
        ]
        if viewport.reading is not None:
            parts.append(Content.styled(f"values at {viewport.reading:,.6g}", "$text"))
        return parts
