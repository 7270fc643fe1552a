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
POLL_SECONDS = 0.5


class Shutdown:
    """A request to exit: by a signal, or because the terminal has disappeared."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        """set when the process must exit; training checks it between blocks of updates"""
        self.busy = threading.Lock()
        """held while a run trains or is timed"""

    def watch(self, close: Callable[[], object]) -> None:
        """Start watching, from the main thread; `close` closes the interface."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.requested.set())
        threading.Thread(target=self._watch, args=(close,), daemon=True).start()

    def _watch(self, close: Callable[[], object]) -> None:
        while not self.requested.wait(POLL_SECONDS):
            if _terminal_is_gone():
                self.requested.set()
        self.busy.acquire(timeout=SAVE_SECONDS)
        closer = threading.Thread(target=close, daemon=True)
        closer.start()
        closer.join(EXIT_SECONDS)
        threading.Event().wait(EXIT_SECONDS)
        os._exit(130)


def _terminal_is_gone() -> bool:
    """Whether the other end of standard input has hung up."""
    poller = select.poll()
    poller.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poller.poll(0))
