"""Mixtures and curricula: the stage of a step, and the examples drawn in it."""

import numpy as np
import pytest

from memlab.tasks.seeds import Seeds
from memlab.tasks.stages import Mixture, Stage, stage_at

STAGES = (
    Stage("a", 0.0, (1.0, 0.0, 0.0)),
    Stage("a, b", 0.29, (1.0, 3.0, 0.0)),
    Stage("all", 0.5, (1.0, 1.0, 2.0)),
)
GROUP = np.array([2, 0, 1, 1, 0, 2, 2, 0, 0])


@pytest.mark.parametrize(
    ("step", "name"), [(1, "a"), (29, "a"), (30, "a, b"), (50, "a, b"), (51, "all"), (100, "all")]
)
def test_a_stage_begins_after_its_fraction_of_the_updates(step, name):
    assert stage_at(STAGES, step, 100).name == name


def test_the_shortest_run_still_has_a_stage():
    assert stage_at(STAGES, 1, 1).name == "all"


def test_groups_are_drawn_by_weight_and_their_examples_uniformly():
    n = 100_000
    rows = Mixture(GROUP).draw(STAGES[2], n, np.random.default_rng(0))
    counts = np.bincount(rows, minlength=len(GROUP)) / n
    weight = np.array([0.25, 0.25, 0.5])[GROUP]
    expected = weight / np.bincount(GROUP)[GROUP]
    assert np.abs(counts - expected).max() < 5 * np.sqrt(0.25 / n)


def test_a_group_without_weight_is_never_drawn():
    rows = Mixture(GROUP).draw(STAGES[1], 1000, np.random.default_rng(0))
    assert set(GROUP[rows]) == {0, 1}


def test_a_draw_depends_only_on_seed_and_step():
    draws = [
        Mixture(GROUP).draw(STAGES[2], 50, Seeds(3).rng("batches", step)) for step in (7, 7, 8)
    ]
    assert np.array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
