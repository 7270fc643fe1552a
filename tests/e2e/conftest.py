"""A terminal to run the program in, and to read as people do."""

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
"""How many events a failure shows, and how much of each."""
LOOK = 0.1
"""Seconds without output after which is looked whether the program still lives."""


class Terminal:
    """A pseudo-terminal of so many columns and rows, the program in it, and what it shows."""

    def __init__(self, words: list[str], folder: Path, columns: int, rows: int) -> None:
        self._folder = folder
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._seen = b""
        self._terminal, self._side = pty.openpty()
        fcntl.ioctl(self._side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.modes_before = termios.tcgetattr(self._side)
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
            stdin=self._side,
            stdout=self._side,
            stderr=self._side,
            start_new_session=True,
        )

    @property
    def text(self) -> str:
        """All lines that are seen."""
        return "\n".join(self._screen.display)

    @property
    def modes(self) -> list:
        """What the terminal does with keys and output."""
        return termios.tcgetattr(self._side)

    @property
    def alternate(self) -> bool:
        """Whether the program has a screen of its own."""
        return self._seen.rfind(ALTERNATE) > self._seen.rfind(NORMAL)

    def press(self, *keys: str) -> None:
        """Press keys: single letters, or the bytes that a terminal sends."""
        for key in keys:
            os.write(self._terminal, KEYS.get(key, key).encode())

    def until(self, shown: str | Callable[[str], object]) -> str:
        """Follow the screen until a text is on it, or something holds for it; what is seen then.

        The test's timeout is the limit.
        """
        holds = (lambda text: shown in text) if isinstance(shown, str) else shown
        while not holds(self.text):
            assert self._read(), f"it ended with code {self._process.poll()}"
        return self.text

    def end(self) -> int:
        """Follow the program to its end; its exit code."""
        while self._read():
            pass
        return self._process.wait()

    def vanish(self) -> int:
        """Be gone, as when the window is closed and nobody is told; the program's exit code."""
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), self._terminal)
        return self._process.wait()

    def _read(self) -> bool:
        """Take in some output; false when the program has ended and all is read."""
        while True:
            over = self._process.poll() is not None
            if select.select([self._terminal], [], [], 0 if over else LOOK)[0]:
                output = os.read(self._terminal, 65536)
                self._seen += output
                self._stream.feed(output)
                return True
            if over:
                return False

    def report(self) -> str:
        """What a failure is explained by: the screen, and the last events of the runs."""
        (self._folder / "screen.txt").write_text(self.text)
        logs = sorted(self._folder.glob("runs/*/attempts/*/events.jsonl"))
        lines = [line for log in logs for line in log.read_text().splitlines()]
        events = [line[:EVENT_WIDTH] for line in lines if '"samples"' not in line][-LAST_EVENTS:]
        waiting = [str(path) for path in self._folder.glob("runs/*/commands/*")]
        return "\n".join([self.text, f"kept in {self._folder}", *events, "commands:", *waiting])

    def close(self) -> None:
        """End the program if it still runs."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
        os.close(self._side)


KEYS = {
    "enter": "\r", "space": " ", "backspace": "\x7f", "ctrl+r": "\x12",
    "up": "\x1b[A", "down": "\x1b[B", "home": "\x1b[H",
}  # fmt: skip
"""What a terminal sends for keys that are no letters."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts `memlab` in a terminal; what it showed and recorded last is printed on a failure."""
    started: list[Terminal] = []

    def start(*words: str, size: tuple[int, int]) -> Terminal:
        started.append(Terminal(list(words), tmp_path, *size))
        return started[-1]

    yield start
    for one in started:
        print(one.report())
        one.close()
