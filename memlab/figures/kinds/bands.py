"""`bands`: runs that differ in their seeds alone, as median, range and single runs."""

from collections.abc import Sequence

import numpy as np

from memlab.charts import Band, Chart, Series
from memlab.charts.theme import RGB
from memlab.figures import run_curves
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import FigureData, Floats, PlottedCurves
from memlab.figures.source import FigureOptions, RunSource, SweepSnapshot
from memlab.record.measure import split_of
from memlab.record.summary import settings

SEEDS = ("training.seed", "training.seeds.")
QUANTILES_FROM = 6
"""runs, from which on the band leaves out the outermost tenths"""


def bands(source: SweepSnapshot | Sequence[RunSource], options: FigureOptions) -> FigureData:
    """The cells of a sweep, or runs grouped by all settings but seeds."""
    groups = _groups(source)
    if not groups:
        raise nothing_to_draw("bands", "no run recorded anything", [])
    runs = [run for _, members in groups for run in members]
    names = [options.measure] if options.measure else _usual(runs)
    panels = tuple(_panel(groups, name) for name in names)
    counts = sorted({len(members) for _, members in groups})
    spread = "10 % to 90 %" if counts[0] >= QUANTILES_FROM else "least to greatest"
    n = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    note = f"Median and {spread} of {n} seeds up to the end of the shortest run; single runs thin."
    of = (source.id,) if isinstance(source, SweepSnapshot) else tuple(run.id for run in runs)
    title = source.name if isinstance(source, SweepSnapshot) else _common_name(groups)
    title += ": spread over seeds"
    return FigureData("bands", panels, of, title=title, note=note)


def _common_name(groups: Sequence[tuple[str, list[RunSource]]]) -> str:
    return groups[0][0] if len(groups) == 1 else f"{len(groups)} settings"


def _groups(source: SweepSnapshot | Sequence[RunSource]) -> list[tuple[str, list[RunSource]]]:
    if isinstance(source, SweepSnapshot):
        cells = source.results().cells
        found = [(cell.cell.label or source.name, source.runs(cell)) for cell in cells]
        return [(label, members) for label, members in found if members]
    groups: dict[str, list[RunSource]] = {}
    for run in source:
        rest = {k: v for k, v in settings(run.folder, run.now).items() if not k.startswith(SEEDS)}
        groups.setdefault(repr(sorted(rest.items())), []).append(run)
    return [(members[0].name.partition(" seed=")[0], members) for members in groups.values()]


def _usual(runs: Sequence[RunSource]) -> list[str]:
    known = {name for run in runs for name in run.now.evaluations}
    pairs = (("val_loss", "val_accuracy"), ("train_loss", "train_accuracy"))
    return next(([n for n in pair if n in known] for pair in pairs if pair[0] in known), ["loss"])


def _panel(groups: Sequence[tuple[str, list[RunSource]]], name: str) -> PlottedCurves:
    series, spread, singles, values = [], [], [], [np.zeros(0)]
    for k, (label, members) in enumerate(groups):
        colour: RGB = (k, 0, 0)
        known = [run for run in members if name in run.now.evaluations]
        lines = [run_curves.known_values(run, name) for run in known]
        lines = [(x, y) for x, y in lines if len(x)]
        if not lines:
            continue
        singles += [Series("", x, y, colour) for x, y in lines]
        x, low, middle, high = spread_of(lines)
        series.append(Series(f"{label} (n = {len(lines)})", x, middle, colour))
        spread += [Band(x, low, high, colour)] if len(lines) > 1 else []
        values.append(middle)
    run = groups[0][1][0]
    is_share = run.measure(name).is_share
    last = max(member.now.last_step for _, members in groups for member in members)
    chart = Chart(
        series=tuple(series),
        bands=tuple(spread),
        x_log=True,
        y_log=run_curves.is_log(run, name, np.concatenate(values)),
        y_range=run_curves.FULL_SHARE if is_share else None,
        x_range=(0.0, float(max(last, 2))),
    )
    split, _ = split_of(name)
    y_label = run_curves.axis_label(run, name)
    y_label = f"{split} {y_label}" if split else y_label
    return PlottedCurves(chart, y_label, singles=tuple(singles), percent=is_share)


def spread_of(
    lines: Sequence[tuple[Floats, Floats]],
) -> tuple[Floats, Floats, Floats, Floats]:
    """Steps, lower end, median and upper end over curves, up to the end of the shortest.

    Steps are those of any curve; a curve without a value there is read between its neighbours.
    """
    first, last = max(x[0] for x, _ in lines), min(x[-1] for x, _ in lines)
    x = np.unique(np.concatenate([x for x, _ in lines]))
    x = x[(x >= first) & (x <= last)]
    values = np.array([np.interp(x, steps, y) for steps, y in lines]).reshape(len(lines), len(x))
    ends = (0.1, 0.9) if len(lines) >= QUANTILES_FROM else (0.0, 1.0)
    low, high = np.quantile(values, ends, axis=0)
    return x, low, np.median(values, axis=0), high


KIND = Kind(
    "bands", "Seeds: median, range and single runs (--measure NAME).", "runs or sweep", bands
)
