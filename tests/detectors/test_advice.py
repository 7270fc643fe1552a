"""Advice: one finding if the curves show the problem, none otherwise."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.spikes.score import rows_of
from memlab.detectors.advice import ADVICE, AdviceDetector
from memlab.detectors.detector import Context
from memlab.record.events import Edited, Evaluated, Finding

CONTEXT = Context(chance_loss=4.57, steps=2000)
Values = dict[str, float]


def advise(curve: list[Values], context: Context = CONTEXT, every: int = 100) -> list[Finding]:
    detector = AdviceDetector(context)
    found: list[Finding] = []
    for i, values in enumerate(curve):
        found += detector.see(Evaluated(step=i * every, values=values))
        state = json.loads(json.dumps(detector.state(), allow_nan=False))
        detector = AdviceDetector(context)
        detector.restore(state)
    return found


def is_about(finding: Finding, name: str) -> bool:
    return (finding.why, finding.advice) == (ADVICE[name].why, ADVICE[name].advice)


def grokking(n: int = 21) -> list[Values]:
    """Memorizes immediately, generalizes after two thirds, has spikes in between."""
    rng = np.random.default_rng(0)
    val = 1 / (1 + np.exp(-(np.arange(n) - 0.66 * n)))
    return [
        {
            "train_loss": 4.6 if i == 0 else 0.02 + float(2 * (rng.random() < 0.2)),
            "val_loss": 4.6,
            "train_accuracy": float(i > 0),
            "val_accuracy": float(val[i]),
        }
        for i in range(n)
    ]


def test_a_run_that_memorizes_and_groks_gets_no_advice() -> None:
    assert advise(grokking()) == []


def test_a_run_that_learns_a_sentence_gets_no_advice() -> None:
    losses = 3.2 * 0.6 ** np.arange(31)
    curve = [{"train_loss": float(x), "train_accuracy": float(x < 0.5)} for x in losses]
    both = [values | {"val_accuracy": values["train_accuracy"]} for values in curve]
    context = Context(chance_loss=2.6, steps=3000, val_within_train=True)
    assert advise(both, context) == []


def test_too_few_updates_are_reported_towards_the_end() -> None:
    curve = [{"train_loss": 4.5 - 0.06 * i, "train_accuracy": 0.01 * i} for i in range(21)]
    noisy = [
        values | {"train_loss": values["train_loss"] + 0.02 * (i % 2)}
        for i, values in enumerate(curve)
    ]
    noisy[3]["train_loss"] += 0.3
    (finding,) = advise(noisy)
    assert is_about(finding, "too few updates") and finding.step == 1600
    assert "1600 of 2000" in finding.what


def test_steps_added_by_an_edit_count() -> None:
    detector = AdviceDetector(CONTEXT)
    detector.see(Edited(step=0, changes={"training.steps": 10_000}))
    for i in range(21):
        values = {"train_loss": 4.5 - 0.06 * i + 0.1 * (i % 2), "train_accuracy": 0.0}
        assert detector.see(Evaluated(step=100 * i, values=values)) == []


def test_a_known_floor_is_reported_when_reached() -> None:
    curve = [{"train_loss": 1.2 + 3 * 0.5**i} for i in range(20)]
    (finding,) = advise(curve, replace(CONTEXT, floor_loss=1.2))
    assert is_about(finding, "floor reached") and finding.level == "info"


def test_a_loss_that_stays_above_chance_means_too_high_a_learning_rate() -> None:
    rng = np.random.default_rng(1)
    curve = [{"train_loss": 6 + float(rng.random()), "train_accuracy": 0.0} for _ in range(15)]
    (finding,) = advise(curve)
    assert is_about(finding, "lr too high") and finding.step == 700
    high_start = [{"train_loss": 60 * 0.3**i, "train_accuracy": 1.0} for i in range(15)]
    assert advise(high_start) == []


def test_a_smooth_curve_that_hardly_falls_means_too_low_a_learning_rate() -> None:
    curve = [{"train_loss": 4.6 - 0.02 * i, "train_accuracy": 0.0} for i in range(13)]
    (finding,) = advise(curve)
    assert is_about(finding, "lr too low") and finding.step == 1000


def test_a_split_without_a_gap_is_reported_when_training_is_memorized() -> None:
    curve = [{"train_loss": 0.1, "train_accuracy": a, "val_accuracy": a} for a in (0.0, 0.9, 1.0)]
    (finding,) = advise(curve)
    assert is_about(finding, "no gap") and finding.step == 200
    assert advise(curve, replace(CONTEXT, val_within_train=True)) == []


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_floor_of_float32_is_reported_at_the_same_step_for_any_blocks(size: int) -> None:
    loss = np.full(1000, 1e-5, np.float32)
    loss[300:350] = 0
    loss[350] = 1e-5
    loss[400:] = np.random.default_rng(0).poisson(0.3, 600) * 2.0**-24
    detector = AdviceDetector(CONTEXT)
    found = [
        event
        for start in range(0, 1000, size)
        for event in detector.see(rows_of(loss[start : start + size], start + 1))
    ]
    (finding,) = found
    assert is_about(finding, "precision floor")
    below = np.cumsum(loss[400:] < 2.0**-23)
    assert finding.step == 401 + int(np.argmax(below == 100))


def test_a_float64_loss_has_no_precision_floor() -> None:
    detector = AdviceDetector(replace(CONTEXT, float64_loss=True))
    assert detector.see(rows_of(np.zeros(1000))) == []


def test_every_finding_has_what_why_and_advice() -> None:
    for text in ADVICE.values():
        assert text.level in ("info", "warning", "error")
        assert all(part.endswith(".") for part in (text.what, text.why, text.advice))
