"""A run in the list: facts that are quick to read, and those that need its history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, final

import numpy as np

from memlab.charts import sparkline
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.status import Status
from memlab.record.summary import end_summary

CURVE = 12
"""Width of the sparkline in cells."""


@final
@dataclass(frozen=True)
class Entry:
    """A run in the list."""

    folder: RunFolder
    name: str
    tags: tuple[str, ...]
    note: str
    preset: str
    status: Status
    step: int
    created: float
    """seconds since the epoch"""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """dotted key to value, edits included"""
    values: Mapping[str, float] = field(default_factory=dict)
    """of the last evaluation"""
    memorized: int | None = None
    grokked: int | None = None
    """step of the first evaluation that showed it"""
    spikes: int | None = None
    sweep: Mapping[str, Any] | None = None
    """id, name, cell and place of a member of a sweep"""
    members: tuple[int, int] | None = None
    """numbers of finished and of all members, if the entry stands for a sweep"""

    @property
    def key(self) -> str:
        """Name of its folder, unique in the list."""
        return self.folder.path.name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """All fields that can be filtered and sorted by."""
        return {
            **self.settings,
            **self.values,
            "run": self.key,
            "name": self.name,
            "tags": self.tags,
            "note": self.note,
            "preset": self.preset,
            "status": str(self.status),
            "step": self.step,
            "created": self.created,
            "memorized": self.memorized,
            "grokked": self.grokked,
            "spikes": self.spikes,
            "sweep": [self.sweep["id"], self.sweep["name"]] if self.sweep else None,
            "variant": (self.sweep or {}).get("at", {}).get("variant"),
        }


def entry_of(folder: RunFolder, known: dict[str, Any], settings: Mapping[str, Any]) -> Entry:
    """The entry of a run, from its `brief`; a run without final values is read in full."""
    if not known["final"] and known["status"] != Status.QUEUED:
        full = end_summary(folder)
        known = {**known, **full, "spikes": full["n_spikes"]}
    return Entry(
        folder=folder,
        name=known["name"] or folder.path.name,
        tags=tuple(known["tags"]),
        note=known["note"],
        preset=str(known["preset"]),
        status=Status(known["status"]),
        step=known["step"],
        created=known["created"],
        settings=settings,
        values=known["final"],
        memorized=_step(known["memorized_at"]),
        grokked=_step(known["grokked_at"]),
        spikes=known["spikes"],
        sweep=known["sweep"],
    )


def curve(folder: RunFolder) -> str:
    """The validation loss, or else the training loss, as a sparkline."""
    columns = History(folder).until().evaluations
    for name in ("val_loss", "train_loss"):
        if name in columns:
            values = columns[name]
            return sparkline(values[np.isfinite(values)], CURVE)
    return " " * CURVE


def _step(phase_text: Mapping[str, Any] | None) -> int | None:
    return None if phase_text is None else int(phase_text["to"])
