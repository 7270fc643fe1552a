"""Draw the steps that a fork shares with its parent as thin lines."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from memlab.charts import Series
from memlab.figures.plot import PlottedCurves
from memlab.figures.source import RunSource
from memlab.record.fork import fork_point


def split_at_fork(
    run: RunSource, series: Iterable[Series]
) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
    """The curves of a run from its fork point on, and the parts that it shares with its parent.

    Both contain the last shared point, so that there is no gap between them.
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
    """The panel of one run, with thin lines up to its fork point."""
    own, past = split_at_fork(run, panel.chart.series)
    return replace(panel, chart=replace(panel.chart, series=own), singles=(*past, *panel.singles))


def shared_note(runs: Sequence[RunSource]) -> str:
    """A sentence about the thin lines; empty without forks."""
    forks = [fork_point(run.folder) for run in runs]
    steps = sorted({fork.step for fork in forks if fork is not None})
    if not steps:
        return ""
    shown = ", ".join(f"{step:,}" for step in steps)
    return f"Thin up to step {shown}: shared with the parent of the fork."
