"""The measurements of `memlab bench`."""

import pytest

from memlab.training.bench import measure


def test_all_engines_are_timed_and_agree(tiny):
    measured = measure(tiny(), seconds=0)
    assert set(measured["engines"]) == {"plain", "pruned", "tree"}
    assert measured["gradient_error"] < 1e-5
    assert measured["gflop_left"] > 0 and measured["share_of_limit"] > 0


@pytest.mark.parametrize("batch", [pytest.param(6, marks=pytest.mark.slow), "full"])
def test_the_tree_is_omitted_with_dropout(tiny, batch):
    settings = {"model.dropout": 0.1, "training.batch_size": batch}
    assert set(measure(tiny(**settings), seconds=0)["engines"]) == {"plain", "pruned"}
