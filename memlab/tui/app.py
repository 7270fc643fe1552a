"""The console app: screens, training queue, baseline."""

import asyncio
import gc
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.theme import ThemeProvider

from memlab.errors import MemlabError
from memlab.preset.create import create_run
from memlab.record.folder import RunFolder
from memlab.record.runs import iter_runs
from memlab.record.status import Status
from memlab.tui import keys
from memlab.tui.console_state import ConsoleState
from memlab.tui.dialogs import MessageBox
from memlab.tui.help import help_for
from memlab.tui.messages import (
    ClonePreset,
    CompareRuns,
    EditPreset,
    OpenRun,
    PinBaseline,
    ResumeRun,
    ResumeSweep,
    ShowSweep,
    StartRun,
    StartSweep,
    TrainingEnded,
)
from memlab.tui.palette import Palette, PresetsAndRuns
from memlab.tui.plots.chart_screen import ChartScreen
from memlab.tui.quitting import may_quit
from memlab.tui.safe_content import error_text, one_line, safe
from memlab.tui.screens import SCREENS
from memlab.tui.training_functions import Analysis, TrainingFunctions
from memlab.tui.training_queue import TrainingQueue
from memlab.tui.worker_running import worker_running

if TYPE_CHECKING:
    from memlab.sweeps.load import SweepSource
    from memlab.sweeps.sweep import Sweep
    from memlab.tui.baseline import BaselineRun

ALIVE = (Status.RUNNING, Status.PAUSED)
RUN_MODES = {entry.mode: entry for entry in SCREENS if entry.shows_one_run}
ALLOCATIONS = 20_000
"""Allocations between two garbage collections: a redraw makes thousands of short-lived objects without
cycles, and with Python's 700 the collections take 3 % of its time."""


class Memlab(App[None]):
    TITLE = "memlab"
    CSS_PATH = "app.tcss"
    KEYS = keys.APP
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    COMMANDS = App.COMMANDS | {PresetsAndRuns}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (150, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (14, "-low"), (32, "-high")]  # noqa: RUF012

    def __init__(  # noqa: PLR0913 - all but one have defaults
        self,
        runs: Path,
        trainer: TrainingFunctions | None = None,
        first: OpenRun | CompareRuns | None = None,
        state: ConsoleState | None = None,
        analysis: Analysis | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        """
        Args:
            runs: the folder of runs.
            trainer: None = no run can be started.
            first: what to show first; None = the Lab.
            state: where appearance and selections are stored.
            analysis: None = only stored explanations and pictures are shown.
            read_only: offer nothing that changes a run or a file.
        """
        super().__init__()
        self.runs, self.trainer, self.analysis = runs, trainer, analysis
        self.read_only = read_only
        self._first, self.state = first, state or ConsoleState()
        self.training = TrainingQueue(trainer.train if trainer else None, self._ended)
        self._shown: dict[str, RunFolder] = {}
        self.baseline: BaselineRun | None = None

    def on_mount(self) -> None:
        """Create the screens; show the first one in the theme of the last session."""
        # Imported modules are permanent: a garbage collection over them would delay the first paint.
        gc.freeze()
        gc.enable()
        gc.set_threshold(ALLOCATIONS)
        if (theme := self.state.recall("theme")) in self.available_themes:
            self.theme = theme
        self.watch(self, "theme", lambda name: self.state.keep("theme", name), init=False)
        for entry in SCREENS:
            if not entry.shows_one_run:
                self.add_mode(entry.mode, partial(entry.create, self))
        if self.state.folder:
            self.call_after_refresh(self._recall_baseline)
        if self._first:
            self.post_message(self._first)
        else:
            self.switch_mode("lab")

    # Navigation

    async def action_go(self, mode: str) -> None:
        if mode not in RUN_MODES:
            await self.switch_mode(mode)
            return
        folder = self._run_for(mode)
        if folder is None:
            what = "no run is training" if mode == "live" else "no run to replay"
            self.notify(f"{what}: start one in the Lab")
        else:
            await self._show_run(mode, OpenRun(folder))

    @property
    def shown(self) -> RunFolder | None:
        """The run on the current screen, if it shows one."""
        return self._shown.get(self.current_mode or "")

    def _run_for(self, mode: str) -> RunFolder | None:
        """The run that trains here, else the one shown last, else the newest suitable run."""
        if mode == "live" and self.training.current:
            return self.training.current
        if mode in self._shown:
            return self._shown[mode]
        newest = islice(iter_runs(self.runs), 50)
        is_live = mode == "live"
        return next((run for run in newest if (run.status() in ALIVE) == is_live), None)

    @on(OpenRun)
    async def _open_run(self, event: OpenRun) -> None:
        current = self.training.current
        alive = event.folder.status() in ALIVE or (current and current.path == event.folder.path)
        await self._show_run("live" if alive else "replay", event)

    async def _show_run(self, mode: str, request: OpenRun) -> None:
        folder, at = request.folder, request.at
        if mode in self._shown and (self._shown[mode].path != folder.path or at is not None):
            if self.current_mode == mode:
                await self.switch_mode("runs")
            await self.remove_mode(mode)
            del self._shown[mode]
        if mode not in self._shown:
            self._shown[mode] = folder
            self.add_mode(
                mode, partial(RUN_MODES[mode].create, folder, at, request.speed, self.state)
            )
        await self.switch_mode(mode)

    @on(ClonePreset)
    async def _clone(self, event: ClonePreset) -> None:
        await self._forward("lab", event)

    @on(EditPreset)
    async def _edit_preset(self, event: EditPreset) -> None:
        await self._forward("lab", event)

    @on(ShowSweep)
    async def _show_sweep(self, event: ShowSweep) -> None:
        await self._forward("sweeps", event)

    @on(StartSweep)
    async def _start_sweep(self, event: StartSweep) -> None:
        if self._sweep_function is not None:
            try:
                sweep = await asyncio.to_thread(_new_sweep, event.source, self.runs)
            except (MemlabError, OSError) as problem:
                self.push_screen(
                    MessageBox(Content("The sweep cannot be created"), error_text(problem))
                )
            else:
                self._resume_sweep(ResumeSweep(sweep.path))
                await self._show_sweep(ShowSweep(sweep.id))

    @on(ResumeSweep)
    def _resume_sweep(self, event: ResumeSweep) -> None:
        if resume := self._sweep_function:
            resume(event.path)
            self.notify("the sweep trains in a separate process")

    @property
    def _sweep_function(self) -> Callable[[Path], None] | None:
        resume = self.trainer.resume_sweep if self.trainer else None
        if resume is None:
            self.notify("this console cannot train; use `memlab sweep run`", markup=False)
        return resume

    @on(CompareRuns)
    async def _compare(self, event: CompareRuns) -> None:
        await self._forward("compare", event)

    async def _forward(self, mode: str, event: Message) -> None:
        """Switch to a screen and send the message to it."""
        await self.switch_mode(mode)
        self.screen.post_message(event)

    # The baseline

    @work(thread=True, group="baseline")
    def _recall_baseline(self) -> None:
        from memlab.tui.baseline import BaselineFile

        if (pinned := BaselineFile(self.state.folder).read()) is not None:
            self.call_from_thread(self._show_baseline, pinned)

    @on(PinBaseline)
    def _pin(self, event: PinBaseline) -> None:
        is_pinned = self.baseline is not None and self.baseline.path == event.folder.path
        self._pin_run(None if is_pinned else event.folder)

    @work(thread=True, exclusive=True, group="baseline")
    def _pin_run(self, folder: RunFolder | None) -> None:
        from memlab.tui.baseline import BaselineFile, BaselineRun

        try:
            pinned = None if folder is None else BaselineRun.of(folder)
        except (MemlabError, OSError) as problem:
            text = f"the run cannot be pinned: {one_line(problem)}"
            self.call_from_thread(self.notify, text, severity="error", markup=False)
            return
        BaselineFile(self.state.folder).write(pinned)
        self.call_from_thread(self._show_baseline, pinned)
        text = f"baseline: {safe(pinned.name, 60).plain}" if pinned else "baseline removed"
        self.call_from_thread(self.notify, text, markup=False)

    def _show_baseline(self, pinned: "BaselineRun | None") -> None:
        self.baseline = pinned
        for screen in self.screen_stack:
            if isinstance(screen, ChartScreen):
                screen.show_baseline()

    # Training

    @on(StartRun)
    async def _start(self, event: StartRun) -> None:
        if self._can_train():
            try:
                folder = await asyncio.to_thread(create_run, event.preset, self.runs, event.name)
            except (MemlabError, OSError) as problem:
                self.push_screen(
                    MessageBox(Content("The run cannot be created"), error_text(problem))
                )
            else:
                await self._submit(folder, event.queue)

    @on(ResumeRun)
    async def _resume(self, event: ResumeRun) -> None:
        if self._can_train():
            await self._submit(event.folder, queue=False)

    def _can_train(self) -> bool:
        if not self.training.can_train:
            self.notify("this console cannot train; start a run with `memlab run`")
        return self.training.can_train

    async def _submit(self, folder: RunFolder, queue: bool) -> None:
        if self.training.submit(folder):
            await self._show_run("live", OpenRun(folder))
        else:
            waiting = len(self.training.waiting)
            other = "" if queue else "another run is training; "
            self.notify(f"{other}{waiting} queued: it starts when the others have ended")

    def _ended(self, folder: RunFolder, problem: Exception | None) -> None:
        """Called in the run's thread."""
        self.post_message(TrainingEnded(folder, problem))

    @on(TrainingEnded)
    async def _training_ended(self, event: TrainingEnded) -> None:
        name = safe(event.folder.display_name)
        self.training.start_next()
        if event.problem is not None:
            title = Content.assemble(("✗ ", "$text-error"), name, " ended with an error")
            self.push_screen(MessageBox(title, error_text(event.problem)))
        else:
            self.notify(f"{name.plain}: {event.folder.status()}", markup=False)
        if self.training.current and self.current_mode == "live":
            await self._show_run("live", OpenRun(self.training.current))

    # Quitting

    async def action_quit(self) -> None:
        """Quit; ask first if a run is training here."""
        if not worker_running(self, "quit"):
            self._ask_and_quit()

    @work(group="quit")
    async def _ask_and_quit(self) -> None:
        if await may_quit(self, self.training, self.trainer):
            self.exit()

    # Help, palette, pictures

    def action_help(self) -> None:
        self.push_screen(help_for(self.focused, self.screen))

    def action_command_palette(self) -> None:
        """Search actions, presets and runs."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def search_themes(self) -> None:
        self.push_screen(Palette([ThemeProvider], placeholder="Search for themes…"))

    def action_picture(self) -> None:
        """Save the current screen as an SVG; a browser downloads it."""
        if self.is_web:
            self.deliver_screenshot()
            return
        try:
            self.notify(f"saved {self.save_screenshot()}", markup=False)
        except OSError as problem:
            self.notify(f"not saved: {one_line(problem)}", severity="error", markup=False)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """All keys that apply here, and Textual's own commands."""
        for node, table in keys.around(screen.focused or screen):
            for key in table.rows:
                act = partial(self.run_action, key.action, node)
                yield SystemCommand(f"{table.title}: {key.label}", key.help, act)
        for command in super().get_system_commands(screen):
            if command.title in ("Maximize", "Minimize"):
                yield command


def _new_sweep(source: "SweepSource", runs: Path) -> "Sweep":
    from memlab.sweeps.create import create_sweep
    from memlab.sweeps.expand import expand

    return create_sweep(source, expand(source, runs), runs)
