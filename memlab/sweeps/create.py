"""A sweep that was read and expanded is written down."""

from pathlib import Path

from memlab.preset.dump import dump_values
from memlab.sweeps.load import SweepSource
from memlab.sweeps.plan import Plan
from memlab.sweeps.sweep import Sweep


def create_sweep(source: SweepSource, plan: Plan, runs: Path) -> Sweep:
    """Write a planned sweep into `runs`; no run is made yet."""
    return Sweep.create(runs, plan, sweep_text(source, plan))


def sweep_text(source: SweepSource, plan: Plan) -> str:
    """The sweep as a file that people read and `memlab sweep run` reads back.

    An override with one value is an axis of one value there.
    """
    values = source.file.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    fixed = {key: [value] for key, value in source.fixed.items()}
    if fixed:
        values["grid"] = fixed | values.get("grid", {})
    return f"# {len(plan.members)} members\n{dump_values(values)}"
