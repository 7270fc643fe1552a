"""Runs and sweeps named on the command line, as sources of figures and reports."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memlab.figures.source import RunSource, SweepSnapshot


def open_sources(
    refs: Sequence[str], runs: Path, until: int | None = None
) -> "tuple[list[RunSource], SweepSnapshot | None]":
    """The named runs, or a named sweep and its runs.

    Raises:
        MemlabError: a name matches neither a run nor a sweep, or several.
    """
    from memlab.errors import MemlabError, RunError
    from memlab.figures.source import RunSource, SweepSnapshot
    from memlab.record.runs import find
    from memlab.sweeps.sweep import find_sweep

    try:
        return [RunSource(find(runs, ref), until) for ref in refs], None
    except RunError as run_error:
        if len(refs) != 1:
            raise
        try:
            sweep = SweepSnapshot(find_sweep(runs, refs[0]))
        except RunError as sweep_error:
            raise MemlabError(
                "neither a run nor a sweep",
                where=refs[0],
                found=f"{run_error.what}; {sweep_error.what}",
                allowed=run_error.allowed,
            ) from None
    members = [run for cell in sweep.results().cells for run in sweep.runs(cell)]
    return members, sweep
