"""The smoothed loss, compared with a plain loop."""

import math
from pathlib import Path

import numpy as np
import pytest

from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.record.events import COLUMNS, Rows
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.tui.plots import smoothed_loss
from memlab.tui.plots.smoothed_loss import Smoothed

PRESET = {
    "name": "rows",
    "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
    "training": {"steps": 1400},
}


def write_rows(folder: RunFolder, loss: np.ndarray, first_step: int = 1) -> None:
    """An attempt that records these losses."""
    values = np.repeat(loss.astype(np.float32)[:, None], len(COLUMNS), axis=1)
    last = first_step + len(loss) - 1
    with folder.claim({"device": "cpu", "threads": 1}, seq=0, first_step=first_step) as writer:
        writer.write(Rows(step=last, values=values))
        writer.end("finished", last, {})


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run of 1,400 noisy losses."""
    folder = create_run(from_json(PRESET), tmp_path, "")
    write_rows(folder, np.exp(np.random.default_rng(0).standard_normal(1400)))
    return folder


def plain(values: np.ndarray, weight: float) -> list[float]:
    total = mass = 0.0
    smoothed_values = []
    for value in values.tolist():
        total = weight * total + (1 - weight) * math.log(value)
        mass = weight * mass + (1 - weight)
        smoothed_values.append(math.exp(total / mass))
    return smoothed_values


def test_it_is_the_moving_average_of_logarithms(run: RunFolder) -> None:
    rows = History(run).until(None).steps
    smoothed = Smoothed(0.9)
    smoothed.extend(rows)
    steps, values = smoothed.until(10**9)
    assert steps.tolist() == rows["step"].tolist()
    np.testing.assert_allclose(values, plain(rows["loss"], 0.9), rtol=1e-6)


def test_rows_read_in_pieces_are_smoothed_as_if_read_at_once(run: RunFolder) -> None:
    history = History(run)
    whole, pieces = Smoothed(0.98), Smoothed(0.98)
    whole.extend(history.until(None).steps)
    for step in (1, 2, 500, 777, 1400):
        pieces.extend(history.until(step).steps)
        for a, b in zip(pieces.until(step), whole.until(step), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13)


def test_memory_stays_within_its_bound(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoothed_loss, "MAX_POINTS", 100)
    rows = History(run).until(1000).steps
    smoothed = Smoothed(0.9)
    for step in range(0, 1001, 50):
        smoothed.extend(History(run).until(step).steps)
    steps, values = smoothed.until(10**9)
    assert 40 < len(steps) <= 100
    assert set(np.diff(steps)) == {16}
    expected = plain(rows["loss"], 0.9)
    np.testing.assert_allclose(values, [expected[int(s) - 1] for s in steps], rtol=1e-6)


def test_rows_replaced_by_a_resume_are_smoothed_again(tmp_path: Path) -> None:
    folder = create_run(from_json(PRESET), tmp_path, "")
    write_rows(folder, np.full(4, 8.0))
    smoothed = Smoothed(0.5)
    smoothed.extend(History(folder).until(None).steps)
    write_rows(folder, np.full(2, 2.0), first_step=3)
    smoothed.extend(History(folder).until(None).steps)
    expected = plain(np.array([8.0, 8, 2, 2]), 0.5)
    np.testing.assert_allclose(smoothed.until(9)[1], expected, rtol=1e-6)
