"""Curves of runs and their labels, shared by several kinds of figures."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from memlab.charts import Band, Chart, Level, Marks, Series, VerticalRule
from memlab.figures.plot import Floats, PlottedCurves
from memlab.figures.source import RunSource
from memlab.record.events import Edited, Started
from memlab.record.extremes import Extremes, column_extremes
from memlab.record.fork import fork_point
from memlab.record.measure import split_of
from memlab.record.missing_rows import with_gaps
from memlab.record.safe_text import safe_text

SPLITS = ("train", "val", "test", "ood")
MIN_STEPS_FOR_TREND = 400
"""The loss of shorter runs is drawn without smoothing."""
TREND_PIECES = 300
FULL_SHARE = (-0.03, 1.03)
"""y range for fractions, with space for lines at 0 and 1"""
OBJECTIVE = "objective (nats)"
"""Axis label of the training objective if it is not the loss."""
RULED = ("memorized", "grokked", "collapsed", "diverged")
"""phases that get a vertical rule"""


def loss_panels(run: RunSource, columns: int, *, x_log: bool = True) -> tuple[PlottedCurves, ...]:
    """Loss over steps, by split and per update, with chance level, phases and spikes.

    With label smoothing, the objective of the updates gets a separate panel.
    """
    per_update = _per_update(run, columns, x_log) if "loss" in run.now.steps.columns else Chart()
    chance, objective = run.chance_loss, run.folder.facts.is_smoothed
    frame = Chart(rules=tuple(rules(run)), x_log=x_log, y_log=True, x_range=x_range(run))
    first = frame if objective else _framed(per_update, frame)
    chart = replace(
        first,
        series=(*first.series, *evaluated(run, "loss", SPLITS)),
        levels=(Level(chance, f"chance ({chance:.3g})", "chance"),) if chance else (),
    )
    panels = (PlottedCurves(chart, "loss (nats)"),)
    if not objective:
        return panels
    floor = run.folder.facts.objective_floor
    levels = (Level(floor, f"floor ({floor:.3g})", "chance"),) if floor else ()
    return *panels, PlottedCurves(replace(_framed(per_update, frame), levels=levels), OBJECTIVE)


def _framed(curves: Chart, frame: Chart) -> Chart:
    return replace(frame, series=curves.series, bands=curves.bands, marks=curves.marks)


def _per_update(run: RunSource, columns: int, x_log: bool) -> Chart:
    """The loss per update with its spikes; for long runs a smoothed line over a band of extremes."""
    name, raw = run.folder.facts.update_loss, _extremes(run, "loss", columns, x_log)
    bands: tuple[Band, ...] = ()
    line = Series(name, *raw.line(), "batch")
    if run.now.last_step >= MIN_STEPS_FOR_TREND:
        line = Series(f"{name} (smoothed)", *_trend(run), "batch")
        bands = (Band(raw.x, raw.low, raw.high, "band"),)
    peaks = [(s.peak_step, s.peak) for s in run.now.spikes]
    marks = (Marks.at("spike", peaks, "spike"),) if peaks else ()
    return Chart(series=(line,), bands=bands, marks=marks)


def accuracy_panel(run: RunSource, *, x_log: bool = True) -> PlottedCurves:
    """Accuracy over steps by split, in percent."""
    chart = Chart(
        series=evaluated(run, "accuracy", SPLITS),
        rules=tuple(rules(run)),
        x_log=x_log,
        y_range=FULL_SHARE,
        x_range=x_range(run),
    )
    return PlottedCurves(chart, "accuracy", percent=True)


def column_panel(run: RunSource, name: str, columns: int, *, x_log: bool = True) -> PlottedCurves:
    """A per-step column, drawn as a line through the extremes of each pixel."""
    raw = _extremes(run, name, columns, x_log)
    chart = Chart(
        series=(Series(_column_label(run, name), *raw.line(), "train"),),
        rules=tuple(rules(run)),
        x_log=x_log,
        y_log=is_log(run, name, raw.low),
        x_range=x_range(run),
    )
    return PlottedCurves(chart, axis_label(run, name))


def evaluated(run: RunSource, kind: str, splits: tuple[str, ...]) -> tuple[Series, ...]:
    """One curve for each split on which a measure was evaluated."""
    names = [(split, f"{split}_{kind}") for split in splits]
    return tuple(
        Series(split, *known_values(run, name), split if split != "ood" else "grokked")
        for split, name in names
        if name in run.now.evaluations
    )


def known_values(run: RunSource, name: str) -> tuple[Floats, Floats]:
    """Steps and finite values of a measure, from evaluations or from `memlab measure`."""
    if name not in run.now.evaluations:
        steps, values = run.kept[name]
        is_known = np.isfinite(values) & (steps <= run.now.last_step)
        return steps[is_known], values[is_known]
    values = run.now.evaluations[name]
    is_known = np.isfinite(values)
    return run.now.evaluations["step"][is_known], values[is_known]


def default_measures(runs: Sequence[RunSource]) -> list[str]:
    """Recorded loss and accuracy on the validation split, else on the training split."""
    known = {name for run in runs for name in run.now.evaluations}
    for split in ("val", "train"):
        if names := [
            f"{split}_{kind}" for kind in ("loss", "accuracy") if f"{split}_{kind}" in known
        ]:
            return names
    return ["loss"]


def rules(run: RunSource) -> Iterator[VerticalRule]:
    """Resumes, forks, planned changes, edits and phases, in ascending priority of their labels."""
    now = run.now
    for started in now.of(Started):
        if started.resumed_from is not None:
            yield VerticalRule(started.step, "resumed", "edit")
    if fork := fork_point(run.folder):
        yield VerticalRule(fork.step, "forked", "edit")
    for change in now.changes:
        yield VerticalRule(change.step, safe_text(change.what, 24), "phase")
    for edit in now.edits:
        yield VerticalRule(edit.step, edit_label(edit), "edit")
    for phase in now.phases:
        if phase.name in RULED:
            role = phase.name if phase.name in ("memorized", "grokked") else "spike"
            yield VerticalRule(phase.step, phase.name, role)


def edit_label(event: Edited) -> str:
    """The changes of an edit as text: "lr 0.0003"."""
    changes = (f"{key.rpartition('.')[2]} {value}" for key, value in event.changes.items())
    return safe_text(", ".join(changes), 24)


def x_range(run: RunSource) -> tuple[float, float]:
    """First and last step; the first is 0 if the run was evaluated at step 0."""
    first = 0.0 if len(run.now.evaluations["step"]) and run.now.evaluations["step"][0] == 0 else 1.0
    return first, float(max(run.now.last_step, 2))


def label(name: str) -> str:
    """A recorded name as text: `grad_norm` is "grad norm"."""
    return safe_text(name.replace("_", " "), 40)


def _column_label(run: RunSource, name: str) -> str:
    return run.folder.facts.update_loss if name == "loss" else label(name)


def axis_label(run: RunSource, name: str) -> str:
    """The name of a quantity and its unit."""
    measure = run.measure(name)
    _, kind = split_of(name)
    if name == "loss" and run.folder.facts.is_smoothed:
        return OBJECTIVE
    return label(kind) + (f" ({safe_text(measure.unit, 20)})" if measure.unit != "1" else "")


def with_split(name: str, text: str) -> str:
    """An axis label with the split of the recorded name in front: "val loss (nats)"."""
    split, _ = split_of(name)
    return f"{split} {text}" if split else text


def is_log(run: RunSource, name: str, values: Floats) -> bool:
    """Whether to draw a measure on a logarithmic axis: it is declared so and has positive values."""
    return run.measure(name).scale == "log" and bool((values > 0).any())


def _extremes(run: RunSource, name: str, pixels: int, x_log: bool) -> Extremes:
    """Minima and maxima of a per-step column, one interval for three pixels."""
    columns = max(pixels // 3, 1)
    run.verify()
    steps = (1, run.now.last_step)
    return column_extremes(run.now, name, steps, log=x_log, columns=columns)


def _trend(run: RunSource) -> tuple[Floats, Floats]:
    """The geometric mean of the loss over intervals of equal length on a logarithmic axis.

    Unlike a moving average it has no lag and smooths equally at all scales of the axis.
    """
    steps, loss = run.now.steps.measured("loss")
    if not len(steps):
        return np.zeros(0), np.zeros(0)
    edges = np.unique(np.geomspace(1, steps[-1] + 1, TREND_PIECES + 1).astype(np.int64))
    starts = np.unique(np.searchsorted(steps, edges[:-1]))
    known = np.isfinite(loss) & (loss > 0)
    counts = np.add.reduceat(known, starts)
    sums = np.add.reduceat(
        np.where(known, np.log(np.where(known, loss, 1.0).astype(np.float64)), 0.0), starts
    )
    middles = np.add.reduceat(steps.astype(np.float64), starts) / np.diff([*starts, len(steps)])
    with np.errstate(invalid="ignore"):
        means = np.exp(np.where(counts > 0, sums / counts, np.nan))
    middles, means = with_gaps(run.now.steps.missing, middles, means)
    return middles, means
