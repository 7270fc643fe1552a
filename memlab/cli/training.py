"""Training in the foreground: signals, and what is shown meanwhile."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from memlab.cli.live import view
from memlab.preset.findings import Finding
from memlab.record.events import Ended
from memlab.record.folder import RunFolder

EXIT_CODES = {"diverged": 3, "failed": 1, "interrupted": 130, "stopped": 0, "superseded": 0}


def train_headless(
    folder: RunFolder,
    findings: Sequence[Finding],
    device: str,
    *,
    edits: Mapping[str, Any] | None = None,
    take_over: bool = False,
    quiet: bool = False,
    as_json: bool = False,
) -> int:
    """Train the run in `folder` and show it; returns the exit code."""
    with _interruptible() as interrupted, view(folder, quiet=quiet, as_json=as_json) as shown:
        shown.begin(findings)
        from memlab.engine.worker import work

        reason = "failed"
        for event in work(
            folder, edits=edits, device=device, take_over=take_over, interrupted=interrupted
        ):
            shown.show(event)
            if isinstance(event, Ended):
                reason = event.reason
    shown.close()
    return EXIT_CODES.get(reason, 0)


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
