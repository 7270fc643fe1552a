"""From a moment to charts: which curves, marks, rules and levels each one shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from memlab.charts import Band, Chart, Level, Marks, Rule, Series, Tiles
from memlab.charts.scale import Axis
from memlab.record.events import SPARSE, Edited, Evaluated, Started
from memlab.record.safe_text import safe_text
from memlab.tui.live.learned_map import NAME as FIRST_LEARNED
from memlab.tui.live.moment import Moment
from memlab.tui.live.smoothed import Floats

Measure = Callable[[Moment, bool, int], Chart | Tiles]
"""(moment, whether y is logarithmic, columns) to a chart or a map"""

_MINOR = ("grokked_95", "sustained", "generalizing")
"""Phases without a rule of their own: what they say stands among the events."""
_COLOURS = {
    "memorized": "memorized", "grokked": "grokked", "collapsed": "spike", "diverged": "spike",
}  # fmt: skip
_SHARE = (-0.03, 1.03)
"""Shares from 0 to 1, with room for the line at either end."""
_TASKS = ("train", "val", "test", "memorized", "grokked", "edit", "phase", "spike")


@dataclass(frozen=True, eq=False)
class Extremes:
    """Least and greatest value of a per-step column, by piece of the x axis."""

    x: Floats
    low: Floats
    """NaN where no value is finite"""
    high: Floats
    not_finite: int
    """how many values are not finite"""
    value: float | None
    """the value at the reading cursor, or the last; None if it is not finite or not known"""

    def series(self, name: str) -> Series:
        """The curve as a line through both extremes of each piece."""
        both = np.stack([self.low, self.high], axis=1).ravel()
        return Series(name, np.repeat(self.x, 2), both, "train", self.value)

    def beside(self, shown: Floats) -> int:
        """How many values that are not finite are not seen as gaps in what is `shown`."""
        return self.not_finite - int(np.isnan(shown).sum())


def extremes(moment: Moment, column: str, columns: int) -> Extremes:
    """A column's extremes, finer than the half columns of the chart's canvas."""
    low, high = moment.look.span(moment.extent)
    pieces = [
        moment.view.view(column, first, last, width)
        for first, last, width in _pieces(low, min(high, moment.step), moment.look.x_log, columns)
    ]
    x = np.concatenate([(b.edges[:-1] + b.edges[1:] - 1) / 2 for b in pieces])
    least, most = (np.concatenate([getattr(b, end) for b in pieces]) for end in ("low", "high"))
    odd = np.concatenate([b.nonfinite for b in pieces])
    if column in SPARSE:
        odd = np.zeros_like(odd)
    there = np.isfinite(least) | (odd > 0)
    value = moment.row.get(column, np.nan)
    known = value if np.isfinite(value) else None
    return Extremes(x[there], least[there], most[there], int(odd.sum()), known)


def _pieces(low: float, high: float, log: bool, columns: int) -> Iterator[tuple[int, int, int]]:
    """(first, last, bins); on a log axis one piece an octave, since bins are equal in steps."""
    edges = [int(np.floor(low)), int(np.ceil(high)) + 1]
    if log:
        axis = Axis(max(low, 1), max(high, 2), log=True)
        edges[1:1] = [2**k for k in range(edges[1].bit_length()) if edges[0] < 2**k < edges[1]]
        shares = np.diff(axis.place(np.maximum(edges, 1))).tolist()
    else:
        shares = [0.5]
    for first, end, share in zip(edges[:-1], edges[1:], shares, strict=True):
        if end > first:
            yield first, end - 1, max(int(np.ceil(4 * columns * share)), 1)


def loss(moment: Moment, y_log: bool, columns: int) -> Chart:
    """Raw loss as a band, smoothed, validation; chance, spikes, phases and edits."""
    raw = extremes(moment, "loss", columns)
    judged = _judged(moment, "loss", ("val", "test"))
    chance = moment.chance
    line = raw.series("train")
    chart = replace(
        _frame(moment, y_log),
        series=(line, *judged),
        not_finite=raw.beside(line.y),
        marks=tuple(_spikes(moment)),
        levels=(Level(chance, "chance", "chance"),) if chance else (),
    )
    if not moment.look.weight:
        return chart
    smoothed = _finite("train", *moment.smoothed.until(moment.step), "train")
    band = Band(raw.x, raw.low, raw.high, "band")
    return replace(chart, series=(smoothed, *judged), bands=(band,), not_finite=raw.beside(raw.low))


def accuracy(moment: Moment, y_log: bool, columns: int) -> Chart:
    """The share of answers that are right, by split, with phases."""
    series = _judged(moment, "accuracy", ("train", "val", "test"))
    return replace(_frame(moment, y_log), series=series, y_range=None if y_log else _SHARE)


def measures(moment: Moment) -> dict[str, Measure]:
    """The charts that one may choose beside loss and accuracy, by name."""
    view = moment.view
    found: dict[str, Measure] = {
        name: column(name) for name in view.steps.columns if name != "loss"
    } | {FIRST_LEARNED: _first_learned}
    elsewhere = {
        "step",
        *(f"{s}_{m}" for s in ("train", "val", "test") for m in ("loss", "accuracy")),
    }
    kinds = dict.fromkeys(_kind(name) for name in view.evaluations if name not in elsewhere)
    found |= {kind: _evaluated(kind) for kind in kinds}
    evaluated = view.of(Evaluated)
    if evaluated and evaluated[-1].groups:
        names = dict.fromkeys(name for values in evaluated[-1].groups.values() for name in values)
        found |= {f"{name} by task": _by_task(name) for name in names}
    return found


def _first_learned(moment: Moment, y_log: bool, columns: int) -> Tiles:
    return moment.learned.until(moment.reading)


def is_log(name: str) -> bool:
    """Whether a measure is best seen on a logarithmic axis: what is never zero and spans decades."""
    return name.endswith(("loss", "norm", "loss by task"))


def column(name: str) -> Measure:
    """A per-step column, by its name."""

    def measure(moment: Moment, y_log: bool, columns: int) -> Chart:
        found = extremes(moment, name, columns)
        line = found.series(name)
        return replace(_frame(moment, y_log), series=(line,), not_finite=found.beside(line.y))

    return measure


def _kind(name: str) -> str:
    """token_accuracy for val_token_accuracy: what is shown in one chart."""
    split, _, rest = name.partition("_")
    return rest if split in ("train", "val", "test") and rest else name


def _split(name: str) -> str:
    split = name.partition("_")[0]
    return split if split in ("val", "test") else "train"


def _evaluated(kind: str) -> Measure:
    def measure(moment: Moment, y_log: bool, columns: int) -> Chart:
        names = [name for name in moment.view.evaluations if _kind(name) == kind]
        series = [_finite(safe_text(n), *_evaluations(moment, n), _split(n)) for n in names]
        return replace(_frame(moment, y_log), series=tuple(series))

    return measure


def _by_task(name: str) -> Measure:
    def measure(moment: Moment, y_log: bool, columns: int) -> Chart:
        evaluated = moment.view.of(Evaluated)
        tasks = dict.fromkeys(task for event in evaluated for task in event.groups)
        series = []
        for i, task in enumerate(tasks):
            points = [
                (e.step, e.groups[task][name]) for e in evaluated if name in e.groups.get(task, {})
            ]
            x, y = np.array(points, dtype=np.float64).reshape(-1, 2).T
            series.append(_finite(safe_text(task, 20), x, y, _TASKS[i % len(_TASKS)]))
        return replace(_frame(moment, y_log), series=tuple(series))

    return measure


def _judged(moment: Moment, measure: str, splits: tuple[str, ...]) -> tuple[Series, ...]:
    names = [(split, f"{split}_{measure}") for split in splits]
    return tuple(
        _finite(split, *_evaluations(moment, name), split)
        for split, name in names
        if name in moment.view.evaluations
    )


def _evaluations(moment: Moment, name: str) -> tuple[Floats, Floats]:
    values = moment.view.evaluations
    return values["step"], values[name]


def _finite(name: str, x: Floats, y: Floats, colour: str) -> Series:
    """A line through the values there are: a split is not judged at every evaluation."""
    there = np.isfinite(y)
    return Series(name, x[there], y[there], colour)


def _spikes(moment: Moment) -> Iterator[Marks]:
    spikes = moment.view.spikes
    places = [(spike.peak_step, spike.peak) for spike in spikes]
    if opened := moment.view.open_spike:
        places.append((opened.step, opened.value))
    if places:
        x, y = np.array(sorted(places), dtype=np.float64).T
        yield Marks("spike", x, y, "spike")


def rules(moment: Moment) -> tuple[Rule, ...]:
    """Phases, edits, planned changes and resumes; those whose labels matter most come last."""
    view = moment.view
    resumed = [e for e in view.of(Started) if e.resumed_from is not None]
    phases = [e for e in view.phases if e.name not in _MINOR]
    return (
        *(Rule(e.step, "resumed", "edit") for e in resumed),
        *(Rule(e.step, safe_text(e.what, 24), "phase") for e in view.changes),
        *(Rule(e.step, edit_label(e), "edit") for e in view.edits),
        *(Rule(e.step, safe_text(e.name, 16), _COLOURS.get(e.name, "phase")) for e in phases),
    )


def edit_label(event: Edited) -> str:
    """What was edited, in a few words: "lr 0.0003"."""
    changes = (f"{key.rpartition('.')[2]} {value}" for key, value in event.changes.items())
    return safe_text(", ".join(changes), 24)


def _frame(moment: Moment, y_log: bool) -> Chart:
    """What all charts have in common: the axes, the rules, the cursor."""
    look = moment.look
    return Chart(
        rules=rules(moment),
        x_log=look.x_log,
        y_log=y_log,
        x_range=look.span(moment.extent),
        hide_outliers=look.hide_outliers,
        cursor=None if look.reading is None else moment.reading,
        marker="blocks" if look.blocks else "braille",
    )
