"""Phases and spikes as text."""

from memlab.cli.output import number
from memlab.detectors.spike_stats import SpikeStats
from memlab.record.events import Phase
from memlab.record.phase_text import phase_text


def phase_line(phase: Phase) -> str:
    """A phase in one line: the evaluations between which it started, and its details."""
    detail = phase_text(phase.name, phase.split, phase.threshold, phase.details)
    when = f"{phase.name} in steps {phase.after:,} to {phase.step:,}"
    return f"{when}: {detail}" if detail else when


def spike_stats_line(spike_stats: SpikeStats, linear: bool = False) -> str:
    """Count, rate, height and recovery time of the spikes; heights are differences if `linear`."""
    if not spike_stats.n:
        return "no spikes"
    parts = [
        f"{spike_stats.n} spike{'s' * (spike_stats.n > 1)}",
        f"{number(spike_stats.per_1000_steps, 2)} per 1,000 steps",
    ]
    if spike_stats.height is not None and linear:
        parts.append(f"median height {number(spike_stats.height, 3)}")
    elif spike_stats.height is not None:
        times = 10**spike_stats.height
        parts.append(f"median height {times:{',.0f' if times >= 10 else '.1f'}} times the base")
    if spike_stats.recovery is not None:
        parts.append(f"median recovery {spike_stats.recovery:,.0f} steps")
    if spike_stats.period is not None:
        parts.append(f"one every {spike_stats.period:,.0f} steps")
    return ", ".join(parts)
