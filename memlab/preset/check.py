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
        data_facts = self.facts
        return {
            "preset": self.preset,
            "parameters": data_facts.parameters,
            "memory_bytes": data_facts.memory_bytes,
            "disk_bytes": data_facts.disk_bytes,
            "examples": {name: len(split) for name, split in data_facts.dataset.splits.items()},
            "updates_per_epoch": data_facts.updates_per_epoch,
            "updates": data_facts.updates,
            "evaluations": data_facts.evaluations,
            "chance_loss": data_facts.chance_loss,
            "irreducible_loss": data_facts.irreducible_loss,
            "objective_floor": data_facts.objective_floor,
            "findings": [finding.to_json() for finding in self.findings],
        }


def check_preset(preset: Preset) -> Report:
    """Create the data of a preset and check it; trains nothing and needs no torch.

    Raises:
        DataError: the task cannot create its data.
    """
    data_facts = facts(preset)
    return Report(preset.name, data_facts, tuple(f for rule in RULES for f in rule(data_facts)))
