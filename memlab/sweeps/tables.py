"""The result tables of a sweep: a row for each cell, paired differences, and the footer."""

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
    """A cell and what its members came to."""

    cell: Cell
    states: tuple[MemberState, ...]
    """of all its members"""
    outcomes: tuple[Outcome, ...]
    """of those that made a step"""

    @cached_property
    def finished(self) -> list[Outcome]:
        """The members that came to their end: final values are theirs."""
        return [one for one in self.outcomes if one.state.state == "finished"]

    def event(self, name: str) -> StepsToEvent:
        """When its members reached an event."""
        return event_times(self.outcomes, name)

    def values(self, measure: str) -> list[float]:
        """Last values of a measure of the finished members, in the order of seeds."""
        finals = [one.state.final for one in self.finished]
        return [final[measure] for final in finals if measure in final]

    def final(self, measure: str) -> FinalValues:
        """The summary of a measure."""
        return final_values(self.values(measure))

    @cached_property
    def measures(self) -> list[str]:
        """Names of all measures that a finished member has."""
        return list(dict.fromkeys(name for one in self.finished for name in one.state.final))


@final
class Results:
    """All that is known of a sweep at one moment."""

    def __init__(self, progress: SweepProgress, events: Sequence[str] = ()) -> None:
        self.sweep: Sweep = progress.sweep
        self._progress = progress
        self.events = (*PHASES, *events)
        self.states = progress.read()
        found: dict[int, list[Outcome]] = {}
        for one in outcomes(progress, self.states, events):
            found.setdefault(one.state.member.cell, []).append(one)
        by_cell: dict[int, list[MemberState]] = {}
        for state in self.states:
            by_cell.setdefault(state.member.cell, []).append(state)
        self.cells = tuple(
            CellResult(cell, tuple(by_cell.get(cell.number, ())), tuple(found.get(cell.number, ())))
            for cell in self.sweep.cells
        )

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of members by state."""
        return counts(self.states)

    @property
    def status(self) -> str:
        """Status of the sweep."""
        return status_of(self.sweep, self.counts)

    @cached_property
    def measures(self) -> list[str]:
        """Names of all measures that a finished member has."""
        return list(dict.fromkeys(name for cell in self.cells for name in cell.measures))

    def check_measures(self, names: Sequence[str]) -> None:
        """Refuse measures that no finished member has.

        Raises:
            MemlabError: with the ones that there are.
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
        """What `memlab sweep show --json` prints; `measures` = only these."""
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
        number = counts(cell.states)
        return {
            "settings": dict(cell.cell.settings),
            "at": dict(cell.cell.at),
            "runs": [state.member.run for state in cell.states],
            "members": number,
            **{event: vars(cell.event(event)) for event in self.events},
            "final": {
                name: vars(cell.final(name)) | _geometric(name, cell.values(name))
                for name in cell.measures
                if measures is None or name in measures
            },
        }

    def paired(self, measures: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
        """Differences over shared seeds of cells that are neighbours along one axis.

        Variants are compared with the first of them.
        """
        for axis in self.sweep.axes:
            for first, second in self._neighbours(axis):
                for name in second.measures:
                    if measures is None or name in measures:
                        entry = _paired(axis, first, second, name)
                        if entry["n"]:
                            yield entry

    def _neighbours(self, axis: SweepAxis) -> Iterator[tuple[CellResult, CellResult]]:
        rest: dict[str, dict[Any, CellResult]] = {}
        for cell in self.cells:
            others = repr({key: at for key, at in cell.cell.at.items() if key != axis.key})
            rest.setdefault(others, {})[repr(cell.cell.at[axis.key])] = cell
        values = [repr(value) for value in axis.values]
        for line in rest.values():
            present = [line[value] for value in values if value in line]
            firsts = present[:1] * len(present) if axis.key == VARIANT else present
            yield from zip(firsts, present[1:], strict=False)

    @cached_property
    def footer(self) -> dict[str, Any]:
        """What a reader must know of the numbers: seeds, budget, definitions, what is missing."""
        sweep, plan = self.sweep, self.sweep.plan
        budgets = {sweep.target(state.member) for state in self.states}
        every = [cell.preset.get("evaluation", {}).get("every") for cell in sweep.cells]
        circumstances = [self._progress.first_attempt(s.member) for s in self.states if s.status]
        return {
            "seeds": list(sweep.seeds),
            "vary": list(plan.vary),
            "fork": plan.fork,
            "budget": sorted(budgets),
            "events": {name: PHASES.get(name, name) for name in self.events},
            "evaluation_every": [v for i, v in enumerate(every) if v not in every[:i]],
            "unfinished": sum(self.counts[name] for name in ("running", "queued")),
            **{name: self.counts[name] for name in ("failed", "diverged", "stopped")},
            "threads": sorted({c["threads"] for c in circumstances if "threads" in c}),
            "devices": sorted({c["device"] for c in circumstances if "device" in c}),
            "versions": _versions(circumstances),
        }


def _geometric(measure: str, values: Sequence[float]) -> dict[str, float | None]:
    """Geometric values of measures that spread by factors, such as losses."""
    return geometric(values) if _scale(measure) == "log" else {}


@cache
def _scale(measure: str) -> str:
    return Measures()[measure].scale


def _paired(axis: SweepAxis, first: CellResult, second: CellResult, measure: str) -> dict[str, Any]:
    before = {one.seed: one.state.final.get(measure) for one in first.finished}
    after = {one.seed: one.state.final.get(measure) for one in second.finished}
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


def _versions(circumstances: Sequence[Mapping[str, Any]]) -> list[str]:
    texts = (
        ", ".join(f"{name} {version}" for name, version in one["versions"].items())
        for one in circumstances
        if isinstance(one.get("versions"), dict)
    )
    return sorted(set(texts))
