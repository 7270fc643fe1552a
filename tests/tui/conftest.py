"""Synthetic presets and runs, and the console on them; without training and without a clock."""

import asyncio
import inspect
import itertools
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from textual._compositor import Compositor, LayoutUpdate
from textual._context import active_app
from textual.app import App
from textual.css.stylesheet import Stylesheet

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.preset.schema import Preset
from memlab.record.events import Ended, Evaluated, Phase, Rows, Started
from memlab.record.folder import RunFolder
from memlab.record.summary import end_summary
from memlab.tui.app import Memlab
from memlab.tui.lab.preflight import Preflight
from memlab.tui.training_functions import TrainingFunctions

PRESETS = {
    "quickstart": """
name: quickstart
about: Addition mod 97 from 30 % of its table. Memorizes, then generalizes.
task: {kind: modular, operation: add, modulus: 23, train_fraction: 0.5}
model: {n_layers: 1, n_heads: 4, d_model: 32}
optimizer: {lr: 1e-3, weight_decay: 1.0}
training: {steps: 600, batch_size: full}
evaluation: {every: 20}
""",
    "mine/no-decay": """
extends: quickstart
name: no-decay
about: The same without weight decay.
optimizer: {weight_decay: 0.0}
""",
    "mine/broken": "name: broken\ntask: {kind: modluar}\n",
}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.fixture(scope="session", autouse=True)
def parsed_styles() -> Iterator[None]:
    """Cache the rules parsed from a style sheet and its variables for all consoles."""
    shared: dict[Any, Any] = {}
    parse = Stylesheet._parse_rules

    def parse_once(sheet: Stylesheet, *source: Any, **options: Any) -> Any:
        variables = tuple(sheet._variables.items())
        key = (variables, source, tuple(options.items()))
        if key not in shared:
            shared[key] = parse(sheet, *source, **options)
        return shared[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def idle_without_a_clock() -> Iterator[None]:
    """End a pause as soon as the event loop is idle and no thread is pending.

    Textual's own pause, also after each key, sleeps for 20 ms and compares CPU time with wall time.
    """
    to_thread = asyncio.to_thread
    threads: list[asyncio.Task[Any]] = []

    def in_thread(*call: Any) -> asyncio.Task[Any]:
        threads.append(asyncio.create_task(to_thread(*call)))
        return threads[-1]

    async def until_idle(*_: float) -> None:
        loop: Any = asyncio.get_running_loop()
        await asyncio.sleep(0)
        while True:
            while loop._ready:
                await asyncio.sleep(0)
            pending = [one for one in threads if one.get_loop() is loop and not one.done()]
            if not pending:
                break
            await asyncio.wait(pending)
        threads.clear()
        active_app.get().screen._on_timer_update()

    with pytest.MonkeyPatch.context() as patch:
        # Textual lays a screen out 50 ms after it was switched to.
        patch.setattr(App, "delay_update", lambda app: None)
        patch.setattr("asyncio.to_thread", in_thread)
        patch.setattr("textual.pilot.wait_for_idle", until_idle)
        patch.setattr("textual.app.wait_for_idle", until_idle)
        yield


@pytest.fixture(scope="session", autouse=True)
def unpainted_updates() -> Iterator[None]:
    """Do not paint to the terminal, which takes half of the time of a test and is not checked.

    Text and pictures that a test reads are painted; `paint` paints the last screen of a test.
    """
    full = Compositor.render_full_update

    def paint_pictures(compositor: Compositor, simplify: bool = False) -> LayoutUpdate:
        compositor._dirty_regions.clear()
        if simplify:  # for a picture
            return full(compositor, simplify)
        return LayoutUpdate([], compositor.size.region)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_partial_update", lambda c: c._dirty_regions.clear())
        patch.setattr(Compositor, "render_full_update", paint_pictures)
        yield


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the console, with presets."""
    for name, text in PRESETS.items():
        path = tmp_path / "presets" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("memlab.preset.load.SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(Preflight, "_check_soon", lambda p: p.call_later(p._check_draft))
    ids = (f"20260101T0000{i:02d}-abcdef" for i in itertools.count())
    monkeypatch.setattr("memlab.record.folder.new_id", lambda runs: next(ids))
    for module in ("columns", "detail"):
        monkeypatch.setattr(f"memlab.tui.runs.{module}.age", lambda created: "2 h")
    clock = itertools.count(1_800_000_000.0, 0.125)
    for module in ("folder", "attempt_writer"):
        fake = SimpleNamespace(time=lambda: next(clock), monotonic=lambda: next(clock))
        monkeypatch.setattr(f"memlab.record.{module}.time", fake)
    return tmp_path


@pytest.fixture
def make_run(here: Path) -> Callable[..., RunFolder]:
    """Creates a run that memorizes, and generalizes at step `grokked`."""

    def make(
        *changes: str, name: str = "quickstart", grokked: int = 400, reason: str | None = "finished"
    ) -> RunFolder:
        preset = load("quickstart", changes)
        folder = create_run(preset, here / "runs", name)
        writer = folder.claim({"device": "cpu", "threads": 1}, seq=0, first_step=1)
        for event in _events(grokked):
            writer.write(event)
        if reason:
            writer.write(Ended(step=600, reason=reason))
            writer.end(reason, 600, end_summary(folder))
        else:
            writer.flush()
        return folder

    return make


def _events(grokked: int) -> Iterator[Any]:
    yield Started(step=0, attempt=1, device="cpu", engine="tree")
    for step in range(0, 601, 20):
        train = 3.1 * np.exp(-step / 80) + 1e-3
        val = 3.1 + 1.5 * (step / 200) if step < grokked else 3.1 * np.exp(-(step - grokked) / 40)
        if step:
            loss = np.linspace(train * 1.3, train, 20)
            rows = np.stack([loss, loss * 2, np.full(20, 1e-3), loss, loss], axis=1)
            yield Rows(step=step, values=rows.astype(np.float32))
        values = {"train_loss": train, "val_loss": val, "train_accuracy": float(step > 99)}
        yield Evaluated(step=step, values=values | {"val_accuracy": float(step >= grokked)})
        if step in (100, grokked):
            name = "memorized" if step == 100 else "grokked"
            yield Phase(step=step, name=name, after=step - 20, threshold=0.99, split="train")


class TrainedModel:
    """A trainer that records its calls; `train` ends when `proceed` is set."""

    def __init__(self) -> None:
        self.trained: list[RunFolder] = []
        self.detached: list[RunFolder] = []
        self.interrupted: Callable[[], bool] = lambda: False
        self.probe: Callable[[Preset], float] = lambda preset: 0.01
        self.work: Callable[[RunFolder], None] = lambda folder: None
        self.is_machine_idle: Callable[[], bool] = lambda: False

    def train(self, folder: RunFolder, interrupted: Callable[[], bool]) -> None:
        self.interrupted = interrupted
        self.trained.append(folder)
        self.work(folder)


@pytest.fixture
def trained() -> TrainedModel:
    return TrainedModel()


@pytest.fixture
def console(here: Path, trained: TrainedModel) -> Callable[..., Any]:
    """Opens the console: `async with console(size=(120, 40)) as (app, pilot)`."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (120, 40), begin: str = "lab", **options: Any) -> Any:
        trainer = TrainingFunctions(
            trained.train,
            trained.detached.append,
            trained.probe,
            is_machine_idle=trained.is_machine_idle,
        )
        app = Memlab(here / "runs", trainer, **options)
        begin_in(app, begin)
        async with app.run_test(size=size) as pilot:
            await settle(app, pilot)
            yield app, pilot
            paint(app)

    return opened


def paint(app: App[Any]) -> None:
    """Paint the screen, to find errors that occur only in painting."""
    app.screen._compositor.render_strips()


def begin_in(app: Memlab, mode: str) -> None:
    """Start the console on a screen other than the Lab, whose form takes long to create."""
    switch_mode = app.switch_mode

    def begin(first: str) -> Any:
        app.switch_mode = switch_mode  # type: ignore[method-assign]
        return switch_mode(mode if first == "lab" else first)

    app.switch_mode = begin  # type: ignore[method-assign]


async def settle(app: Memlab, pilot: Any) -> None:
    """Wait until no message and no thread is pending."""
    idle = 0
    while idle < 3:
        app._check_resize()  # Textual delays this with a timer
        await pilot.pause()
        waiting = [w for w in app.workers if not w.is_finished and w.group != "quit"]
        await app.workers.wait_for_complete(waiting)
        idle = 0 if waiting else idle + 1
    await pilot.pause()


@pytest.fixture(name="settle")
def settle_fixture() -> Any:
    return settle
