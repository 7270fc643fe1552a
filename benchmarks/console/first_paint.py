"""Seconds from the start of the interpreter to the first frame and to the list of presets.

    python benchmarks/console/first_paint.py [N]

Starts N interpreters, one after another, and prints the median of each stage. Fails if torch is imported.
"""

import statistics
import subprocess
import sys

CODE = """
import asyncio, sys, time
from pathlib import Path
from memlab.tui.app import Memlab
imported, frames = time.time(), []
display = Memlab._display
def record_frame(app, screen, frame):
    display(app, screen, frame)
    frames.append(time.time())
Memlab._display = record_frame
async def main():
    app = Memlab(Path("runs"))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()
        await pilot.pause()
        print(imported, frames[0], time.time(), "torch" in sys.modules)
asyncio.run(main())
"""


def main() -> None:
    """Measure the time to the first paint and print it."""
    import time

    rows = []
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
        start = time.time()
        process = subprocess.run(
            [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
        )
        *times, torch = process.stdout.split()
        assert torch == "False", "torch was imported"
        rows.append([float(at) - start for at in times])
    for name, seconds in zip(
        ("imported", "first frame", "presets listed"), zip(*rows, strict=True), strict=True
    ):
        print(f"{name:15} {statistics.median(seconds):.2f} s  (minimum {min(seconds):.2f} s)")


if __name__ == "__main__":
    main()
