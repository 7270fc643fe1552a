"""The Live and Replay screen: panels around a cursor in a run's history.

Live is a cursor that follows the end, replay one that is held; the panels know no difference. The
screen reads the run's folder and sends commands to it; it never touches what trains.
"""

import gc
import time
from dataclasses import replace
from typing import Any, final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from memlab.errors import MemlabError
from memlab.preset.edit import apply_edits
from memlab.preset.load import from_json
from memlab.record.commands import CheckpointNow, Command, Edit, Pause, Resume, Stop, send
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.record.status import Status
from memlab.tui.bar import Bar
from memlab.tui.dialogs import Line
from memlab.tui.live import curves
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.cursor import Cursor, neighbour
from memlab.tui.live.edit_form import EditForm
from memlab.tui.live.event_list import EventList
from memlab.tui.live.header import Header
from memlab.tui.live.keys import RUN
from memlab.tui.live.look import Look, first_weight
from memlab.tui.live.moment import (
    Moment,
    has_batches,
    is_alive,
    planned_steps,
    problem_of,
    status_now,
    status_then,
    steps_per_second,
)
from memlab.tui.live.pace import Pace
from memlab.tui.live.panel import Panel
from memlab.tui.live.sample_list import SampleList
from memlab.tui.live.scrubber import Scrubber, Track, ticks
from memlab.tui.live.smoothed import Smoothed

TICK = 0.1
"""Seconds between looks at the clock; how often is drawn is up to `Pace`."""


@final
class RunScreen(Screen[None]):
    """One run, live or as a replay."""

    KEYS = RUN
    BINDINGS = RUN.bindings()
    AUTO_FOCUS = "#loss"
    CSS_PATH = "live.tcss"

    def __init__(
        self,
        folder: RunFolder,
        at: int | None = None,
        speed: float | None = None,
        *,
        hands: bool = True,
    ) -> None:
        """Held at step `at`; None = at the end. With a `speed` it plays from there.

        Without `hands` it is a picture: no tabs, no keys.
        """
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (150, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self._hands = hands
        self.folder, self.history = folder, History(folder)
        self._whole = self.history.until(None)
        self._status = status_now(folder, self._whole)
        steps = planned_steps(folder, self._whole)
        self.look = Look(weight=first_weight(steps, has_batches(folder)))
        self._smoothed = Smoothed(self.look.weight)
        self._pace = Pace()
        self._behind = False
        rate = steps_per_second(self._whole, None) or 100.0
        self.cursor = Cursor(None, rate, speed or self._whole.last_step / rate / 60)
        if at is not None or speed:
            self.cursor.hold(at or 0, self._whole.last_step)
            self.cursor.playing = speed is not None

    def compose(self) -> ComposeResult:
        """Two columns of panels between the header and the time line."""
        if self._hands:
            yield Bar()
        yield Header(id="header")
        with Horizontal(id="panels"):
            with Vertical(classes="column", id="first"):
                yield ChartPanel("loss", curves.loss, y_log=True, id="loss")
                yield SampleList(id="samples")
            with Vertical(classes="column", id="second"):
                yield ChartPanel("accuracy", curves.accuracy, id="accuracy")
                yield ChartPanel("grad_norm", curves.column("grad_norm"), y_log=True, id="third")
                yield EventList(id="events")
        yield Scrubber(id="scrubber")
        if self._hands:
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Draw, and look at the clock from now on."""
        # A run's events are many and hold no cycles: to look for some would cost a frame each time.
        gc.freeze()
        self.call_after_refresh(self._draw)
        self.set_interval(TICK, self._tick)

    def on_unmount(self) -> None:
        """Let the run's events go."""
        gc.unfreeze()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        self.poll()

    # Time

    def _tick(self) -> None:
        if not self.is_current:
            return
        playing = self.cursor.playing and not is_alive(self._status)
        seconds = self._pace.due(time.monotonic(), time.thread_time(), playing)
        if seconds is not None:
            self.poll(seconds)

    def poll(self, seconds: float = 0.0) -> None:
        """Take in what was recorded since, play on for some seconds, and draw what differs."""
        grown = self.history.refresh()
        if grown:
            self._whole = self.history.until(None)
        moved = self.cursor.advance(seconds, self._whole.last_step)
        status = status_now(self.folder, self._whole)
        changed, self._status = status != self._status, status
        if grown or moved or changed:
            self._draw()

    @property
    def following(self) -> bool:
        """Whether it stands at the end of a run that trains."""
        return self.cursor.at is None and is_alive(self._status)

    def _view(self) -> Snapshot:
        return self._whole if self.cursor.at is None else self.history.until(self.cursor.at)

    def _draw(self) -> None:
        """Hand the moment to all that is shown; each part draws what differs."""
        self._behind = False
        view = self._view()
        self._smoothed.extend(self._whole.steps)
        if self.cursor.at is None:
            now = self._status, problem_of(self.folder, self.history.damaged)
        else:
            now = status_then(view), ""
        moment = Moment(self.folder, view, self._smoothed, self.look, *now)
        self.query_one(Header).show(moment)
        for panel in self.query("Panel"):
            assert isinstance(panel, Panel)
            panel.show(moment)
        self.query_one(Scrubber).show(self._track(view))
        self.refresh_bindings()

    def _track(self, view: Snapshot) -> Track:
        known = self._whole.last_step
        alive = is_alive(self._status)
        last = planned_steps(self.folder, self._whole) if alive else max(known, 1)
        return Track(
            last=last,
            known=known,
            at=view.last_step if self.cursor.at is None else self.cursor.at,
            ticks=ticks(self._whole),
            lead=self._mode(),
            trail=f"{known if self.cursor.at is None else self.cursor.at:,} / {last:,}",
        )

    def _mode(self) -> str:
        if self.cursor.playing:
            return f"▶ replay ×{self.cursor.speed:.3g}"
        if self.cursor.at is not None:
            return "‖ replay"
        return "● live" if self.following else "■ end"

    def _moved(self) -> None:
        """Draw once all moves that wait have been made."""
        if not self._behind:
            self._behind = True
            self.call_later(self._draw)

    def _hold(self, step: float) -> None:
        self.cursor.playing = False
        self.cursor.hold(step, self._whole.last_step)
        self._moved()

    # Replay

    @on(Scrubber.Moved)
    def _scrubbed(self, event: Scrubber.Moved) -> None:
        self._hold(event.step)

    @on(Scrubber.Pressed)
    def _pressed(self) -> None:
        if not self.following:
            self.action_play()

    def action_play(self) -> None:
        """Play, or hold."""
        self.cursor.play(not self.cursor.playing)
        self._pace.restart(time.monotonic())
        self._draw()

    def action_speed(self, by: int) -> None:
        """Play faster or slower."""
        self.cursor.faster(by)
        self.notify(f"speed ×{self.cursor.speed:.3g}", timeout=1)
        self._draw()

    def action_evaluation(self, by: int) -> None:
        """To the next evaluation or the one before."""
        self._stop_at([int(step) for step in self._whole.evaluations["step"]], by)

    def action_event(self, by: int) -> None:
        """To the next spike or phase or the one before."""
        self._stop_at(sorted(step for step, _ in ticks(self._whole)), by)

    def _stop_at(self, stops: list[int], by: int) -> None:
        here = self._whole.last_step if self.cursor.at is None else self.cursor.at
        step = neighbour(stops, here, by)
        if step is not None:
            self._hold(step)
        elif by > 0:
            self.action_follow()

    def action_go_to(self) -> None:
        """Ask for a step and go there."""

        def problem(text: str) -> str | None:
            last = self._whole.last_step
            ok = text.isdecimal() and int(text) <= last
            return None if ok else f"a step from 0 to {last:,}"

        def go(text: str | None) -> None:
            if text is not None:
                self._hold(int(text))

        self.app.push_screen(Line(Content("Go to step"), "", problem), go)

    def action_begin(self) -> None:
        """To the beginning."""
        self._hold(0)

    def action_follow(self) -> None:
        """To the end."""
        self.cursor.follow()
        self._draw()

    # Commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what makes sense now is offered."""
        if action in ("pause", "stop", "edit", "checkpoint"):
            return self.following
        if action == "play":
            return not self.following
        return self.has_class("-narrow") if action == "page" else True

    def action_pause(self) -> None:
        """Let the training wait, or go on."""
        self._ask(Resume() if self._status == Status.PAUSED else Pause())

    def action_stop(self) -> None:
        """Save and end."""
        self._ask(Stop())

    def action_checkpoint(self) -> None:
        """Save and go on."""
        self._ask(CheckpointNow())

    def _ask(self, command: Command) -> None:
        try:
            send(self.folder, command)
        except (MemlabError, OSError) as error:
            self.notify(str(error), severity="error", markup=False)
        else:
            self.notify(f"asked to {_WORDS[command.kind]}", timeout=2)

    def action_edit(self) -> None:
        """Ask for changes of what may change while training."""
        try:
            preset = from_json(self.folder.description.get("preset", {}))
            for edited in self._whole.edits:
                preset = apply_edits(preset, edited.changes)
        except MemlabError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.app.push_screen(EditForm(preset), self._edit)

    def _edit(self, changes: dict[str, Any] | None) -> None:
        if changes:
            self._ask(Edit(changes=changes))

    # Look

    def _see(self, look: Look) -> None:
        if look.weight != self.look.weight:
            self._smoothed = Smoothed(look.weight)
        self.look = look
        self._draw()

    @property
    def _last(self) -> int:
        return self._view().last_step

    @on(ChartPanel.Pointed)
    @on(SampleList.Pointed)
    @on(EventList.Chosen)
    def _read_at(self, event: Any) -> None:
        self.look = replace(self.look, reading=event.step).showing(event.step, self._last)
        self._moved()

    @on(ChartPanel.Panned)
    def _panned(self, event: ChartPanel.Panned) -> None:
        self._see(self.look.panned(event.share, self._last))

    @on(ChartPanel.Zoomed)
    def _zoomed(self, event: ChartPanel.Zoomed) -> None:
        self._see(self.look.zoomed(event.factor, self._last, event.step))

    def action_read(self) -> None:
        """Begin or end to read values."""
        low, high = self.look.span(self._last)
        middle = self._last if self.look.window is None else round((low + high) / 2)
        self._see(replace(self.look, reading=middle if self.look.reading is None else None))

    def action_spike(self, by: int) -> None:
        """Read at the next spike or the one before."""
        here = self.look.reading
        start = (-1 if by > 0 else self._last + 1) if here is None else here
        step = neighbour(sorted(s.peak_step for s in self._view().spikes), start, by)
        if step is not None:
            self._see(replace(self.look, reading=step).showing(step, self._last))

    def action_pan(self, by: int) -> None:
        """Move the reading cursor, else the window, else the time."""
        if self.look.reading is not None:
            columns = max(self.query_one("#loss").size.width, 1)
            self._see(self.look.read_on(by / columns, self._last))
        elif self.look.window:
            self._see(self.look.panned(by / 4, self._last))
        else:
            self.query_one(Scrubber).action_slide(by / 100)

    def action_zoom(self, factor: float) -> None:
        """Show fewer or more steps."""
        self._see(self.look.zoomed(factor, self._last))

    def action_reset(self) -> None:
        """Show all steps."""
        self._see(replace(self.look, window=None))

    def action_log_x(self) -> None:
        """Change between logarithmic and linear steps."""
        self._see(replace(self.look, x_log=not self.look.x_log))

    def action_smooth(self, by: int) -> None:
        """Smooth more or less."""
        self._see(self.look.smoother(by))

    def action_outliers(self) -> None:
        """Leave outliers out of the y range, or not."""
        self._see(replace(self.look, hide_outliers=not self.look.hide_outliers))

    def action_marker(self) -> None:
        """Draw with braille or with blocks."""
        self._see(replace(self.look, blocks=not self.look.blocks))

    # Panels

    def action_measure(self, by: int) -> None:
        """Another measure in the third chart."""
        panel = self.query_one("#third", ChartPanel)
        if panel.moment is not None:
            there = curves.measures(panel.moment)
            names = list(there)
            at = names.index(panel.chosen) + by if panel.chosen in there else 0
            name = names[at % len(names)]
            panel.choose(name, there[name])

    def action_filter(self, name: str | None = None) -> None:
        """Other samples."""
        self.query_one(SampleList).choose_filter(name)

    def action_full(self) -> None:
        """Give a panel all the room, or take it back."""
        full = self.query(".-full")
        if full:
            full.remove_class("-full")
            self.remove_class("-one")
            return
        panel = self.focused if isinstance(self.focused, Panel) else self.query_one("#loss")
        assert panel.parent is not None
        panel.add_class("-full")
        panel.query_ancestor(".column").add_class("-full")
        self.add_class("-one")

    def action_page(self) -> None:
        """The other column, where only one has room."""
        self.toggle_class("-other")
        self.query_one("#accuracy" if self.has_class("-other") else "#loss").focus()

    def action_back(self) -> None:
        """Leave what was entered last."""
        if self.has_class("-one"):
            self.action_full()
        elif self.look.reading is not None:
            self._see(replace(self.look, reading=None))


_WORDS = {
    "pause": "pause",
    "resume": "go on",
    "stop": "save and end",
    "checkpoint": "save a checkpoint",
    "edit": "change settings",
}
