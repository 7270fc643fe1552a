"""The charts of a run, made from what it has recorded."""

import numpy as np

from memlab.charts.chart import Band, Chart, Level, Marks, Series, VerticalRule
from memlab.charts.smooth import smooth
from memlab.record.snapshot import Snapshot

SMOOTHING = 0.9
LOSSES = ("val", "test")
RULES = {"memorized": "memorized", "grokked": "grokked"}


def loss_chart(now: Snapshot, chance: float | None, *, x_log: bool = True) -> Chart:
    """Loss over steps on log axes: raw as a band, smoothed, validation, spikes, phases, edits.

    Args:
        now: the run as it stands.
        chance: loss of guessing by frequency, nats.
        x_log: whether steps are on a log axis too.
    """
    steps, loss = now.steps["step"], now.steps["loss"].astype(np.float64)
    judged = now.evaluations
    return Chart(
        series=(
            Series("train", steps, smooth(loss, SMOOTHING), "train"),
            *(
                Series(name, judged["step"], judged[f"{name}_loss"], name)
                for name in LOSSES
                if f"{name}_loss" in judged and np.isfinite(judged[f"{name}_loss"]).sum() > 1
            ),
        ),
        bands=(Band(steps, loss, loss, "band"),),
        marks=(spike_marks(now),),
        rules=(
            *(VerticalRule(p.step, p.name, RULES[p.name]) for p in now.phases if p.name in RULES),
            *(VerticalRule(e.step, "edit", "edit") for e in now.edits),
        ),
        levels=() if chance is None else (Level(chance, "chance", "chance"),),
        x_log=x_log,
        y_log=True,
    )


def spike_marks(now: Snapshot) -> Marks:
    """The peaks of all spikes, an open one included."""
    peaks = [(spike.peak_step, spike.peak) for spike in now.spikes]
    return Marks("spike", np.array([p[0] for p in peaks]), np.array([p[1] for p in peaks]), "spike")
