"""Folding of the members of a sweep into one row."""

from collections.abc import Iterable
from dataclasses import replace

from memlab.record.status import Status
from memlab.tui.runs.entry import Entry


def folded(entries: Iterable[Entry]) -> list[Entry]:
    """The runs, with all members of a sweep replaced by the newest one under the sweep's name and its
    finished and total number of members.
    """
    entries_kept: list[Entry] = []
    sweeps: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.sweep is None:
            entries_kept.append(entry)
        else:
            sweeps.setdefault(str(entry.sweep["id"]), []).append(entry)
    return entries_kept + [_row(members) for members in sweeps.values()]


def _row(members: list[Entry]) -> Entry:
    newest = max(members, key=lambda entry: entry.key)
    assert newest.sweep is not None
    finished = sum(entry.status == Status.FINISHED for entry in members)
    running = any(entry.status == Status.RUNNING for entry in members)
    return replace(
        newest,
        name=f"{newest.sweep['name']} {finished:,}/{len(members):,}",
        members=(finished, len(members)),
        status=Status.RUNNING if running else newest.status,
    )
