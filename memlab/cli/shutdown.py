"""Shutdown of the console on a signal or when its terminal disappears.

Without a terminal the interface blocks in a write, so a separate thread requests a checkpoint and the
end of training, waits a few seconds, and then ends the process regardless of the interface.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable

SAVE_SECONDS = 4.0
EXIT_SECONDS = 1.0
LOOK_SECONDS = 0.5


class Leaving:
    """Watches for signals and for a lost terminal."""

    def __init__(self) -> None:
        self.wanted = threading.Event()
        """set when the process must end; training checks it between blocks of updates"""
        self.busy = threading.Lock()
        """held while a run trains or is timed"""

    def watch(self, leave: Callable[[], object]) -> None:
        """Start watching, from the main thread; `leave` closes the interface."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.wanted.set())
        threading.Thread(target=self._watch, args=(leave,), daemon=True).start()

    def _watch(self, leave: Callable[[], object]) -> None:
        while not self.wanted.wait(LOOK_SECONDS):
            if _terminal_is_gone():
                self.wanted.set()
        self.busy.acquire(timeout=SAVE_SECONDS)
        closer = threading.Thread(target=leave, daemon=True)
        closer.start()
        closer.join(EXIT_SECONDS)
        threading.Event().wait(EXIT_SECONDS)
        os._exit(130)


def _terminal_is_gone() -> bool:
    """Whether the other end of standard input has hung up."""
    poller = select.poll()
    poller.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poller.poll(0))
