"""Charts of several runs: x axis, measure, single runs or seeds as a band."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from memlab.charts import Band, Chart, Series, VerticalRule
from memlab.charts.theme import RGB
from memlab.record.events import Started
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.measure import Measure, Measures
from memlab.record.snapshot import Snapshot
from memlab.record.summary import settings
from memlab.tui.names import start_and_end, what_differs

Floats = NDArray[np.float64]
XAxis = Literal["step", "epoch", "wall time", "steps since memorized"]
X_AXES: tuple[XAxis, ...] = ("step", "epoch", "wall time", "steps since memorized")
SEEDS = ("training.seed", "training.seeds.")
NAME = 24
"""Maximum length of a run's name in the legend."""
_SEED = re.compile(r" seed[ =]")
"""The end of a name that states only the seed."""
FADED = 0.3
"""Share of the original colour for runs out of focus."""
_GROUND = {True: 45, False: 225}
"""Grey that colours fade to, by whether the background is dark."""


@final
@dataclass(frozen=True, eq=False)
class Compared:
    """A run in the comparison."""

    folder: RunFolder
    name: str
    preset: str
    settings: dict[str, Any]
    view: Snapshot
    updates_per_epoch: int
    declared: Measures
    """declarations of its measures"""

    @property
    def key(self) -> str:
        """Name of its folder."""
        return self.folder.path.name

    @property
    def memorized(self) -> int | None:
        """The step at which memorization was detected."""
        return self._step("memorized")

    @property
    def grokked(self) -> int | None:
        """The step at which generalization was detected."""
        return self._step("grokked")

    def _step(self, name: str) -> int | None:
        return next((p.step for p in self.view.phases if p.name == name), None)

    def measure(self, name: str) -> tuple[Floats, Floats]:
        """Steps and values of an evaluated measure, where it was recorded."""
        columns = self.view.evaluations
        if name not in columns:
            return np.empty(0), np.empty(0)
        finite = np.isfinite(columns[name])
        return columns["step"][finite], columns[name][finite]

    def curve(self, name: str, axis: XAxis) -> tuple[Floats, Floats]:
        """Positions on the x axis, and values; empty if this run has none."""
        steps, values = self.measure(name)
        x = self.along(axis, steps)
        return (steps[:0], values[:0]) if x is None else (x, values)

    def value(self, name: str, axis: XAxis, at: float | None) -> float | None:
        """The recorded value nearest to a position of the x axis, or the last; None outside of the
        run.
        """
        x, values = self.measure(name) if at is None else self.curve(name, axis)
        if not len(x) or not (at is None or x[0] <= at <= x[-1]):
            return None
        return float(values[-1 if at is None else np.argmin(np.abs(x - at))])

    def along(self, axis: XAxis, steps: Floats) -> Floats | None:
        """Positions of steps on an x axis; None if it is undefined for this run."""
        if axis == "step":
            return steps
        if axis == "epoch":
            return steps / self.updates_per_epoch
        if axis == "wall time":
            return _seconds(self.view, steps)
        return None if self.memorized is None else steps - self.memorized


def compared(history: History, name: str) -> Compared:
    """The current state of a run, for a comparison."""
    folder, now = history.folder, history.until()
    facts = folder.facts
    return Compared(
        folder,
        name,
        facts.preset,
        settings(folder, now),
        now,
        facts.updates_per_epoch,
        folder.measures,
    )


def measures(runs: Sequence[Compared]) -> list[str]:
    """All measures of the runs, losses and accuracies first."""
    names = dict.fromkeys(name for run in runs for name in run.view.evaluations if name != "step")
    usual = [f"{s}_{m}" for m in ("loss", "accuracy") for s in ("val", "train", "test")]
    return [*(n for n in usual if n in names), *(n for n in names if n not in usual)]


def declaration(runs: Sequence[Compared], name: str) -> Measure:
    """The declaration of a measure in the first run that recorded it."""
    recorded = (run.declared for run in runs if name in run.view.evaluations)
    return next(recorded, Measures())[name]


def overlay(  # noqa: PLR0913 - what is compared, and how it looks
    runs: Sequence[Compared],
    colours: dict[str, RGB],
    measure: str,
    axis: XAxis,
    focus: str | None,
    *,
    dark: bool = True,
) -> Chart:
    """One curve per run, with rules where it memorized and generalized."""
    series, rules = [], []
    names = legend_names(runs)
    for run in sorted(runs, key=lambda run: run.key == focus):
        x, values = run.curve(measure, axis)
        if not len(x):
            continue
        colour = colours[run.key]
        faint = focus is not None and run.key != focus
        shown = faded(colour, dark) if faint else colour
        series.append(Series(names[run.key], x, values, shown, leads=run.key == focus))
        if not faint:
            rules += _phases(run, axis, colour)
    return Chart(series=tuple(series), rules=tuple(rules))


def legend_names(runs: Sequence[Compared]) -> dict[str, str]:
    """Key to a short name that distinguishes the run from the others."""
    names = what_differs([run.name for run in runs])
    return {run.key: start_and_end(name, NAME) for run, name in zip(runs, names, strict=True)}


def _phases(run: Compared, axis: XAxis, colour: RGB) -> list[VerticalRule]:
    rules = []
    for name, step in (("memorized", run.memorized), ("grokked", run.grokked)):
        x = None if step is None else run.along(axis, np.array([float(step)]))
        if x is not None and (name, axis) != ("memorized", "steps since memorized"):
            rules.append(VerticalRule(float(x[0]), name, colour))
    return rules


def bands(
    runs: Sequence[Compared],
    colours: dict[str, RGB],
    measure: str,
    axis: XAxis,
    *,
    dark: bool = True,
) -> Chart:
    """Runs that differ only in seed: the median as a curve, minimum to maximum as a band."""
    series, spread = [], []
    groups = list(by_seed(runs).values())
    titles = what_differs([_SEED.split(group[0].name)[0] for group in groups])
    for title, group in zip(titles, groups, strict=True):
        curves = [run.curve(measure, axis) for run in group]
        lines = [(x, values) for x, values in curves if len(x)]
        if not lines:
            continue
        x, values = aligned(lines)
        colour = colours[group[0].key]
        name = f"{start_and_end(title, NAME)} ({len(lines)} seed{'s' * (len(lines) > 1)})"
        series.append(Series(name, x, np.nanmedian(values, axis=0), colour))
        low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
        spread.append(Band(x, low, high, faded(colour, dark)))
    return Chart(series=tuple(series), bands=tuple(spread))


def by_seed(runs: Sequence[Compared]) -> dict[str, list[Compared]]:
    """The runs in groups that agree in all settings but seeds."""
    groups: dict[str, list[Compared]] = {}
    for run in runs:
        rest = {k: v for k, v in run.settings.items() if not k.startswith(SEEDS)}
        groups.setdefault(repr(sorted(rest.items())), []).append(run)
    return groups


def aligned(lines: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Curves interpolated at all of their positions within the common range: (curve, position)."""
    low, high = max(x[0] for x, _ in lines), min(x[-1] for x, _ in lines)
    places = np.unique(np.concatenate([x for x, _ in lines]))
    places = places[(places >= low) & (places <= high)]
    return places, np.array([np.interp(places, x, values) for x, values in lines]).reshape(
        len(lines), len(places)
    )


def _seconds(view: Snapshot, steps: Floats) -> Floats:
    """Compute time in seconds up to each step; the time between attempts does not count."""
    steps_at, seconds = [0.0], [0.0]
    before = None
    for event in view.events:
        if before is not None and not isinstance(event, Started):
            steps_at.append(max(float(event.step), steps_at[-1]))
            seconds.append(seconds[-1] + max(event.wall - before.wall, 0.0))
        before = event
    return np.interp(steps, steps_at, seconds)


def faded(colour: RGB, dark: bool, share: float = FADED) -> RGB:
    """A colour mixed with the background, of which `share` is left."""
    r, g, b = (round(share * part + (1 - share) * _GROUND[dark]) for part in colour)
    return (r, g, b)
