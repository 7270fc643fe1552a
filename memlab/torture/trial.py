"""The interface of fault trials."""

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
    """statistic to value: counts and maxima"""
    failures: list[str] = field(default_factory=list)

    def count(self, name: str, by: int = 1) -> None:
        """Add to a statistic."""
        self.seen[name] = self.seen.get(name, 0) + by

    def maximum(self, name: str, value: int) -> None:
        """Update a maximum."""
        self.seen[name] = max(self.seen.get(name, 0), value)

    def to_json(self) -> dict[str, Any]:
        return {"tried": self.tried, **self.seen, "failures": self.failures}


class FaultTrial(ABC):
    """One kind of fault; `once` runs a trial and records the outcome in `counts`."""

    name: str
    guarantee: str
    """what is tested, in one line"""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder, self.rng, self.counts = folder, rng, TrialCounts()
        folder.mkdir()

    @abstractmethod
    def once(self) -> None:
        """Run one trial."""

    def finish(self) -> None:  # noqa: B027
        """Complete unfinished runs after the last trial."""
