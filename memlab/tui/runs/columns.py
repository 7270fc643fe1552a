"""Columns of the list of runs: titles, cells, sort keys."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from memlab.record.settings_diff import shown_setting
from memlab.record.status import Status
from memlab.tui.names import start_and_end
from memlab.tui.runs.entry import CURVE, Entry
from memlab.tui.safe_content import safe
from memlab.tui.table import Column

SIGNS: dict[Status, tuple[str, str]] = {
    Status.RUNNING: ("▶", "$text-success"),
    Status.PAUSED: ("⏸", "$text-warning"),
    Status.QUEUED: ("○", "$foreground 60%"),
    Status.FINISHED: ("✓", "$text-success"),
    Status.STOPPED: ("■", "$foreground"),
    Status.INTERRUPTED: ("■", "$text-warning"),
    Status.FAILED: ("✗", "$text-error"),
    Status.DIVERGED: ("↗", "$text-error"),
    Status.DIED: ("†", "$text-error"),
}

NARROWEST, BROADEST = 17, 40
"""Width of a name in cells."""
MAX_SETTINGS = 12
"""Maximum number of columns for settings."""


@dataclass(frozen=True)
class RunColumn:
    """A column and how to format it."""

    column: Column
    cell: Callable[[Entry], Content]
    fact: str
    """sort field"""


def columns(settings: Sequence[str], curves: dict[str, str], width: int) -> list[RunColumn]:
    """The columns after the mark, for a screen of `width` cells; the runs differ in `settings`."""

    def curve(entry: Entry) -> Content:
        # Full cells would touch those of the row above.
        line = curves.get(entry.key, "·" * CURVE).replace("█", "▇")
        return Content.styled(line, "$accent")

    name = min(max(NARROWEST, width // 5), BROADEST)
    return [
        RunColumn(
            Column("name", "run", name), lambda e: Content(start_and_end(e.name, name)), "name"
        ),
        RunColumn(Column("status", "status", 13), _status, "status"),
        RunColumn(Column("step", "step", 7, "right"), lambda e: _count(e.step), "step"),
        _value("val_loss", "val loss", 8),
        _value("val_accuracy", "val acc", 7),
        RunColumn(Column("spikes", "▼", 3, "right"), lambda e: _count(e.spikes), "spikes"),
        RunColumn(
            Column("memorized", "memor.", 6, "right"), lambda e: _count(e.memorized), "memorized"
        ),
        RunColumn(Column("grokked", "grokked", 7, "right"), lambda e: _count(e.grokked), "grokked"),
        RunColumn(Column("curve", "loss", CURVE), curve, "val_loss"),
        RunColumn(Column("when", "when", 7, "right"), lambda e: Content(age(e.created)), "run"),
        *(_setting(key) for key in settings[:MAX_SETTINGS]),
        _value("train_loss", "train", 8),
        RunColumn(Column("preset", "preset", 18), lambda e: safe(e.preset), "preset"),
        RunColumn(Column("tags", "tags", 16), lambda e: safe(" ".join(e.tags)), "tags"),
        RunColumn(Column("note", "note", 30), lambda e: safe(e.note), "note"),
    ]


def _status(entry: Entry) -> Content:
    sign, colour = SIGNS.get(entry.status, ("?", ""))
    return Content.styled(f"{sign} {entry.status}", colour)


def _value(fact: str, title: str, width: int) -> RunColumn:
    def cell(entry: Entry) -> Content:
        value = entry.values.get(fact)
        return Content("–" if value is None else f"{value:.3g}")

    return RunColumn(Column(fact, title, width, "right"), cell, fact)


def _setting(key: str) -> RunColumn:
    title = key.rpartition(".")[2]

    def cell(entry: Entry) -> Content:
        value = entry.settings.get(key)
        return safe(shown_setting(value))

    return RunColumn(Column(key, safe(title).plain, max(len(title) + 2, 9), "right"), cell, key)


def _count(n: int | None) -> Content:
    """A count in few cells: 98,200 and 1.2M."""
    if n is None:
        return Content("–")
    return Content(f"{n:,}" if n < 10**6 else f"{n / 1e6:.3g}M")


def age(created: float) -> str:
    """Time since an event, in the largest unit: "3 h"."""
    seconds = max(time.time() - created, 0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return "now"


def sort_key(fact: str) -> Callable[[Entry], Any]:
    """A sort key that puts numbers before texts."""

    def key(entry: Entry) -> Any:
        value = entry.facts[fact]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return (0, value, "") if number else (1, 0, str(value).lower())

    return key


def ordered(entries: Sequence[Entry], fact: str, down: bool) -> list[Entry]:
    """Sorted by a field; runs without it come last in either direction."""
    having = [entry for entry in entries if entry.facts.get(fact) is not None]
    lacking = [entry for entry in entries if entry.facts.get(fact) is None]
    return [*sorted(having, key=sort_key(fact), reverse=down), *lacking]
