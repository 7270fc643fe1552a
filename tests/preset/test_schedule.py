"""Step arithmetic, compared with plain enumeration."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from memlab.preset.load import load
from memlab.preset.schedule import (
    checkpoint_interval,
    evaluations,
    next_evaluation,
    total_steps,
    updates_per_epoch,
)

ADDITION = str(Path(__file__).parent / "addition.yaml")


def preset(*overrides):
    return load(ADDITION, overrides)


def enumerated(settings, per_epoch, steps):
    """All evaluation steps, by repeated calls of `next_evaluation`."""
    found = [next_evaluation(settings, per_epoch, steps, -1)]
    while found[-1] < steps:
        found.append(next_evaluation(settings, per_epoch, steps, found[-1]))
    return found


def test_an_epoch_drops_the_incomplete_last_batch():
    assert updates_per_epoch(preset("batch_size=512"), 1051) == 2
    assert updates_per_epoch(preset("batch_size=64"), 1051) == 16
    assert updates_per_epoch(preset("batch_size=full"), 1051) == 1
    assert updates_per_epoch(preset("batch_size=2000"), 1051) == 1


def test_epochs_become_steps():
    assert total_steps(preset("epochs=100", "batch_size=512"), 2) == 200
    assert total_steps(preset("steps=77"), 2) == 77


@given(every=st.integers(1, 50), steps=st.integers(1, 200))
def test_evaluations_are_at_multiples_of_every_and_at_the_first_and_last_step(every, steps):
    settings = preset(f"evaluation.every={every}")
    expected = sorted({*range(0, steps, every), steps})
    assert enumerated(settings, 1, steps) == expected
    assert evaluations(settings, 1, steps) == len(expected)


def test_evaluations_can_follow_epochs():
    assert enumerated(preset("every=epoch"), 16, 50) == [0, 16, 32, 48, 50]


@given(ratio=st.floats(1.001, 10), steps=st.integers(1, 3000))
def test_a_log_schedule_grows_by_its_ratio_and_by_at_least_one_step(ratio, steps):
    settings = preset(f"every={{ratio: {ratio!r}}}")
    found = enumerated(settings, 1, steps)
    assert found[0] == 0 and found[1] == 1 and found[-1] == steps
    grown = [max(a + 1, int(a * ratio)) for a in found[1:-1]]
    assert found[2:] == [min(step, steps) for step in grown]
    assert evaluations(settings, 1, steps) == len(found)


@given(ratio=st.floats(1.001, 3), more=st.integers(0, 500))
def test_extending_a_run_moves_only_the_last_evaluation(ratio, more):
    settings = preset(f"every={{ratio: {ratio!r}}}")
    assert (
        enumerated(settings, 1, 100 + more)[: len(enumerated(settings, 1, 100)) - 1]
        == enumerated(settings, 1, 100)[:-1]
    )


def test_the_next_evaluation_after_the_last_step_is_the_last_step():
    for every in ("7", "epoch", "{ratio: 1.5}"):
        assert next_evaluation(preset(f"every={every}"), 3, 10, 10) == 10


def test_checkpoints_are_every_hundredth_of_a_run_but_at_least_500_steps_apart_by_default():
    assert checkpoint_interval(preset(), 1400) == 500
    assert checkpoint_interval(preset(), 100_000) == 1000
    assert checkpoint_interval(preset(), 100_001) == 1001
    assert checkpoint_interval(preset("checkpoint_every=9"), 1400) == 9
