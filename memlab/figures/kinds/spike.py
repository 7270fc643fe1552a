"""`spike`: one loss spike in detail: loss, gradient norm and weight norms around it."""

from collections.abc import Sequence

import numpy as np

from memlab.charts import Chart, Level, Marks, Series, VerticalRule
from memlab.figures.kind import Kind, nothing_to_draw, numbered_spike
from memlab.figures.plot import FigureData, PlottedCurves
from memlab.figures.run_curves import axis_label, is_log, known_values
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.events import Spike

MIN_MARGIN, MAX_MARGIN = 40, 4000
"""steps shown before the onset and after the recovery"""
Span = tuple[float, float]
"""the first and the last step shown"""
SHOWN = ("grad_norm", "update_norm", "weight_norm")


def spike(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """The highest spike of a run, or spike number `options.spike`."""
    (run,) = runs
    number, chosen = _chosen(run, options.spike)
    last = chosen.recovered_at or chosen.step
    margin = min(max(last - chosen.onset, MIN_MARGIN), MAX_MARGIN)
    first, last = max(chosen.onset - margin, 1), min(last + margin, run.now.last_step)
    span = (float(first), float(last))
    panels = [_loss(run, chosen, span)]
    known = [name for name in SHOWN if name in run.now.steps.columns]
    panels += [_column(run, name, chosen, span) for name in known]
    title = f"{run.name}: spike {number} of {len(run.now.spikes)}, at step {chosen.onset:,}"
    return FigureData("spike", tuple(panels), (run.id,), title=title, note=_note(chosen))


def _chosen(run: RunSource, number: int | None) -> tuple[int, Spike]:
    spikes = run.now.spikes
    if not spikes:
        raise nothing_to_draw("spike", "the run has no closed spike", [run.id])
    if number is None:
        number = 1 + max(range(len(spikes)), key=lambda i: spikes[i].peak / spikes[i].base)
    return number, numbered_spike(run, spikes, number)


def _loss(run: RunSource, chosen: Spike, span: Span) -> PlottedCurves:
    peaks = [(s.peak_step, s.peak) for s in run.now.spikes if span[0] <= s.peak_step <= span[1]]
    x, y = np.array(peaks, np.float64).reshape(-1, 2).T
    chart = Chart(
        series=(
            _column_series(run, "loss", run.folder.facts.update_loss, span, "batch"),
            *_val(run, span),
        ),
        marks=(Marks("spike", x, y, "spike"),),
        rules=_rules(chosen),
        levels=(Level(chosen.base, f"base ({chosen.base:.3g})", "chance"),),
        y_log=True,
        x_range=span,
    )
    return PlottedCurves(chart, axis_label(run, "loss"))


def _val(run: RunSource, span: Span) -> tuple[Series, ...]:
    """The validation loss, if it was evaluated in the span and updates optimize the same loss."""
    if "val_loss" not in run.now.evaluations or run.folder.facts.is_smoothed:
        return ()
    steps, values = known_values(run, "val_loss")
    inside = (steps >= span[0]) & (steps <= span[1])
    return (Series("val", steps[inside], values[inside], "val"),) if inside.any() else ()


def _column(run: RunSource, name: str, chosen: Spike, span: Span) -> PlottedCurves:
    series = _column_series(run, name, "", span)
    known = series.y[np.isfinite(series.y) & (series.y > 0)]
    spans_decades = len(known) > 0 and known.max() > 5 * known.min()
    chart = Chart(
        series=(series,),
        rules=_rules(chosen),
        y_log=spans_decades and is_log(run, name, known),
        x_range=span,
    )
    return PlottedCurves(chart, axis_label(run, name).replace(" norm", "\nnorm"))


def _column_series(
    run: RunSource, column: str, name: str, span: Span, colour: str = "train"
) -> Series:
    steps, values = run.now.steps.measured(column, int(span[0]), int(span[1]))
    return Series(name, steps, values, colour)


def _rules(chosen: Spike) -> tuple[VerticalRule, ...]:
    recovered = chosen.recovered_at
    return (
        *((VerticalRule(recovered, "recovered", "memorized"),) if recovered else ()),
        VerticalRule(chosen.onset, "onset", "grokked"),
    )


def _note(chosen: Spike) -> str:
    recovered = chosen.recovered_at
    after = f"recovered at step {recovered:,}" if recovered else "not recovered"
    return (
        f"Onset at step {chosen.onset:,}; from {chosen.base:.3g} to {chosen.peak:.3g} at step "
        f"{chosen.peak_step:,}; {after}."
    )


KIND = Kind(
    "spike", "One spike in detail: loss, gradient norm, weight norms (--spike N).", "run", spike
)
