"""Training in the foreground: signals, and what is shown meanwhile."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from memlab.cli.progress import view
from memlab.cli.streams import drop_broken_streams
from memlab.errors import RunError
from memlab.preset.findings import PresetFinding
from memlab.record.events import Ended
from memlab.record.folder import RunFolder

EXIT_CODES = {"diverged": 3, "failed": 1, "interrupted": 130, "stopped": 0, "superseded": 0}


def train_headless(
    folder: RunFolder,
    findings: Sequence[PresetFinding],
    device: str,
    *,
    edits: Mapping[str, Any] | None = None,
    take_over: bool = False,
    quiet: bool = False,
    as_json: bool = False,
) -> int:
    """Train the run in `folder` and show it; returns the exit code.

    When nobody is left to show it to (a closed terminal, `| head`), the run ends as interrupted.

    Raises:
        RunError: the folder cannot be written to.
    """
    reason, gone = "failed", False
    with _interruptible() as interrupted, view(folder, quiet=quiet, as_json=as_json) as shown:
        gone |= not _told(partial(shown.begin, findings))
        from memlab.training.worker import work

        events = work(
            folder,
            edits=edits,
            device=device,
            take_over=take_over,
            interrupted=lambda: gone or interrupted(),
        )
        try:
            for event in events:
                gone |= not _told(partial(shown.show, event))
                if isinstance(event, Ended):
                    reason = event.reason
        except OSError as error:
            raise RunError(
                f"this run cannot be written to: {error.strerror or error}",
                where=str(folder.path),
                hint="what was recorded is kept; `memlab doctor` tells what lies there",
            ) from error
        _told(shown.close)
    return EXIT_CODES.get(reason, 0)


def _told(tell: Callable[[], None]) -> bool:
    """Show something; false when the other end of a stream is gone, which is then left alone."""
    try:
        tell()
        return True
    except OSError:
        drop_broken_streams()
        return False


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first INT, TERM or HUP into a request to end; the second INT leaves at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked = True

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in signals}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
