"""The pinned baseline: the curves of one run, stored outside of its folder.

They are copied when the run is pinned, so that they outlive the run and are cheap to draw. A new
session copies them again if the run still exists.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, final

import numpy as np

from memlab.charts import Series
from memlab.charts.theme import BASELINE
from memlab.record import files
from memlab.record.extremes import column_extremes
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.tui.compare.curves import X_AXES, Floats, XAxis, compared
from memlab.tui.names import start_and_end

FILE = "baseline.npz"
"""in the folder of the console's state file"""
_MAX_BYTES = 1 << 26
_COLUMNS = 1024
"""Number of chart columns for which per-step values are copied."""
_NAME = 20
_EMPTY = np.empty(0)


@final
@dataclass(frozen=True, eq=False)
class BaselineRun:
    """The curves of a run."""

    path: Path
    """its folder, which may have been deleted"""
    name: str
    evaluations: Mapping[str, Floats] = field(default_factory=dict)
    """measure to values; NaN where it was not evaluated"""
    places: Mapping[str, Floats] = field(default_factory=dict)
    """x axis of Compare to positions of the evaluations on it"""
    columns: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    """per-step column to steps and values"""

    @classmethod
    def of(cls, folder: RunFolder) -> Self:
        """Copy the current curves of a run."""
        history = History(folder)
        run = compared(history, folder.display_name)
        evaluations = {name: np.asarray(v, np.float64) for name, v in run.view.evaluations.items()}
        steps = evaluations.get("step", _EMPTY)
        places = {axis: run.along(axis, steps) for axis in X_AXES}
        return cls(
            folder.path,
            run.name,
            evaluations,
            {axis: x for axis, x in places.items() if x is not None},
            {name: _line(run.view, name) for name in run.view.steps.columns},
        )

    @property
    def key(self) -> str:
        """Name of its folder, unique among the runs."""
        return self.path.name

    def curve(self, names: Sequence[str], axis: XAxis = "step") -> Series | None:
        """The first of some measures or per-step columns that the run has, as a dim line."""
        for name in names:
            x, y = self._values(name, axis)
            if len(x):
                return Series(f"baseline {start_and_end(self.name, _NAME)}", x, y, BASELINE)
        return None

    def _values(self, name: str, axis: XAxis) -> tuple[Floats, Floats]:
        if name in self.evaluations and axis in self.places:
            y = self.evaluations[name]
            known = np.isfinite(y)
            return self.places[axis][known], y[known]
        return self.columns.get(name, (_EMPTY, _EMPTY)) if axis == "step" else (_EMPTY, _EMPTY)

    def to_bytes(self) -> bytes:
        """Serialize for `from_bytes`."""
        arrays = {f"evaluations {k}": v for k, v in self.evaluations.items()}
        arrays |= {f"places {k}": v for k, v in self.places.items()}
        for name, line in self.columns.items():
            arrays[f"columns {name}"] = np.stack(line)
        about = json.dumps({"path": str(self.path), "name": self.name})
        file = io.BytesIO()
        np.savez_compressed(file, about=np.array(about), **arrays)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The baseline in the bytes of `to_bytes`.

        Raises:
            ValueError, KeyError, OSError, EOFError: the data is damaged.
        """
        parts: dict[str, dict[str, Floats]] = {"evaluations": {}, "places": {}, "columns": {}}
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            for key in stored.files:
                kind, _, name = key.partition(" ")
                if kind in parts and name:
                    parts[kind][name] = np.asarray(stored[key], np.float64)
        columns = {name: (line[0], line[1]) for name, line in parts["columns"].items()}
        name, path = str(about["name"]), Path(str(about["path"]))
        return cls(path, name, parts["evaluations"], parts["places"], columns)


def _line(view: Snapshot, column: str) -> tuple[Floats, Floats]:
    """A column, reduced to the extremes of each segment of the x axis."""
    return column_extremes(
        view, column, (0.0, float(view.last_step)), log=True, columns=_COLUMNS
    ).line()


@final
class BaselineFile:
    """Stores the pinned run between sessions. Errors are ignored."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder nothing is stored."""
        self._path = folder and folder / FILE

    def read(self) -> BaselineRun | None:
        """The pinned run; copied again if it still exists."""
        try:
            data = files.read_from(self._path, 0, _MAX_BYTES) if self._path else None
            stored = BaselineRun.from_bytes(data) if data else None
        except Exception:  # a damaged archive raises many types of exceptions
            return None
        if stored is None or not stored.path.exists():
            return stored
        try:
            return BaselineRun.of(RunFolder(stored.path))
        except Exception:  # the run has become unreadable; the copy has not
            return stored

    def write(self, baseline: BaselineRun | None) -> None:
        """Store the pinned run; None = no run is pinned."""
        if self._path is None:
            return
        try:
            if baseline is None:
                self._path.unlink(missing_ok=True)
            else:
                files.make_folder(self._path.parent)
                files.replace(self._path, baseline.to_bytes())
        except OSError:
            return
