"""What a sweep will take: steps and disk space."""

import json

from memlab.preset.facts import facts
from memlab.preset.load import from_json
from memlab.sweeps.plan import Plan

SIZED_BY = ("task", "model", "optimizer", "training", "evaluation")
"""parts of a preset that the size of its run depends on, or may"""


def steps(plan: Plan) -> int:
    """Optimizer updates of all members; what forks share with their parent is not made again."""
    every = (plan.cells[member.cell].updates for member in plan.members)
    return sum(updates - plan.shared_steps for updates in every)


def disk_bytes(plan: Plan) -> int:
    """An estimate of what all members will keep on the disk: the sum of their presets' estimates."""
    known: dict[str, int] = {}
    sizes = []
    for cell in plan.cells:
        key = json.dumps([cell.preset[part] for part in SIZED_BY])
        if key not in known:
            known[key] = facts(from_json(dict(cell.preset))).disk_bytes
        sizes.append(known[key])
    return sum(sizes[member.cell] for member in plan.members)
