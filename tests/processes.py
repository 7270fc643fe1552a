"""A client of `server.py`: `memlab` as a process whose start costs a hundredth of a second."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from pathlib import Path


class Process:
    """One command at work; its output is read line by line, or waited for."""

    def __init__(self, report: socket.socket, out: int, screen: int | None) -> None:
        self._report, self.screen = report, screen
        self.out = os.fdopen(out, "rb") if screen is None else None
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
        """Its exit code; what it still prints is read and dropped."""
        if self.out and not self.out.closed:
            with self.out:
                self.out.read()
        with self._report:
            return int(self._report.recv(20))

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


class Program:
    """`memlab` for one module of tests."""

    def __init__(self) -> None:
        self.folder = Path()
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [sys.executable, str(Path(__file__).with_name("server.py")), str(there.fileno())]
        self._server = subprocess.Popen(
            words, pass_fds=[there.fileno()], env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        there.close()
        self._connection = here
        assert here.recv(10) == b"ready"

    def start(self, *words: str, terminal: bool = False, talk: int | None = None) -> Process:
        """Start a command; its talk goes to the descriptor `talk`, else nowhere."""
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
        self._connection.close()
        self._server.wait()
