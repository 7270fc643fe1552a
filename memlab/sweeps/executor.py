"""Starting workers, and watching a sweep while they work. No process owns the sweep: if this one is
lost, workers go on, and another may watch or start more."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

from memlab.errors import MemlabError
from memlab.sweeps.progress import MemberState, SweepProgress, counts
from memlab.sweeps.sweep import Sweep

SHORTEST, SHARE = 0.5, 0.01
"""seconds between two looks at the members at least, and the most of a core that looking takes"""


class Executor(ABC):
    """Where workers run."""

    @abstractmethod
    def start(self, sweep: Sweep) -> None:
        """Start the workers of a sweep; returns at once."""

    @abstractmethod
    def keep(self) -> int:
        """Replace workers that died; returns how many are working or will.

        Raises:
            MemlabError: they die as soon as they start.
        """

    @abstractmethod
    def stop(self) -> None:
        """Ask the workers to save and leave."""

    @abstractmethod
    def close(self) -> None:
        """Wait until they have left, and release what the executor holds."""


Show = Callable[[Sequence[MemberState]], None]


def execute(
    sweep: Sweep,
    executor: Executor,
    *,
    interrupted: Callable[[], bool],
    show: Show,
    fail_fast: bool = False,
) -> list[MemberState]:
    """Have the members executed until none is left, with `show` called at every look.

    Args:
        interrupted: true asks all workers to save and leave.
        fail_fast: the same as soon as a member is set aside.

    Returns:
        How the members stand at the end.
    """
    progress = SweepProgress(sweep)
    executor.start(sweep)
    try:
        _watch(sweep, progress, executor, interrupted, show, fail_fast)
    finally:
        executor.stop()
        executor.close()
    states = progress.read()
    show(states)
    return states


def _watch(  # noqa: PLR0913 - the arguments of `execute`
    sweep: Sweep,
    progress: SweepProgress,
    executor: Executor,
    interrupted: Callable[[], bool],
    show: Show,
    fail_fast: bool,
) -> None:
    while not interrupted():
        began = time.process_time()
        states = progress.read()
        show(states)
        number = counts(states)
        if not number["queued"] and not number["running"]:
            return
        if (fail_fast and number["failed"]) or sweep.stopped or not executor.keep():
            return
        _sleep(max(SHORTEST, (time.process_time() - began) / SHARE), interrupted)


def _sleep(seconds: float, interrupted: Callable[[], bool]) -> None:
    """Sleep in short pieces, so that a signal is obeyed soon."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not interrupted():
        time.sleep(min(left, 0.25))


@final
class RestartLimit:
    """Whether workers that die may be replaced: not when they die again and again at once."""

    def __init__(self, most: int) -> None:
        self._most, self._deaths = most, list[float]()

    def died(self, where: str) -> None:
        """Count a death.

        Raises:
            MemlabError: there were too many within a minute.
        """
        now = time.monotonic()
        self._deaths = [t for t in self._deaths if now - t < 60] + [now]
        if len(self._deaths) > self._most:
            raise MemlabError(
                "workers die as soon as they start", where=where, hint="their output is there"
            )
