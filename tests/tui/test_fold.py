"""Members of a sweep are one row in the list of runs, unless a filter is set."""

from memlab.record.folder import RunFolder
from memlab.record.status import Status
from memlab.tui.runs.detail import detail
from memlab.tui.runs.entry import Entry
from memlab.tui.runs.listing import Listing


def entry(path, key, sweep=None, status=Status.FINISHED):
    about = sweep and {"id": sweep, "name": f"name-{sweep}", "cell": 0, "at": {}, "seed": 0}
    return Entry(RunFolder(path / key), key, (), "", "tiny", status, 10, 0.0, sweep=about)


def test_a_sweep_is_one_row_and_the_filter_finds_its_members(tmp_path):
    entries = [
        entry(tmp_path, "run-1"),
        entry(tmp_path, "run-2", "a"),
        entry(tmp_path, "run-3", "a", Status.RUNNING),
        entry(tmp_path, "run-4", "b"),
    ]
    listing = Listing()
    listing.take(entries)
    assert [row.key for row in listing.shown] == ["run-4", "run-3", "run-1"]
    assert listing.shown[1].name == "name-a 1/2"
    assert listing.shown[1].members == (1, 2)
    shown = detail(listing.shown[1], ()).plain
    assert "1 of 2 runs finished" in shown and "/ sweep:name-a lists its runs" in shown
    assert listing.shown[1].status == Status.RUNNING
    listing.filter("sweep:name-a", frozenset(entries[0].facts))
    listing.take(entries)
    assert [row.key for row in listing.shown] == ["run-3", "run-2"]
    listing.filter("", frozenset(entries[0].facts))
    listing.take(entries)
    assert len(listing.shown) == 3
