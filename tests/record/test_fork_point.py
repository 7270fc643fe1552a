"""The fork point in `run.json`."""

import pytest

from memlab.record.folder import RunFolder
from memlab.record.fork import ForkPoint, fork_point


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"fork": {"run": "a", "step": 7}}, ForkPoint("a", 7)),
        ({"fork": {"run": "a"}}, None),
        ({}, None),
    ],
)
def test_a_fork_point_is_complete_or_absent(runs, stored, expected):
    assert fork_point(RunFolder.create(runs, stored, "", "fork")) == expected
