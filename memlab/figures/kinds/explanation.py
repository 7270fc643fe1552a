"""`explanation`: the loss around a spike, recomputed with one change at a time."""

from collections.abc import Sequence

from memlab.charts import Chart, Level, Series, VerticalRule
from memlab.figures.kind import Kind, nothing_to_draw, numbered_spike
from memlab.figures.plot import FigureData, PlottedCurves
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.explanation import (
    CAUSE,
    CONTROL,
    PLACEBO,
    PREVENTS,
    Explanation,
    TriedChange,
    read_explanations,
)

COLOURS = ("val", "memorized", "grokked", "edit", "spike", "test", "phase")
"""roles of the curves of changes that can be causes"""


def explanation(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """Losses of all changes for the highest explained spike, or for spike number `options.spike`."""
    (run,) = runs
    chosen = _chosen(run, options.spike)
    tried = [change for change in chosen.changes if change.kind == CAUSE]
    placebos = [change for change in chosen.changes if change.kind == PLACEBO]
    controls = [change for change in chosen.changes if change.kind == CONTROL]
    colours = (COLOURS[i % len(COLOURS)] for i in range(len(tried)))
    chart = Chart(
        series=(
            *(
                _series(change, "band", "" if i else "placebos")
                for i, change in enumerate(placebos)
            ),
            *(_series(*pair, _name(pair[0])) for pair in zip(tried, colours, strict=True)),
            *(_series(change, "train", change.name) for change in controls),
        ),
        rules=(VerticalRule(chosen.change_at + 1, "change", "phase"),),
        levels=(Level(chosen.level, "level of the spike", "chance"),),
        y_log=True,
    )
    title = f"{run.name}: spike at step {chosen.onset:,}, one change at a time"
    panel = PlottedCurves(chart, "loss (nats)")
    return FigureData("explanation", (panel,), (run.id,), title=title, note=chosen.sentence)


def _chosen(run: RunSource, number: int | None) -> Explanation:
    explained = read_explanations(run.folder)
    if number is not None:
        onset = numbered_spike(run, run.now.closed_spikes, number).onset
        explained = [explanation for explanation in explained if explanation.onset == onset]
    if not explained:
        why = "there is no explanation yet; run `memlab explain`"
        raise nothing_to_draw("explanation", why, [run.id])
    return max(explained, key=lambda explanation: explanation.peak)


def _name(change: TriedChange) -> str:
    return f"{change.name} ({change.effect})" if change.effect == PREVENTS else change.name


def _series(change: TriedChange, colour: str, name: str) -> Series:
    return Series(name, change.steps, change.losses, colour)


KIND = Kind(
    "explanation",
    "The loss around a spike with one change at a time (--spike N).",
    "run",
    explanation,
)
