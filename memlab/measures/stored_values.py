"""Values of model measures that were stored in the `derived/` folder of a run."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.measures import model_measures
from memlab.measures.kinds import ModelMeasure
from memlab.record import derived
from memlab.record.folder import RunFolder

FOLDER = "measures"
DOCUMENTS = "step-*.json"

StepsAndValues = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(step,) ascending, and (step,) values"""


def read_values(
    folder: RunFolder, measure: ModelMeasure, step: int, keys: tuple[int, ...] | None = None
) -> dict[str, float] | None:
    """Recorded names to stored values at a step; None if there are none of this code version.

    Args:
        keys: required key frequencies of the measurement; None = any.
    """
    stored = derived.read_document(folder, _document(measure, step), measure.version)
    if stored is None or (keys is not None and stored.get("keys") != list(keys)):
        return None
    return {str(name): float(value) for name, value in stored["values"].items()}


def store_values(
    folder: RunFolder,
    measure: ModelMeasure,
    step: int,
    keys: tuple[int, ...],
    values: Mapping[str, float],
) -> None:
    """Store the values of a measure at a step."""
    contents = {"step": step, "keys": list(keys), "values": dict(values)}
    derived.write_document(folder, _document(measure, step), contents, measure.version)


def _document(measure: ModelMeasure, step: int) -> str:
    return f"{FOLDER}/{measure.declared.name}/step-{step:09d}.json"


@final
class StoredMeasures:
    """The stored values of a run as curves, as of the last refresh."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self.version: tuple[tuple[str, int, int], ...] = ()
        """(name, time of the last change, number of documents) of the folder of each measure"""
        self._read_at: tuple[tuple[str, int, int], ...] = ()
        self._curves: dict[str, StepsAndValues] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Look for new values; true if there are any."""
        before, folder = self.version, self._folder.derived / FOLDER
        try:
            # The clock of the file system may not advance between two changes.
            self.version = tuple(
                sorted(
                    (p.name, p.stat().st_mtime_ns, len(list(p.glob(DOCUMENTS))))
                    for p in folder.iterdir()
                )
            )
        except OSError:
            self.version = ()
        return self.version != before

    @property
    def curves(self) -> Mapping[str, StepsAndValues]:
        """Recorded name to curve; only values with the same key frequencies as at the newest step."""
        if self.version != self._read_at:
            known = model_measures()
            measures = [known[name] for name, *_ in self.version if name in known]
            self._curves = {
                name: curve for m in measures for name, curve in self._of_measure(m).items()
            }
            self._read_at = self.version
        return self._curves

    def _of_measure(self, measure: ModelMeasure) -> dict[str, StepsAndValues]:
        folder = self._folder.derived / FOLDER / measure.declared.name
        documents = [self._read(measure, path.name) for path in sorted(folder.glob(DOCUMENTS))]
        readable = [document for document in documents if document is not None]
        points: dict[str, list[tuple[int, float]]] = {}
        for document in readable:
            if document.get("keys") == readable[-1].get("keys"):
                for name, value in document["values"].items():
                    points.setdefault(str(name), []).append((document["step"], value))
        return {name: _curve(values) for name, values in points.items()}

    def _read(self, measure: ModelMeasure, name: str) -> dict[str, Any] | None:
        document = f"{FOLDER}/{measure.declared.name}/{name}"
        return derived.read_document(self._folder, document, measure.version)


def _curve(points: list[tuple[int, float]]) -> StepsAndValues:
    steps, values = np.array(points, np.float64).T
    return steps, values
