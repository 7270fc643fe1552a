"""The events of a run, newest first; choosing one goes to its step."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import final

from textual.content import Content
from textual.message import Message

from memlab.record.events import (
    Change,
    Checkpoint,
    Edited,
    Ended,
    Event,
    Finding,
    Gap,
    Paused,
    Phase,
    Resumed,
    Spike,
    SpikeOnset,
    Started,
)
from memlab.record.gap_text import gap_text
from memlab.record.phase_text import phase_text
from memlab.record.safe_text import safe_text
from memlab.tui.live.curves import edit_label
from memlab.tui.live.lines import Lines
from memlab.tui.live.view_state import ViewState

_LEVELS = {"error": ("✗", "$text-error"), "warning": ("!", "$text-warning")}
_MAX_LENGTH = 160
_LISTED: tuple[type[Event], ...] = (
    Started, Spike, Gap, Phase, Finding, Change, Edited, Checkpoint, Paused, Resumed, Ended,
)  # fmt: skip
"""Listed kinds; an open spike is listed too."""


@final
class EventList(Lines[Event]):
    """Phases, spikes, findings, edits and status changes; evaluations are in the charts."""

    @dataclass
    class EventChosen(Message):
        step: int

    def depends(self, view_state: ViewState) -> Hashable:
        """Events, and the selected line."""
        n_events = sum(len(view_state.run.of(kind)) for kind in (*_LISTED, SpikeOnset))
        return view_state.attempt, n_events, self.selected, self.has_focus

    def heading(self, view_state: ViewState) -> list[Content]:
        """Numbers of spikes and findings."""
        run = view_state.run
        spikes, findings = len(run.spikes), len(run.findings)
        return [Content("events"), Content(f"▼ {spikes}"), Content(f"findings {findings}")]

    def lines(self, view_state: ViewState) -> Sequence[Event]:
        """The listed events. A spike is listed at its peak, though it is recorded when it closes."""
        opened = view_state.run.open_spike
        events = [event for kind in _LISTED if kind is not Gap for event in view_state.run.of(kind)]
        events += [*view_state.run.gaps, *([opened] if opened else [])]
        return sorted(events, key=lambda event: (where(event), event.seq), reverse=True)

    def rendered(self, items: Sequence[Event]) -> list[Content]:
        return [_line(event) for event in items]

    def choose(self, item: Event) -> None:
        self.post_message(self.EventChosen(where(item)))


def _line(event: Event) -> Content:
    sign, style, words = describe(event)
    return Content.assemble(
        (f"{where(event):>9,} ", "$foreground-muted"),
        (f"{sign} ", style),
        safe_text(words, _MAX_LENGTH),
    )


def where(event: Event) -> int:
    """The step to which an event refers."""
    match event:
        case Spike():
            return event.peak_step
        case Gap():
            return event.first
        case _:
            return event.step


def describe(event: Event) -> tuple[str, str, str]:
    """(sign, style, text) of a listed event."""
    match event:
        case Phase():
            return "★", _PHASES.get(event.name, "$text-accent"), _phase(event)
        case Spike():
            return "▼", "$text-error", _spike(event)
        case SpikeOnset():
            return "▼", "$text-error", f"spike begins: {event.base:.3g} to {event.value:.3g}"
        case Gap():
            return "▽", "$text-warning", gap_text(event)
        case Finding():
            sign, style = _LEVELS.get(event.level, ("i", "$foreground-muted"))
            return sign, style, f"{event.what}: {event.why}; {event.advice}"
        case Change():
            return "→", "$text-accent", event.what
        case Edited():
            return "✎", "$text-warning", f"edited: {edit_label(event)}"
        case Checkpoint():
            best = f", best at {event.best_step:,}" if event.best_step is not None else ""
            return "■", "$foreground-muted", f"checkpoint{best}"
        case _:
            return "·", "$foreground-muted", _run_event(event)


def _run_event(event: Event) -> str:
    match event:
        case Started(resumed_from=None):
            why = f": {event.engine_reason}" if event.engine_reason else ""
            engine = f", engine {event.engine}{why}" if event.engine else ""
            return f"started{_on(event)}{engine}"
        case Started():
            return f"attempt {event.attempt} resumed from step {event.resumed_from:,}{_on(event)}"
        case Paused():
            return "paused"
        case Resumed():
            return "resumed"
        case Ended():
            return f"ended: {_ENDS.get(event.reason, event.reason)}"
        case _:
            return event.kind


def _on(event: Started) -> str:
    """The device, if known."""
    return f" on {event.device}" if event.device else ""


def _phase(event: Phase) -> str:
    name = event.name.replace("grokked_95", "grokked (95 %)")
    condition = phase_text(event.name, event.split, event.threshold, event.details)
    when = f"after step {event.after:,}"
    return f"{name}: {condition} ({when})" if condition else f"{name} {when}"


def _spike(event: Spike) -> str:
    times = event.peak / event.base if event.base > 0 else float("inf")
    words = f"{event.label} ×{times:.3g} to {event.peak:.3g}"
    if event.recovered_at is not None:
        return f"{words}, recovered in {event.recovered_at - event.onset:,} steps"
    return f"{words}, not recovered"


_PHASES = {"collapsed": "$text-error", "diverged": "$text-error", "overfitting": "$text-warning"}
_ENDS = {
    "early_stop": "early stop, as set in the preset",
    "superseded": "superseded: another process took over the run",
}
