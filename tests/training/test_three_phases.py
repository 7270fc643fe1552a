"""The three phases of Nanda et al. 2023 occur in order: memorization, circuit formation, cleanup."""

import numpy as np
import pytest

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.history import History
from memlab.training.measure_run import measure_run
from memlab.training.models_at import ModelsAt
from memlab.training.worker import work

PHASES = ("restricted_loss", "excluded_loss", "total_norm")


def first_at_most(steps, values, bound):
    """The first step whose value is at most `bound`."""
    return int(steps[np.flatnonzero(values <= bound)[0]])


def assert_in_order(memorized, steps, values):
    """For measures with the key frequencies of the final model, or with those of each step."""
    formed = first_at_most(steps, values["restricted_loss"], 0.1)
    clean = first_at_most(steps, values["val_loss"], 0.1)
    assert memorized < formed < clean
    at = {int(step): i for i, step in enumerate(steps)}
    assert values["val_loss"][at[formed]] > 1
    # The model uses the circuit, and cleanup lowers the weight norm.
    assert values["excluded_loss"][-1] > values["excluded_loss"][0]
    norms = values["total_norm"]
    assert norms[-1] < 0.9 * norms[at[formed]]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_three_phases_occur_in_order(tmp_path, seed):
    folder = create_run(load("nanda-quick", [f"training.seed={seed}"]), tmp_path)
    list(work(folder, device="cpu"))
    run = History(folder).until()
    evaluated = run.evaluations
    assert_in_order(run.memorized_at["to"], evaluated["step"], evaluated)
    measured = measure_run(ModelsAt(folder, "cpu"), PHASES, [int(s) for s in evaluated["step"]])
    frozen = {
        name: np.array([measured.values[int(step)][name] for step in evaluated["step"]])
        for name in PHASES
    }
    frozen["val_loss"] = evaluated["val_loss"]
    assert_in_order(run.memorized_at["to"], evaluated["step"], frozen)
