"""A terminal in which a test runs the program, presses keys and reads the screen."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

ALTERNATE, NORMAL = b"\x1b[?1049h", b"\x1b[?1049l"
LAST_EVENTS, EVENT_WIDTH = 30, 200
"""Number of events that a failure report shows, and characters of each."""
POLL_SECONDS = 0.1
"""Seconds without output after which the test checks whether the program still runs."""


class Terminal:
    """A pseudo-terminal of the given size, the program that runs in it, and its screen."""

    def __init__(self, words: list[str], folder: Path, columns: int, rows: int) -> None:
        self._folder = folder
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._output = b""
        self._terminal, self._program_side = pty.openpty()
        fcntl.ioctl(
            self._program_side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0)
        )
        self.modes_before = termios.tcgetattr(self._program_side)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "memlab", *words],
            cwd=folder,
            env={
                **os.environ,
                "MEMLAB_RUNS": str(folder / "runs"),
                "XDG_STATE_HOME": str(folder / "state"),
                "OMP_NUM_THREADS": "1",
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
            },
            stdin=self._program_side,
            stdout=self._program_side,
            stderr=self._program_side,
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        """All lines of the screen."""
        return "\n".join(self._screen.display)

    @property
    def modes(self) -> list:
        """The terminal's modes (termios)."""
        return termios.tcgetattr(self._program_side)

    @property
    def alternate(self) -> bool:
        """Whether the program uses the alternate screen."""
        return self._output.rfind(ALTERNATE) > self._output.rfind(NORMAL)

    def press(self, *keys: str) -> None:
        """Press keys: single characters, or names in `KEYS`."""
        for key in keys:
            os.write(self._terminal, KEYS.get(key, key).encode())

    def until(self, shown: str | Callable[[str], object]) -> str:
        """Read output until the screen contains a text or satisfies a condition; the screen's text.

        The timeout of the test limits the wait.
        """
        holds = (lambda text: shown in text) if isinstance(shown, str) else shown
        while not holds(self.text):
            assert self._read(), f"the program ended with code {self._process.poll()}"
        return self.text

    def end(self) -> int:
        """Read output until the program ends; its exit code."""
        while self._read():
            pass
        return self._process.wait()

    def disconnect(self) -> int:
        """Close the terminal without a signal to the program; wait for its exit code."""
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), self._terminal)
        return self._process.wait()

    def _read(self) -> bool:
        """Read some output; false when the program has ended and everything was read."""
        while True:
            ended = self._process.poll() is not None
            if select.select([self._terminal], [], [], 0 if ended else POLL_SECONDS)[0]:
                output = os.read(self._terminal, 65536)
                self._output += output
                self._stream.feed(output)
                return True
            if ended:
                return False

    def report(self) -> str:
        """For the failure of a test: the screen, and the last events of the runs."""
        (self._folder / "screen.txt").write_text(self.text)
        logs = sorted(self._folder.glob("runs/*/attempts/*/events.jsonl"))
        lines = [line for log in logs for line in log.read_text().splitlines()]
        events = [line[:EVENT_WIDTH] for line in lines if '"samples"' not in line][-LAST_EVENTS:]
        waiting = [str(path) for path in self._folder.glob("runs/*/commands/*")]
        return "\n".join([self.text, f"files in {self._folder}", *events, "commands:", *waiting])

    def close(self) -> None:
        """End the program if it still runs."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
        os.close(self._program_side)


KEYS = {
    "enter": "\r", "space": " ", "backspace": "\x7f", "ctrl+r": "\x12",
    "up": "\x1b[A", "down": "\x1b[B", "home": "\x1b[H",
}  # fmt: skip
"""What a terminal sends for keys that are not characters."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts `memlab` in a terminal; if the test fails, its screen and last events are printed."""
    started: list[Terminal] = []

    def start(*words: str, size: tuple[int, int]) -> Terminal:
        started.append(Terminal(list(words), tmp_path, *size))
        return started[-1]

    yield start
    for running in started:
        print(running.report())
        running.close()
