"""Name, status, progress, speed and device: the line above the charts."""

from collections.abc import Hashable
from typing import final

from textual.content import Content

from memlab.record.events import Started
from memlab.record.safe_text import safe_text
from memlab.record.summary import planned_steps
from memlab.tui.live.view_state import RECENT, ViewState, steps_per_second
from memlab.tui.names import start_and_end
from memlab.tui.still import Still

_SIGNS = {
    "running": ("▶", "$text-success"),
    "paused": ("‖", "$text-warning"),
    "finished": ("✓", "$text-success"),
    "queued": ("…", "$foreground-muted"),
    "imported": ("·", "$foreground-muted"),
    "stopped": ("■", "$text-warning"),
    "interrupted": ("■", "$text-warning"),
}
_BAR = 12


@final
class Header(Still):
    """Name and status, then the most important facts that fit."""

    DEFAULT_CSS = "Header { height: 1; padding: 0 1; }"

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._view_state: ViewState | None = None
        self._drawn: Hashable = None

    def show(self, view_state: ViewState) -> None:
        self._view_state = view_state
        if (depends := (view_state.version, view_state.status, view_state.problem)) != self._drawn:
            self._drawn = depends
            self.refresh()

    def render(self) -> Content:
        if self._view_state is None:
            return Content("")
        width = self.content_size.width
        return parts_that_fit(facts(self._view_state, width // 4), width)


def facts(view_state: ViewState, room: int) -> list[Content]:
    """Facts of a run, the most important first; its name in about `room` cells."""
    view = view_state.run
    sign, style = _SIGNS.get(view_state.status, ("✗", "$text-error"))
    planned = planned_steps(view_state.folder, view)
    name = start_and_end(view_state.folder.display_name, max(room, 24))
    parts = [
        Content.assemble((name, "bold"), "  ", (f"{sign} {view_state.status}", style)),
        _progress(view_state.step, planned),
    ]
    rate = steps_per_second(view.events[-RECENT:])
    # Events of an imported run have the time of the import.
    if rate and view_state.folder.source is None:
        parts.append(Content(f"{rate:,.3g} steps/s" if rate < 1000 else f"{rate:,.0f} steps/s"))
        if view_state.status in ("running", "paused") and planned:
            parts.append(Content(f"{clock((planned - view_state.step) / rate)} left"))
    if view_state.problem:
        parts.insert(1, Content.styled(safe_text(view_state.problem, 60), "$text-error"))
    if started := view.of(Started):
        device, engine = safe_text(started[-1].device, 12), safe_text(started[-1].engine, 12)
        parts.append(Content.styled(f"{device} {engine}".strip(), "$foreground-muted"))
    if spikes := len(view.spikes):
        parts.append(Content.styled(f"▼{spikes}", "$text-error"))
    return parts


def _progress(step: int, planned: int) -> Content:
    """How far a run is; its end may be unknown."""
    if not planned:
        return Content(f"step {step:,}")
    done = step / max(planned, step)
    return Content.assemble(
        f"step {step:,}/{max(planned, step):,} ", (_bar(done), "$primary"), f" {done:.0%}"
    )


def parts_that_fit(parts: list[Content], width: int) -> Content:
    """As many of the first parts as fit side by side."""
    line = Content("")
    for part in parts:
        wider = Content.assemble(line, "   ", part) if line else part
        if wider.cell_length > width:
            break
        line = wider
    return line or parts[0].truncate(width, ellipsis=True)


def clock(seconds: float) -> str:
    """0:18, 1:02:03, 3 d 4 h."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _bar(share: float) -> str:
    filled = round(min(max(share, 0.0), 1.0) * _BAR)
    return "━" * filled + "╌" * (_BAR - filled)
