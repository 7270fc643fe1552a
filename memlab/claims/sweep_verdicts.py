"""Claims about the cells of a sweep, compared with the results of its members.

    {cell: C, measure: grokked_at, reached: {at_least: 0.6}}            fraction of the seeds
    {cell: C, measure: grokked_at, median: {at_most: 3000}}             Kaplan-Meier median
    {cell: C, measure: val_accuracy, mean: {at_least: 0.99}}            of finished members
    {compare: [C, D], measure: grokked_at, factor: {at_least: 1.5}}     median of C over median of D

A number that is not known exactly (members are unfinished, a median was not reached) is an
interval. A claim is met if the whole interval satisfies it, not met if no part does, and otherwise
open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from memlab.claims.verdicts import Status
from memlab.sweeps.outcomes import PHASES
from memlab.sweeps.progress import UNFINISHED
from memlab.sweeps.schema import Bound, SweepClaim
from memlab.sweeps.select import cell_at
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.tables import CellResult, Results


@dataclass(frozen=True)
class Interval:
    """Bounds of a number that may not be known exactly."""

    low: float
    high: float

    def satisfies(self, bound: Bound) -> Status:
        """`met` if the whole interval satisfies the bound, `not met` if no part of it does."""
        if bound.at_least is not None:
            none, whole = self.high < bound.at_least, self.low >= bound.at_least
        else:
            assert bound.at_most is not None
            none, whole = self.low > bound.at_most, self.high <= bound.at_most
        return "met" if whole else "not met" if none else "open"


UNKNOWN = Interval(-inf, inf)


@dataclass(frozen=True)
class SweepVerdict:
    """A claim about a sweep and whether the results meet it."""

    claim: SweepClaim
    status: Status
    measured: str
    """the number, or its bounds, as text"""


def sweep_claims(sweep: Sweep) -> list[SweepClaim]:
    """The claims in the plan of a sweep."""
    return [SweepClaim.model_validate(dict(claim)) for claim in sweep.plan.claims]


def event_of(measure: str) -> str | None:
    """The event that the measure of a claim refers to; None for a final value."""
    if measure.removesuffix("_at") in PHASES:
        return measure.removesuffix("_at")
    return measure if set(measure) & {"<", ">"} else None


def events_of(claims: Sequence[SweepClaim]) -> list[str]:
    """The events of claims, without those that every run records."""
    named = (event_of(claim.measure) for claim in claims)
    return list(dict.fromkeys(name for name in named if name and name not in PHASES))


def judge_sweep(claims: Sequence[SweepClaim], results: Results) -> Iterator[SweepVerdict]:
    """Verdicts on the claims, in order; `results` must include `events_of(claims)`."""
    for claim in claims:
        number, bound = _measured(claim, results)
        yield SweepVerdict(claim, number.satisfies(bound), _text(number))


def sweep_statement(claim: SweepClaim) -> str:
    """The claim in one line."""
    cells = [_cell_text(cell) for cell in claim.compare or [claim.cell or {}]]
    for name in ("reached", "median", "mean", "factor"):
        bound: Bound | None = getattr(claim, name)
        if bound is not None:
            sign, limit = (
                (">=", bound.at_least) if bound.at_least is not None else ("<=", bound.at_most)
            )
            by = "" if claim.by_step is None else f" by step {claim.by_step:,}"
            return f"{' / '.join(cells)}: {claim.measure}{by}, {name} {sign} {limit:g}"
    return " / ".join(cells)


def _cell_text(cell: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in cell.items()) or "all members"


def _text(number: Interval) -> str:
    if number == UNKNOWN or number.low != number.low:
        return "-"
    if number.low == number.high:
        return f"{number.low:.4g}"
    if number.high == inf:
        return f">{number.low:.4g}"
    return f"{number.low:.4g} to {number.high:.4g}"


def _measured(claim: SweepClaim, results: Results) -> tuple[Interval, Bound]:
    cells = [
        results.cells[cell_at([r.cell for r in results.cells], cell, results.sweep.id).number]
        for cell in claim.compare or [claim.cell or {}]
    ]
    if claim.reached is not None:
        return _fraction_reached(cells[0], claim), claim.reached
    if claim.median is not None:
        return _median(cells[0], claim.measure), claim.median
    if claim.mean is not None:
        return _final(cells[0], claim.measure, "mean"), claim.mean
    assert claim.factor is not None
    first, second = (_median(cell, claim.measure) for cell in cells)
    return _ratio(first, second), claim.factor


def _unfinished(cell: CellResult) -> int:
    return sum(state.state in UNFINISHED for state in cell.states)


def _fraction_reached(cell: CellResult, claim: SweepClaim) -> Interval:
    """The fraction of members that reached an event; unfinished members can still reach it."""
    event = event_of(claim.measure)
    limit = inf if claim.by_step is None else claim.by_step
    total, reached, undecided = len(cell.states), 0, 0
    for state in cell.states:
        outcome = cell.outcome_by_run.get(state.member.run)
        crossing = outcome.events[event] if outcome and event else None
        if crossing is not None and crossing.step <= limit:
            reached += 1
        elif state.state in UNFINISHED and crossing is None and state.step < limit:
            undecided += 1
    return Interval(reached / total, (reached + undecided) / total) if total else UNKNOWN


def _median(cell: CellResult, measure: str) -> Interval:
    event = event_of(measure)
    if event is None:
        return _final(cell, measure, "median")
    if _unfinished(cell) or not cell.outcomes:
        return UNKNOWN
    steps = cell.event(event)
    if steps.median is not None:
        return Interval(steps.median, steps.median)
    assert steps.censored_at is not None
    return Interval(steps.censored_at, inf)


def _final(cell: CellResult, measure: str, name: str) -> Interval:
    values = cell.final(measure)
    number = values.median if name == "median" else values.mean
    if _unfinished(cell) or number is None:
        return UNKNOWN
    return Interval(number, number)


def _ratio(first: Interval, second: Interval) -> Interval:
    """The ratio of two positive intervals."""
    if first == UNKNOWN or second == UNKNOWN or second.low <= 0:
        return UNKNOWN
    low = 0.0 if second.high == inf else first.low / second.high
    return Interval(low, inf if first.high == inf else first.high / second.low)
