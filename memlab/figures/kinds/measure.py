"""`measure`: one measure over steps, per update or by split."""

import itertools
from collections.abc import Sequence

import numpy as np

from memlab.charts import Chart, Series
from memlab.errors import MemlabError, nearest
from memlab.figures import run_curves
from memlab.figures.kind import Kind
from memlab.figures.plot import FigureData, PlottedCurves
from memlab.figures.shared_past import shared_note, with_thin_past
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.measure import SPLITS, split_of

ROLES = ("train", "val", "test", "memorized", "grokked", "edit", "phase", "spike")
"""roles of curves without a split"""


def measure(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """A measure of one run: a per-step column, one recorded name, or a measure on all its splits."""
    (run,) = runs
    name = options.measure or "grad_norm"
    panel = with_thin_past(run, measure_panel(run, name, options.columns))
    title = f"{run.name}: {run_curves.label(name)}"
    note = "; ".join(filter(None, [run.measure(name).meaning, shared_note(runs)]))
    return FigureData("measure", (panel,), (run.id,), title=title, note=note)


def measure_panel(run: RunSource, name: str, columns: int) -> PlottedCurves:
    """The curves of a measure.

    Raises:
        MemlabError: the run has no such measure.
    """
    if name in run.now.steps.columns:
        return run_curves.column_panel(run, name, columns)
    measured = [key for key in (*run.now.evaluations, *run.kept) if key != "step"]
    names = list(dict.fromkeys(key for key in measured if _shows(key, name)))
    if not names:
        known = [*run.now.steps.columns, *dict.fromkeys(measured)]
        raise MemlabError(
            f"the run has no measure {name!r}", allowed=", ".join(known), hint=nearest(name, known)
        )
    roles = itertools.cycle(ROLES)
    series = tuple(_series(run, key, next(roles)) for key in names)
    values = np.concatenate([s.y for s in series])
    is_share = run.measure(names[0]).is_share
    chart = Chart(
        series=series,
        rules=tuple(run_curves.rules(run)),
        x_log=True,
        y_log=run_curves.is_log(run, names[0], values),
        y_range=run_curves.FULL_SHARE if is_share else None,
        x_range=run_curves.x_range(run),
    )
    return PlottedCurves(chart, run_curves.axis_label(run, names[0]), percent=is_share)


def _shows(recorded: str, name: str) -> bool:
    """Whether a recorded name is `name`, `name` on a split, or a member of `name`."""
    return name in (recorded, split_of(recorded)[1], recorded.partition("/")[0])


def _series(run: RunSource, name: str, role: str) -> Series:
    split, _ = split_of(name)
    if split in SPLITS:
        role = split if split in ("train", "val", "test") else "grokked"
    x, y = run_curves.known_values(run, name)
    return Series(split or run_curves.label(name), x, y, role)


KIND = Kind(
    "measure", "A recorded or computed measure over steps (--measure NAME).", "run", measure
)
