"""A sweep in a notebook: its runs, its results as columns, its figures."""

from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, final

from memlab.api.columns import Columns, columns_of
from memlab.api.run import Run
from memlab.errors import MemlabError
from memlab.figures.source import SweepSnapshot
from memlab.sweeps.columns import cell_columns, member_columns
from memlab.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@final
class SweepResults:
    """A sweep at the time it was opened; `refresh()` reads what its runs recorded since.

    Loads no torch. Errors are `MemlabError`.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._snapshot = SweepSnapshot(sweep)

    def __repr__(self) -> str:
        counts = self._snapshot.results().counts
        ended = [f"{counts[name]} {name}" for name in ("failed", "diverged") if counts[name]]
        members = ", ".join([f"{counts['finished']} of {counts['total']} finished", *ended])
        return f"<sweep {self.name!r}: {self.id}, {self.status}, {members}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self._snapshot.id

    @property
    def path(self) -> Path:
        return self._snapshot.sweep.path

    @property
    def name(self) -> str:
        return self._snapshot.name

    @property
    def status(self) -> str:
        """One word: queued, running, finished, failed, interrupted or stopped."""
        return self._snapshot.results().status

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The runs with recorded data, ordered by cell, then by seed."""
        results = self._snapshot.results()
        return tuple(Run(run.folder) for cell in results.cells for run in self._snapshot.runs(cell))

    def refresh(self) -> Self:
        """Read what was recorded since the last read; returns the sweep itself."""
        self._snapshot = SweepSnapshot(Sweep.open(self.path))
        self.__dict__.pop("runs", None)
        return self

    def table(
        self,
        *measures: str,
        by: Literal["cell", "member"] = "cell",
        events: Sequence[str] = (),
    ) -> Columns:
        """Results as columns; `table().frame()` is a pandas frame.

        Args:
            measures: measures whose final values are included, such as "val_accuracy";
                none = all.
            by: `cell`: a row for each combination of settings, aggregated over seeds: `_mean`,
                `_std` (ddof 1), `_min`, `_max` of final values of finished runs and, in steps,
                the Kaplan-Meier `_median` and range of events; `member`: a row for each run.
            events: events in addition to memorized and grokked, such as "val_accuracy>=0.95".

        Returns:
            Columns (row,); NaN = unknown, or an event that was not reached.

        Raises:
            MemlabError: no finished run has such a measure, or an event does not parse.
        """
        results = self._snapshot.results(*events)
        results.check_measures(measures)
        if by == "cell":
            return columns_of(cell_columns(results, measures or None))
        if by != "member":
            raise MemlabError(
                "a table has one row per cell or per member", found=str(by), allowed="cell, member"
            )
        columns = member_columns(results)
        unwanted = set(results.measures) - set(measures) if measures else set[str]()
        return columns_of({name: own for name, own in columns.items() if name not in unwanted})

    def plot(self, kind: str | None = None, *, made_for: str = "web", **options: Any) -> "Figure":
        """A matplotlib figure of the sweep, which a notebook displays.

        Args:
            kind: heatmap, phase-diagram, steps-to, bands, or overlay of its runs.
            made_for: width and fonts: paper, icml, icml-wide, slides or web.
            options: `measure` (a measure or an event), `x` and `y` (settings), for kinds that
                use them.

        Raises:
            MemlabError: there is no such kind or option, or nothing to draw.
        """
        from memlab.figures.make import figure_of

        snapshot = self._snapshot
        cells = snapshot.results().cells
        members = [run for cell in cells for run in snapshot.runs(cell)]
        return figure_of(kind, members, snapshot, made_for, options)
