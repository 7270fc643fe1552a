"""The results of a sweep: values per cell, paired differences, and the footer of the tables."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, final

from memlab.errors import MemlabError, nearest
from memlab.record.measure import Measures
from memlab.sweeps.outcomes import PHASES, Outcome, event_times, outcomes
from memlab.sweeps.plan import VARIANT, Cell, SweepAxis
from memlab.sweeps.progress import MemberState, SweepProgress, counts, status_of
from memlab.sweeps.statistics import (
    FinalValues,
    StepsToEvent,
    final_values,
    geometric,
    paired_difference,
)
from memlab.sweeps.sweep import Sweep


@dataclass(frozen=True)
class CellResult:
    """A cell and the results of its members."""

    cell: Cell
    states: tuple[MemberState, ...]
    """of all members"""
    outcomes: tuple[Outcome, ...]
    """of members that have trained at least one step"""

    @cached_property
    def outcome_by_run(self) -> dict[str, Outcome]:
        """Run id to outcome."""
        return {outcome.state.member.run: outcome for outcome in self.outcomes}

    @cached_property
    def finished(self) -> list[Outcome]:
        """The outcomes of finished members; final values are taken from these."""
        return [outcome for outcome in self.outcomes if outcome.state.state == "finished"]

    def event(self, name: str) -> StepsToEvent:
        """Steps to an event over the members."""
        return event_times(self.outcomes, name)

    def values(self, measure: str) -> list[float]:
        """Final values of a measure over finished members, in the order of seeds."""
        finals = [outcome.state.final for outcome in self.finished]
        return [final[measure] for final in finals if measure in final]

    def final(self, measure: str) -> FinalValues:
        """The summary of the final values of a measure."""
        return final_values(self.values(measure))

    @cached_property
    def measures(self) -> list[str]:
        """Names of all measures of finished members."""
        return list(
            dict.fromkeys(name for outcome in self.finished for name in outcome.state.final)
        )


@final
class Results:
    """The results of a sweep at the time of construction."""

    def __init__(self, progress: SweepProgress, events: Sequence[str] = ()) -> None:
        self.sweep: Sweep = progress.sweep
        self._progress = progress
        self.events = (*PHASES, *events)
        self.states = progress.read()
        states_of = defaultdict[int, list[MemberState]](list)
        for state in self.states:
            states_of[state.member.cell].append(state)
        outcomes_of = defaultdict[int, list[Outcome]](list)
        for outcome in outcomes(progress, self.states, events):
            outcomes_of[outcome.state.member.cell].append(outcome)
        self.cells = tuple(
            CellResult(cell, tuple(states_of[cell.number]), tuple(outcomes_of[cell.number]))
            for cell in self.sweep.cells
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of members by state."""
        return counts(self.states)

    @property
    def status(self) -> str:
        """The status of the sweep."""
        return status_of(self.sweep, self.counts)

    @cached_property
    def measures(self) -> list[str]:
        """Names of all measures of finished members."""
        return list(dict.fromkeys(name for cell in self.cells for name in cell.measures))

    def check_measures(self, names: Sequence[str]) -> None:
        """Check that finished members have these measures.

        Raises:
            MemlabError: no finished member has one of them.
        """
        for name in names:
            if name not in self.measures:
                raise MemlabError(
                    "no finished member has this measure",
                    where=name,
                    allowed=", ".join(self.measures) or "none yet",
                    hint=nearest(name, self.measures),
                )

    def to_json(self, measures: Sequence[str] | None = None) -> dict[str, Any]:
        """The output of `memlab sweep show --json`; `measures`: None = all measures."""
        sweep = self.sweep
        return {
            "sweep": sweep.id,
            "name": sweep.name,
            "about": sweep.plan.about,
            "status": self.status,
            "members": self.counts,
            "axes": [
                {"key": axis.key, "values": list(axis.values), "keys": list(axis.keys)}
                for axis in sweep.axes
            ],
            "cells": [self._cell_json(cell, measures) for cell in self.cells],
            "paired": list(self.paired(measures)),
            "failed": [
                {
                    "run": s.member.run,
                    "cell": s.member.cell,
                    "seed": s.member.seed,
                    "reason": s.reason,
                }
                for s in self.states
                if s.state == "failed"
            ],
            "footer": self.footer,
        }

    def _cell_json(self, cell: CellResult, measures: Sequence[str] | None) -> dict[str, Any]:
        return {
            "settings": dict(cell.cell.settings),
            "at": dict(cell.cell.at),
            "runs": [state.member.run for state in cell.states],
            "members": counts(cell.states),
            **{event: vars(cell.event(event)) for event in self.events},
            "final": {
                name: vars(cell.final(name)) | _geometric(name, cell.values(name))
                for name in cell.measures
                if measures is None or name in measures
            },
        }

    def paired(self, measures: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Differences between neighbouring cells along each axis, paired by seed.

        Variants are compared with the first variant.
        """
        for axis in self.sweep.axes:
            for first, second in self._neighbours(axis):
                for name in second.measures:
                    if measures is None or name in measures:
                        entry = _paired(axis, first, second, name)
                        if entry["n"]:
                            yield entry

    def _neighbours(self, axis: SweepAxis) -> Iterator[tuple[CellResult, CellResult]]:
        lines = defaultdict[str, dict[str, CellResult]](dict)
        """cells with equal values on the other axes, by their value on this axis"""

        for cell in self.cells:
            others = repr({key: at for key, at in cell.cell.at.items() if key != axis.key})
            lines[others][repr(cell.cell.at[axis.key])] = cell
        values = [repr(value) for value in axis.values]
        for line in lines.values():
            present = [line[value] for value in values if value in line]
            firsts = present[:1] * len(present) if axis.key == VARIANT else present
            yield from zip(firsts, present[1:], strict=False)

    @cached_property
    def footer(self) -> dict[str, Any]:
        """Information for interpreting the numbers: seeds, steps, definitions, missing members."""
        sweep, plan = self.sweep, self.sweep.plan
        budgets = {sweep.target(state.member) for state in self.states}
        every = [cell.preset.get("evaluation", {}).get("every") for cell in sweep.cells]
        attempts = [self._progress.first_attempt(s.member) for s in self.states if s.status]
        return {
            "base": plan.base,
            "settings": plan.common_settings,
            "seeds": list(sweep.seeds),
            "vary": list(plan.vary),
            "fork": plan.fork,
            "budget": sorted(budgets),
            "events": {name: PHASES.get(name, name) for name in self.events},
            "evaluation_every": [v for i, v in enumerate(every) if v not in every[:i]],
            "missing": list(sweep.missing_additions),
            "unfinished": sum(self.counts[name] for name in ("running", "queued")),
            **{name: self.counts[name] for name in ("failed", "diverged", "stopped")},
            "threads": sorted({a["threads"] for a in attempts if "threads" in a}),
            "devices": sorted({a["device"] for a in attempts if "device" in a}),
            "versions": _versions(attempts),
        }


def _geometric(measure: str, values: Sequence[float]) -> dict[str, float | None]:
    """Geometric mean and deviation of measures with a logarithmic scale, such as losses."""
    return geometric(values) if _scale(measure) == "log" else {}


@cache
def _scale(measure: str) -> str:
    return Measures()[measure].scale


def _paired(axis: SweepAxis, first: CellResult, second: CellResult, measure: str) -> dict[str, Any]:
    before = {outcome.seed: outcome.state.final.get(measure) for outcome in first.finished}
    after = {outcome.seed: outcome.state.final.get(measure) for outcome in second.finished}
    pairs = [
        (x, y) for seed, y in after.items() if y is not None and (x := before.get(seed)) is not None
    ]
    return {
        "axis": axis.key,
        "from": first.cell.at[axis.key],
        "to": second.cell.at[axis.key],
        "settings": {key: at for key, at in second.cell.at.items() if key != axis.key},
        "measure": measure,
        **vars(paired_difference([x for x, _ in pairs], [y for _, y in pairs])),
    }


def _versions(attempts: Sequence[Mapping[str, Any]]) -> list[str]:
    texts = (
        ", ".join(f"{name} {version}" for name, version in attempt["versions"].items())
        for attempt in attempts
        if isinstance(attempt.get("versions"), dict)
    )
    return sorted(set(texts))
