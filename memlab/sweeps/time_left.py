"""Estimate the remaining time of a sweep from the steps since the first call."""

import time
from collections.abc import Sequence
from typing import final

from memlab.sweeps.progress import MemberState

_ENDED = ("finished", "diverged", "failed", "stopped")


@final
class TimeLeft:
    """Estimates the remaining time of one sweep; use one object per sweep."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def seconds(self, states: Sequence[MemberState]) -> float | None:
        """Seconds until all members have ended; None if unknown or if none is left."""
        done = steps_done(states)
        now = time.monotonic()
        if self._began is None:
            self._began = now, done
        began, before = self._began
        left = sum(state.target for state in states) - done
        return left * (now - began) / (done - before) if done > before and left else None


def steps_done(states: Sequence[MemberState]) -> int:
    """Steps of all members; an ended member counts with all of its planned steps."""
    return sum(state.target if state.state in _ENDED else state.step for state in states)
