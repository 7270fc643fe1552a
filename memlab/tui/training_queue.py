"""The runs that train in this process: one at a time in a thread, the others queued."""

import threading
from collections import deque
from collections.abc import Callable
from typing import final

from memlab.record.folder import RunFolder
from memlab.tui.training_functions import Train

Ended = Callable[[RunFolder, Exception | None], None]


@final
class TrainingQueue:
    """A queue of runs and the thread of the first one."""

    def __init__(self, train: Train | None, ended: Ended) -> None:
        """`ended` is called in the run's thread with its error, if any; then call `start_next`."""
        self._train, self._ended = train, ended
        self.current: RunFolder | None = None
        self.waiting: deque[RunFolder] = deque()
        self._interrupted = threading.Event()

    @property
    def can_train(self) -> bool:
        """Whether this console can train."""
        return self._train is not None

    def submit(self, folder: RunFolder) -> bool:
        """Train a run now, or after those queued; returns whether it starts now."""
        self.waiting.append(folder)
        if self.current is None:
            self.start_next()
        return self.current is folder

    def start_next(self) -> None:
        """Start the next queued run that was not deleted meanwhile."""
        while self.waiting and not self.waiting[0].path.exists():
            self.waiting.popleft()
        self.current = self.waiting.popleft() if self.waiting else None
        if self.current is not None:
            self._interrupted = threading.Event()
            arguments = (self.current, self._interrupted.is_set)
            # A daemon thread: if the console crashes, the run counts as died and can be resumed.
            threading.Thread(target=self._work, args=arguments, daemon=True).start()

    def interrupt(self) -> None:
        """Interrupt the current run and start none of the waiting ones, whose status stays queued."""
        self.waiting.clear()
        self._interrupted.set()

    def _work(self, folder: RunFolder, interrupted: Callable[[], bool]) -> None:
        assert self._train is not None
        problem = None
        try:
            self._train(folder, interrupted)
        except Exception as error:
            problem = error
        self._ended(folder, problem)
