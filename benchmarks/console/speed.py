"""CPU time of the console and of recording, next to that of another checkout.

    python benchmarks/console/speed.py CHECKOUT [--python PYTHON] [--rounds 3] [--only ROW ...]

Each row is measured in fresh processes, this checkout and the other in turn, on the same run; the
median over the rounds is printed with the ratio. A growing run is watched by both at the same time.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from long_run import synthetic_run

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.events import Evaluated, Rows, Started

HERE = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("speed_worker.py")
SECONDS = 6.0
"""of console time per measurement"""
UPDATES = 1500
"""of a run whose recording is measured"""
KILLS = 3


@dataclass(frozen=True)
class Checkout:
    """A version of memlab, and an interpreter that has its requirements."""

    path: Path
    python: str

    def start(self, *words: str) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": str(self.path), "XDG_STATE_HOME": "/nonexistent"}
        return subprocess.Popen(
            [self.python, *words], env=env, cwd=self.path, stdout=subprocess.PIPE, text=True
        )

    def measure(self, quantity: str, folder: Path, amount: float = SECONDS) -> float:
        """The number that the worker prints."""
        return _number(self.start(str(WORKER), quantity, str(folder), str(amount)))


def _number(process: subprocess.Popen[str]) -> float:
    text, _ = process.communicate()
    assert process.returncode == 0, "a worker failed"
    return float(text)


def replay(folder: Path, one: Checkout) -> float:
    """CPU seconds of `memlab replay --once`."""
    words = ("-m", "memlab", "replay", folder.name, "--once", "--runs", str(folder.parent))
    process = one.start(*words)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    assert status == 0, "replay failed"
    return usage.ru_utime + usage.ru_stime


def watch(runs: Path, one: Checkout) -> float:
    """CPU share of the console, in percent, while batches of 64 train."""
    return 100 * one.measure("watch", runs, 2 * SECONDS)


def record_cost(runs: Path, one: Checkout) -> float:
    """CPU microseconds per update of batches of 64, outside of the update itself."""
    return one.measure("record_cost", runs, UPDATES)


def lost(runs: Path, one: Checkout) -> float:
    """Maximum age in milliseconds of the oldest update that a kill -9 lost, over several kills."""
    return max(_lost_by_kill(runs, one) for _ in range(KILLS))


def _lost_by_kill(runs: Path, one: Checkout) -> float:
    process = one.start(str(WORKER), "train", str(runs), "0")
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    first = process.stdout.readline()
    time.sleep(random.uniform(0.5, 1.0))
    killed = time.monotonic_ns()
    process.kill()
    lines = [first, *process.stdout.read().splitlines()]
    process.wait()
    updates = dict(map(int, line.split()) for line in lines if len(line.split()) == 2)
    on_disk = int(one.measure("last_step", folder, 0))
    return max([0.0, *((killed - at) / 1e6 for step, at in updates.items() if step > on_disk)])


def growing(runs: Path, checkouts: Sequence[Checkout]) -> list[float]:
    """CPU milliseconds per second of each console while it shows a run that grows at 1 kHz."""
    rng = np.random.default_rng(0)
    folder = create_run(load("quickstart", ["training.steps=100000"]), runs, "growing")
    with folder.claim({"device": "cpu", "threads": 1}, seq=0, first_step=1) as writer:
        writer.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
        step = 0

        def grow(n: int) -> None:
            nonlocal step
            loss = np.exp(-np.arange(step, step + n) / 20000 + 0.2 * rng.standard_normal(n))
            constant = np.ones(n)
            rows = np.stack([loss, loss * 3, constant, constant * 20, constant / 5], axis=1)
            step += n
            writer.write(Rows(step=step, values=rows.astype(np.float32)))
            if step % 1000 == 0:
                values = {"train_loss": float(loss[-1]), "val_loss": 2 * float(loss[-1])}
                writer.write(Evaluated(step=step, values=values))

        for _ in range(200):
            grow(100)
        words = (str(WORKER), "grow", str(folder.path), str(2 * SECONDS))
        consoles = [one.start(*words) for one in checkouts]
        began = time.monotonic()
        before = step
        while any(process.poll() is None for process in consoles):
            time.sleep(0.05)
            while step - before < 1000 * (time.monotonic() - began):
                grow(100)
                writer.beat(step)
    return [_number(process) for process in consoles]


def main() -> None:
    """Measure all rows and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--python", help="its interpreter; by default that of its .venv")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="beginnings of the names of rows")
    options = parser.parse_args()
    other = options.python or str(options.checkout.resolve() / ".venv/bin/python")
    checkouts = [
        Checkout(HERE, sys.executable),
        Checkout(options.checkout.resolve(), other),
    ]
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder)
        rows = _rows(runs)
        selected = [row for row in rows if not options.only or row.startswith(tuple(options.only))]
        print(f"{'':42} {'this':>8} {'other':>8} {'ratio':>6}")
        for name in selected:
            rounds = [rows[name](checkouts) for _ in range(options.rounds)]
            this, that = map(statistics.median, zip(*rounds, strict=True))
            ratio = this / that if that else float("nan")
            print(f"{name:42} {this:8.2f} {that:8.2f} {ratio:6.2f}", flush=True)


def _rows(runs: Path) -> dict[str, Callable[[Sequence[Checkout]], list[float]]]:
    million, short = (synthetic_run(runs / str(steps), steps) for steps in (1_000_000, 20_000))
    return {
        "redraw, ms per key": _each(lambda one: one.measure("redraw", million.path)),
        "growing at 1 kHz, ms per second": partial(growing, runs / "growing"),
        "replay of a million steps, s": _each(partial(replay, million.path)),
        "replay of 20,000 steps, s": _each(partial(replay, short.path)),
        "lost by kill -9, ms": _each(partial(lost, runs / "killed")),
        "recording, us per update": _each(partial(record_cost, runs / "recorded")),
        "console while batches of 64 train, %": _each(partial(watch, runs / "watched")),
    }


def _each(
    measure: Callable[[Checkout], float],
) -> Callable[[Sequence[Checkout]], list[float]]:
    return lambda checkouts: [measure(one) for one in checkouts]


if __name__ == "__main__":
    main()
