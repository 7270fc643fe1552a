"""Client of `fork_server.py`: starts `memlab` as a process in about 10 ms."""

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
    """One running command; its output is read line by line, or at its end."""

    def __init__(self, report: socket.socket, out: int, screen: int | None) -> None:
        self._report, self.screen = report, screen
        self.out: BinaryIO | None = os.fdopen(out, "rb") if screen is None else None
        self.pid = int(report.recv(20))

    def until(self, kind: str) -> dict:
        """Read events (`--json`) up to the first of this kind."""
        for line in self.out:
            event = json.loads(line)
            if event["kind"] == kind:
                return event
        raise AssertionError(f"the process ended without an event of kind {kind}")

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for its exit code, negative if a signal killed it; discards remaining output."""
        return self.finish()[0]

    def finish(self) -> tuple[int, bytes]:
        """Wait for its exit code; return it with the output that was not yet read."""
        rest = b""
        if self.out and not self.out.closed:
            with self.out:
                rest = self.out.read()
        with self._report:
            return int(self._report.recv(20)), rest

    def read_screen(self) -> bytes:
        """Everything written to the terminal until the process ends."""
        output = b""
        while True:
            try:
                part = os.read(self.screen, 1 << 16)
            except OSError:
                return output
            if not part:
                return output
            output += part


class ForkServer:
    """Starts commands in `folder`, which must be set first. The first command starts the server."""

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

    def start(self, *words: str, terminal: bool = False, stderr: int | None = None) -> Process:
        """Start a command; its stderr goes to the descriptor `stderr`, or is discarded."""
        if self._server is None:
            self._begin()
        request = {
            "words": words,
            "folder": str(self.folder),
            "environment": {"MEMLAB_RUNS": str(self.folder / "runs"), "TERM": "xterm"},
        }
        mine, theirs = pty.openpty() if terminal else os.pipe()
        devnull = os.open(os.devnull, os.O_RDWR)
        errors = devnull if stderr is None else stderr
        streams = [theirs] * 3 if terminal else [devnull, theirs, errors]
        report, report_writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptors = [*streams, report_writer.fileno()]
        socket.send_fds(self._connection, [json.dumps(request).encode()], descriptors)
        os.close(theirs)
        os.close(devnull)
        report_writer.close()
        return Process(report, mine, mine if terminal else None)

    def __call__(self, *words: str) -> int:
        return self.start(*words).wait()

    def close(self) -> None:
        if self._server is not None:
            self._connection.close()
            self._server.wait()
