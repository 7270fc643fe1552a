"""Spikes in files: the same as in memory, whatever the file's kind and the size of its chunks."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.spikes.curves import Sort, spiky_curve
from memlab.detectors import series
from memlab.detectors.series import find_spikes, read_series
from memlab.errors import DataError

CURVE = spiky_curve(np.random.default_rng(1), Sort(-3.0, 0.05, "gauss", "single")).loss


def test_a_file_gives_the_spikes_that_were_put_in(tmp_path: Path) -> None:
    np.save(tmp_path / "loss.npy", CURVE)
    found = find_spikes(read_series(tmp_path / "loss.npy"))
    assert len(found.spikes) == 5 and found.open is None and found.steps == 4000


def test_csv_and_npy_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "loss.npy", CURVE)
    lines = [f"{i},{float(value)!r},x" for i, value in enumerate(CURVE, 1)]
    (tmp_path / "loss.csv").write_text("step,train_loss,note\n" + "\n".join(lines) + "\n")
    at_once = find_spikes(read_series(tmp_path / "loss.npy"))
    monkeypatch.setattr(series, "CHUNK", 97)
    assert find_spikes(read_series(tmp_path / "loss.csv")) == at_once
    assert find_spikes(read_series(tmp_path / "loss.csv", "train_loss")) == at_once
    assert find_spikes([CURVE]) == find_spikes(CURVE.tolist()) == at_once


def test_a_spike_that_is_not_over_at_the_end_is_told_apart() -> None:
    loss = np.concatenate((np.full(500, 0.01), np.full(20, 1.0)))
    found = find_spikes([loss])
    assert found.spikes == [] and found.open is not None and found.open.step == 501


def test_unlogged_cells_are_left_out_and_nan_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("loss\n0.5\n\n  \nnan\n1e300\n")
    (values,) = read_series(tmp_path / "a.csv")
    np.testing.assert_array_equal(values, np.array([0.5, np.nan, np.inf], np.float32))


@pytest.mark.parametrize(
    ("name", "text", "column", "said"),
    [
        ("a.csv", "step,a,b\n1,2,3\n", None, "which column"),
        ("a.csv", "step,loss\n1,2\n", "val", "no column 'val'"),
        ("a.csv", "loss\n1\nhello\n", None, "no number"),
        ("a.csv", "", None, "which column"),
        ("a.csv", "loss\n1\n".encode("utf-16"), None, "no CSV in UTF-8"),
        ("a.csv", f"loss\n{'1' * 200_000}\n", None, "no CSV in UTF-8"),
        ("a.npy", "hello", None, "no array"),
        ("a.npy", b"PK\x05\x06" + bytes(18), None, "no array"),
        ("missing.csv", None, None, "no such file"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(
    tmp_path: Path, name: str, text: str | bytes | None, column: str | None, said: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DataError, match=said) as error:
        list(read_series(path, column))
    assert str(path) in str(error.value)


def test_an_array_of_another_shape_or_with_objects_is_refused(tmp_path: Path) -> None:
    for values in (np.ones((3, 3)), np.array([None, 1], dtype=object), np.array(["a"])):
        np.save(tmp_path / "a.npy", values, allow_pickle=True)
        with pytest.raises(DataError):
            list(read_series(tmp_path / "a.npy"))
