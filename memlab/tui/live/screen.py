"""The Live and Replay screen: panels around a cursor in a run's history.

In Live the cursor follows the end, in Replay it stays at a step; panels do not depend on that.
The screen reads the run's folder and writes commands to it; it does not call the trainer.
"""

import gc
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer

from memlab.errors import RunError
from memlab.record.commands import CheckpointNow, Pause, Resume, Stop
from memlab.record.folder import RunFolder
from memlab.record.status import Status
from memlab.tui.bar import Bar
from memlab.tui.console_state import ConsoleState
from memlab.tui.dialogs import TextPrompt
from memlab.tui.footer import Footer
from memlab.tui.keys import is_offered
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.cursor import neighbour
from memlab.tui.live.event_list import EventList
from memlab.tui.live.explain import open_explanation
from memlab.tui.live.header import Header
from memlab.tui.live.keys import RUN
from memlab.tui.live.panels import RunPanels
from memlab.tui.live.pictures import open_pictures
from memlab.tui.live.redraw_throttle import SMOOTH, RedrawThrottle
from memlab.tui.live.run_commands import ask, ask_for_edits, ask_for_fork
from memlab.tui.live.sample_list import SampleList
from memlab.tui.live.scrubber import Scrubber, ticks
from memlab.tui.live.view_state import ViewState
from memlab.tui.live.viewer import Viewer
from memlab.tui.plots.chart_screen import ChartScreen
from memlab.tui.plots.viewport import Viewport, XExtent
from memlab.tui.safe_content import one_line
from memlab.tui.training_functions import Fork, TrainingFunctions

if TYPE_CHECKING:
    from memlab.tui.baseline import BaselineRun


@final
class RunScreen(ChartScreen):
    KEYS = RUN
    BINDINGS = RUN.bindings()
    AUTO_FOCUS = "#loss"
    CSS_PATH = "live.tcss"

    def __init__(
        self,
        folder: RunFolder,
        at: int | None = None,
        speed: float | None = None,
        state: ConsoleState | None = None,
        *,
        interactive: bool = True,
    ) -> None:
        """Start at step `at`; None = at the end. With a `speed` it plays from there.

        Without `interactive` it has no tabs and no keys.
        """
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (150, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-tiny"), (14, "-low"), (32, "-high")]
        self.viewer, self._interactive = Viewer(folder, at, speed), interactive
        self._panels = RunPanels(self.viewer, state or ConsoleState())
        self._throttle = RedrawThrottle()
        self._next_tick: Timer | None = None
        self._redraw_pending = self._was_following = False
        self.is_drawn = False
        """whether the first picture is complete"""
        self._baseline: BaselineRun | None = None
        """the baseline at the last redraw"""

    def compose(self) -> ComposeResult:
        # With the classes of its size from the beginning, the first layout is the final one.
        for cells, breakpoints in (
            (self.app.size.width, self.HORIZONTAL_BREAKPOINTS),
            (self.app.size.height, self.VERTICAL_BREAKPOINTS),
        ):
            self.add_class(max(one for one in breakpoints or () if one[0] <= cells)[1])
        if self._interactive:
            yield Bar()
        yield Header(id="header")
        yield self._panels
        yield Scrubber(id="scrubber")
        if self._interactive:
            yield Footer()

    def on_mount(self) -> None:
        """Draw, and start polling."""
        self.call_after_refresh(self._draw)
        self.call_after_refresh(_leave_out_of_collections)
        self.call_after_refresh(self._restart_throttle)

    def on_unmount(self) -> None:
        """Release the run's events."""
        gc.unfreeze()

    def on_screen_resume(self) -> None:
        """Catch up with changes while another screen was shown."""
        self.poll()
        if self._baseline is not self.baseline:
            self._redraw_later()
        self.call_after_refresh(self._restart_throttle)

    def on_resize(self) -> None:
        """Update the key for the other page, which applies on small terminals only."""
        self.refresh_bindings()

    # Time

    def _restart_throttle(self) -> None:
        self._throttle.restart(time.monotonic(), time.thread_time())
        self._tick_later()

    def _tick_later(self) -> None:
        """Call `_tick` when the next redraw may be due."""
        if self._next_tick is not None:
            self._next_tick.stop()
        wait = self._throttle.wait(time.monotonic(), time.thread_time(), self._playing)
        self._next_tick = self.set_timer(max(wait, SMOOTH), self._tick)

    def _tick(self) -> None:
        """Poll if it is time. Stops with another screen; `on_screen_resume` starts it again."""
        if not self.is_current:
            return
        seconds = self._throttle.due(time.monotonic(), time.thread_time(), self._playing)
        if seconds is not None:
            self.poll(seconds)
        self._tick_later()

    @property
    def _playing(self) -> bool:
        return self.viewer.cursor.playing and not self.viewer.alive

    def poll(self, seconds: float = 0.0) -> None:
        """Read new records, advance the playback, and redraw what differs."""
        if self.viewer.poll(seconds):
            self._draw()

    def _draw(self) -> None:
        """Pass the view state to all parts; each redraws if its content differs."""
        self._redraw_pending = False
        view_state = self._view_state()
        self.query_one(Header).show(view_state)
        self._panels.show(view_state)
        self.query_one(Scrubber).show(self.viewer.track())
        self.is_drawn = True
        if self._was_following != self.viewer.following:
            self._was_following = self.viewer.following
            self.refresh_bindings()

    def _view_state(self) -> ViewState:
        """The current view state, with the baseline unless it is this run."""
        pinned = self.baseline
        if pinned is not None and pinned.path == self.viewer.folder.path:
            pinned = None
        self._baseline = self.baseline
        return replace(self.viewer.view_state(), baseline=pinned)

    @property
    def run_to_pin(self) -> RunFolder:
        """This run."""
        return self.viewer.folder

    def show_baseline(self) -> None:
        self._redraw_later()

    def _redraw_later(self) -> None:
        """Redraw once after all pending moves."""
        if not self._redraw_pending:
            self._redraw_pending = True
            self.call_later(self._draw)

    # Replay

    @on(Scrubber.KnobMoved)
    def _scrubbed(self, event: Scrubber.KnobMoved) -> None:
        self.viewer.hold(event.step)
        self._redraw_later()

    @on(Scrubber.Pressed)
    def _pressed(self) -> None:
        if not self.viewer.following:
            self.action_play()

    def action_play(self) -> None:
        self.viewer.cursor.play(not self.viewer.cursor.playing)
        self._restart_throttle()
        self._draw()

    def action_speed(self, by: int) -> None:
        self.viewer.cursor.faster(by)
        self.notify(f"speed ×{self.viewer.cursor.speed:.3g}", timeout=1)
        self._draw()

    def action_evaluation(self, by: int) -> None:
        """Go to the next or previous evaluation."""
        self.viewer.hold_at_next((int(step) for step in self.viewer.whole.evaluations["step"]), by)
        self._redraw_later()

    def action_event(self, by: int) -> None:
        """Go to the next or previous spike or phase."""
        self.viewer.hold_at_next((step for step, _ in ticks(self.viewer.whole)), by)
        self._redraw_later()

    def action_go_to(self) -> None:
        def problem(text: str) -> str | None:
            # int() rejects numbers of thousands of digits.
            valid = text.isdecimal() and len(text) <= 20 and int(text) <= self.viewer.last
            return None if valid else f"a step from 0 to {self.viewer.last:,}"

        def go(text: str | None) -> None:
            if text is not None:
                self.viewer.hold(int(text))
                self._redraw_later()

        self.app.push_screen(TextPrompt(Content("Go to step"), "", problem), go)

    def action_begin(self) -> None:
        self.viewer.hold(0)
        self._redraw_later()

    def action_follow(self) -> None:
        """Go to the end."""
        self.viewer.cursor.follow()
        self._redraw_later()

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only actions that apply now."""
        if not is_offered(self, action):
            return False
        if action in ("pause", "stop", "edit", "checkpoint"):
            return self.viewer.following
        if action == "fork":
            return self._fork is not None
        if action in ("grid_size", "grid_page"):
            return self._panels.has_grid
        if action == "measure":
            return not self._panels.has_grid
        if action == "search":
            return self._panels.has_filter
        if action == "play":
            return not self.viewer.following and self.viewer.last > 0
        return self._panels.is_paged if action == "page" else True

    def action_pause(self) -> None:
        """Pause or resume training."""
        paused = self.viewer.status == Status.PAUSED
        ask(self, self.viewer.folder, Resume() if paused else Pause())

    def action_stop(self) -> None:
        ask(self, self.viewer.folder, Stop())

    def action_checkpoint(self) -> None:
        ask(self, self.viewer.folder, CheckpointNow())

    def action_edit(self) -> None:
        ask_for_edits(self, self.viewer.folder, self.viewer.whole)

    @property
    def _fork(self) -> Fork | None:
        """The function that starts a fork; None if the console cannot train, as in `memlab replay`."""
        trainer: TrainingFunctions | None = getattr(self.app, "trainer", None)
        return trainer.fork if trainer else None

    def action_fork(self) -> None:
        """Fork the run at the step of the reading cursor, else at the last step shown."""
        reading = self.viewport.reading
        at = self.viewer.here if reading is None else min(round(reading), self.viewer.here)
        if self._fork is not None:
            view = self.viewer.history.until(at)
            ask_for_fork(self, self.viewer.folder, view, at, self._fork)

    def action_explain(self) -> None:
        if self._is_own():
            open_explanation(self, self.viewer)

    def action_pictures(self) -> None:
        if self._is_own():
            open_pictures(self, self.viewer)

    def _is_own(self) -> bool:
        """Whether memlab trained the run; otherwise say why it cannot be recomputed."""
        try:
            self.viewer.folder.check_own()
        except RunError as error:
            self.notify(one_line(error), severity="error", markup=False)
            return False
        return True

    # Viewport

    @property
    def viewport(self) -> Viewport:
        return self.viewer.viewport

    def see(self, viewport: Viewport) -> None:
        if viewport != self.viewer.viewport:
            self.viewer.viewport = viewport
            self._redraw_later()

    @property
    def extent(self) -> XExtent:
        """All steps up to the cursor."""
        return XExtent.of_steps(self.viewer.view.last_step)

    @property
    def plot(self) -> ChartPanel:
        return self._panels.main_plot

    def shown_runs(self) -> Mapping[str, str]:
        folder = self.viewer.folder
        return {folder.path.name: folder.labels().name}

    def slide(self, by: int) -> None:
        """Move in time."""
        self.query_one(Scrubber).action_slide(by / 100)

    @on(SampleList.SamplePointed)
    @on(EventList.EventChosen)
    def _step_chosen(self, event: SampleList.SamplePointed | EventList.EventChosen) -> None:
        self.read_at(event.step)

    def action_spike(self, by: int) -> None:
        """Move the reading cursor to the next or previous spike, and the replay if necessary."""
        reading = self.viewport.reading
        start = (-1 if by > 0 else self.extent.last + 1) if reading is None else reading
        spikes = self.viewer.spikes()
        step = neighbour(spikes, round(start), by)
        if step is None:
            side = "after" if by > 0 else "before"
            self.notify(f"no spike {side} step {start:,.0f}" if spikes else "no spike in this run")
            return
        if step > self.viewer.here:
            self.viewer.hold(step)
        self.read_at(step)

    def action_smooth(self, by: int) -> None:
        """Increase or decrease smoothing."""
        self.see(self.viewport.smoother(by))

    # Panels

    def action_measure(self, by: int) -> None:
        self._panels.next_measure(by)

    def action_grid(self) -> None:
        self._panels.toggle_grid()
        self.refresh_bindings()

    def action_grid_size(self, rows: int, columns: int) -> None:
        self._panels.resize_grid(rows, columns)

    def action_grid_page(self, by: int) -> None:
        self._panels.turn_grid_page(by)

    def action_settings(self) -> None:
        self._panels.toggle_settings()

    def action_search(self) -> None:
        self._panels.ask_for_filter()

    def action_filter(self, name: str | None = None) -> None:
        self.query_one(SampleList).choose_filter(name)

    @property
    def is_full(self) -> bool:
        return self._panels.is_full

    def action_full(self) -> None:
        self._panels.toggle_full()

    def action_page(self) -> None:
        self._panels.next_page()

    def action_back(self) -> None:
        """Leave the full view, the settings, the cursor, the zoom, then the grid."""
        if self._panels.has_settings_focus and not self.is_full:
            self.action_settings()
        elif not self.leave_view() and self._panels.has_grid:
            self.action_grid()


def _leave_out_of_collections() -> None:
    """Events and widgets are many and long-lived: a garbage collection over them costs a frame."""
    gc.freeze()
    gc.enable()
