"""`memlab sweep run --dry-run`: the planned members, and an estimate of their cost."""

from collections import Counter
from functools import partial
from math import ceil

from memlab.cli.output import print_json, stdout, table
from memlab.sweeps.cost import disk_bytes, seconds, steps
from memlab.sweeps.plan import Plan


def print_plan(plan: Plan, jobs: int, device: str, *, as_json: bool) -> None:
    """Print cells, members and steps of a plan, and an estimate of time and disk space."""
    duration = _seconds(plan, device) / jobs
    size = disk_bytes(plan)
    if as_json:
        print_json(
            {
                "name": plan.name,
                "members": len(plan.members),
                "skipped": plan.skipped,
                "seeds": list(plan.seeds),
                "axes": [{"key": axis.key, "values": list(axis.values)} for axis in plan.axes],
                "cells": [
                    {"settings": dict(cell.settings), "updates": cell.updates}
                    for cell in plan.cells
                ],
                "steps": steps(plan),
                "seconds": duration,
                "jobs": jobs,
                "disk_bytes": size,
            }
        )
        return
    per_cell = Counter(member.cell for member in plan.members)
    rows = [
        [cell.label or "all", f"{cell.updates:,}", str(per_cell[cell.number])]
        for cell in plan.cells
    ]
    console = stdout()
    console.print(table(["cell", "steps", "members"], rows, numbers=["steps", "members"]))
    hours, minutes = divmod(ceil(duration / 60), 60)
    console.print(
        f"\n{len(plan.members):,} members ({plan.skipped:,} skipped), {steps(plan):,} steps, "
        f"about {hours}:{minutes:02} hours with {jobs} at once, {size / 2**20:,.0f} MiB",
        markup=False,
    )


def _seconds(plan: Plan, device: str) -> float:
    """Total compute time of all members in seconds, estimated from a few updates of some cells."""
    from memlab.training.device import set_threads
    from memlab.training.step_time import seconds_per_step

    set_threads(0, plan.threads)
    return seconds(plan, partial(seconds_per_step, device=device))
