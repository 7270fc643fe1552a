"""Time to list 10,000 runs with `memlab runs --json` and on the Runs screen.

    python benchmarks/console/many_runs.py [N]

Creates N finished runs in a temporary folder by copying a small one (all copies have the id on which its
seals depend), and lists them in new processes: without a catalog, with the catalog, and with the catalog
after the kernel has dropped its caches, which requires root. On the screen it measures: first rows, all
rows, refreshing all rows, filtering and sorting, drawing a page.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.events import Ended, Evaluated, Phase, Started
from memlab.record.summary import end_summary
from memlab.tui.app import Memlab
from memlab.tui.table import Table

DROP = Path("/proc/sys/vm/drop_caches")


def make_runs(runs: Path, n: int) -> None:
    """Create `n` copies of a run without rows and checkpoints, which lists do not read."""
    first = create_run(load("quickstart"), runs, "quickstart")
    with first.claim({"device": "cpu", "threads": 1}, seq=0, first_step=1) as writer:
        writer.write(Started(step=0, attempt=1))
        for step in range(0, 1401, 20):
            writer.write(
                Evaluated(step=step, values={"train_loss": 1.0, "val_loss": 2.0 / (step + 1)})
            )
        writer.write(Phase(step=100, name="memorized", after=80))
        writer.write(Ended(step=1400, reason="finished"))
        writer.end("finished", 1400, end_summary(first))
    for i in range(n - 1):
        shutil.copytree(first.path, runs / f"20250101T000000-{i:06d}")


async def show(runs: Path) -> None:
    """Measure the Runs screen and print the results."""
    app, n = Memlab(runs), len(list(runs.iterdir()))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        if os.environ["DROP"] == "1":
            drop_caches()
        start = time.perf_counter()
        await app.action_go("runs")
        first = None
        while len(app.screen._listing.shown) < n:
            await asyncio.sleep(0.01)
            if first is None and app.screen._listing.shown:
                first = time.perf_counter() - start
        results = [f"first rows {first:.2f} s, all {time.perf_counter() - start:.2f} s"]
        screen = app.screen
        await app.workers.wait_for_complete()
        for what, act in (
            ("refresh", lambda: list(screen._index.refresh())),
            ("filter and sort", screen._list),
            ("a page", lambda: [screen.query_one(Table).render_line(y) for y in range(30)]),
        ):
            start = time.perf_counter()
            act()
            results.append(f"{what} {time.perf_counter() - start:.3f} s")
        print(", ".join(results))


def drop_caches() -> None:
    """Drop the file system caches of the kernel."""
    os.sync()
    DROP.write_text("3")


def main() -> None:
    """Create the runs and list them in each state of the caches."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        runs, cache = Path(folder) / "runs", Path(folder) / "cache"
        make_runs(runs, n)
        time.sleep(3)  # the catalog omits runs that changed in the last two seconds
        list_all = [sys.executable, "-m", "memlab", "runs", "--json", "--runs", str(runs)]
        screen = [sys.executable, __file__, "--show", str(runs)]
        for state in ("no catalog", "with a catalog", "all caches of the kernel dropped"):
            for name, command in (("memlab runs --json", list_all), ("screen", screen)):
                env = {**os.environ, "XDG_CACHE_HOME": str(cache / name), "DROP": "0"}
                if state.startswith("all"):
                    if not os.access(DROP, os.W_OK):
                        continue
                    env["DROP"] = "1"
                    drop_caches()
                start = time.perf_counter()
                done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
                seconds = time.perf_counter() - start
                result = f"{seconds:.2f} s" if command is list_all else done.stdout.decode().strip()
                print(f"{state}: {name}: {result}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--show"]:
        asyncio.run(show(Path(sys.argv[2])))
    else:
        main()
