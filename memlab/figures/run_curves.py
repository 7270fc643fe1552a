"""The curves of a run that several kinds of figures share."""

from collections.abc import Iterator

import numpy as np

from memlab.charts import Band, Chart, Level, Marks, Series, VerticalRule
from memlab.figures.plot import Floats, PlottedCurves
from memlab.figures.source import RunSource
from memlab.record.events import Edited, Started
from memlab.record.extremes import Extremes, column_extremes
from memlab.record.measure import split_of
from memlab.record.safe_text import safe_text

SPLITS = ("train", "val", "test", "ood")
TREND_FROM = 400
"""steps; of a shorter run the loss itself is drawn"""
TREND_PIECES = 300
FULL_SHARE = (-0.03, 1.03)
"""shares from 0 to 1, with room for a line at either end"""
RULED = ("memorized", "grokked", "collapsed", "diverged")
"""phases that get a vertical rule"""


def loss_panel(run: RunSource, columns: int, *, x_log: bool = True) -> PlottedCurves:
    """Loss over steps: raw as a band, its trend, by split; chance level, phases and spikes."""
    if "loss" not in run.now.steps.columns:
        return _evaluated_loss(run, x_log=x_log)
    raw = _extremes(run, "loss", columns, x_log)
    trend = _trend(run) if run.now.last_step >= TREND_FROM else None
    chance = run.chance_loss
    train = Series("train", *(trend or raw.line()), "train")
    chart = Chart(
        series=(train, *evaluated(run, "loss", SPLITS[1:])),
        bands=(Band(raw.x, raw.low, raw.high, "band"),) if trend else (),
        marks=(_spike_marks(run),) if run.now.spikes else (),
        rules=tuple(rules(run)),
        levels=(Level(chance, f"chance ({chance:.3g})", "chance"),) if chance else (),
        x_log=x_log,
        y_log=True,
        x_range=x_range(run, x_log),
    )
    return PlottedCurves(chart, "loss (nats)")


def _spike_marks(run: RunSource) -> Marks:
    return Marks.at("spike", [(s.peak_step, s.peak) for s in run.now.spikes], "spike")


def _evaluated_loss(run: RunSource, *, x_log: bool) -> PlottedCurves:
    """The losses of a run that records none per step."""
    chart = Chart(
        series=evaluated(run, "loss", SPLITS),
        rules=tuple(rules(run)),
        x_log=x_log,
        y_log=True,
        x_range=x_range(run, x_log),
    )
    return PlottedCurves(chart, "loss (nats)")


def accuracy_panel(run: RunSource, *, x_log: bool = True) -> PlottedCurves:
    """Accuracy over steps by split, in percent."""
    chart = Chart(
        series=evaluated(run, "accuracy", SPLITS),
        rules=tuple(rules(run)),
        x_log=x_log,
        y_range=FULL_SHARE,
        x_range=x_range(run, x_log),
    )
    return PlottedCurves(chart, "accuracy", percent=True)


def column_panel(run: RunSource, name: str, columns: int, *, x_log: bool = True) -> PlottedCurves:
    """A per-step column: a line through the extremes of each pixel."""
    raw = _extremes(run, name, columns, x_log)
    chart = Chart(
        series=(Series(label(name), *raw.line(), "train"),),
        rules=tuple(rules(run)),
        x_log=x_log,
        y_log=is_log(run, name, raw.low),
        x_range=x_range(run, x_log),
    )
    return PlottedCurves(chart, axis_label(run, name))


def evaluated(run: RunSource, kind: str, splits: tuple[str, ...]) -> tuple[Series, ...]:
    """One curve for each split that a measure was evaluated on."""
    names = [(split, f"{split}_{kind}") for split in splits]
    return tuple(
        Series(split, *known_values(run, name), split if split != "ood" else "grokked")
        for split, name in names
        if name in run.now.evaluations
    )


def known_values(run: RunSource, name: str) -> tuple[Floats, Floats]:
    """Steps and values of the evaluations that measured something."""
    values = run.now.evaluations[name]
    there = np.isfinite(values)
    return run.now.evaluations["step"][there], values[there]


def rules(run: RunSource) -> Iterator[VerticalRule]:
    """Resumes, planned changes, edits and phases; those whose labels matter most come last."""
    now = run.now
    for started in now.of(Started):
        if started.resumed_from is not None:
            yield VerticalRule(started.step, "resumed", "edit")
    for change in now.changes:
        yield VerticalRule(change.step, safe_text(change.what, 24), "phase")
    for edit in now.edits:
        yield VerticalRule(edit.step, edit_label(edit), "edit")
    for phase in now.phases:
        if phase.name in RULED:
            role = phase.name if phase.name in ("memorized", "grokked") else "spike"
            yield VerticalRule(phase.step, phase.name, role)


def edit_label(event: Edited) -> str:
    """What was edited, in a few words: "lr 0.0003"."""
    changes = (f"{key.rpartition('.')[2]} {value}" for key, value in event.changes.items())
    return safe_text(", ".join(changes), 24)


def x_range(run: RunSource, x_log: bool) -> tuple[float, float]:
    """All steps; on a logarithmic axis step 0 has a place as well."""
    first = 0.0 if len(run.now.evaluations["step"]) and run.now.evaluations["step"][0] == 0 else 1.0
    return first, float(max(run.now.last_step, 2))


def label(name: str) -> str:
    """A recorded name as words: `grad_norm` is "grad norm"."""
    return safe_text(name.replace("_", " "), 40)


def axis_label(run: RunSource, name: str) -> str:
    """The name of a quantity and its unit."""
    measure = run.measure(name)
    _, kind = split_of(name)
    return label(kind) + (f" ({safe_text(measure.unit, 20)})" if measure.unit != "1" else "")


def is_log(run: RunSource, name: str, values: Floats) -> bool:
    """Whether a measure is drawn on a logarithmic axis: declared so, and it has positive values."""
    return run.measure(name).scale == "log" and bool((values > 0).any())


def _extremes(run: RunSource, name: str, pixels: int, x_log: bool) -> Extremes:
    """Four pieces for three pixels: no pixel is without one."""
    columns = max(pixels // 3, 1)
    steps = (1, run.now.last_step)
    return column_extremes(run.now, name, steps, log=x_log, columns=columns)


def _trend(run: RunSource) -> tuple[Floats, Floats]:
    """The geometric mean of the loss in pieces of equal length on a logarithmic axis of steps.

    Unlike a moving average it does not lag, and it smooths as much at step 100 as at 100,000.
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
        return middles, np.exp(np.where(counts > 0, sums / counts, np.nan))
