"""What a sweep will take: steps and disk space."""

import json
from collections.abc import Callable

from memlab.preset.facts import facts
from memlab.preset.load import from_json
from memlab.preset.schema import Preset
from memlab.sweeps.plan import Plan

SIZED_BY = ("task", "model", "optimizer", "training", "evaluation")
"""parts of a preset that the size of its run depends on, or may"""


MOST_TIMED = 6
"""cells that a few real updates are timed of; others are taken to be like them"""


def steps(plan: Plan) -> int:
    """Optimizer updates of all members; what forks share with their parent is not made again."""
    every = (plan.cells[member.cell].updates for member in plan.members)
    return sum(updates - plan.shared_steps for updates in every)


def seconds(plan: Plan, seconds_of: Callable[[Preset], float]) -> float:
    """Seconds that all members take one after another.

    Args:
        seconds_of: times an update; it is called with a few cells.
    """
    stride = max(1, len(plan.cells) // MOST_TIMED)
    timed = {cell.number: seconds_of(from_json(dict(cell.preset))) for cell in plan.cells[::stride]}
    mean = sum(timed.values()) / len(timed)
    return sum(
        (plan.cells[member.cell].updates - plan.shared_steps) * timed.get(member.cell, mean)
        for member in plan.members
    )


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
