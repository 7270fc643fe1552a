"""The smoothed loss: a plain loop says what it should be."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from memlab.record.events import Rows
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.tui.plots import smoothed_loss
from memlab.tui.plots.smoothed_loss import Smoothed


def plain(values: np.ndarray, weight: float) -> list[float]:
    total = mass = 0.0
    found = []
    for value in values.tolist():
        total = weight * total + (1 - weight) * math.log(value)
        mass = weight * mass + (1 - weight)
        found.append(math.exp(total / mass))
    return found


def test_it_is_the_moving_average_of_logarithms(finished: RunFolder) -> None:
    rows = History(finished).until(None).steps
    made = Smoothed(0.9)
    made.extend(rows)
    steps, values = made.until(10**9)
    assert steps.tolist() == rows["step"].tolist()
    np.testing.assert_allclose(values, plain(rows["loss"], 0.9), rtol=1e-6)


def test_what_comes_in_pieces_and_what_is_cut_is_the_same(finished: RunFolder) -> None:
    history = History(finished)
    whole, pieces = Smoothed(0.98), Smoothed(0.98)
    whole.extend(history.until(None).steps)
    for step in (1, 2, 500, 777, 1400):
        pieces.extend(history.until(step).steps)
        for a, b in zip(pieces.until(step), whole.until(step), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)


def test_memory_stays_within_its_bound(
    write: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoothed_loss, "LARGEST", 100)
    rows = History(write(steps=1000, every=100)).until(None).steps
    made = Smoothed(0.9)
    for step in range(0, 1001, 50):
        made.extend(
            History(RunFolder(Path(rows.segments[0].sealed.path).parents[2])).until(step).steps
        )
    steps, values = made.until(10**9)
    assert 40 < len(steps) <= 100
    assert set(np.diff(steps)) == {16}
    expected = plain(rows["loss"], 0.9)
    np.testing.assert_allclose(values, [expected[int(s) - 1] for s in steps], rtol=1e-6)


def test_rows_that_a_resume_replaced_are_smoothed_again(tmp_path: Path, begin_run, new_run) -> None:  # type: ignore[no-untyped-def]
    folder = new_run(tmp_path)
    with begin_run(folder) as writer:
        writer.write(Rows(step=4, values=np.full((4, 5), 8.0, np.float32)))
        writer.end("interrupted", 4, {})
    made = Smoothed(0.5)
    made.extend(History(folder).until(None).steps)
    with begin_run(folder, seq=0, first_step=3) as writer:
        writer.write(Rows(step=4, values=np.full((2, 5), 2.0, np.float32)))
        writer.end("finished", 4, {})
    rows = History(folder).until(None).steps
    made.extend(rows)
    np.testing.assert_allclose(made.until(9)[1], plain(np.array([8.0, 8, 2, 2]), 0.5), rtol=1e-6)
