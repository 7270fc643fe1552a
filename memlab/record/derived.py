"""Everything computed from a run afterwards: figures, measures of checkpoints, explanations.

The files are in `derived/` in the run's folder. They may be deleted at any time and computed again.
A document states the version of the code that computed it; another version computes it again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memlab.record import files, sealed_json
from memlab.record.folder import RunFolder
from memlab.version import __version__

MADE_BY = "made_by"


def write(folder: RunFolder, name: str, data: bytes) -> Path:
    """Write a file below `derived/` atomically: readers see the old bytes or the new, never a
    part.

    Args:
        name: a relative path, such as "figures/curves.png"; it must stay below `derived/`.

    Returns:
        where the file lies.
    """
    path = _path(folder, name)
    files.make_folder(path.parent)
    files.replace(path, data)
    return path


def write_document(
    folder: RunFolder, name: str, document: Mapping[str, Any], code_version: int
) -> Path:
    """Write a JSON document with its CRC and the version of the code that computed it.

    Args:
        code_version: must change whenever the code computes another document from the same run.
    """
    made_by = {"memlab": __version__, "code_version": code_version}
    sealed = sealed_json.seal({**document, MADE_BY: made_by}, _place(folder, name), indent=2)
    return write(folder, name, sealed)


def read_document(folder: RunFolder, name: str, code_version: int) -> dict[str, Any] | None:
    """The document without `made_by`; None if it is missing, damaged or written by another code
    version.
    """
    document = sealed_json.read(_path(folder, name), _place(folder, name)) or {}
    made_by = document.pop(MADE_BY, None)
    is_current = isinstance(made_by, dict) and made_by.get("code_version") == code_version
    return document if is_current else None


def _path(folder: RunFolder, name: str) -> Path:
    assert not Path(name).is_absolute() and ".." not in Path(name).parts, name
    return folder.derived / name


def _place(folder: RunFolder, name: str) -> str:
    return f"{folder.id}/derived/{name}"
