import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memlab.preset.facts import Facts
from memlab.preset.load import from_json
from memlab.tasks.seeds import Seeds
from memlab.tasks.stages import Stage
from memlab.tasks.task import Dataset, Examples, Vocabulary
from memlab.training.batches import Batches


def batches(n, size, seed=0, stages=(), groups=1):
    """Batches over `n` examples, example i in group i % groups."""
    preset = from_json(
        {
            "name": "x",
            "task": {"kind": "sentence"},
            "training": {"steps": 1, "batch_size": size},
        }
    )
    numbers = np.arange(n)
    examples = Examples(numbers[:, None], np.ones(n, int), np.ones((n, 1), bool), numbers % groups)
    dataset = Dataset(Vocabulary(("a",)), {"train": examples}, stages=stages)
    return Batches(Facts(preset, dataset), Seeds(seed))


@given(n=st.integers(2, 50), size=st.integers(1, 49), epoch=st.integers(0, 5))
def test_an_epoch_has_no_repeated_example_and_no_incomplete_batch(n, size, epoch):
    schedule = batches(n, size)
    if size >= n:
        assert schedule.at(epoch + 1, 100) is None
        return
    first = epoch * schedule.per_epoch + 1
    seen = [
        i for s in range(first, first + schedule.per_epoch) for i in schedule.at(s, 1000).tolist()
    ]
    assert schedule.per_epoch == n // size
    assert len(seen) == len(set(seen)) == (n // size) * size


@given(step=st.integers(1, 500))
def test_a_batch_depends_only_on_seed_and_step(step):
    fresh, used = batches(23, 4, 3), batches(23, 4, 3)
    for earlier in (1, 499, 7):
        used.at(earlier, 500)
    assert np.array_equal(fresh.at(step, 500), used.at(step, 500))


def test_epochs_and_seeds_give_different_orders():
    a, b = batches(64, 8, 0), batches(64, 8, 1)
    assert not np.array_equal(a.at(1, 99), b.at(1, 99))
    assert not np.array_equal(a.at(1, 99), a.at(1 + a.per_epoch, 99))


def test_a_batch_as_large_as_the_set_is_the_whole_set():
    assert batches(10, 10).at(3, 5) is None
    assert batches(10, "full").at(3, 5) is None


def test_stages_draw_from_their_own_groups_by_weight():
    stages = (Stage("first", 0.0, (1.0, 0.0)), Stage("both", 0.5, (1.0, 3.0)))
    schedule = batches(1000, 100, stages=stages, groups=2)
    early = np.concatenate([schedule.at(step, 40) for step in range(1, 21)])
    late = np.concatenate([schedule.at(step, 40) for step in range(21, 41)])
    assert (early % 2 == 0).all()
    assert abs((late % 2).mean() - 0.75) < 0.05
    assert schedule.boundaries(40) == [0, 20]
    assert [schedule.stage(step, 40).name for step in (20, 21)] == ["first", "both"]
