"""The position in a run's history: at its end, or held at a step. Independent of screen and clock."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import final

_SPEEDS = (2.0**-4, 2.0**14)


@final
class Cursor:
    """The displayed step; at the end of the run for `at` None, so that it follows a growing run."""

    def __init__(self, at: int | None, rate: float, speed: float | None = None) -> None:
        """`rate`: steps per second at speed 1, > 0."""
        self.at, self.rate, self.playing = at, rate, False
        self.speed = 1.0 if speed is None else min(max(speed, _SPEEDS[0]), _SPEEDS[1])
        self._exact = 0.0

    def hold(self, step: float, last: int) -> None:
        """Move to a step; at the end of the run, follow it."""
        self.at = None if step >= last else max(round(step), 0)
        self._exact = float(self.at or 0)

    def follow(self) -> None:
        """Move to the end."""
        self.at, self.playing = None, False

    def play(self, on: bool) -> None:
        """Start playing, from the beginning if at the end; or pause."""
        self.playing = on
        if on and self.at is None:
            self.at = 0
        self._exact = float(self.at or 0)

    def advance(self, seconds: float, last: int) -> bool:
        """Play for some seconds; true if it moved."""
        if not self.playing:
            return False
        before = self.at
        self._exact += seconds * self.rate * self.speed
        if self._exact >= last:
            self.follow()
        else:
            self.at = int(self._exact)
        return self.at != before

    def faster(self, by: int) -> None:
        """Twice (1) or half (-1) the speed."""
        self.speed = min(max(self.speed * 2.0**by, _SPEEDS[0]), _SPEEDS[1])


def neighbour(stops: Sequence[int], step: int, by: int) -> int | None:
    """The next of ascending stops after (1) or before (-1) a step; None if there is none."""
    i = bisect_right(stops, step) if by > 0 else bisect_left(stops, step) - 1
    return stops[i] if 0 <= i < len(stops) else None
