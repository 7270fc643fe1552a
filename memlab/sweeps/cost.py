"""Cost of a sweep before it runs: steps, time and disk space."""

import json
from collections.abc import Callable

from memlab.preset.facts import facts
from memlab.preset.load import from_json
from memlab.preset.schema import Preset
from memlab.sweeps.plan import Plan

SIZED_BY = ("task", "model", "optimizer", "training", "evaluation")
"""groups of settings that can affect the size of a run on disk"""
MAX_TIMED_CELLS = 6
"""The updates of at most this many cells are timed; the others get the mean."""


def steps(plan: Plan) -> int:
    """Optimizer updates of all members, without the steps that forks share with their parent."""
    return sum(plan.cells[member.cell].updates - plan.shared_steps for member in plan.members)


def seconds(plan: Plan, seconds_of: Callable[[Preset], float]) -> float:
    """Estimated seconds of all members, run one after another.

    Args:
        seconds_of: measures the seconds of one update; called with the presets of a few cells.
    """
    stride = max(1, len(plan.cells) // MAX_TIMED_CELLS)
    timed = {cell.number: seconds_of(from_json(dict(cell.preset))) for cell in plan.cells[::stride]}
    mean = sum(timed.values()) / len(timed)
    return sum(
        (plan.cells[member.cell].updates - plan.shared_steps) * timed.get(member.cell, mean)
        for member in plan.members
    )


def disk_bytes(plan: Plan) -> int:
    """Estimated disk space of all members: the sum of the estimates of their presets."""
    known: dict[str, int] = {}
    sizes = []
    for cell in plan.cells:
        key = json.dumps([cell.preset[part] for part in SIZED_BY])
        if key not in known:
            known[key] = facts(from_json(dict(cell.preset))).disk_bytes
        sizes.append(known[key])
    return sum(sizes[member.cell] for member in plan.members)
