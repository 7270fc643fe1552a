"""Exports the curves of a run."""

from collections.abc import Callable
from pathlib import Path

from memlab.errors import RunError
from memlab.formats.curve_tables import write_long, write_parquet, write_wide
from memlab.formats.run_curves import RunCurves
from memlab.formats.tensorboard_writer import write_events
from memlab.formats.trainer_state_writer import write_state
from memlab.record.folder import RunFolder

_FORMATS: dict[str, tuple[str, Callable[[RunCurves, Path], None]]] = {
    "csv": ("{run}.csv", write_wide),
    "csv-long": ("{run}-long.csv", write_long),
    "parquet": ("{run}.parquet", write_parquet),
    "tensorboard": ("{run}-tensorboard", write_events),
    "trainer_state": ("{run}-trainer_state.json", write_state),
}
"""format -> (file name, writer)"""
CURVE_FORMATS = tuple(_FORMATS)
"""names of the formats, as in `--to`"""


def export_curves(folder: RunFolder, to: str, path: Path | None = None) -> Path:
    """Write the curves of a run; return the path of the file or folder.

    Args:
        folder: the run.
        to: one of `CURVE_FORMATS`.
        path: a file, for tensorboard a folder; None = named after the run, in the working directory.

    Raises:
        RunError: `path` cannot be written.
    """
    name, write = _FORMATS[to]
    target = path or Path(name.format(run=folder.path.name))
    if not target.absolute().parent.is_dir():
        raise RunError("there is no such folder", where=str(target.parent))
    if to != "tensorboard" and target.is_dir():
        raise RunError("this is a folder", where=str(target), hint=f"{to} is one file: -o FILE")
    if to == "tensorboard" and target.exists() and not target.is_dir():
        raise RunError(
            "this is a file", where=str(target), hint="tensorboard is a folder: -o FOLDER"
        )
    write(RunCurves.of(folder), target)
    return target
