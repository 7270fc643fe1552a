"""The three phases of Nanda et al. 2023 occur in order: memorization, circuit formation, cleanup."""

import numpy as np
import pytest

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.history import History
from memlab.training.measure_run import measure_run
from memlab.training.models_at import ModelsAt
from memlab.training.worker import work

RESTRICTED, EXCLUDED, NORM = "restricted_loss", "excluded_loss", "total_norm"


def first_at_most(steps, values, bound):
    """The first step whose value is at most `bound`."""
    return int(steps[np.flatnonzero(values <= bound)[0]])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_three_phases_occur_in_order(tmp_path, seed):
    folder = create_run(load("nanda-quick", [f"training.seed={seed}"]), tmp_path)
    list(work(folder, device="cpu"))
    run = History(folder).until()
    evaluated = run.evaluations
    steps = evaluated["step"].astype(int)
    memorized = run.memorized_at["to"]
    clean = first_at_most(steps, evaluated["val_loss"], 0.1)
    # with the key frequencies of each step
    assert memorized < first_at_most(steps, evaluated[RESTRICTED], 0.1) < clean

    # with the key frequencies of the final model
    models = ModelsAt(folder, "cpu")
    keys = measure_run(models, [NORM], [int(steps[-1])]).keys

    def measured(name, step):
        return measure_run(models, [name], [int(step)], keys).values[int(step)][name]

    before = measured(EXCLUDED, 0)
    formed = next(step for step in steps if measured(RESTRICTED, step) <= 0.1)
    assert memorized < formed < clean
    # The model uses the circuit, and cleanup lowers the weight norm.
    assert measured(EXCLUDED, steps[-1]) > before
    assert measured(NORM, steps[-1]) < 0.9 * measured(NORM, formed)
