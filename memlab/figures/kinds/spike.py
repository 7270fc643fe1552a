"""`spike`: one loss spike in detail: loss, gradient and norms around it."""

from collections.abc import Sequence

import numpy as np

from memlab.charts import Chart, Level, Marks, Series, VerticalRule
from memlab.errors import MemlabError
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import Curves, Floats, Plot
from memlab.figures.run_curves import axis_label, is_log, label
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.events import SPARSE, Spike

LEAST, MOST = 40, 4000
"""steps shown before the onset and after the recovery"""
SHOWN = ("grad_norm", "update_norm", "weight_norm")


def spike(runs: Sequence[RunSource], options: FigureOptions) -> Plot:
    """A spike of a run: the highest, or the one of a number."""
    (run,) = runs
    number, chosen = _chosen(run, options.spike)
    last = chosen.recovered_at or chosen.step
    margin = min(max(last - chosen.onset, LEAST), MOST)
    first, last = max(chosen.onset - margin, 1), min(last + margin, run.now.last_step)
    recorded, values = run.now.steps.read(first, last)
    steps, rows = recorded.astype(np.float64), values.astype(np.float64)
    columns = run.now.steps.columns
    panels = [_loss(run, chosen, steps, rows[:, columns.index("loss")])]
    for name in SHOWN:
        if name in columns:
            panels.append(_column(run, name, chosen, steps, rows[:, columns.index(name)]))
    title = f"{run.name}: spike {number} of {len(run.now.spikes)}, at step {chosen.onset:,}"
    return Plot("spike", tuple(panels), (run.id,), title=title, note=_note(chosen))


def _chosen(run: RunSource, number: int | None) -> tuple[int, Spike]:
    spikes = run.now.spikes
    if not spikes:
        raise nothing_to_draw("spike", "the run has no closed spike", [run.id])
    if number is None:
        number = 1 + max(range(len(spikes)), key=lambda i: spikes[i].peak / spikes[i].base)
    if not 1 <= number <= len(spikes):
        raise MemlabError(
            "there is no such spike",
            where=run.id, found=str(number), allowed=f"1 to {len(spikes)}",
        )  # fmt: skip
    return number, spikes[number - 1]


def _loss(run: RunSource, chosen: Spike, steps: Floats, loss: Floats) -> Curves:
    near = [s for s in run.now.spikes if steps[0] <= s.peak_step <= steps[-1]]
    peaks = np.array([(s.peak_step, s.peak) for s in near], np.float64).reshape(-1, 2)
    chart = Chart(
        series=(Series("loss per step", steps, loss, "train"), *_val(run, steps)),
        marks=(Marks("spike", peaks[:, 0], peaks[:, 1], "spike"),),
        rules=_rules(chosen),
        levels=(Level(chosen.base, f"base ({chosen.base:.3g})", "chance"),),
        y_log=True,
        x_range=_span(steps),
    )
    return Curves(chart, "loss (nats)")


def _val(run: RunSource, steps: Floats) -> tuple[Series, ...]:
    """The validation loss, where it was evaluated within the window."""
    known = run.now.evaluations
    if "val_loss" not in known:
        return ()
    inside = (known["step"] >= steps[0]) & (known["step"] <= steps[-1])
    inside &= np.isfinite(known["val_loss"])
    if not inside.any():
        return ()
    return (Series("val", known["step"][inside], known["val_loss"][inside], "val"),)


def _column(run: RunSource, name: str, chosen: Spike, steps: Floats, values: Floats) -> Curves:
    there = np.isfinite(values) | (name not in SPARSE)
    x, y = steps[there], values[there]
    spread = np.nanmax(y, initial=0.0) > 5 * max(np.nanmin(y, initial=np.inf), 0.0)
    log = is_log(run, name, y) and bool(spread)
    chart = Chart(
        series=(Series("", x, y, "train"),),
        rules=_rules(chosen),
        y_log=log,
        x_range=_span(steps),
    )
    return Curves(chart, axis_label(run, name).replace(" norm", "\nnorm") or label(name))


def _span(steps: Floats) -> tuple[float, float]:
    return float(steps[0]), float(steps[-1])


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


KIND = Kind("spike", "One spike in detail: loss, gradient, norms (--spike N).", "run", spike)
