"""Training in the foreground: signals and progress output."""

import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from memlab.cli.event_command import call_on_events
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
    threads: int | None = None,
    on_event: Sequence[str] = (),
    take_over: bool = False,
    accept_plugin_change: bool = False,
    quiet: bool = False,
    as_json: bool = False,
) -> int:
    """Train the run in `folder` with progress output; returns the exit code.

    Args:
        on_event: a program and its arguments (`parse_command`).

    If the output is closed (a closed terminal, `| head`), the run is interrupted.

    Raises:
        RunError: the folder cannot be written to.
    """
    reason, closed = "failed", False
    with interruptible() as interrupted, view(folder, quiet=quiet, as_json=as_json) as output:
        closed |= not _write(partial(output.begin, findings))
        from memlab.training.worker import work

        events = work(
            folder,
            edits=edits,
            device=device,
            threads=threads,
            take_over=take_over,
            accept_plugin_change=accept_plugin_change,
            interrupted=lambda: closed or interrupted(),
        )
        try:
            for event in call_on_events(events, on_event, folder):
                closed |= not _write(partial(output.show, event))
                if isinstance(event, Ended):
                    reason = event.reason
        except OSError as error:
            raise RunError(
                f"cannot write to this run: {error.strerror or error}",
                where=str(folder.path),
                hint="recorded data is kept; verify it with `memlab doctor`",
            ) from error
        _write(output.close)
    return EXIT_CODES.get(reason, 0)


def _write(write: Callable[[], None]) -> bool:
    """Write output; False if the reader of the stream has closed it, after which the stream is
    dropped.
    """
    try:
        write()
        return True
    except OSError:
        drop_broken_streams()
        return False


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first INT, TERM or HUP into a request to end; a second INT raises KeyboardInterrupt."""
    requested = False

    def request(number: int, frame: FrameType | None) -> None:
        nonlocal requested
        if requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        requested = True

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, request) for number in signals}
    try:
        yield lambda: requested
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
