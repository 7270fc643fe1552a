"""Phases: one event per crossing, with its interval and its values."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.detectors.detector import Context
from memlab.detectors.phases import PhaseDetector
from memlab.record.events import Evaluated, Phase, Rows

CONTEXT = Context(chance_loss=4.57, steps=10_000, floor_loss=0.5)
Values = dict[str, float]


def phases_of(curve: list[Values], every: int = 20, saved: bool = False) -> list[Phase]:
    detector = PhaseDetector(CONTEXT)
    found: list[Phase] = []
    for i, values in enumerate(curve):
        found += detector.see(Evaluated(step=i * every, values=values))
        if saved:
            state = json.loads(json.dumps(detector.state(), allow_nan=False))
            detector = PhaseDetector(CONTEXT)
            detector.restore(state)
    return found


def accuracies(train: list[float], val: list[float]) -> list[Values]:
    return [{"train_accuracy": t, "val_accuracy": v} for t, v in zip(train, val, strict=True)]


def names(found: list[Phase]) -> list[str]:
    return [phase.name for phase in found]


def test_memorizing_then_grokking_is_reported_with_intervals_and_delay() -> None:
    train = [0.0, 0.5, 0.995] + [1.0] * 12
    val = [0.0] * 5 + [0.6, 0.96, 0.992] + [1.0] * 7
    found = phases_of(accuracies(train, val))
    assert names(found) == ["memorized", "generalizing", "grokked_95", "grokked", "sustained"]
    intervals = [(phase.after, phase.step) for phase in found]
    assert intervals == [(20, 40), (80, 100), (100, 120), (120, 140), (220, 240)]
    grokked = found[3]
    assert (grokked.threshold, grokked.split) == (0.99, "val")
    assert grokked.details == {"accuracy": 0.992, "delay": 100, "ratio": 3.5}
    assert found[4].details == {"since": 140}


def test_validation_before_memorizing_is_not_grokking() -> None:
    found = phases_of(accuracies([0.0, 0.9, 0.9, 1.0], [0.0, 1.0, 1.0, 1.0]))
    assert names(found) == ["generalizing", "memorized", "grokked_95", "grokked"]
    assert found[-1].step == 60 and found[-1].details["delay"] == 0


def test_a_crossing_that_does_not_hold_is_not_sustained() -> None:
    val = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.98] + [1.0] * 6
    found = phases_of(accuracies([1.0] * 13, val))
    (sustained,) = [phase for phase in found if phase.name == "sustained"]
    assert (sustained.step, sustained.details["since"]) == (240, 140)


def test_a_collapse_is_reported_each_time_it_begins() -> None:
    val = [0.0, 1.0, 0.5, 0.5, 1.0, 0.89, 1.0]
    found = phases_of(accuracies([1.0] * 7, val))
    assert [p.step for p in found if p.name == "collapsed" and p.split == "val"] == [40, 100]
    found = phases_of(accuracies([0.5, 1.0, 0.3], [0.0, 0.0, 0.0]))
    assert [(p.step, p.split) for p in found if p.name == "collapsed"] == [(40, "train")]


def test_overfitting_is_a_validation_loss_that_rises_while_training_falls() -> None:
    train = [4.5, 4.0, 3.0, 2.0, 1.5, 1.0, 0.9, 0.8, 0.7, 0.65]
    rising = [4.5, 4.2, 4.4, 4.9, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5]
    curve = [{"train_loss": t, "val_loss": v} for t, v in zip(train, rising, strict=True)]
    (phase,) = phases_of(curve)
    assert (phase.name, phase.step, phase.details["best"]) == ("overfitting", 140, 4.2)
    assert phases_of([{"train_loss": v, "val_loss": v} for v in rising]) == []


@pytest.mark.parametrize(("level", "at"), [(4.55, "chance"), (0.503, "floor")])
def test_stuck_reports_the_level(level: float, at: str) -> None:
    (phase,) = phases_of([{"train_loss": level}] * 15)
    assert (phase.name, phase.step, phase.details["at"]) == ("stuck", 200, at)


def test_a_start_at_chance_is_not_stuck() -> None:
    assert phases_of([{"train_loss": 4.57 * 0.9**i} for i in range(25)]) == []


def test_divergence_is_a_loss_that_is_not_finite_or_stays_far_above_chance() -> None:
    (lost,) = phases_of([{"train_loss": 4.6}, *[{"train_loss": float("nan")}] * 3])
    assert (lost.name, lost.after, lost.step) == ("diverged", 40, 60)
    assert phases_of([{"train_loss": 4.6}, {"train_loss": float("nan")}, {"train_loss": 4.0}]) == []
    (high,) = phases_of([{"train_loss": 4.6}] + [{"train_loss": 30.0}] * 6)
    assert (high.name, high.step) == ("diverged", 60)


def test_a_large_loss_at_the_start_is_not_a_divergence() -> None:
    assert phases_of([{"train_loss": 60.0 * 0.8**i} for i in range(30)]) == []


def test_validation_on_training_examples_is_not_generalization() -> None:
    detector = PhaseDetector(Context(val_within_train=True))
    event = Evaluated(step=1, values={"train_accuracy": 1.0, "val_accuracy": 1.0})
    assert [phase.name for phase in detector.see(event)] == ["memorized"]


def test_a_test_score_at_the_end_is_not_a_phase() -> None:
    assert phases_of([{"test_loss": 0.1, "test_accuracy": 1.0}]) == []


def test_rows_give_no_phase() -> None:
    import numpy as np

    assert PhaseDetector(CONTEXT).see(Rows(step=1, values=np.ones((1, 3), np.float32))) == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "train_accuracy": st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]),
                "val_accuracy": st.sampled_from([0.0, 0.5, 0.89, 0.95, 0.99, 1.0]),
                "train_loss": st.sampled_from([0.0, 0.5, 4.57, 50.0, float("nan")]),
                "val_loss": st.sampled_from([0.1, 4.57, 9.0, float("inf")]),
            }
        ),
        max_size=30,
    )
)
def test_restoring_after_each_evaluation_changes_nothing(curve: list[Values]) -> None:
    found = phases_of(curve)
    assert phases_of(curve, saved=True) == found
    once = [phase.name for phase in found if phase.name not in ("collapsed", "stuck")]
    assert len(once) == len(set(once))
    assert all(phase.after <= phase.step for phase in found)
