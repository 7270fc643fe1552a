"""Verdicts: claims compared with a recorded run.

    claim                              met when
    val_accuracy >= 0.99 by step N     an evaluation up to N satisfies it (the first is reported)
    val_accuracy < 0.99 up to step N   the run has reached step N and all evaluations satisfy it
    val_loss <= 0.03 at the end        the median of the last five evaluations satisfies it (a run
                                       with weight decay can end in a loss spike)
    completes "I" with " love"         greedy decoding of the trained model gives this answer

A claim is open if the run is too short to decide it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isclose
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memlab.claims.claim_measures import Curve, curve
from memlab.preset.schema import Claim, Completion
from memlab.record.snapshot import Snapshot

Status = Literal["met", "not met", "open"]
COMPLETE = ("finished", "early_stop", "diverged")
"""End reasons of runs that are not to be continued: claims about the end can be decided."""


@dataclass(frozen=True)
class Verdict:
    """A claim and whether a run meets it."""

    claim: Claim
    status: Status
    measured: float | str | None = None
    """value of the measure, or the completion; None if there is none"""
    step: int | None = None
    """step of that evaluation, for claims with a step"""


def judge(
    claims: Sequence[Claim],
    run: Snapshot,
    complete: Callable[[str], str],
    *,
    shortened: bool = False,
) -> Iterator[Verdict]:
    """The verdict on each claim, in order.

    Args:
        claims: the claims to check.
        run: the recorded run.
        complete: gives the trained model's completion of a prompt.
        shortened: the run has fewer planned updates than its preset: claims about the end stay
            open.
    """
    ended = run.ended is not None and run.ended.reason in COMPLETE
    can_decide = ended and not shortened
    for claim in claims:
        if claim.completes is not None:
            yield _completion(claim, claim.completes, can_decide, complete)
            continue
        measured = curve(run, _name(claim))
        if claim.at_end:
            yield _at_end(claim, measured, can_decide)
        else:
            yield _by_step(claim, measured, run)


def statement(claim: Claim) -> str:
    """The claim in one line."""
    if claim.completes is not None:
        return f"completes {claim.completes.prompt!r} with {claim.completes.answer!r}"
    sign, bound = _bound(claim)
    if claim.not_by_step is not None:
        sign = {">=": "<", "<=": ">", "=": "is not"}[sign]
    when = "at the end"
    if claim.by_step is not None:
        when = f"by step {claim.by_step:,}"
    elif claim.not_by_step is not None:
        when = f"up to step {claim.not_by_step:,}"
    return f"{_name(claim)} {sign} {bound:g} {when}"


def _name(claim: Claim) -> str:
    return f"{claim.split}_{claim.measure}" if claim.split else str(claim.measure)


def _bound(claim: Claim) -> tuple[str, float]:
    bounds = {">=": claim.at_least, "<=": claim.at_most, "=": claim.equals}
    return next((sign, bound) for sign, bound in bounds.items() if bound is not None)


def _satisfies(claim: Claim, value: float) -> bool:
    sign, bound = _bound(claim)
    if sign == "=":
        return isclose(value, bound, rel_tol=1e-9)
    return value >= bound if sign == ">=" else value <= bound


def _completion(
    claim: Claim, expected: Completion, can_decide: bool, complete: Callable[[str], str]
) -> Verdict:
    if not can_decide:
        return Verdict(claim, "open")
    answer = complete(expected.prompt)
    return Verdict(claim, "met" if answer == expected.answer else "not met", answer)


def _at_end(claim: Claim, measured: Curve, can_decide: bool) -> Verdict:
    if not len(measured.values):
        return Verdict(claim, "open")
    value = measured.last()
    if not can_decide:
        return Verdict(claim, "open", value)
    return Verdict(claim, "met" if _satisfies(claim, value) else "not met", value)


def _by_step(claim: Claim, measured: Curve, run: Snapshot) -> Verdict:
    limit = claim.by_step if claim.by_step is not None else claim.not_by_step
    assert limit is not None
    early = measured.steps <= limit
    values, steps = measured.values[early], measured.steps[early]
    if not len(values):
        return Verdict(claim, "open")
    reached = [i for i, value in enumerate(values) if _satisfies(claim, value)]
    index = reached[0] if reached else _nearest(claim, values)
    status: Status = "open"
    if reached:
        status = "met" if claim.by_step is not None else "not met"
    elif run.last_step >= limit or (run.ended and run.ended.reason == "diverged"):
        status = "not met" if claim.by_step is not None else "met"
    return Verdict(claim, status, float(values[index]), int(steps[index]))


def _nearest(claim: Claim, values: NDArray[np.float64]) -> int:
    """Index of the value nearest to the bound."""
    distance = np.abs(values - _bound(claim)[1])
    return int(np.argmin(np.where(np.isfinite(distance), distance, inf)))
