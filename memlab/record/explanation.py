"""Explanations of spikes, as stored in a run's `derived/` folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from memlab.record import derived
from memlab.record.folder import RunFolder

CODE_VERSION = 2
"""increased whenever the same spike would get another explanation"""
FOLDER = "explain"
PREVENTS = "prevents"
CAUSE, INFORMATION, CONTROL, PLACEBO = "cause", "information", "control", "placebo"
"""kinds of changes; only those of the first kind can be causes"""


@final
@dataclass(frozen=True, eq=False)
class TriedChange:
    """The steps around a spike, repeated with one change. Losses in nats."""

    name: str
    kind: str
    """cause, information, control or placebo"""
    effect: str
    """prevents, delays or no effect"""
    peak: float
    peak_step: int
    first: int
    """the first recomputed step"""
    losses: NDArray[np.float64]
    """(step,) of the recomputed steps"""

    @property
    def steps(self) -> NDArray[np.int64]:
        """(step,) the repeated steps."""
        return np.arange(self.first, self.first + len(self.losses))


@final
@dataclass(frozen=True, eq=False)
class Explanation:
    """A spike, the tested changes, and those that prevent it."""

    onset: int
    base: float
    peak: float
    peak_step: int
    change_at: int
    """changes take effect after this step"""
    level: float
    """the loss from which on a recomputation counts as having the spike"""
    changes: tuple[TriedChange, ...]
    causes: tuple[str, ...]
    sentence: str

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """From the output of `memlab explain --json` for a spike whose recomputed rows were equal.

        Raises:
            KeyError, TypeError, ValueError: the document has another form.
        """
        spike, window = document["spike"], document["window"]
        return cls(
            int(spike["step"]),
            float(spike["base"]),
            float(spike["peak"]),
            int(spike["peak_step"]),
            int(window["change_at"]),
            float(window["level"]),
            tuple(_tried(change) for change in document["changes"]),
            tuple(map(str, document["causes"])),
            str(document["sentence"]),
        )


def _tried(change: Mapping[str, Any]) -> TriedChange:
    return TriedChange(
        str(change["change"]),
        str(change["kind"]),
        str(change["effect"]),
        float(change["peak"]),
        int(change["peak_step"]),
        int(change["first_step"]),
        np.array(change["losses"], np.float64),
    )


def document_name(onset: int) -> str:
    """The path in `derived/` of the explanation of the spike with this onset."""
    return f"{FOLDER}/spike-{onset:09d}.json"


def read_explanation(folder: RunFolder, onset: int) -> Explanation | None:
    """The explanation of the spike with this onset, if there is one of this code's version."""
    document = derived.read_document(folder, document_name(onset), CODE_VERSION)
    if document is None:
        return None
    try:
        return Explanation.from_json(document)
    except (KeyError, TypeError, ValueError):
        return None


def read_explanations(folder: RunFolder) -> list[Explanation]:
    """All explanations of a run's spikes, by onset."""
    names = sorted(path.stem for path in (folder.derived / FOLDER).glob("spike-*.json"))
    onsets = [int(name.removeprefix("spike-")) for name in names if name[6:].isdecimal()]
    explanations = [read_explanation(folder, onset) for onset in onsets]
    return [explanation for explanation in explanations if explanation is not None]
