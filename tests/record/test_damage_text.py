"""Damage in one line, and the rows that a list reads to find it."""

import pytest

from memlab.record.missing_rows import MissingRows, damage_text
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
def test_damage_is_one_line(missing, lines, text):
    assert damage_text(missing, lines) == text


def test_a_list_reads_the_rows_of_short_runs_and_not_of_long_ones(folder, monkeypatch):
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
