"""The time line: a row with a draggable knob, and ticks at spikes and phases."""

from dataclasses import dataclass
from typing import final

from textual import events
from textual.content import Content
from textual.message import Message

from memlab.record.events import Phase
from memlab.record.snapshot import Snapshot
from memlab.tui.line_strips import row
from memlab.tui.live.keys import SCRUBBER
from memlab.tui.still import Still


@dataclass(frozen=True)
class Track:
    """The content of a scrubber."""

    last: int
    """step of its right end"""
    known: int
    """the last step recorded"""
    at: int
    """step of the knob"""
    ticks: tuple[tuple[int, str], ...]
    """(step, sign), the most important last"""
    lead: str
    """text before the track"""
    trail: str
    """text after the track"""


def ticks(view: Snapshot) -> tuple[tuple[int, str], ...]:
    """Spikes and phases of a run."""
    spikes = [(spike.peak_step, "▼") for spike in view.spikes]
    return (*spikes, *((e.step, "★") for e in view.of(Phase)))


@final
class Scrubber(Still, can_focus=True):
    """Shows a track and reports moves of its knob."""

    KEYS = SCRUBBER
    BINDINGS = SCRUBBER.bindings()
    DEFAULT_CSS = """
    Scrubber { height: 1; padding: 0 1; }
    Scrubber:focus { background: $surface-lighten-1; }
    """

    @dataclass
    class KnobMoved(Message):
        step: float

    class Pressed(Message):
        """The label in front of the track was clicked."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._track: Track | None = None
        self._dragging = False

    def show(self, track: Track) -> None:
        if track != self._track:
            self._track = track
            self.refresh()

    def render(self) -> Content:
        if self._track is None:
            return Content("")
        lead, trail = self._track.lead, self._track.trail
        line = track_line(self._track, self._room())
        return Content.assemble((lead, "bold"), " ", line, " ", (trail, "$foreground-muted"))

    def _lead(self) -> int:
        """Column where the track begins."""
        return Content(self._track.lead).cell_length + 1 if self._track else 0

    def _room(self) -> int:
        trail = Content(self._track.trail).cell_length if self._track else 0
        return max(self.content_size.width - self._lead() - trail - 1, 1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start dragging the knob, or toggle playback."""
        if event.x <= self._lead():
            self.post_message(self.Pressed())
            return
        self._dragging = True
        self.capture_mouse()
        self._seek(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            self._seek(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._dragging = False
        self.release_mouse()

    def _seek(self, event: events.MouseEvent) -> None:
        if self._track is not None:
            place = (event.get_content_offset_capture(self).x - self._lead()) / max(
                self._room() - 1, 1
            )
            self.post_message(self.KnobMoved(min(max(place, 0.0), 1.0) * self._track.last))

    def action_slide(self, share: float) -> None:
        """Move by a fraction of the run."""
        if self._track is not None:
            self.post_message(self.KnobMoved(self._track.at + share * self._track.last))


def track_line(track: Track, width: int) -> Content:
    """The track in `width` cells."""

    def cell(step: float) -> int:
        return round(min(max(step / max(track.last, 1), 0.0), 1.0) * (width - 1))

    n_known = cell(track.known) + 1
    glyphs = list("━" * n_known + "╌" * (width - n_known))
    styles = ["$secondary"] * n_known + ["$foreground-muted"] * (width - n_known)
    for step, sign in track.ticks:
        glyphs[cell(step)], styles[cell(step)] = sign, _STYLES[sign]
    glyphs[cell(track.at)], styles[cell(track.at)] = "●", "bold $text"
    return row(glyphs, styles)


_STYLES = {"▼": "$text-error", "★": "$text-success"}
