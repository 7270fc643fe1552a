"""The listed runs, their order and marks; independent of widgets and disk."""

from collections.abc import Iterable, Mapping, Sequence
from typing import final

from memlab.record.run_filter import Test, parse
from memlab.record.settings_diff import settings_diff
from memlab.tui.runs.columns import ordered
from memlab.tui.runs.entry import Entry
from memlab.tui.runs.fold import folded


@final
class Listing:
    """The selection of runs by filter, order and marks."""

    def __init__(self) -> None:
        self.shown: list[Entry] = []
        self.settings_diff: list[str] = []
        """the settings in which the listed runs differ, in the order of a preset"""
        self.fact, self.down = "run", True
        self.marked: dict[str, None] = {}
        self._test: Test = parse("")
        self._folds = True
        """show a sweep as one row, unless a filter is set"""

    def take(self, entries: Iterable[Entry]) -> None:
        """Set the runs."""
        by_key = {entry.key: entry for entry in entries}
        passing = [entry for entry in by_key.values() if self._test(entry.facts)]
        rows = folded(passing) if self._folds else passing
        self.shown = ordered(rows, self.fact, self.down)
        self.marked = {key: None for key in self.marked if key in by_key}
        self.settings_diff = settings_diff((e.preset, e.settings) for e in self.shown)

    def filter(self, text: str, known: frozenset[str]) -> None:
        """Show only runs that pass.

        Raises:
            FilterError: invalid filter expression.
        """
        self._test, self._folds = parse(text, known), not text.strip()

    def sort(self, fact: str) -> None:
        """Sort by a field; if it is the current one, reverse the order."""
        self.fact, self.down = fact, not self.down if fact == self.fact else self.down

    def sort_next(self, facts: Sequence[str], by: int) -> None:
        """Sort by the field `by` columns to the right."""
        at = facts.index(self.fact) if self.fact in facts else 0
        self.fact = facts[(at + by) % len(facts)]

    @property
    def order(self) -> str:
        """The sort field, with a leading - if descending."""
        return f"{'-' * self.down}{self.fact}"

    @order.setter
    def order(self, order: str) -> None:
        self.fact, self.down = order.removeprefix("-"), order.startswith("-")

    def at(self, row: int) -> Entry | None:
        """The run in a row."""
        return self.shown[row] if row < len(self.shown) else None

    def row_of(self, entry: Entry | None) -> int | None:
        """The current row of a run."""
        return next((i for i, e in enumerate(self.shown) if entry and e.key == entry.key), None)

    def mark(self, entry: Entry) -> None:
        """Toggle the mark of a run."""
        if entry.key in self.marked:
            del self.marked[entry.key]
        else:
            self.marked[entry.key] = None

    def mark_all(self) -> None:
        """Mark all listed runs; unmark them if all are marked."""
        shown = dict.fromkeys(entry.key for entry in self.shown)
        self.marked = {} if self.marked.keys() == shown.keys() else shown

    def chosen(self, entries: Mapping[str, Entry], row: int) -> list[Entry]:
        """The marked runs, or the one in a row if none is marked."""
        marked = [entries[key] for key in self.marked if key in entries]
        entry = self.at(row)
        return marked or ([entry] if entry else [])
