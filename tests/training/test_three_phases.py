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
    at = dict(zip(steps.tolist(), range(len(steps)), strict=True))
    # while the circuit forms, the model starts to depend on it, and the weight norm is still constant
    assert values["excluded_loss"][at[formed]] > values["excluded_loss"][0]
    norms = values["total_norm"]
    assert norms[-1] < 0.95 * norms[at[formed]]


@pytest.mark.slow
def test_the_three_phases_occur_in_order(tmp_path):
    folder = create_run(load("nanda-quick"), tmp_path)
    list(work(folder, device="cpu"))
    run = History(folder).until()
    evaluated = run.evaluations
    assert_in_order(run.memorized_at["to"], evaluated["step"], evaluated)
    steps = [int(step) for step in evaluated["step"]]
    measured = measure_run(ModelsAt(folder, "cpu"), PHASES, steps)
    frozen = {name: np.array([measured.values[s][name] for s in steps]) for name in PHASES}
    frozen["val_loss"] = evaluated["val_loss"]
    assert_in_order(run.memorized_at["to"], evaluated["step"], frozen)
