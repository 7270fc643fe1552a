"""A task that a worker process never finishes."""

import os
import signal


def endless(*_: object, **__: object) -> None:
    """Write one byte to standard output, then wait for a signal."""
    os.write(1, b".")
    signal.pause()
