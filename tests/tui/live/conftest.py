"""A synthetic run, written with the record layer, that memorizes, spikes and generalizes."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from textual.app import App

from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import (
    NORMS_EVERY,
    Checkpoint,
    Edited,
    Ended,
    Evaluated,
    Event,
    Finding,
    Phase,
    Rows,
    Samples,
    Spike,
    SpikeOnset,
    Started,
)
from memlab.record.folder import RunFolder
from memlab.tui.console_state import ConsoleState
from memlab.tui.live.screen import RunScreen

from ..conftest import paint

STEPS, EVERY = 1400, 20
SPIKE = 900


def made_losses(steps: int, seed: int = 0) -> np.ndarray:
    """(step, column) of a run with one spike."""
    rng = np.random.default_rng(seed)
    s = np.arange(1, steps + 1)
    loss = 4.6 * np.exp(-s * 5 / steps) + 0.002
    loss = loss * np.exp(0.15 * rng.standard_normal(steps))
    at = int(steps * SPIKE / STEPS)
    tail = np.arange(min(40, steps - at))
    loss[at : at + len(tail)] *= 1 + 30 * np.exp(-tail / 8)
    grad = 0.3 + loss * 2
    weights = np.where(s % NORMS_EVERY, np.nan, 20.0)
    columns = [loss, grad, np.full(steps, 1e-3), weights, weights / 100]
    return np.stack(columns, axis=1).astype(np.float32)


def made_events(steps: int = STEPS, every: int = EVERY) -> Iterator[Event]:
    """All events of the synthetic run, in order."""
    rows = made_losses(steps)
    memorized, grokked, spike = int(steps * 0.3), int(steps * 0.8), int(steps * SPIKE / STEPS)
    yield Started(step=0, attempt=1, device="cpu", engine="tree", engine_reason="prefixes repeat")
    yield Finding(
        step=0, level="warning", what="no warmup", why="Adam starts cold", advice="try 10 steps"
    )
    reached: set[str] = set()
    for step in range(0, steps + 1, every):
        if step:
            yield Rows(step=step, values=rows[step - every : step])
        train, val = min(step / memorized, 1.0), max(0.0, min((step / grokked - 0.5) * 2, 1.0))
        train_loss = float(rows[max(step - 1, 0), 0])
        values = {
            "train_loss": train_loss, "train_accuracy": train, "train_token_accuracy": train,
            "val_loss": train_loss + 3 * (1 - val), "val_accuracy": val, "val_token_accuracy": val,
        }  # fmt: skip
        yield Evaluated(step=step, values=values)
        yield Samples(step=step, samples=[_sample(i, train, val) for i in range(8)])
        if train >= 0.99 and "memorized" not in reached:
            reached.add("memorized")
            yield Phase(
                step=step, name="memorized", after=step - every, threshold=0.99, split="train",
                details={"accuracy": train},
            )  # fmt: skip
        if val >= 0.99 and "grokked" not in reached:
            reached.add("grokked")
            yield Phase(
                step=step, name="grokked", after=step - every, threshold=0.99, split="val",
                details={"accuracy": val, "delay": grokked - memorized, "ratio": grokked / memorized},
            )  # fmt: skip
        if step - every < spike <= step:
            base, value = float(rows[spike - 1, 0]), float(rows[spike, 0])
            yield SpikeOnset(step=spike + 1, base=base, value=value, z=9.0)
        if step - every < spike + 40 <= step:
            yield Spike(
                step=step, onset=spike + 1, base=base, peak=value, peak_step=spike + 1,
                recovered_at=spike + 40, label="spike",
            )  # fmt: skip
        if step == steps // 2:
            yield Edited(step=step, changes={"optimizer.lr": 0.0003})
            yield Checkpoint(step=step, best_step=step)
    yield Ended(step=steps, reason="finished")


def _sample(i: int, train: float, val: float) -> dict[str, object]:
    split = "train" if i % 2 == 0 else "val"
    share = train if split == "train" else val
    a, b = 7 * i + 3, 83 - 5 * i
    target = str((a + b + 11 * i) % 97)
    ok = share > (i + 1) / 9
    answer = target if ok else str((int(target) + 31) % 97)
    p = round(0.2 + 0.79 * share if ok else 0.45 - 0.2 * share, 3)
    token = {"text": answer, "target": target, "p": p, "ok": ok}
    end = {"text": "<eos>", "target": "<eos>", "p": 0.999, "ok": True}
    prompt = f"{a} + {b} ="
    return {
        "split": split, "prompt": prompt, "target": target, "answer": answer,
        "tokens": [token, end],
    }  # fmt: skip


def write_run(runs: Path, steps: int = STEPS, every: int = EVERY) -> RunFolder:
    """A run folder with all these events."""
    folder = new_run(runs, steps, every)
    writer = begin(folder)
    for event in made_events(steps, every):
        writer.write(event)
    writer.end("finished", steps, {})
    return folder


def new_run(runs: Path, steps: int = STEPS, every: int = EVERY, name: str = "made up") -> RunFolder:
    """A run without an attempt."""
    document = {
        "name": "made-up",
        "task": {"kind": "modular", "operation": "add", "modulus": 97, "train_fraction": 0.3},
        "optimizer": {"lr": 0.001, "weight_decay": 1.0},
        "training": {"steps": steps},
        "evaluation": {"every": every},
    }
    return create_run(from_json(document), runs, name)


def begin(folder: RunFolder, seq: int = 0, first_step: int = 1) -> AttemptWriter:
    """The writer of the next attempt."""
    return folder.claim({"device": "cpu", "threads": 1}, seq=seq, first_step=first_step)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch)


def set_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the clock by one that advances 1/8 s per event, so that speeds are constant."""
    seconds = itertools.count(1_800_000_000.0, 0.125)
    fake = SimpleNamespace(time=lambda: next(seconds), monotonic=lambda: next(seconds))
    monkeypatch.setattr("memlab.record.attempt_writer.time", fake)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run; tests must not change it."""
    with pytest.MonkeyPatch.context() as patch:
        set_clock(patch)
        return write_run(tmp_path_factory.mktemp("finished")).path


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> RunFolder:
    """A finished run."""
    return RunFolder(shutil.copytree(finished_once, tmp_path / finished_once.name))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., RunFolder]:
    """Writes runs of other sizes."""
    return lambda **sizes: write_run(tmp_path, **sizes)


@pytest.fixture(name="new_run")
def new_run_fixture() -> Callable[..., RunFolder]:
    """Creates a run without an attempt."""
    return new_run


@pytest.fixture(name="begin_run")
def begin_fixture() -> Callable[..., AttemptWriter]:
    """Starts an attempt."""
    return begin


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[RunFolder, AttemptWriter, Iterator[Event]]]:
    """A run that has just started, its writer, and its remaining events."""
    folder, events = new_run(tmp_path), made_events()
    writer = begin(folder)
    for _ in range(4):
        writer.write(next(events))
    yield folder, writer, events
    writer.close()


class Stage(App[None]):
    """An app around one screen."""

    training = SimpleNamespace(current=None, waiting=())
    read_only = False

    def __init__(self, screen: RunScreen) -> None:
        super().__init__()
        self._first = screen

    def on_mount(self) -> None:
        self.push_screen(self._first)


def staged(folder: RunFolder, at: int | None = None, state: ConsoleState | None = None) -> Stage:
    """An app without timers that shows a run."""
    screen = RunScreen(folder, at, state=state)
    screen._tick = lambda: None  # type: ignore[method-assign]
    return Stage(screen)


@pytest.fixture
def stage() -> Callable[..., Stage]:
    """Creates an app without timers that shows a run."""
    return staged


@pytest.fixture
def opened() -> Callable[..., Any]:
    """Opens a run in an app without timers: `async with opened(folder, at) as (pilot, screen)`."""

    @asynccontextmanager
    async def open_run(
        folder: RunFolder,
        at: int | None = None,
        size: tuple[int, int] = (120, 40),
        state: ConsoleState | None = None,
    ) -> Any:
        app = staged(folder, at, state)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot, app.screen
            paint(app)

    return open_run
