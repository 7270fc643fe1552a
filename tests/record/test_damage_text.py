"""Damage as a line of text, and the rows that a list of runs reads to find it."""

import numpy as np
import pytest

from memlab.record.missing_rows import MissingRows, damage_text, with_gaps
from memlab.record.summary import quick_damage

from .make_run import write_rows


@pytest.mark.parametrize(
    ("missing", "lines", "text"),
    [
        ([], 0, ""),
        ([MissingRows(7, 7, 1)], 0, "damaged: 1 row in steps 7"),
        ([MissingRows(1, 9, 9)], 1, "damaged: 9 rows in steps 1 to 9; 1 damaged line of events"),
        ([], 1200, "1,200 damaged lines of events"),
        (
            [MissingRows(i, i, 1) for i in range(1, 5)],
            0,
            "damaged: 1 row in steps 1, 1 row in steps 2, 1 row in steps 3, ...",
        ),
    ],
)
def test_damage_is_one_line_of_text(missing, lines, text):
    assert damage_text(missing, lines) == text


def test_quick_damage_reads_only_the_rows_of_short_runs(folder, monkeypatch):
    with folder.claim({}, seq=0, first_step=1) as writer:
        write_rows(writer, 1, 20)
    assert quick_damage(folder) == ""
    path = folder.path / "attempts" / "001" / "steps.bin"
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(bytes(data))
    assert quick_damage(folder) == "damaged: 20 rows in steps 1 to 20"
    monkeypatch.setattr("memlab.record.summary.QUICK_BYTES", 0)
    assert quick_damage(folder) == ""


def test_curves_have_a_nan_in_the_middle_of_each_range_of_lost_rows():
    x, curve = np.array([1.0, 2, 8, 9]), np.array([4.0, 3, 2, 1])
    steps, values = with_gaps([MissingRows(3, 7, 5)], x, curve)
    assert steps.tolist() == [1, 2, 5, 8, 9]
    assert np.array_equal(values, [4, 3, np.nan, 2, 1], equal_nan=True)


def test_curves_without_lost_rows_are_not_copied():
    x = np.array([1.0, 2])
    assert with_gaps([], x, x) == (x, x)
