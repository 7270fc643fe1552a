"""The preflight report of a sweep: its plan, and the report of its first cell."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from memlab.preset.check import Report, check_preset
from memlab.preset.load import from_json
from memlab.sweeps.cost import disk_bytes, steps
from memlab.sweeps.expand import expand
from memlab.sweeps.load import SweepSource
from memlab.sweeps.local import jobs_here
from memlab.sweeps.plan import Plan
from memlab.tui.duration import duration


@final
@dataclass(frozen=True, eq=False)
class SweepReport:
    """A plan, the checks of its first cell, and its cost."""

    plan: Plan
    first: Report
    """of the first cell"""
    disk_bytes: int

    @classmethod
    def of(cls, source: SweepSource, runs: Path) -> "SweepReport":
        """Expand and check a sweep without creating it.

        Raises:
            MemlabError: the settings of a cell are not valid.
        """
        plan = expand(source, runs)
        first = check_preset(from_json(dict(plan.cells[0].preset)))
        return cls(plan, first, disk_bytes(plan))

    def facts(self, seconds: float | None, note: str) -> list[tuple[str, str]]:
        """Names and values; `seconds` is the total time of all members."""
        plan = self.plan
        jobs = jobs_here(plan.threads)
        if note or seconds is None:
            time = note or "press m to estimate"
        else:
            time = f"about {duration(seconds / jobs)} with {jobs} at once"
        axes = " × ".join(
            f"{axis.key.rpartition('.')[2]} ({len(axis.values)})" for axis in plan.axes
        )
        return [
            ("members", f"{len(plan.members):,}"),
            ("cells", f"{len(plan.cells):,}: {axes}" if axes else "1"),
            ("seeds", ", ".join(map(str, plan.seeds))),
            ("steps", f"{steps(plan):,}"),
            ("disk", f"about {self.disk_bytes / 2**20:,.0f} MiB"),
            ("time", time),
        ]
