"""`bands`: median, range and single runs over seeds, per group of otherwise equal runs."""

from collections.abc import Sequence

import numpy as np

from memlab.charts import Band, Chart, Series
from memlab.charts.theme import RGB
from memlab.figures import run_curves
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import FigureData, Floats, PlottedCurves
from memlab.figures.source import FigureOptions, RunSource, SweepSnapshot
from memlab.record.summary import settings

SEEDS = ("training.seed", "training.seeds.")
MIN_FOR_QUANTILES = 6
"""From this many runs on, the band covers 10 % to 90 % instead of the whole range."""


def bands(source: SweepSnapshot | Sequence[RunSource], options: FigureOptions) -> FigureData:
    """Bands for the cells of a sweep, or for runs grouped by all settings except seeds."""
    groups = _groups(source)
    if not groups:
        raise nothing_to_draw("bands", "no run has recorded data", [])
    runs = [run for _, members in groups for run in members]
    names = [options.measure] if options.measure else run_curves.default_measures(runs)
    panels = tuple(_panel(groups, name) for name in names)
    counts = sorted({len(members) for _, members in groups})
    spread = "10 % to 90 %" if counts[0] >= MIN_FOR_QUANTILES else "minimum to maximum"
    n = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    note = f"Median and {spread} of {n} seeds up to the end of the shortest run; thin: single runs."
    ids = (source.id,) if isinstance(source, SweepSnapshot) else tuple(run.id for run in runs)
    title = source.name if isinstance(source, SweepSnapshot) else _common_name(groups)
    title += ": spread over seeds"
    return FigureData("bands", panels, ids, title=title, note=note)


def _common_name(groups: Sequence[tuple[str, list[RunSource]]]) -> str:
    return groups[0][0] if len(groups) == 1 else f"{len(groups)} settings"


def _groups(source: SweepSnapshot | Sequence[RunSource]) -> list[tuple[str, list[RunSource]]]:
    if isinstance(source, SweepSnapshot):
        cells = source.results().cells
        members_of = [(cell.cell.label or source.name, source.runs(cell)) for cell in cells]
        return [(label, members) for label, members in members_of if members]
    groups: dict[str, list[RunSource]] = {}
    for run in source:
        all_settings = settings(run.folder, run.now).items()
        without_seeds = sorted((k, v) for k, v in all_settings if not k.startswith(SEEDS))
        groups.setdefault(repr(without_seeds), []).append(run)
    return [(members[0].name.partition(" seed=")[0], members) for members in groups.values()]


def _panel(groups: Sequence[tuple[str, list[RunSource]]], name: str) -> PlottedCurves:
    series, chart_bands, singles, values = [], [], [], [np.zeros(0)]
    for k, (label, members) in enumerate(groups):
        colour: RGB = (k, 0, 0)
        evaluated = [run for run in members if name in run.now.evaluations]
        lines = [run_curves.known_values(run, name) for run in evaluated]
        lines = [(x, y) for x, y in lines if len(x)]
        if not lines:
            continue
        singles += [Series("", x, y, colour) for x, y in lines]
        x, low, middle, high = median_and_range(lines)
        series.append(Series(f"{label} (n = {len(lines)})", x, middle, colour))
        chart_bands += [Band(x, low, high, colour)] if len(lines) > 1 else []
        values.append(middle)
    run = groups[0][1][0]
    is_share = run.measure(name).is_share
    last = max(member.now.last_step for _, members in groups for member in members)
    chart = Chart(
        series=tuple(series),
        bands=tuple(chart_bands),
        x_log=True,
        y_log=run_curves.is_log(run, name, np.concatenate(values)),
        y_range=run_curves.FULL_SHARE if is_share else None,
        x_range=(0.0, float(max(last, 2))),
    )
    y_label = run_curves.with_split(name, run_curves.axis_label(run, name))
    return PlottedCurves(chart, y_label, singles=tuple(singles), percent=is_share)


def median_and_range(
    lines: Sequence[tuple[Floats, Floats]],
) -> tuple[Floats, Floats, Floats, Floats]:
    """Steps, lower end, median and upper end over curves, up to the end of the shortest curve.

    The steps are the union of the steps of all curves; curves are interpolated linearly.
    """
    first, last = max(x[0] for x, _ in lines), min(x[-1] for x, _ in lines)
    x = np.unique(np.concatenate([x for x, _ in lines]))
    x = x[(x >= first) & (x <= last)]
    values = np.array([np.interp(x, steps, y) for steps, y in lines]).reshape(len(lines), len(x))
    ends = (0.1, 0.9) if len(lines) >= MIN_FOR_QUANTILES else (0.0, 1.0)
    low, high = np.quantile(values, ends, axis=0)
    return x, low, np.median(values, axis=0), high


KIND = Kind(
    "bands", "Median, range and single runs over seeds (--measure NAME).", "runs or sweep", bands
)
