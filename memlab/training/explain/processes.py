"""Worker processes that compute the trials of an explanation at the same time.

A worker imports torch and prepares the data of the run while this process recomputes the steps before
the spike. It receives weights and moments through a pipe, and exits as soon as the other end of the pipe
is closed, so no worker outlives this process, however it ends.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Protocol, Self, final

from memlab.errors import RunError
from memlab.record.folder import RunFolder
from memlab.training.explain.trial import StartState
from memlab.training.explain.window import Window
from memlab.training.models_at import ReportLine
from memlab.training.recompute import start_before
from memlab.training.run_data import RunData
from memlab.training.state import TrainState

MOST = 16
"""maximum number of worker processes; an explanation has about this number of trials"""


class Computation(Protocol):
    """Computes something from `start`, and modifies `state`; can be pickled."""

    def __call__(
        self, state: TrainState, run_data: RunData, start: StartState, *, window: Window
    ) -> Any:
        """The result, which can be pickled."""
        ...


@final
class Workers:
    """Processes that compute tasks for one window of a run; a context manager that ends them."""

    def __init__(self, folder: RunFolder, step: int, device: str, number: int) -> None:
        """
        Args:
            step: the tasks start at this step.
            number: of processes.
        """
        self._run = folder.path.name
        self._workers = dict(_started(folder.path, step, device) for _ in range(min(number, MOST)))
        self._waiting: deque[tuple[str, Computation]] = deque()
        self._assigned: dict[Connection, str] = {}
        self._n_tasks = 0
        self._report: ReportLine = lambda line: None

    def begin(
        self,
        tasks: Mapping[str, Computation],
        start: StartState,
        window: Window,
        report: ReportLine,
    ) -> None:
        """Assign the first task to each worker; returns without waiting for results.

        Args:
            report: called with the name of each task that is assigned.
        """
        self._waiting, self._n_tasks, self._report = deque(tasks.items()), len(tasks), report
        for worker in self._workers:
            self._send(worker, (start, window))
            self._assign(worker)

    def results(self) -> Iterator[tuple[str, Any]]:
        """Name and result of each task, in the order in which they are completed.

        Raises:
            RunError: a worker has died.
            Exception: the error that a task has raised.
        """
        while self._assigned:
            for worker in wait(list(self._assigned)):
                assert isinstance(worker, Connection)
                result = self._received(worker)
                if isinstance(result, Exception):
                    raise result
                name = self._assigned.pop(worker)
                self._assign(worker)
                yield name, result

    def _assign(self, worker: Connection) -> None:
        if not self._waiting:
            return
        name, task = self._waiting.popleft()
        self._assigned[worker] = name
        self._report(progress_line(self._n_tasks - len(self._waiting), self._n_tasks, name))
        self._send(worker, task)

    def _send(self, worker: Connection, message: object) -> None:
        try:
            worker.send(message)
        except OSError:
            raise self._death(worker) from None

    def _received(self, worker: Connection) -> Any:
        try:
            return worker.recv()
        except (EOFError, OSError):
            raise self._death(worker) from None

    def _death(self, worker: Connection) -> RunError:
        process = self._workers[worker]
        process.join()
        code = process.exitcode or 0
        return RunError(
            "a worker process of the explanation has died",
            where=self._run,
            found=signal.Signals(-code).name if code < 0 else f"exit code {code}",
            hint="if the memory does not suffice for several processes: --jobs 1",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection, process in self._workers.items():
            process.kill()
            process.join()
            connection.close()


def progress_line(number: int, total: int, name: str) -> str:
    """The line that reports that a task starts."""
    return f"{number} of {total}: {name}"


def _started(path: Path, step: int, device: str) -> tuple[Connection, BaseProcess]:
    """A worker: the connection to it, and its process.

    The signal of Ctrl-C, which reaches all processes of a terminal, is blocked in the worker; this
    process decides what to do.
    """
    ours, theirs = multiprocessing.Pipe()
    # `spawn`: torch cannot compute gradients in a forked child of a process that has done so.
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(theirs, path, step, device), daemon=True
    )
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    theirs.close()
    return ours, process


def _serve(connection: Connection, path: Path, step: int, device: str) -> None:
    """Compute tasks until the connection is closed: the main function of a worker."""
    messages: SimpleQueue[bytes] = SimpleQueue()
    receiver = threading.Thread(target=_receive, args=(connection, messages), daemon=True)
    receiver.start()
    try:
        prepared = start_before(RunFolder(path), step, device)
        start, window = ForkingPickler.loads(messages.get())
        while True:
            task: Computation = ForkingPickler.loads(messages.get())
            connection.send(task(prepared.state, prepared.run_data, start, window=window))
    except Exception as error:
        connection.send(error)
        receiver.join()  # until the connection is closed


def _receive(connection: Connection, messages: "SimpleQueue[bytes]") -> None:
    """Read messages in a thread, so that the end of the other process is noticed during a task."""
    while True:
        try:
            messages.put(connection.recv_bytes())
        except (EOFError, OSError):
            os._exit(1)
