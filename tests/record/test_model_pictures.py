"""Arrays of a model are read as they were kept; what is damaged is not read."""

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
def kept(folder):
    rng = np.random.default_rng(0)
    pictures = ModelPictures(
        folder.id, 7, ("1", "+", "é"), rng.random((1, 2, 3, 3)), rng.random(4), rng.random((5, 5))
    )
    keep_pictures(folder, pictures)
    return pictures


def test_what_was_kept_is_read(folder, kept):
    read = read_pictures(folder, 7)
    assert (read.run, read.step, read.tokens) == (folder.id, 7, kept.tokens)
    np.testing.assert_array_equal(read.attention, kept.attention)
    np.testing.assert_array_equal(read.spectrum, kept.spectrum)
    np.testing.assert_array_equal(read.margins, kept.margins)


def test_what_is_missing_damaged_of_another_step_or_of_other_code_is_not_read(
    folder, kept, monkeypatch
):
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
