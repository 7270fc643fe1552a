"""Interface of trials: a folder, a random generator and counters."""

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class TrialCounts:
    """Counts of trials and their outcomes."""

    tried: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    """figures of the trial by name: counts, or the largest value that was met"""
    failures: list[str] = field(default_factory=list)

    def count(self, name: str, by: int = 1) -> None:
        """Add to a figure."""
        self.seen[name] = self.seen.get(name, 0) + by

    def most(self, name: str, value: int) -> None:
        """Keep the largest value."""
        self.seen[name] = max(self.seen.get(name, 0), value)

    def to_json(self) -> dict[str, Any]:
        return {"tried": self.tried, **self.seen, "failures": self.failures}


class FaultTrial(ABC):
    """One kind of fault; `once` runs a trial and records the outcome in `counts`."""

    name: str
    promise: str
    """what must hold each time, in one line"""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance, self.counts = folder, chance, TrialCounts()
        folder.mkdir()

    @abstractmethod
    def once(self) -> None:
        """Run one trial."""

    def finish(self) -> None:  # noqa: B027
        """Finish what the trials left open."""
