"""How often to draw: training and drawing share one interpreter, so drawing must stay rare."""

from typing import final

SHARE = 0.04
"""Of the time, for all that the interface does while something trains."""
SHORTEST, LONGEST = 0.5, 3.0
"""Seconds between two drawings while something trains."""
SMOOTH = 0.05
"""Seconds between two pictures of a replay, at least."""


@final
class RedrawThrottle:
    """Determines when to redraw."""

    def __init__(self) -> None:
        self._drawn: float | None = None
        self._used = 0.0

    def due(self, now: float, used: float, playing: bool) -> float | None:
        """Seconds since the last redraw if the next one is due, else None.

        Args:
            now: seconds of any clock.
            used: processor seconds of the interface's thread so far.
            playing: a replay in which nothing trains.
        """
        if self._drawn is None:
            self._drawn, self._used = now, used
            return 0.0
        passed = now - self._drawn
        wait = SMOOTH if playing else min(max((used - self._used) / SHARE, SHORTEST), LONGEST)
        if passed < wait:
            return None
        self._drawn, self._used = now, used
        return passed

    def restart(self, now: float, used: float) -> None:
        """Restart the clock: time without the screen visible does not count."""
        self._drawn, self._used = now, used
