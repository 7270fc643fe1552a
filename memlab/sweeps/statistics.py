"""Statistics of a few runs that differ in their seeds. Pure numpy.

Steps to an event are right-censored: a run that did not reach it is known to need more steps than
it made. Such a run is neither dropped nor counted with its last step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_FOR_P = 4
"""pairs below which no p-value is given: of three, none can be below 0.25"""
MOST_FOR_EXACT = 16
"""pairs up to which all sign changes are counted"""


@dataclass(frozen=True)
class StepsToEvent:
    """When runs reached an event, in steps of the evaluations that first showed it."""

    reached: int
    """runs that reached it"""
    of: int
    """runs that were observed"""
    median: float | None
    """Kaplan-Meier median; None = not reached by half of the runs"""
    low: float | None
    """the earliest; None = no run reached it"""
    high: float | None
    """the latest; None = some runs did not reach it"""
    censored_at: int | None
    """the last step that any run was observed at, if some did not reach it"""

    def __str__(self) -> str:
        """Such as `4/5, median 4,100 (2,900 to >20,000)`."""
        if self.of == 0:
            return "-"
        beyond = "" if self.censored_at is None else f">{self.censored_at:,}"
        median = beyond if self.median is None else f"{self.median:,.0f}"
        if self.low is None:
            return f"0/{self.of}, median {median}"
        high = beyond if self.high is None else f"{self.high:,.0f}"
        spread = f" ({self.low:,.0f} to {high})" if self.of > 1 else ""
        return f"{self.reached}/{self.of}, median {median}{spread}"


def survival(times: ArrayLike, reached: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """The Kaplan-Meier estimate of the share of runs that have not reached an event.

    Args:
        times: (run,) step of the event, or the last observed step.
        reached: (run,) whether the event was observed.

    Returns:
        The distinct steps of events, ascending, and the share S(t) = prod (1 - d_i / n_i) after
        each, where d_i runs reach the event at t_i and n_i were observed up to then. A run that is
        censored at t_i counts among the n_i (Kaplan and Meier 1958).
    """
    at, happened = np.asarray(times, np.float64), np.asarray(reached, bool)
    steps = np.unique(at[happened])
    events = np.array([np.sum(happened & (at == step)) for step in steps])
    at_risk = np.array([np.sum(at >= step) for step in steps])
    return steps, np.cumprod(1 - events / at_risk) if len(steps) else np.empty(0)


def steps_to_event(times: Sequence[float], reached: Sequence[bool]) -> StepsToEvent:
    """The summary of `times`, of which those with `reached` false are censored."""
    if len(times) == 0:
        return StepsToEvent(0, 0, None, None, None, None)
    steps, share = survival(times, reached)
    half = np.flatnonzero(share <= 0.5 + 1e-12)
    is_censored = not all(reached)
    return StepsToEvent(
        reached=int(np.sum(reached)),
        of=len(times),
        median=float(steps[half[0]]) if len(half) else None,
        low=float(steps[0]) if len(steps) else None,
        high=None if is_censored else float(steps[-1]),
        censored_at=int(max(times)) if is_censored else None,
    )


@dataclass(frozen=True)
class FinalValues:
    """A measure at the end of runs."""

    n: int
    mean: float | None
    std: float | None
    """sample standard deviation (ddof 1); None for fewer than two runs"""
    min: float | None
    max: float | None
    median: float | None


def final_values(values: Sequence[float]) -> FinalValues:
    """The summary of one measure over runs; values that are not finite make it so, too."""
    if len(values) == 0:
        return FinalValues(0, None, None, None, None, None)
    x = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore"):
        std = float(np.std(x, ddof=1)) if len(x) > 1 else None
        return FinalValues(
            len(x), float(x.mean()), std, *map(float, (x.min(), x.max(), np.median(x)))
        )


def geometric(values: Sequence[float]) -> dict[str, float | None]:
    """Geometric mean and standard deviation (a factor) of positive values.

    Empty where one is not positive and finite: a loss of 0 has no logarithm.
    """
    x = np.asarray(values, np.float64)
    if not len(x) or not np.all((x > 0) & np.isfinite(x)):
        return {}
    logs = np.log(x)
    std = float(np.exp(np.std(logs, ddof=1))) if len(x) > 1 else None
    return {"geometric_mean": float(np.exp(logs.mean())), "geometric_std": std}


@dataclass(frozen=True)
class PairedDifference:
    """Second minus first over seeds that both have: the seed's own effect cancels."""

    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    median: float | None
    p: float | None
    """two-sided, exact, of the null hypothesis that signs are exchangeable; None below 4 pairs"""


def paired_difference(first: Sequence[float], second: Sequence[float]) -> PairedDifference:
    """The summary of `second - first`, pair by pair."""
    differences = np.asarray(second, np.float64) - np.asarray(first, np.float64)
    return PairedDifference(**vars(final_values(list(differences))), p=sign_flip_p(differences))


def sign_flip_p(differences: ArrayLike) -> float | None:
    """The share of all sign changes whose mean is at least as far from 0 (Fisher 1935).

    None below 4 pairs, above 16, and where a difference is not finite.
    """
    d = np.asarray(differences, np.float64)
    if not FEWEST_FOR_P <= len(d) <= MOST_FOR_EXACT or not np.isfinite(d).all():
        return None
    signs = _signs(len(d))
    means = np.abs(signs @ d) / len(d)
    return float(np.mean(means >= abs(d.mean()) * (1 - 1e-12)))


@cache
def _signs(n: int) -> NDArray[np.float64]:
    """(2**n, n) all choices of n signs."""
    return np.array(list(product((1.0, -1.0), repeat=n)))
