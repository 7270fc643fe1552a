"""Explanations of spikes: only complete documents are read."""

import numpy as np
import pytest

from memlab.record import derived
from memlab.record.explanation import (
    CODE_VERSION,
    Explanation,
    document_name,
    read_explanation,
    read_explanations,
)


def document(onset):
    return {
        "spike": {"step": onset, "base": 0.1, "peak": 2.0, "peak_step": onset + 1},
        "window": {"change_at": onset - 20, "level": 0.45},
        "changes": [
            {
                "change": "weight decay 0",
                "kind": "cause",
                "effect": "prevents",
                "peak": 0.2,
                "peak_step": 3,
                "first_step": onset - 19,
                "losses": [0.1, 0.2, 0.15],
            }
        ],
        "causes": ["weight decay 0"],
        "sentence": "Weight decay 0 prevents the spike.",
    }


def write(folder, onset, content, version=CODE_VERSION):
    derived.write_document(folder, document_name(onset), content, version)


def test_an_explanation_has_the_values_of_its_document(folder):
    write(folder, 50, document(50))
    found = read_explanation(folder, 50)
    assert isinstance(found, Explanation)
    assert (found.onset, found.base, found.peak, found.peak_step) == (50, 0.1, 2.0, 51)
    assert (found.change_at, found.level) == (30, 0.45)
    assert found.causes == ("weight decay 0",) and "prevents" in found.sentence
    (change,) = found.changes
    assert (change.name, change.kind, change.effect) == ("weight decay 0", "cause", "prevents")
    np.testing.assert_array_equal(change.steps, [31, 32, 33])
    np.testing.assert_array_equal(change.losses, [0.1, 0.2, 0.15])


@pytest.mark.parametrize("missing", ["spike", "window", "changes", "causes"])
def test_an_incomplete_document_is_not_an_explanation(folder, missing):
    write(folder, 50, {k: v for k, v in document(50).items() if k != missing})
    assert read_explanation(folder, 50) is None


def test_explanations_are_sorted_by_onset_and_other_files_are_ignored(folder):
    assert read_explanations(folder) == []
    for onset in (90, 50):
        write(folder, onset, document(onset))
    write(folder, 70, document(70), CODE_VERSION - 1)
    derived.write(folder, "explain/spike-last.json", b"{}")
    assert [explanation.onset for explanation in read_explanations(folder)] == [50, 90]
