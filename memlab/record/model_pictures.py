"""Arrays of a run's model that are shown as pictures, stored in `derived/`."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import RunError
from memlab.record import derived, files
from memlab.record.folder import RunFolder

CODE_VERSION = 1
"""increased whenever the same model would give other arrays"""

Floats = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class ModelPictures:
    """The arrays of a model at one step."""

    run: str
    step: int
    tokens: tuple[str, ...]
    """of the sample whose attention is shown"""
    attention: Floats
    """(layer, head, query, key)"""
    spectrum: Floats
    """(frequency,) norms of the token embedding along the task's group, from frequency 1 on;
    empty where the task has none"""
    margins: Floats
    """(first operand, second operand) logit of the answer minus the largest other one; NaN where
    there is no problem, (0, 0) where the task has no such table"""


def read_pictures(folder: RunFolder, step: int) -> ModelPictures | None:
    """The stored arrays of a step; None if missing, damaged or of another code version."""
    data = files.read(pictures_path(folder, step))
    if data is None:
        return None
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            if int(stored["code_version"]) != CODE_VERSION or int(stored["step"]) != step:
                return None
            tokens = tuple(map(str, stored["tokens"].tolist()))
            arrays = (stored["attention"], stored["spectrum"], stored["margins"])
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
        return None
    return ModelPictures(folder.id, step, tokens, *arrays)


def keep_pictures(folder: RunFolder, pictures: ModelPictures) -> None:
    """Store them as `derived/pictures/step-N.npz`, which numpy reads without memlab."""
    target = io.BytesIO()
    np.savez(
        target,
        code_version=np.array(CODE_VERSION),
        step=np.array(pictures.step),
        tokens=np.array(pictures.tokens),
        attention=pictures.attention,
        spectrum=pictures.spectrum,
        margins=pictures.margins,
    )
    derived.write(folder, _name(pictures.step), target.getvalue())


def nearest_checkpoint(folder: RunFolder, step: float) -> int | None:
    """The step of the checkpoint nearest to a step; the later one of two."""
    return min(reversed(folder.checkpoints.steps()), key=lambda s: abs(s - step), default=None)


def last_checkpoint(folder: RunFolder) -> int:
    """The step of the newest checkpoint.

    Raises:
        RunError: there is none.
    """
    steps = folder.checkpoints.steps()
    if not steps:
        raise RunError("this run has no checkpoint", where=folder.id)
    return steps[-1]


def pictures_path(folder: RunFolder, step: int) -> Path:
    """The path of the pictures of a step."""
    return folder.derived / _name(step)


def _name(step: int) -> str:
    return f"pictures/step-{step:09d}.npz"
