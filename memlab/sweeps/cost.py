"""What a sweep will take: steps and disk space."""

import json

from memlab.preset.facts import facts
from memlab.preset.load import from_json
from memlab.record.events import COLUMNS
from memlab.sweeps.plan import Plan

KEPT = 28
"""bytes a parameter: weights and two moments of the last two checkpoints, weights of the best"""
EVALUATION = 3_000
"""bytes of the events of an evaluation with eight samples, as measured on quick presets"""
FIXED = 20_000
"""bytes of a run's other files"""


def steps(plan: Plan) -> int:
    """Optimizer updates of all members; what forks share with their parent is not made again."""
    every = (plan.cells[member.cell].updates for member in plan.members)
    return sum(updates - plan.shared_steps for updates in every)


def disk_bytes(plan: Plan) -> int:
    """An estimate of what all members will keep on the disk."""
    known: dict[str, tuple[int, int]] = {}
    sizes = []
    for cell in plan.cells:
        key = json.dumps(
            [cell.preset[part] for part in ("task", "model", "training", "evaluation")]
        )
        if key not in known:
            own = facts(from_json(dict(cell.preset)))
            known[key] = own.parameters, own.evaluations
        parameters, evaluations = known[key]
        rows = 4 * len(COLUMNS) * cell.updates
        sizes.append(FIXED + KEPT * parameters + EVALUATION * evaluations + rows)
    return sum(sizes[member.cell] for member in plan.members)
