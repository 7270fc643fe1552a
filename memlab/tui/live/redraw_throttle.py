"""Limits the redraw rate: training and drawing share one interpreter."""

from typing import final

SHARE = 0.011
"""Maximum share of time for the interface during training."""
SHORTEST, LONGEST = 0.5, 3.0
"""Seconds between two redraws during training."""
SMOOTH = 0.08
"""Minimum seconds between two frames of a replay."""


@final
class RedrawThrottle:
    """Determines when to redraw."""

    def __init__(self) -> None:
        self._drawn: float | None = None
        self._used = 0.0

    def wait(self, now: float, used: float, playing: bool) -> float:
        """Seconds until the next redraw is due; 0 or less if it is.

        Args:
            now: seconds of any clock.
            used: CPU seconds used by the interface's thread so far.
            playing: a replay without training in this process.
        """
        if self._drawn is None:
            return 0.0
        pause = SMOOTH if playing else min(max((used - self._used) / SHARE, SHORTEST), LONGEST)
        return self._drawn + pause - now

    def due(self, now: float, used: float, playing: bool) -> float | None:
        """Seconds since the last redraw if the next one is due, else None; see `wait`."""
        if self.wait(now, used, playing) > 0:
            return None
        passed = 0.0 if self._drawn is None else now - self._drawn
        self._drawn, self._used = now, used
        return passed

    def restart(self, now: float, used: float) -> None:
        """Restart the clock: time without the screen visible does not count."""
        self._drawn, self._used = now, used
