"""How long a sweep will take, from the steps that all its workers made since the first look."""

import time
from collections.abc import Sequence
from typing import final

from memlab.sweeps.progress import MemberState

_OVER = ("finished", "diverged", "failed", "stopped")


@final
class TimeLeft:
    """Keep one for each sweep."""

    def __init__(self) -> None:
        self._began: tuple[float, int] | None = None

    def seconds(self, states: Sequence[MemberState]) -> float | None:
        """Seconds until all members are finished; None while unknown, and where none is left."""
        done = steps_done(states)
        now = time.monotonic()
        if self._began is None:
            self._began = now, done
        began, before = self._began
        left = sum(state.target for state in states) - done
        return left * (now - began) / (done - before) if done > before and left else None


def steps_done(states: Sequence[MemberState]) -> int:
    """Steps of all members; one that is over counts with all of its steps."""
    return sum(state.target if state.state in _OVER else state.step for state in states)
