"""Start workers and follow their progress.

No process owns a sweep: if this process dies, the workers continue, and another process can follow
them or start more.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import final

from memlab.errors import MemlabError
from memlab.sweeps.progress import MemberState, SweepProgress, counts
from memlab.sweeps.sweep import Sweep

MIN_POLL_SECONDS = 0.5
MAX_POLL_LOAD = 0.01
"""largest fraction of one core that reading the progress takes"""


class Executor(ABC):
    """Starts and stops the workers of a sweep: here, on a Slurm cluster or on a Ray cluster."""

    @abstractmethod
    def start(self, sweep: Sweep) -> None:
        """Start the workers of a sweep without waiting for them."""

    @abstractmethod
    def maintain(self) -> int:
        """Replace dead workers; returns the number of workers that run or wait to start.

        Raises:
            MemlabError: workers repeatedly die right after they start.
        """

    @abstractmethod
    def stop(self) -> None:
        """Ask the workers to save a checkpoint and exit."""

    @abstractmethod
    def close(self) -> None:
        """Wait for the workers to exit and release resources."""


Show = Callable[[Sequence[MemberState]], None]


def execute(
    sweep: Sweep,
    executor: Executor,
    *,
    interrupted: Callable[[], bool],
    show: Show,
    fail_fast: bool = False,
) -> list[MemberState]:
    """Execute all members of a sweep.

    Args:
        interrupted: polled; true stops all workers after a checkpoint.
        show: called with the states of all members at every poll.
        fail_fast: stop all workers as soon as a member has failed.

    Returns:
        The states of all members at the end.
    """
    progress = SweepProgress(sweep)
    executor.start(sweep)
    try:
        _follow(sweep, progress, executor, interrupted, show, fail_fast)
    finally:
        executor.stop()
        executor.close()
    states = progress.read()
    show(states)
    return states


def _follow(  # noqa: PLR0913 - the arguments of `execute`
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
        by_state = counts(states)
        if not by_state["queued"] and not by_state["running"]:
            return
        if (fail_fast and by_state["failed"]) or sweep.stopped or not executor.maintain():
            return
        cpu_seconds = time.process_time() - began
        _sleep(max(MIN_POLL_SECONDS, cpu_seconds / MAX_POLL_LOAD), interrupted)


def _sleep(seconds: float, interrupted: Callable[[], bool]) -> None:
    """Sleep in short intervals, to react to an interruption within 0.25 s."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not interrupted():
        time.sleep(min(left, 0.25))


@final
class RestartLimit:
    """Limits the number of worker deaths per minute.

    Without it, workers that die right after they start would be replaced forever.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._deaths = limit, list[float]()

    def died(self, where: str) -> None:
        """Count a death.

        Raises:
            MemlabError: there were more than the limit within a minute.
        """
        now = time.monotonic()
        self._deaths = [t for t in self._deaths if now - t < 60] + [now]
        if len(self._deaths) > self._limit:
            raise MemlabError(
                "workers die right after they start", where=where, hint="see their output there"
            )
