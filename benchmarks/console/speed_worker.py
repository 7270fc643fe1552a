"""Measures one quantity of the checkout that PYTHONPATH names; `speed.py` starts it for each.

    python benchmarks/console/speed_worker.py QUANTITY FOLDER AMOUNT

It uses only names that all checkouts share. Prints one number, or for `train` the
run's folder, and (step, monotonic nanoseconds) of each update as it ends.
"""

import asyncio
import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from memlab.record.folder import RunFolder

SIZE = (120, 40)
KEYS = (*["plus"] * 3, *["left"] * 25)
"""Zoom in, then pan; every key shows a different part."""
KEY_SECONDS = 0.25


async def redraw(folder: Path, seconds: float) -> float:
    """CPU milliseconds per key, without those of the idle console."""
    from textual import events

    app = _console(folder)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2.0)
        start = time.process_time()
        await asyncio.sleep(seconds)
        idle = (time.process_time() - start) / seconds
        start, began = time.process_time(), time.perf_counter()
        for key in KEYS:
            app.post_message(events.Key(key, None))
            await asyncio.sleep(KEY_SECONDS)
        used = time.process_time() - start - idle * (time.perf_counter() - began)
        return 1e3 * used / len(KEYS)


async def grow(folder: Path, seconds: float) -> float:
    """CPU milliseconds per second while another process writes the run."""
    app = _console(folder)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2.0)
        start, began = time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        return 1e3 * (time.process_time() - start) / (time.perf_counter() - began)


async def watch(runs: Path, seconds: float) -> float:
    """Share of the CPU time that the console takes while this process trains."""
    folder = _batches(runs, 1_000_000)
    training = threading.Thread(target=lambda: _exhaust(_work(folder)), daemon=True)
    training.start()
    while RunFolder(folder).last_step() < 5:
        await asyncio.sleep(0.1)
    app = _console(folder)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2.0)
        console, total = time.thread_time(), time.process_time()
        await asyncio.sleep(seconds)
        console, total = time.thread_time() - console, time.process_time() - total
        print(console / total, flush=True)
        os._exit(0)  # the training would not end


def record_cost(runs: Path, n: float) -> float:
    """CPU microseconds per update outside of the update itself, over `n` updates."""
    inside = 0.0
    folder = _batches(runs, int(n))

    def timed(*args: object) -> object:
        nonlocal inside
        start = time.thread_time()
        result = update(*args)
        inside += time.thread_time() - start
        return result

    update = _replace_update(timed)
    events = iter(_work(folder))
    next(events)
    start = time.thread_time()
    _exhaust(events)
    total = time.thread_time() - start
    return 1e6 * (total - inside) / n


def train(runs: Path, _: float) -> None:
    """Train, and print each update before it is recorded."""
    folder = _batches(runs, 1_000_000)
    print(folder, flush=True)

    def timed(state: object, *args: object) -> object:
        result = update(state, *args)
        os.write(1, b"%d %d\n" % (state.step, time.monotonic_ns()))
        return result

    update = _replace_update(timed)
    _exhaust(_work(folder))


def last_step(folder: Path, _: float) -> int:
    """The last step on disk."""
    from memlab.record.history import History

    return History(RunFolder(folder)).until().last_step


def _batches(runs: Path, steps: int) -> Path:
    """A new run with batches of 64, in the format of the checkout."""
    from memlab.preset.create import create_run
    from memlab.preset.load import load

    settings = ["training.stop_when=null", "training.batch_size=64", f"training.steps={steps}"]
    return create_run(load("quickstart", [*settings, "evaluation.every=500"]), runs, "a run").path


def _console(folder: Path) -> Any:
    from memlab.tui.app import Memlab
    from memlab.tui.messages import OpenRun

    return Memlab(folder.parent, first=OpenRun(RunFolder(folder)))


def _trainer(module: str) -> Any:
    """A module of the training package, whose name differs between checkouts."""
    try:
        return importlib.import_module(f"memlab.training.{module}")
    except ModuleNotFoundError:
        return importlib.import_module(f"memlab.engine.{module}")


def _work(folder: Path) -> Iterable[object]:
    return _trainer("worker").work(RunFolder(folder), device="cpu")


def _replace_update(replacement: Callable[..., object]) -> Callable[..., object]:
    """Make the trainer call `replacement`; returns the original update function."""
    step = _trainer("step")
    update, step.update = step.update, replacement
    return update


def _exhaust(events: Iterable[object]) -> None:
    for _ in events:
        pass


QUANTITIES = {one.__name__: one for one in (redraw, grow, watch, record_cost, train, last_step)}

if __name__ == "__main__":
    measure = QUANTITIES[sys.argv[1]]
    value = measure(Path(sys.argv[2]), float(sys.argv[3]))
    value = asyncio.run(value) if asyncio.iscoroutine(value) else value
    if value is not None:
        print(value)
