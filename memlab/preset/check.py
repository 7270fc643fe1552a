"""Preflight: what a preset will train, and findings about it, before the first step."""

from dataclasses import dataclass
from typing import Any

from memlab.preset.facts import Facts, facts
from memlab.preset.findings import RULES, PresetFinding
from memlab.preset.schema import Preset


@dataclass(frozen=True)
class Report:
    """The result of `memlab check`."""

    preset: str
    facts: Facts
    findings: tuple[PresetFinding, ...]

    @property
    def passed(self) -> bool:
        """No finding is an error."""
        return all(finding.level != "error" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values."""
        known = self.facts
        return {
            "preset": self.preset,
            "parameters": known.parameters,
            "memory_bytes": known.memory_bytes,
            "examples": {name: len(split) for name, split in known.dataset.splits.items()},
            "updates_per_epoch": known.updates_per_epoch,
            "updates": known.updates,
            "evaluations": known.evaluations,
            "chance_loss": known.chance_loss,
            "irreducible_loss": known.irreducible_loss,
            "findings": [finding.to_json() for finding in self.findings],
        }


def check(preset: Preset) -> Report:
    """Create the data of a preset and check it; trains nothing and needs no torch.

    Raises:
        DataError: the task cannot create its data.
    """
    known = facts(preset)
    return Report(preset.name, known, tuple(f for rule in RULES for f in rule(known)))
