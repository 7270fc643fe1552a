"""Training speed with the Live screen open relative to the speed without it, in one process.

    python benchmarks/console/overhead.py [--seconds 3] [--rounds 9]

A run trains in a thread while the console is opened and closed alternately, so that other load on the
machine affects both measurements. Measures quickstart with full batches and with batches of 64.
"""

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.commands import Stop, send
from memlab.record.events import Rows
from memlab.record.folder import RunFolder
from memlab.training.worker import work
from memlab.tui.app import Memlab
from memlab.tui.messages import OpenRun

ENDLESS = ["training.steps=1000000", "training.stop_when=null"]
CASES = {"quickstart": ENDLESS, "batches of 64": [*ENDLESS, "training.batch_size=64"]}


class TrainingQueue(threading.Thread):
    """Trains a run, and records the time and step at the end of each block of updates."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.blocks: list[tuple[float, int]] = []
        """(seconds, step)"""

    def run(self) -> None:
        for event in work(self.folder, device="cpu"):
            if isinstance(event, Rows):
                self.blocks.append((time.perf_counter(), event.step))

    def speed(self, seconds: float) -> float:
        """Steps per second over the next `seconds`, between ends of blocks."""
        before = len(self.blocks)
        time.sleep(seconds)
        (start, first), (ended, last) = self.blocks[before], self.blocks[-1]
        return (last - first) / (ended - start)


async def watched(training: TrainingQueue, seconds: float) -> tuple[float, float]:
    """Steps per second while the console shows the run, and the fraction of a core that it uses."""
    app = Memlab(training.folder.path.parent, first=OpenRun(training.folder))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1.0)
        used, start = time.thread_time(), time.perf_counter()
        speed = await asyncio.to_thread(training.speed, seconds)
        return speed, (time.thread_time() - used) / (time.perf_counter() - start)


def compare(overrides: Sequence[str], seconds: float, rounds: int) -> list[float]:
    """Medians: steps per second without and with the console, their ratio, fraction of a core."""
    with tempfile.TemporaryDirectory() as runs:
        folder = create_run(load("quickstart", overrides), Path(runs), "overhead")
        training = TrainingQueue(folder)
        training.start()
        while len(training.blocks) < 5:
            time.sleep(0.1)
        rows = []
        for _ in range(rounds):
            alone = training.speed(seconds)
            watched_speed, share = asyncio.run(watched(training, seconds))
            rows.append((alone, watched_speed, watched_speed / alone, share))
        send(folder, Stop())
        training.join()
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def main() -> None:
    """Print one line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    for name, overrides in CASES.items():
        alone, with_console, ratio, share = compare(overrides, options.seconds, options.rounds)
        print(
            f"{name:14} alone {alone:7.1f}/s   watched {with_console:7.1f}/s   ratio {ratio:.3f}"
            f"   console {share:.1%} of a core"
        )


if __name__ == "__main__":
    main()
