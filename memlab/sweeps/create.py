"""Write a planned sweep to disk."""

from pathlib import Path

from memlab.preset.dump import dump_values
from memlab.sweeps.load import SweepSource
from memlab.sweeps.plan import Plan
from memlab.sweeps.sweep import Sweep


def create_sweep(source: SweepSource, plan: Plan, runs: Path) -> Sweep:
    """Write a planned sweep into `runs`; its members are not created yet."""
    return Sweep.create(runs, plan, sweep_text(source, plan))


def sweep_text(source: SweepSource, plan: Plan) -> str:
    """The sweep as a sweep file, which `memlab sweep run` can read.

    An override with one value becomes an axis with one value.
    """
    values = source.file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    fixed = {key: [value] for key, value in source.fixed.items()}
    if fixed:
        values["grid"] = fixed | values.get("grid", {})
    return f"# {len(plan.members)} members\n{dump_values(values)}"
