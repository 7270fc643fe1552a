"""`overlay`: several runs in one figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from memlab.charts import Chart, Series
from memlab.charts.theme import RGB
from memlab.errors import MemlabError, nearest
from memlab.figures import run_curves
from memlab.figures.kind import Kind
from memlab.figures.plot import FigureData, PlottedCurves
from memlab.figures.shared_past import shared_note, split_at_fork
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.measure import split_of
from memlab.record.summary import settings

MIN_FOR_SEQUENTIAL = 4
"""From this many runs that differ in one number on, their colours follow the number."""


def overlay(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """A measure of several runs over steps; by default validation loss and accuracy."""
    names = _names(runs, options.measure)
    colours, exact = _colours(runs)
    panels = tuple(_panel(runs, name, colours, exact) for name in names)
    title = f"{len(runs)} runs: {', '.join(run_curves.label(name) for name in names)}"
    ids = tuple(run.id for run in runs)
    return FigureData("overlay", panels, ids, title=title, note=shared_note(runs))


def _names(runs: Sequence[RunSource], measure: str | None) -> list[str]:
    if measure is None:
        return run_curves.default_measures(runs)
    known = list(dict.fromkeys(name for run in runs for name in run.now.evaluations))
    if measure in known or any(measure in run.now.steps.columns for run in runs):
        return [measure]
    names = [name for name in known if split_of(name)[1] == measure]
    if not names:
        raise MemlabError(
            f"no run has a measure {measure!r}",
            allowed=", ".join(name for name in known if name != "step"),
            hint=nearest(measure, known),
        )
    return names


def _panel(
    runs: Sequence[RunSource], name: str, colours: Sequence[RGB], exact: bool
) -> PlottedCurves:
    series, past = list[Series](), list[Series]()
    quantities = [run_curves.axis_label(run, name) for run in runs]
    labels = unique_names(runs)
    if len(set(quantities)) > 1:
        labels = [f"{name}: {what}" for name, what in zip(labels, quantities, strict=True)]
    for run, colour, label in zip(runs, colours, labels, strict=True):
        x, y = _values(run, name)
        if len(x):
            own, shared = split_at_fork(run, [Series(label, x, y, colour)])
            series += own
            past += shared
    is_share = runs[0].measure(name).is_share
    values = np.concatenate([np.zeros(0), *(s.y for s in [*series, *past])])
    chart = Chart(
        series=tuple(series),
        x_log=True,
        y_log=run_curves.is_log(runs[0], name, values),
        y_range=run_curves.FULL_SHARE if is_share else None,
        x_range=(0.0, float(max(run.now.last_step for run in runs) or 2)),
    )
    return PlottedCurves(
        chart,
        run_curves.with_split(name, ", ".join(dict.fromkeys(quantities))),
        singles=tuple(past),
        percent=is_share,
        exact_colours=exact,
    )


def _values(run: RunSource, name: str) -> tuple[Any, Any]:
    if name in run.now.steps.columns:
        panel = run_curves.column_panel(run, name, 800)
        return panel.chart.series[0].x, panel.chart.series[0].y
    if name in run.now.evaluations:
        return run_curves.known_values(run, name)
    return np.zeros(0), np.zeros(0)


def unique_names(runs: Sequence[RunSource]) -> list[str]:
    """Names of runs for a legend; equal names get the end of the run id."""
    names = [run.name for run in runs]
    return [
        name if names.count(name) == 1 else f"{name} ({run.id[-6:]})"
        for name, run in zip(names, runs, strict=True)
    ]


def _colours(runs: Sequence[RunSource]) -> tuple[list[RGB], bool]:
    """One colour per run, and whether to draw exactly these colours instead of the palette.

    Runs that differ in a single number get colours of a sequential colour map.
    """
    varied = _single_number(runs)
    if varied is None or len(runs) < MIN_FOR_SEQUENTIAL:
        return [(i, 0, 0) for i in range(len(runs))], False
    from matplotlib import colormaps

    order = {value: i for i, value in enumerate(sorted(set(varied)))}
    shades = [colormaps["viridis"](0.92 * order[v] / max(len(order) - 1, 1)) for v in varied]
    return [(round(255 * r), round(255 * g), round(255 * b)) for r, g, b, _ in shades], True


def _single_number(runs: Sequence[RunSource]) -> list[float] | None:
    """The values of the only setting in which runs differ, if they are numbers."""
    all_settings = [settings(run.folder, run.now) for run in runs]
    keys = {key for of_run in all_settings for key in of_run}
    first = all_settings[0]
    different = [
        key for key in keys if any(of_run.get(key) != first.get(key) for of_run in all_settings)
    ]
    if len(different) != 1:
        return None
    values = [of_run.get(different[0]) for of_run in all_settings]
    numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return numbers if len(numbers) == len(values) else None


KIND = Kind("overlay", "Several runs in one figure (--measure NAME).", "runs", overlay)
