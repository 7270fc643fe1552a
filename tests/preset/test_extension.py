"""Edits of a run's length: a jump of the lr is reported, with values of the closed form."""

import math

import pytest

from memlab.errors import PresetError
from memlab.preset.edit import apply_edits
from memlab.preset.extension import check_extension


def extended(tiny, steps, new_steps, at, **settings):
    before = tiny(**{"training.steps": steps} | settings)
    return check_extension(
        before, apply_edits(before, {"training.steps": new_steps}), at, per_epoch=1
    )


def test_a_run_cannot_be_shortened_below_its_step(tiny):
    with pytest.raises(
        PresetError, match=r"training\.steps is less than the run's current step"
    ) as raised:
        extended(tiny, 60, 20, at=60)
    assert "step 60" in raised.value.found
    assert "60 steps" in raised.value.allowed
    assert extended(tiny, 60, 60, at=60) == []


def test_a_jump_of_a_cosine_schedule_is_reported_with_both_learning_rates(tiny):
    schedule = {"optimizer.schedule": "cosine", "optimizer.lr": 0.01}
    (finding,) = extended(tiny, 50, 100, at=50, **schedule)
    next_lr = 0.01 * (1 + math.cos(math.pi * 51 / 100)) / 2
    assert finding.level == "warning"
    assert f"from 0 at step 50 to {next_lr:.3g} at step 51" in finding.what
    assert "training.steps=100" in finding.advice


@pytest.mark.parametrize("schedule", ["constant", "linear"])
def test_an_unchanged_lr_is_not_reported(tiny, schedule):
    settings = {"optimizer.schedule": schedule, "optimizer.final_lr_fraction": 1.0}
    assert extended(tiny, 50, 100, at=50, **settings) == []
    assert extended(tiny, 50, 100, at=0, **{"optimizer.schedule": "cosine"}) == []


def test_an_lr_that_is_edited_together_with_the_length_is_not_reported(tiny):
    before = tiny(**{"training.steps": 50, "optimizer.lr": 0.01})
    after = apply_edits(before, {"training.steps": 100, "optimizer.lr": 1e-4})
    assert check_extension(before, after, 20, per_epoch=1) == []
