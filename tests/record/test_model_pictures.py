"""Arrays of a model: stored arrays are read unchanged, damaged files are not read."""

import numpy as np
import pytest

from memlab.errors import RunError
from memlab.record import model_pictures
from memlab.record.model_pictures import (
    ModelPictures,
    keep_pictures,
    last_checkpoint,
    nearest_checkpoint,
    pictures_path,
    read_pictures,
)


@pytest.fixture
def stored(folder):
    rng = np.random.default_rng(0)
    pictures = ModelPictures(
        folder.id, 7, ("1", "+", "é"), rng.random((1, 2, 3, 3)), rng.random(4), rng.random((5, 5))
    )
    keep_pictures(folder, pictures)
    return pictures


def test_stored_arrays_are_read_unchanged(folder, stored):
    found = read_pictures(folder, 7)
    assert (found.run, found.step, found.tokens) == (folder.id, 7, stored.tokens)
    np.testing.assert_array_equal(found.attention, stored.attention)
    np.testing.assert_array_equal(found.spectrum, stored.spectrum)
    np.testing.assert_array_equal(found.margins, stored.margins)


def test_missing_damaged_misplaced_and_outdated_files_are_not_read(folder, stored, monkeypatch):
    assert read_pictures(folder, 8) is None
    path = pictures_path(folder, 7)
    data = path.read_bytes()
    pictures_path(folder, 8).write_bytes(data)
    assert read_pictures(folder, 8) is None
    path.write_bytes(data[: len(data) // 2])
    assert read_pictures(folder, 7) is None
    path.write_bytes(data)
    monkeypatch.setattr(model_pictures, "CODE_VERSION", model_pictures.CODE_VERSION + 1)
    assert read_pictures(folder, 7) is None


def test_the_nearest_and_the_last_checkpoint(folder):
    assert nearest_checkpoint(folder, 5) is None
    with pytest.raises(RunError, match="no checkpoint"):
        last_checkpoint(folder)
    for step in (10, 20):
        folder.checkpoints.commit(step, {"model.safetensors": b"weights"})
    assert [nearest_checkpoint(folder, at) for at in (0, 14, 15, 99)] == [10, 10, 20, 20]
    assert last_checkpoint(folder) == 20
