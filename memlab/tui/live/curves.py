"""Charts of a view state: curves, marks, rules and levels of each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from memlab.charts import Band, Chart, Level, Marks, Series, Tiles, VerticalRule
from memlab.charts.theme import Colour
from memlab.record.events import Edited, Evaluated, Started
from memlab.record.extremes import Extremes, column_extremes
from memlab.record.folder import RunFolder
from memlab.record.fork import fork_point
from memlab.record.measure import Measure
from memlab.record.missing_rows import with_gaps
from memlab.record.safe_text import safe_text
from memlab.record.snapshot import Snapshot
from memlab.tui.live.learned_map import FIRST_LEARNED
from memlab.tui.live.view_state import ViewState
from memlab.tui.plots.smoothed_loss import Floats

ChartOf = Callable[[ViewState, bool, int], Chart | Tiles]
"""(view state, whether y is logarithmic, columns) to a chart or a map"""

_MINOR = ("grokked_95", "sustained", "generalizing")
"""Phases without a rule; they are in the list of events."""
_MILESTONES = ("memorized", "grokked")
"""Phases whose labels take the place of others."""
_COLOURS = {
    "memorized": "memorized", "grokked": "grokked", "collapsed": "spike", "diverged": "spike",
}  # fmt: skip
_SHARE = (-0.03, 1.03)
"""Shares from 0 to 1, with room for the line at either end."""
OBJECTIVE = "objective"
"""Name of the chart of the objective, where it differs from the loss."""
_BY_TASK = " by task"
_TASKS = ("train", "val", "test", "memorized", "grokked", "edit", "phase", "spike")


def extremes(view_state: ViewState, column: str, columns: int) -> Extremes:
    """A column's extremes over the visible steps, at a finer resolution than the canvas."""
    low, high = view_state.viewport.span(view_state.extent)
    steps = low, min(high, view_state.step)
    log = view_state.viewport.x_log
    return column_extremes(view_state.run, column, steps, log=log, columns=columns)


def _line(
    view_state: ViewState, column: str, name: str, values: Extremes, colour: Colour = "train"
) -> Series:
    """A column as a line; the legend shows the recorded value at the cursor."""
    value = view_state.row.get(column, np.nan)
    return Series(name, *values.line(), colour, value if np.isfinite(value) else None)


def loss(view_state: ViewState, y_log: bool, columns: int) -> Chart:
    """The loss by split and per update, chance, spikes, phases and edits.

    With label smoothing the objective is another quantity, with a separate chart.
    """
    chance = view_state.chance
    if view_state.folder.facts.is_smoothed:
        chart = _frame(view_state, y_log)
    else:
        chart = _per_update(view_state, y_log, columns)
    baseline = _baseline(view_state, "val_loss", "train_loss", "loss")
    evaluated = _by_split(view_state, "loss", ("train", "val", "test"))
    return replace(
        chart,
        series=(*baseline, *chart.series, *evaluated),
        levels=(Level(chance, "chance", "chance"),) if chance else (),
    )


def objective(view_state: ViewState, y_log: bool, columns: int) -> Chart:
    """The objective per update, label smoothing included, and its lowest possible value."""
    floor = view_state.folder.facts.objective_floor
    levels = (Level(floor, "floor", "chance"),) if floor else ()
    return replace(_per_update(view_state, y_log, columns), levels=levels)


def _per_update(view_state: ViewState, y_log: bool, columns: int) -> Chart:
    """The loss of each update, as recorded or smoothed over a band, and its spikes."""
    name, raw = view_state.folder.facts.update_loss, extremes(view_state, "loss", columns)
    bands: tuple[Band, ...] = ()
    if view_state.viewport.weight:
        x, y = view_state.smoothed.until(view_state.step)
        x, y = with_gaps(view_state.run.steps.missing, x, y)
        line = Series(f"{name} (smoothed)", x, y, "batch")
        bands = (Band(raw.x, raw.low, raw.high, "band"),)
    else:
        line = _line(view_state, "loss", name, raw, "batch")
    return replace(
        _frame(view_state, y_log),
        series=_with_past(view_state, line),
        bands=bands,
        not_finite=raw.not_finite,
        marks=_spikes(view_state.run),
    )


def _baseline(view_state: ViewState, *names: str) -> tuple[Series, ...]:
    """The pinned run's curve of the first of these measures that it has."""
    curve = view_state.baseline and view_state.baseline.curve(names)
    return (curve,) if curve else ()


def _with_past(view_state: ViewState, line: Series) -> tuple[Series, ...]:
    """The line, with the part that a fork shares with its parent as a separate, dim line."""
    fork = fork_point(view_state.folder)
    if fork is None:
        return (line,)
    shared = line.x <= fork.step
    past = Series("shared past", line.x[shared], line.y[shared], "band", np.nan)
    own = replace(line, x=line.x[~shared], y=line.y[~shared])
    return tuple(part for part in (past, own) if len(part.x))


def accuracy(view_state: ViewState, y_log: bool, columns: int) -> Chart:
    """Accuracies by split, with phases."""
    baseline = _baseline(view_state, "val_accuracy", "train_accuracy")
    series = (*baseline, *_by_split(view_state, "accuracy", ("train", "val", "test")))
    return replace(_frame(view_state, y_log), series=series, y_range=None if y_log else _SHARE)


def measures(view_state: ViewState) -> dict[str, ChartOf]:
    """The charts that can be chosen in addition to loss and accuracy, by name."""
    view = view_state.run
    charts: dict[str, ChartOf] = {OBJECTIVE: objective} if has_objective(view_state.folder) else {}
    charts |= {name: column(name) for name in view.steps.columns if name != "loss"}
    if view_state.folder.facts.train_examples:  # not of a run of another program
        charts[FIRST_LEARNED] = _first_learned
    in_other_charts = {
        "step",
        *(f"{s}_{m}" for s in ("train", "val", "test") for m in ("loss", "accuracy")),
    }
    kinds = dict.fromkeys(_kind(name) for name in view.evaluations if name not in in_other_charts)
    charts |= {kind: _evaluated(kind) for kind in kinds}
    evaluated = view.of(Evaluated)
    if evaluated and evaluated[-1].groups:
        names = dict.fromkeys(name for values in evaluated[-1].groups.values() for name in values)
        charts |= {f"{name}{_BY_TASK}": _by_task(name) for name in names}
    kept = dict.fromkeys(_kind(name) for name in view_state.kept.curves)
    return charts | {kind: _computed(kind) for kind in kept if kind not in charts}


def third(folder: RunFolder, run: Snapshot) -> tuple[str, ChartOf]:
    """The initial third chart and its name."""
    if has_objective(folder):
        return OBJECTIVE, objective
    others = [name for name in run.steps.columns if name != "loss"]
    name = "grad_norm" if "grad_norm" in others or not others else others[0]
    return name, column(name)


def first(view_state: ViewState, columns: int) -> Chart:
    """The loss; for a run of another program without a loss, its first measure."""
    run, charts = view_state.run, measures(view_state)
    losses = ("loss", *(f"{split}_loss" for split in ("train", "val", "test")))
    if not run.last_step or any(n in run.steps.columns or n in run.evaluations for n in losses):
        return loss(view_state, True, columns)
    made = (chart(view_state, is_log(view_state, n), columns) for n, chart in charts.items())
    return next((chart for chart in made if isinstance(chart, Chart)), Chart())


def has_objective(folder: RunFolder) -> bool:
    """Whether the objective differs from the loss and has a separate chart."""
    return folder.facts.is_smoothed


def _first_learned(view_state: ViewState, y_log: bool, columns: int) -> Tiles:
    return view_state.learned.until(view_state.reading)


def is_log(view_state: ViewState, name: str) -> bool:
    """Whether a measure is declared to be shown on a logarithmic axis."""
    return declared(view_state, name).scale == "log"


def declared(view_state: ViewState, name: str) -> Measure:
    """The declaration of what a chart shows."""
    return view_state.folder.measures["loss" if name == OBJECTIVE else name.removesuffix(_BY_TASK)]


def has_accuracy(run: Snapshot) -> bool:
    """Whether there is an accuracy to draw."""
    return any(f"{split}_accuracy" in run.evaluations for split in ("train", "val", "test"))


def accuracy_varies(run: Snapshot) -> bool:
    """Whether any accuracy takes more than one value."""
    names = [
        f"{s}_accuracy" for s in ("train", "val", "test") if f"{s}_accuracy" in run.evaluations
    ]
    return any(
        np.ptp(values[np.isfinite(values)]) > 0
        for values in (run.evaluations[name] for name in names)
        if np.isfinite(values).any()
    )


def _y_range(view_state: ViewState, name: str, y_log: bool) -> tuple[float, float] | None:
    """The whole range of a share; other measures get the range of their values."""
    return _SHARE if declared(view_state, name).is_share and not y_log else None


def column(name: str) -> ChartOf:
    """A per-step column, by its name."""

    def measure(view_state: ViewState, y_log: bool, columns: int) -> Chart:
        values = extremes(view_state, name, columns)
        line = _line(view_state, name, name, values)
        return replace(
            _frame(view_state, y_log),
            series=(*_baseline(view_state, name), line),
            not_finite=values.not_finite,
            y_range=_y_range(view_state, name, y_log),
        )

    return measure


def _kind(name: str) -> str:
    """token_accuracy for val_token_accuracy, matrix_norm for its members: one chart's curves."""
    name = name.partition("/")[0]
    split, _, rest = name.partition("_")
    return rest if split in ("train", "val", "test") and rest else name


def members(view_state: ViewState, name: str) -> list[str]:
    """The measures that are curves of one chart: val_loss of the chart loss."""
    known = (*view_state.run.evaluations, *view_state.kept.curves)
    return [measure for measure in known if _kind(measure) == name]


def _split(name: str) -> str:
    split = name.partition("_")[0]
    return split if split in ("val", "test") else "train"


def _evaluated(kind: str) -> ChartOf:
    def measure(view_state: ViewState, y_log: bool, columns: int) -> Chart:
        names = [name for name in view_state.run.evaluations if _kind(name) == kind]
        colours = _colours(names)
        series = [
            Series(_curve_name(n), *_evaluations(view_state.run, n), colour)
            for n, colour in zip(names, colours, strict=True)
        ]
        return replace(
            _frame(view_state, y_log),
            series=(*_baseline(view_state, f"val_{kind}", *names), *series),
            y_range=_y_range(view_state, kind, y_log),
        )

    return measure


def _computed(kind: str) -> ChartOf:
    """Measures that were computed afterwards, up to the cursor."""

    def measure(view_state: ViewState, y_log: bool, columns: int) -> Chart:
        kept = view_state.kept.curves
        names = [name for name in kept if _kind(name) == kind]
        series = []
        for name, colour in zip(names, _colours(names), strict=True):
            steps, values = kept[name]
            known = steps <= view_state.step
            line = _finite(steps[known], values[known])
            series.append(Series(_curve_name(name), *line, colour))
        return replace(
            _frame(view_state, y_log),
            series=tuple(series),
            y_range=_y_range(view_state, kind, y_log),
        )

    return measure


def _curve_name(name: str) -> str:
    """token.weight for matrix_norm/token.weight."""
    return safe_text(name.partition("/")[2] or name, 24)


def _colours(names: Sequence[str]) -> list[str]:
    """Colours by split; the members of one measure get consecutive colours."""
    if all("/" not in name for name in names):
        return [_split(name) for name in names]
    return [_TASKS[i % len(_TASKS)] for i in range(len(names))]


def _by_task(name: str) -> ChartOf:
    def measure(view_state: ViewState, y_log: bool, columns: int) -> Chart:
        evaluated = view_state.run.of(Evaluated)
        tasks = dict.fromkeys(task for event in evaluated for task in event.groups)
        series = []
        for i, task in enumerate(tasks):
            points = [
                (e.step, e.groups[task][name]) for e in evaluated if name in e.groups.get(task, {})
            ]
            x, y = np.array(points, dtype=np.float64).reshape(-1, 2).T
            series.append(Series(safe_text(task, 20), *_finite(x, y), _TASKS[i % len(_TASKS)]))
        return replace(_frame(view_state, y_log), series=tuple(series))

    return measure


def _by_split(view_state: ViewState, measure: str, splits: tuple[str, ...]) -> tuple[Series, ...]:
    names = [(split, f"{split}_{measure}") for split in splits]
    return tuple(
        Series(split, *_evaluations(view_state.run, name), split)
        for split, name in names
        if name in view_state.run.evaluations
    )


@lru_cache(maxsize=16)  # zooming and panning do not change the run
def _evaluations(run: Snapshot, name: str) -> tuple[Floats, Floats]:
    """Steps and finite values: not every split is evaluated at every evaluation."""
    return _finite(run.evaluations["step"], run.evaluations[name])


def _finite(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    finite = np.isfinite(y)
    return x[finite], y[finite]


@lru_cache(maxsize=2)
def _spikes(run: Snapshot) -> tuple[Marks, ...]:
    """The peaks of all spikes."""
    peaks = [(spike.peak_step, spike.peak) for spike in run.spikes]
    return (Marks.at("spike", peaks, "spike"),) if peaks else ()


@lru_cache(maxsize=2)
def rules(view: Snapshot) -> tuple[VerticalRule, ...]:
    """Phases, edits, planned changes and resumes; those with the most important labels come last."""
    resumed = [e for e in view.of(Started) if e.resumed_from is not None]
    phases = sorted(
        (e for e in view.phases if e.name not in _MINOR), key=lambda e: e.name in _MILESTONES
    )
    return (
        *(VerticalRule(e.step, "resumed", "edit") for e in resumed),
        *(VerticalRule(e.step, safe_text(e.what, 24), "phase") for e in view.changes),
        *(VerticalRule(e.step, edit_label(e), "edit") for e in view.edits),
        *(
            VerticalRule(e.step, safe_text(e.name, 16), _COLOURS.get(e.name, "phase"))
            for e in phases
        ),
    )


def edit_label(event: Edited) -> str:
    """A short label of an edit: "lr 0.0003"."""
    changes = (f"{key.rpartition('.')[2]} {value}" for key, value in event.changes.items())
    return safe_text(", ".join(changes), 24)


def _frame(view_state: ViewState, y_log: bool) -> Chart:
    """What all charts share: axes, rules, cursor."""
    viewport = view_state.viewport
    return Chart(
        rules=rules(view_state.run),
        x_log=viewport.x_log,
        y_log=y_log,
        x_whole=True,
        x_range=viewport.span(view_state.extent),
        hide_outliers=viewport.hide_outliers,
        cursor=None if viewport.reading is None else view_state.reading,
        marker="blocks" if viewport.blocks else "braille",
    )
