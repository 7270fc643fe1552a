import torch
from hypothesis import given
from hypothesis import strategies as st

from memlab.engine.batches import Batches
from memlab.tasks.seeds import Seeds

CPU = torch.device("cpu")


@given(n=st.integers(2, 50), size=st.integers(1, 49), epoch=st.integers(0, 5))
def test_an_epoch_shows_no_example_twice_and_drops_the_incomplete_batch(n, size, epoch):
    batches = Batches(n, size, Seeds(1), CPU)
    if size >= n:
        assert batches.at(epoch + 1) is None
        return
    first = epoch * batches.per_epoch + 1
    seen = [i for s in range(first, first + batches.per_epoch) for i in batches.at(s).tolist()]
    assert batches.per_epoch == n // size
    assert len(seen) == len(set(seen)) == (n // size) * size


@given(step=st.integers(1, 500))
def test_a_batch_depends_on_nothing_but_seed_and_step(step):
    fresh, used = (Batches(23, 4, Seeds(3), CPU) for _ in range(2))
    for earlier in (1, 499, 7):
        used.at(earlier)
    assert torch.equal(fresh.at(step), used.at(step))


def test_epochs_and_seeds_give_different_orders():
    a, b = Batches(64, 8, Seeds(0), CPU), Batches(64, 8, Seeds(1), CPU)
    assert not torch.equal(a.at(1), b.at(1))
    assert not torch.equal(a.at(1), a.at(1 + a.per_epoch))


def test_a_batch_as_large_as_the_set_is_the_whole_set():
    assert Batches(10, 10, Seeds(), CPU).at(3) is None
    assert Batches(10, 11, Seeds(), CPU).at(3) is None
