"""How soon 10,000 runs are in the list: first rows, all rows, all again.

    python benchmarks/console/many_runs.py [N]

Makes N finished runs in a temporary folder by copying the files of a small one (their seals depend
on the run's id, which stays), drops nothing from the disk's cache, and reads them as the Runs
screen does; then opens the console on them and times first paint, filter and sort.
"""

import asyncio
import shutil
import sys
import tempfile
import time
from pathlib import Path

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.events import Ended, Evaluated, Phase, Started
from memlab.record.summary import closing_facts
from memlab.tui.app import Memlab
from memlab.tui.runs.index import Index
from memlab.tui.table import Table


def make_runs(runs: Path, n: int) -> None:
    """N copies of a run without rows and checkpoints, which a list does not read."""
    first = create_run(load("quickstart"), runs, "quickstart")
    with first.claim({"device": "cpu", "threads": 1}, seq=0, first_step=1) as writer:
        writer.write(Started(step=0, attempt=1))
        for step in range(0, 1401, 20):
            writer.write(
                Evaluated(step=step, values={"train_loss": 1.0, "val_loss": 2.0 / (step + 1)})
            )
        writer.write(Phase(step=100, name="memorized", after=80))
        writer.write(Ended(step=1400, reason="finished"))
        writer.end("finished", 1400, closing_facts(first))
    for i in range(n - 1):
        shutil.copytree(first.path, runs / f"20250101T000000-{i:06d}")


def read(runs: Path) -> None:
    """The index alone, as the thread of the Runs screen reads it."""
    index = Index(runs)
    for label in ("cold", "again"):
        start = time.perf_counter()
        first = None
        for _ in index.refresh():
            first = first or time.perf_counter() - start
        seconds = time.perf_counter() - start
        print(
            f"{label}: first portion {first:.3f} s, all {len(index.entries):,} in {seconds:.2f} s"
        )


async def show(runs: Path) -> None:
    """The screen: rows seen, all rows seen, filter, sort."""
    app, n = Memlab(runs), len(list(runs.iterdir()))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        start = time.perf_counter()
        await app.action_go("runs")
        first = None
        while len(app.screen._listing.shown) < n:
            await pilot.pause(0.01)
            if first is None and app.screen._listing.shown:
                first = time.perf_counter() - start
        print(f"screen: first rows {first:.2f} s, all {time.perf_counter() - start:.2f} s")
        screen = app.screen
        for what, act in (
            ("filter and sort", screen._list),
            (
                "draw a page",
                lambda: [app.screen.query_one(Table).render_line(y) for y in range(30)],
            ),
        ):
            start = time.perf_counter()
            act()
            print(f"{what}: {time.perf_counter() - start:.3f} s")


def main() -> None:
    """Make, read, show."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs"
        make_runs(runs, n)
        read(runs)
        asyncio.run(show(runs))


if __name__ == "__main__":
    main()
