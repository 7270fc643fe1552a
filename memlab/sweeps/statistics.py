"""Statistics of a few runs that differ in their seeds. Plain Python: arrays of five are slower.

Steps to an event are right-censored: a run that did not reach it is known to need more steps than
it made. Such a run is neither dropped nor counted with its last step.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, isnan, log, nan, sqrt

FEWEST_FOR_P = 4
"""pairs below which no p-value is given: of three, none can be below 0.25"""
MOST_FOR_EXACT = 16
"""pairs up to which all sign changes are counted"""
HALF = 0.5 + 1e-12
"""products of shares such as 2/3 and 3/4 are not exactly a half"""


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


def survival(times: Sequence[float], reached: Sequence[bool]) -> tuple[list[float], list[float]]:
    """The Kaplan-Meier estimate of the share of runs that have not reached an event.

    Args:
        times: step of the event, or the last observed step, of each run.
        reached: whether the event was observed.

    Returns:
        The distinct steps of events, ascending, and the share S(t) = prod (1 - d_i / n_i) after
        each, where d_i runs reach the event at t_i and n_i were observed up to then. A run that is
        censored at t_i counts among the n_i (Kaplan and Meier 1958).
    """
    events = Counter(step for step, happened in zip(times, reached, strict=True) if happened)
    steps, shares, share = sorted(events), list[float](), 1.0
    for step in steps:
        at_risk = sum(time >= step for time in times)
        share *= 1 - events[step] / at_risk
        shares.append(share)
    return steps, shares


def steps_to_event(times: Sequence[float], reached: Sequence[bool]) -> StepsToEvent:
    """The summary of `times`, of which those with `reached` false are censored."""
    if not times:
        return StepsToEvent(0, 0, None, None, None, None)
    steps, shares = survival(times, reached)
    is_censored = not all(reached)
    return StepsToEvent(
        reached=sum(map(bool, reached)),
        of=len(times),
        median=next(
            (float(s) for s, share in zip(steps, shares, strict=True) if share <= HALF), None
        ),
        low=float(steps[0]) if steps else None,
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
    n = len(values)
    if n == 0:
        return FinalValues(0, None, None, None, None, None)
    if any(map(isnan, values)):
        return FinalValues(n, nan, nan if n > 1 else None, nan, nan, nan)
    ordered = sorted(map(float, values))
    mean, std = _mean_and_std(ordered)
    middle = ordered[(n - 1) // 2 : n // 2 + 1]
    median = sum(middle) / len(middle)
    return FinalValues(n, mean, std, ordered[0], ordered[-1], median)


def _mean_and_std(values: Sequence[float]) -> tuple[float, float | None]:
    n = len(values)
    mean = sum(values) / n
    deviations = [value - mean for value in values]
    return mean, sqrt(sum(d * d for d in deviations) / (n - 1)) if n > 1 else None


def geometric(values: Sequence[float]) -> dict[str, float | None]:
    """Geometric mean and standard deviation (a factor) of positive values.

    Empty where one is not positive and finite: a loss of 0 has no logarithm.
    """
    if not values or not all(0 < value < inf for value in values):
        return {}
    mean, std = _mean_and_std([log(value) for value in values])
    return {"geometric_mean": exp(mean), "geometric_std": None if std is None else exp(std)}


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
    differences = [after - before for before, after in zip(first, second, strict=True)]
    return PairedDifference(**vars(final_values(differences)), p=sign_flip_p(differences))


def sign_flip_p(differences: Sequence[float]) -> float | None:
    """The share of all sign changes whose mean is at least as far from 0 (Fisher 1935).

    None below 4 pairs, above 16, and where a difference is not finite.
    """
    if not FEWEST_FOR_P <= len(differences) <= MOST_FOR_EXACT or not all(
        map(isfinite, differences)
    ):
        return None
    sums = [differences[0]]  # the other half of the sums has the opposite sign
    for d in differences[1:]:
        sums = [total + d for total in sums] + [total - d for total in sums]
    least = abs(sums[0]) - 1e-12 * sum(map(abs, differences))
    return sum(abs(total) >= least for total in sums) / len(sums)
