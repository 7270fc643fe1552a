"""The past that a fork shares with its parent: drawn thin, since it is not the fork's own."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from memlab.charts import Series
from memlab.figures.plot import PlottedCurves
from memlab.figures.source import RunSource
from memlab.record.fork import fork_point


def split_at_fork(
    run: RunSource, series: Iterable[Series]
) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
    """The curves of a run from its fork point on, and what they share with its parent's.

    Both have the last shared point, so that no gap lies between them.
    """
    fork = fork_point(run.folder)
    if fork is None:
        return tuple(series), ()
    own, past = [], []
    for line in series:
        shared = int((line.x <= fork.step).sum())
        first = max(shared - 1, 0)
        own.append(replace(line, x=line.x[first:], y=line.y[first:]))
        past.append(replace(line, name="", x=line.x[:shared], y=line.y[:shared]))
    return tuple(own), tuple(line for line in past if len(line.x))


def with_thin_past(run: RunSource, panel: PlottedCurves) -> PlottedCurves:
    """The panel of one run, with the shared past of its curves drawn thin."""
    own, past = split_at_fork(run, panel.chart.series)
    return replace(panel, chart=replace(panel.chart, series=own), singles=(*past, *panel.singles))


def shared_note(runs: Sequence[RunSource]) -> str:
    """One sentence on thin lines, if there are any."""
    forks = [fork_point(run.folder) for run in runs]
    steps = sorted({fork.step for fork in forks if fork is not None})
    if not steps:
        return ""
    shown = ", ".join(f"{step:,}" for step in steps)
    return f"Thin up to step {shown}: what a fork shares with its parent."
