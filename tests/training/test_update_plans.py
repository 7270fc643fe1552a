"""Plans of updates, compared with batches that are computed one at a time."""

import numpy as np
import pytest

from memlab.tasks.stages import Stage
from memlab.training.engines.engine import CPU, Engine
from memlab.training.run_data import RunData
from memlab.training.update_plans import UpdatePlans

from .engines.data import repeated
from .test_batches import batches


def tokens_of(plans) -> list[list[int]]:
    return [plan.inputs.tolist() for plan in plans]


@pytest.mark.parametrize("part", [None, 4])
def test_each_update_has_its_batch_in_parts_of_the_requested_size(tiny, part):
    preset = tiny(
        **{"training.engine": "plain", "training.batch_size": 6, "training.micro_batch_size": part}
    )
    run_data = RunData(preset, CPU)
    tokens = run_data.facts.train.tokens[:, :-1]
    for step in (1, 2, run_data.plans.updates_at_once + 1, 1, 9):
        plans = run_data.plans.at(step, 100)
        assert [plan.n_examples for plan in plans] == ([6] if part is None else [4, 2])
        expected = tokens[run_data.batches.at(step, 100)]
        assert np.array_equal(np.concatenate(tokens_of(plans)), expected)


@pytest.mark.parametrize("part", [None, 4])
def test_a_batch_of_all_examples_is_planned_once(tiny, part):
    settings = {"training.batch_size": "full", "training.micro_batch_size": part}
    run_data = RunData(tiny(**{"training.engine": "plain"} | settings), CPU)
    first = run_data.plans.at(1, 100)
    assert run_data.plans.at(7, 100) is first
    assert sum(plan.n_examples for plan in first) == len(run_data.facts.train)
    assert all(plan.n_examples <= (part or 1000) for plan in first)


class Indices(Engine):
    """An engine whose batches are the requested indices."""

    def batch(self, index=None):
        return index


def test_a_changed_number_of_updates_draws_from_its_own_stages():
    stages = (Stage("even", 0.0, (1.0, 0.0)), Stage("odd", 0.5, (0.0, 1.0)))
    schedule = batches(60, 8, stages=stages, groups=2)
    plans = UpdatePlans(Indices(repeated(60)), schedule)
    for step, steps in ((1, 40), (19, 40), (20, 40), (20, 20), (21, 40), (21, 100), (3, 40)):
        (index,) = plans.at(step, steps)
        assert np.array_equal(index, schedule.at(step, steps))
        assert set(index % 2) == {int(step > steps / 2)}
