"""Steps a second with the Live screen open, over steps a second without it, in one process.

    python benchmarks/console/overhead.py [--seconds 3] [--rounds 9]

A run trains in a thread while the console comes and goes in turn, so that what else the machine
does falls on both alike. Twice: quickstart as it is, and with batches of 64 examples.
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
    """Trains the run in a folder and notes when it had come how far."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(daemon=True)
        self.folder = folder
        self.seen: list[tuple[float, int]] = []
        """(seconds, step) at the end of each block of updates"""

    def run(self) -> None:
        for event in work(self.folder, device="cpu"):
            if isinstance(event, Rows):
                self.seen.append((time.perf_counter(), event.step))

    def speed(self, seconds: float) -> float:
        """Steps a second over the next seconds, from the end of a block to the end of another."""
        before = len(self.seen)
        time.sleep(seconds)
        (start, first), (ended, last) = self.seen[before], self.seen[-1]
        return (last - first) / (ended - start)


async def watched(training: TrainingQueue, seconds: float) -> tuple[float, float]:
    """Steps a second while the console shows the run; the console's share of one core."""
    app = Memlab(training.folder.path.parent, first=OpenRun(training.folder))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1.0)
        used, start = time.thread_time(), time.perf_counter()
        speed = await asyncio.to_thread(training.speed, seconds)
        return speed, (time.thread_time() - used) / (time.perf_counter() - start)


def compare(overrides: Sequence[str], seconds: float, rounds: int) -> list[float]:
    """Medians: steps a second without and with the console, their ratio, the console's share."""
    with tempfile.TemporaryDirectory() as runs:
        folder = create_run(load("quickstart", overrides), Path(runs), "overhead")
        training = TrainingQueue(folder)
        training.start()
        while len(training.seen) < 5:
            time.sleep(0.1)
        found = []
        for _ in range(rounds):
            alone = training.speed(seconds)
            beside, share = asyncio.run(watched(training, seconds))
            found.append((alone, beside, beside / alone, share))
        send(folder, Stop())
        training.join()
    return [statistics.median(column) for column in zip(*found, strict=True)]


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    for name, overrides in CASES.items():
        alone, beside, ratio, share = compare(overrides, options.seconds, options.rounds)
        print(
            f"{name:14} alone {alone:7.1f}/s   watched {beside:7.1f}/s   ratio {ratio:.3f}"
            f"   console {share:.1%} of a core"
        )


if __name__ == "__main__":
    main()
