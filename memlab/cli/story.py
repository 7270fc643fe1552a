"""What happened in a run, in words: phases and spikes."""

from collections.abc import Mapping
from typing import Any

from memlab.cli.output import number
from memlab.detectors.tally import Tally
from memlab.record.crossing import crossing


def phase_line(phase: Mapping[str, Any]) -> str:
    """A phase as `show` has it: between which evaluations it began, and what was seen."""
    seen = crossing(phase["name"], phase["split"], phase["threshold"], phase["details"])
    when = f"{phase['name']} in steps {phase['from']:,} to {phase['to']:,}"
    return f"{when}: {seen}" if seen else when


def tally_line(tally: Tally) -> str:
    """How many spikes, how often, how high, how long."""
    if not tally.n:
        return "no spikes"
    said = [
        f"{tally.n} spike{'s' * (tally.n > 1)}",
        f"{number(tally.per_1000_steps, 2)} per 1,000 steps",
    ]
    if tally.height is not None:
        times = 10**tally.height
        said.append(f"median height {times:{',.0f' if times >= 10 else '.1f'}} times the base")
    if tally.recovery is not None:
        said.append(f"median recovery {tally.recovery:,.0f} steps")
    if tally.period is not None:
        said.append(f"one every {tally.period:,.0f} steps")
    return ", ".join(said)
