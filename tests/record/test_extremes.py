"""Extremes of a column over pieces of the x axis, compared with the values themselves."""

import numpy as np
import pytest

from memlab.record.events import COLUMNS, Rows
from memlab.record.extremes import column_extremes
from memlab.record.history import History

STEPS = 5000


@pytest.fixture
def snapshot(folder):
    values = np.ones((STEPS, len(COLUMNS)), np.float32)
    values[:, 0] = np.random.default_rng(0).normal(3, 0.1, STEPS)
    values[4321, 0], values[[17, 4000], 0] = 99.0, [np.nan, np.inf]
    values[:, COLUMNS.index("weight_norm")] = np.nan
    values[::10, COLUMNS.index("weight_norm")] = 2.0
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(Rows(step=STEPS, values=values))
    return History(folder).until()


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("steps", [(1, STEPS), (4300, 4400), (4000.5, 4322.2)])
def test_extremes_are_those_of_the_values(snapshot, log, steps):
    extremes = column_extremes(snapshot, "loss", steps, log=log, columns=60)
    loss = snapshot.steps["loss"].astype(float)
    inside = loss[int(np.floor(steps[0])) - 1 : int(np.ceil(steps[1]))]
    finite = inside[np.isfinite(inside)]
    assert np.nanmin(extremes.low) == finite.min() and np.nanmax(extremes.high) == finite.max()
    assert extremes.not_finite == np.sum(~np.isfinite(inside))
    assert (np.diff(extremes.x) > 0).all()


def test_a_line_passes_both_extremes_of_each_piece(snapshot):
    extremes = column_extremes(snapshot, "loss", (1, STEPS), log=False, columns=50)
    x, y = extremes.line()
    assert x.tolist() == np.repeat(extremes.x, 2).tolist()
    assert y[0::2].tolist() == extremes.low.tolist()
    assert y[1::2].tolist() == extremes.high.tolist()


def test_unmeasured_steps_of_a_sparse_column_are_not_gaps(snapshot):
    extremes = column_extremes(snapshot, "weight_norm", (1, STEPS), log=False, columns=50)
    assert extremes.not_finite == 0 and set(extremes.high.tolist()) == {2.0}
