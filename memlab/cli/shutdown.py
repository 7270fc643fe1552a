"""Leaving the console when nobody can ask it to: a signal, or a terminal that is gone.

Without its terminal the interface hangs in a write, so this is a thread of its own: it asks the
training to save and end, gives it some seconds, and ends the process whatever the interface does.
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
    """Watches for the end of the console."""

    def __init__(self) -> None:
        self.wanted = threading.Event()
        """set once the process is to end; the training looks at it between blocks"""
        self.busy = threading.Lock()
        """held while a run trains or is measured"""

    def watch(self, leave: Callable[[], object]) -> None:
        """Begin to watch, from the main thread; `leave` asks the interface to close."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.wanted.set())
        threading.Thread(target=self._watch, args=(leave,), daemon=True).start()

    def _watch(self, leave: Callable[[], object]) -> None:
        while not self.wanted.wait(LOOK_SECONDS):
            if _terminal_is_gone():
                self.wanted.set()
        self.busy.acquire(timeout=SAVE_SECONDS)
        asked = threading.Thread(target=leave, daemon=True)
        asked.start()
        asked.join(EXIT_SECONDS)
        threading.Event().wait(EXIT_SECONDS)
        os._exit(130)


def _terminal_is_gone() -> bool:
    """The other end of standard input has hung up."""
    poller = select.poll()
    poller.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poller.poll(0))
