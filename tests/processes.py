"""A client of `fork_server.py`: `memlab` as a process whose start costs a hundredth of a second."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO


class Process:
    """One command at work; its output is read line by line, or waited for."""

    def __init__(self, report: socket.socket, out: int, screen: int | None) -> None:
        self._report, self.screen = report, screen
        self.out: BinaryIO | None = os.fdopen(out, "rb") if screen is None else None
        self.pid = int(report.recv(20))

    def until(self, kind: str) -> dict:
        """Read events (`--json`) up to the first of a kind."""
        for line in self.out:
            event = json.loads(line)
            if event["kind"] == kind:
                return event
        raise AssertionError(f"it ended without {kind}")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Its exit code, negative where a signal killed it; what it still prints is dropped."""
        return self.finish()[0]

    def finish(self) -> tuple[int, bytes]:
        """Its exit code, and what it printed since the last line that was read."""
        rest = b""
        if self.out and not self.out.closed:
            with self.out:
                rest = self.out.read()
        with self._report:
            return int(self._report.recv(20)), rest

    def read_screen(self) -> bytes:
        """All that reaches the terminal until the process is gone."""
        shown = b""
        while True:
            try:
                part = os.read(self.screen, 1 << 16)
            except OSError:
                return shown
            if not part:
                return shown
            shown += part


class ForkServer:
    """Starts commands in `folder`; set it first. The server itself starts with the first command."""

    def __init__(self) -> None:
        self.folder = Path()
        self._server: subprocess.Popen | None = None

    def _begin(self) -> None:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = str(Path(__file__).with_name("fork_server.py"))
        self._server = subprocess.Popen(
            [sys.executable, script, str(there.fileno())],
            pass_fds=[there.fileno()],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        there.close()
        self._connection = here
        assert here.recv(10) == b"ready"

    def start(self, *words: str, terminal: bool = False, talk: int | None = None) -> Process:
        """Start a command; its talk goes to the descriptor `talk`, else nowhere."""
        if self._server is None:
            self._begin()
        order = {
            "words": words,
            "folder": str(self.folder),
            "environment": {"MEMLAB_RUNS": str(self.folder / "runs"), "TERM": "xterm"},
        }
        mine, theirs = pty.openpty() if terminal else os.pipe()
        nowhere = os.open(os.devnull, os.O_RDWR)
        streams = [theirs] * 3 if terminal else [nowhere, theirs, nowhere if talk is None else talk]
        report, teller = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = [*streams, teller.fileno()]
        socket.send_fds(self._connection, [json.dumps(order).encode()], descriptors)
        os.close(theirs)
        os.close(nowhere)
        teller.close()
        return Process(report, mine, mine if terminal else None)

    def __call__(self, *words: str) -> int:
        return self.start(*words).wait()

    def close(self) -> None:
        if self._server is not None:
            self._connection.close()
            self._server.wait()
