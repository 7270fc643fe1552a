"""Statistics over seeds. Plain Python, since numpy is slower for about five values.

Steps to an event are right-censored: a run that has not reached the event needs more steps than it
has trained. Such a run is neither dropped nor counted with its last step.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, isnan, log, nan, sqrt

MIN_PAIRS_FOR_P = 4
"""With fewer pairs no p-value is given: with three it cannot be below 0.25."""
MAX_PAIRS_FOR_P = 16
"""The exact test enumerates all sign changes for up to this many pairs."""
HALF = 0.5 + 1e-12
"""with tolerance: the floating-point product of 2/3 and 3/4 is not exactly 0.5"""


@dataclass(frozen=True)
class StepsToEvent:
    """Steps to an event over runs. The step is that of the first evaluation that shows the event."""

    reached: int
    """number of runs that reached it"""
    of: int
    """number of runs"""
    median: float | None
    """Kaplan-Meier median; None = not reached by half of the runs"""
    low: float | None
    """the first step; None = no run reached it"""
    high: float | None
    """the last step; None = some runs did not reach it"""
    censored_at: int | None
    """the largest observed step; None = all runs reached the event"""

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
    """The Kaplan-Meier estimate of the fraction of runs that have not reached an event.

    Args:
        times: per run, the step of the event, or the last observed step.
        reached: per run, whether the event was observed.

    Returns:
        The distinct steps of events t_i, ascending, and S(t) = prod (1 - d_i / n_i) after each,
        where d_i is the number of runs that reach the event at t_i and n_i the number of runs at
        risk. A run censored at t_i is still at risk (Kaplan and Meier 1958).
    """
    events = Counter(step for step, happened in zip(times, reached, strict=True) if happened)
    steps, fractions, fraction = sorted(events), list[float](), 1.0
    for step in steps:
        at_risk = sum(time >= step for time in times)
        fraction *= 1 - events[step] / at_risk
        fractions.append(fraction)
    return steps, fractions


def steps_to_event(times: Sequence[float], reached: Sequence[bool]) -> StepsToEvent:
    """The summary of `times`; times with `reached` false are censored."""
    if not times:
        return StepsToEvent(0, 0, None, None, None, None)
    steps, fractions = survival(times, reached)
    is_censored = not all(reached)
    return StepsToEvent(
        reached=sum(map(bool, reached)),
        of=len(times),
        median=next(
            (float(s) for s, left in zip(steps, fractions, strict=True) if left <= HALF), None
        ),
        low=float(steps[0]) if steps else None,
        high=None if is_censored else float(steps[-1]),
        censored_at=int(max(times)) if is_censored else None,
    )


@dataclass(frozen=True)
class FinalValues:
    """Final values of a measure over runs."""

    n: int
    mean: float | None
    std: float | None
    """sample standard deviation (ddof 1); None for fewer than two runs"""
    min: float | None
    max: float | None
    median: float | None


def final_values(values: Sequence[float]) -> FinalValues:
    """The summary of one measure over runs. NaN and infinity propagate."""
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
    """Geometric mean and geometric standard deviation (a factor) of positive values.

    Empty if a value is not positive or not finite.
    """
    if not values or not all(0 < value < inf for value in values):
        return {}
    mean, std = _mean_and_std([log(value) for value in values])
    return {"geometric_mean": exp(mean), "geometric_std": None if std is None else exp(std)}


@dataclass(frozen=True)
class PairedDifference:
    """Second minus first, over the seeds of both: the effect of the seed cancels."""

    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    median: float | None
    p: float | None
    """p-value of the exact two-sided sign-flip test; None for fewer than 4 or more than 16 pairs"""


def paired_difference(first: Sequence[float], second: Sequence[float]) -> PairedDifference:
    """The summary of the differences `second - first`."""
    differences = [after - before for before, after in zip(first, second, strict=True)]
    return PairedDifference(**vars(final_values(differences)), p=sign_flip_p(differences))


def sign_flip_p(differences: Sequence[float]) -> float | None:
    """The fraction of all sign changes whose mean is at least as far from 0 (Fisher 1935).

    None for fewer than 4 or more than 16 pairs, and if a difference is not finite.
    """
    has_test = MIN_PAIRS_FOR_P <= len(differences) <= MAX_PAIRS_FOR_P
    if not has_test or not all(map(isfinite, differences)):
        return None
    sums = [differences[0]]  # by symmetry, half of the sign changes suffice
    for d in differences[1:]:
        sums = [total + d for total in sums] + [total - d for total in sums]
    least = abs(sums[0]) - 1e-12 * sum(map(abs, differences))
    return sum(abs(total) >= least for total in sums) / len(sums)
