"""Time per frame and memory while a synthetic run of a million steps is browsed.

    python benchmarks/console/long_run.py [--steps 1000000] [--size 120x40]

A frame includes reading rows from the run folder, building the charts, and the rendering of Textual.
"""

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from textual.app import App

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.events import Ended, Evaluated, Phase, Rows, Samples, Spike, Started
from memlab.record.folder import RunFolder
from memlab.tui.live.screen import RunScreen

EVERY = 1000


def synthetic_run(runs: Path, steps: int) -> RunFolder:
    """A run of `steps` updates with an evaluation every 1,000 and a spike every 50,000."""
    rng = np.random.default_rng(0)
    preset = load("quickstart", [f"training.steps={steps}", f"evaluation.every={EVERY}"])
    folder = create_run(preset, runs, "a long run")
    with folder.claim({"device": "cpu", "threads": 1}, seq=0, first_step=1) as writer:
        writer.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
        for done in range(0, steps + 1, EVERY):
            if done:
                at = np.arange(done - EVERY, done)
                loss = np.exp(-at / steps * 6 + 0.2 * rng.standard_normal(EVERY))
                if done % 50_000 == 0:
                    loss[500:530] *= 30
                norms = np.full(EVERY, 20.0)
                rows = np.stack([loss, loss * 3, norms / 2e4, norms, norms / 100], axis=1)
                writer.write(Rows(step=done, values=rows.astype(np.float32)))
            share = min(done / steps * 2, 1.0)
            values = {"train_loss": 1.0 - share, "val_loss": 2.0 - share, "val_accuracy": share}
            writer.write(Evaluated(step=done, values=values | {"train_accuracy": share}))
            writer.write(Samples(step=done, samples=[_sample(i, share) for i in range(8)]))
            if done and done % 50_000 == 0:
                peak = done - 500
                writer.write(
                    Spike(step=done, onset=peak, base=0.1, peak=3.0, peak_step=peak,
                          recovered_at=peak + 30, label="spike")
                )  # fmt: skip
            if done == steps // 2:
                writer.write(Phase(step=done, name="grokked", after=done - EVERY, split="val"))
        writer.write(Ended(step=steps, reason="finished"))
        writer.end("finished", steps, {})
    return folder


def _sample(i: int, share: float) -> dict[str, object]:
    answer = "12" if share > i / 8 else "99"
    token = {"text": answer, "target": "12", "p": share, "ok": answer == "12"}
    return {
        "split": "val",
        "prompt": f"{i} + 5 =",
        "target": "12",
        "answer": answer,
        "tokens": [token],
    }


class Stage(App[None]):
    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder

    def on_mount(self) -> None:
        self.push_screen(RunScreen(self.folder, interactive=False))


MOVES = {
    "scrub": lambda screen, i: (
        screen.viewer.hold((i * 7919 % 100) / 100 * screen.viewer.whole.last_step),
        screen._draw(),
    ),
    "zoom": lambda screen, i: screen.action_zoom(0.5 if i % 2 else 2),
    "pan": lambda screen, i: screen.action_pan(1 if i % 4 < 2 else -1),
    "spikes": lambda screen, i: screen.action_spike(1 if i < 15 else -1),
    "log x": lambda screen, i: screen.action_log_x(),
}


async def measure(folder: RunFolder, size: tuple[int, int]) -> Iterator[tuple[str, list[float]]]:
    """Milliseconds of CPU time of each frame, for each kind of move."""
    app = Stage(folder)
    start = time.process_time()
    measured = []
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        measured.append(("open", [1e3 * (time.process_time() - start)]))
        screen = app.screen
        screen.action_zoom(0.5)
        for name, move in MOVES.items():
            times = []
            for i in range(30):
                before = time.process_time()
                move(screen, i)
                await pilot.pause()
                times.append(1e3 * (time.process_time() - before))
            measured.append((name, times))
    return iter(measured)


def main() -> None:
    """Create a run, open it and browse it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--size", default="120x40")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as runs:
        folder = synthetic_run(Path(runs), options.steps)
        for name, times in asyncio.run(measure(folder, (width, height))):
            second = sorted(times)[-2:][0]
            print(
                f"{name:8} median {statistics.median(times):6.1f} ms   second highest {second:6.1f} ms"
            )
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory   {used:.0f} MiB peak")


if __name__ == "__main__":
    main()
