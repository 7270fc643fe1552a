"""Runs are read again only after a change."""

import os
import shutil
from dataclasses import replace

import pytest

from memlab.record import catalog
from memlab.record.attempt import Attempt
from memlab.record.events import Edited, Ended
from memlab.record.folder import RunFolder
from memlab.record.runs import delete, restore
from memlab.record.status import Status
from memlab.record.summary import brief, end_summary, settings
from memlab.tui.runs import index as index_module
from memlab.tui.runs.columns import columns, ordered
from memlab.tui.runs.entry import Entry, curve, entry_of
from memlab.tui.runs.index import Index
from memlab.tui.runs.listing import Listing


def read(folder: RunFolder) -> Entry:
    return entry_of(folder, brief(folder), settings(folder))


def test_an_entry_has_the_results_of_its_run(make_run) -> None:
    entry = read(make_run("training.seed=3", name="third"))
    assert (entry.name, entry.status, entry.step) == ("third", Status.FINISHED, 600)
    assert (entry.memorized, entry.grokked, entry.spikes) == (100, 400, 0)
    assert entry.values["val_accuracy"] == 1.0
    assert entry.facts["training.seed"] == 3


def test_a_run_without_an_end_is_read_from_its_events(make_run) -> None:
    entry = read(make_run(reason=None))
    assert entry.status == Status.RUNNING
    assert (entry.memorized, entry.grokked) == (100, 400)
    assert entry.values["val_loss"] == pytest.approx(3.1 * 2.718281828 ** (-200 / 40))


def test_entries_from_the_end_file_and_from_events_agree(make_run) -> None:
    quick = read(make_run(name="x"))
    full = read(make_run(name="x", reason=None))
    for name in ("values", "memorized", "grokked", "spikes"):
        assert getattr(quick, name) == getattr(full, name)


def test_only_what_changed_is_read_again(make_run, here, monkeypatch) -> None:
    runs = [make_run(name=str(i)) for i in range(3)]
    index = Index(here / "runs")
    assert any(index.refresh())
    read_again = []
    monkeypatch.setattr(
        index_module,
        "entry_of",
        lambda folder, *facts: read_again.append(folder.id) or entry_of(folder, *facts),
    )
    assert not any(index.refresh())
    runs[1].set_labels(name="another")
    assert any(index.refresh())
    assert read_again == [runs[1].id]
    assert index.entries[runs[1].id].name == "another"


def test_the_next_console_uses_the_cache_of_this_one(make_run, here, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    monkeypatch.setattr(catalog, "WORTH_IT", 1)
    monkeypatch.setattr(catalog, "RACY", -3600 * 10**9)
    ended, live = make_run(name="ended"), make_run("training.seed=3", reason=None)
    first, second = Index(here / "runs"), Index(here / "runs")
    list(first.refresh())
    os.truncate(ended.path / "attempts/001/end.json", 0)  # the second index must not read this file
    assert any(second.refresh())
    for name, entry in first.entries.items():
        assert second.entries[name].facts == entry.facts
    assert second.entries[live.id].status == Status.RUNNING
    ended.set_labels(name="another")
    list(second.refresh())
    assert second.entries[ended.id].name == "another"


def test_a_run_that_replaces_another_is_read_again(make_run, here) -> None:
    first, other = make_run(name="first"), make_run("training.seed=3", name="other")
    index = Index(here / "runs")
    list(index.refresh())
    shutil.rmtree(first.path)
    other.path.rename(first.path)
    assert any(index.refresh())
    assert list(index.entries) == [first.id]
    assert index.entries[first.id].name == "other"
    assert index.entries[first.id].settings["training.seed"] == 3


def test_a_folder_that_is_no_longer_a_run_is_not_listed(make_run, here) -> None:
    run = make_run()
    index = Index(here / "runs")
    list(index.refresh())
    (run.path / "run.json").unlink()
    assert any(index.refresh())
    assert index.entries == {}


def test_a_live_run_is_always_read_again(make_run, here) -> None:
    folder = make_run(reason=None)
    index = Index(here / "runs")
    list(index.refresh())
    assert index.entries[folder.id].status == Status.RUNNING
    writer = folder.claim({"device": "cpu"}, seq=99, first_step=601, take_over=True)
    writer.write(Ended(step=600, reason="stopped"))
    writer.end("stopped", 600, {})
    assert any(index.refresh())
    assert index.entries[folder.id].status == Status.STOPPED


def test_a_run_assumed_dead_is_read_again(make_run, here, monkeypatch) -> None:
    """A stalled run of another machine, and a run that was read while it changed."""
    folder = make_run(reason=None)
    index = Index(here / "runs")
    with monkeypatch.context() as patch:
        patch.setattr(Attempt, "alive", lambda attempt: False)
        list(index.refresh())
        assert index.entries[folder.id].status == Status.DIED
        assert not any(index.refresh())
    assert any(index.refresh())
    assert index.entries[folder.id].status == Status.RUNNING


def test_a_restored_end_file_is_read(make_run, here) -> None:
    folder = make_run()
    end, index = folder.path / "attempts/001/end.json", Index(here / "runs")
    text = end.read_bytes()
    end.write_bytes(text[:50])
    list(index.refresh())
    assert index.entries[folder.id].status == Status.DIED
    end.write_bytes(text)
    assert any(index.refresh())
    assert index.entries[folder.id].status == Status.FINISHED


def test_a_removed_attempt_no_longer_counts(make_run, here) -> None:
    folder = make_run()
    with folder.claim({"device": "cpu"}, seq=99, first_step=601) as writer:
        writer.write(Ended(step=700, reason="diverged"))
        writer.end("diverged", 700, {"final": {"val_loss": 9.0}})
    index = Index(here / "runs")
    list(index.refresh())
    assert index.entries[folder.id].status == Status.DIVERGED
    shutil.rmtree(folder.path / "attempts/002")
    assert any(index.refresh())
    assert (index.entries[folder.id].status, index.entries[folder.id].step) == ("finished", 600)


def test_a_restored_description_is_read(make_run, here) -> None:
    folder = make_run("training.seed=3")
    path, index = folder.path / "run.json", Index(here / "runs")
    text = path.read_bytes()
    path.write_bytes(text[:50])
    list(index.refresh())
    assert index.entries[folder.id].settings == {}
    path.write_bytes(text)
    assert any(index.refresh())
    assert index.entries[folder.id].settings["training.seed"] == 3


def test_deleted_runs_disappear_and_restored_ones_reappear(make_run, here) -> None:
    folders = [make_run() for _ in range(2)]
    index = Index(here / "runs")
    list(index.refresh())
    delete(folders[0])
    assert any(index.refresh())
    assert list(index.entries) == [folders[1].id]
    restore(here / "runs", folders[0].id)
    assert any(index.refresh())
    assert len(index.entries) == 2


def test_visible_runs_are_read_first_and_batches_grow(make_run, here, monkeypatch) -> None:
    monkeypatch.setattr(index_module, "FIRST_BATCH", 1)
    names = [make_run().id for _ in range(7)]
    index, known = Index(here / "runs"), []
    for _ in index.refresh(first=[names[2]]):
        known.append(len(index.entries))
        assert names[2] in index.entries
    assert known == [1, 3, 7]


def test_a_folder_without_runs_and_one_that_is_missing_are_empty(here) -> None:
    index = Index(here / "nothing")
    assert not any(index.refresh())
    assert index.entries == {}


def test_only_settings_in_which_shown_runs_differ_become_columns(make_run) -> None:
    listing = Listing()
    entries = [
        read(make_run(f"training.seed={seed}", f"optimizer.lr={lr}"))
        for seed, lr in ((0, 0.01), (1, 0.01), (1, 0.1))
    ]
    for n, expected in enumerate(([], [], ["training.seed"], ["optimizer.lr", "training.seed"])):
        listing.take(entries[:n])
        assert listing.settings_diff == expected
    listing.filter("seed:1", frozenset(entries[0].facts))
    listing.take(entries)
    assert listing.settings_diff == ["optimizer.lr"]


def test_settings_that_differ_within_a_preset_come_first(make_run) -> None:
    other = replace(read(make_run("task.modulus=29", "model.d_mlp=64")), preset="other")
    entries = [read(make_run(f"training.seed={seed}")) for seed in (0, 1)]
    listing = Listing()
    listing.take([other, *entries])
    assert listing.settings_diff == ["training.seed", "task.modulus", "model.d_mlp"]


def test_a_mark_is_removed_with_its_run(make_run) -> None:
    listing, entries = Listing(), [read(make_run()) for _ in range(2)]
    listing.take(entries)
    listing.mark_all()
    listing.take(entries[:1])
    assert list(listing.marked) == [entries[0].key]


def test_runs_without_a_value_come_last_either_way(make_run) -> None:
    entries = [read(make_run(grokked=g)) for g in (400, 9999, 200)]
    for down, expected in ((False, [200, 400, None]), (True, [400, 200, None])):
        assert [e.grokked for e in ordered(entries, "grokked", down)] == expected


def test_every_column_has_a_cell_for_every_run_and_can_be_sorted_by(make_run) -> None:
    entries = [read(make_run("training.batch_size=64")), read(make_run(reason=None))]
    for shown in columns(["training.batch_size"], {}, 80):
        assert all(shown.cell(entry).plain for entry in entries) or shown.fact in ("tags", "note")
        assert len(ordered(entries, shown.fact, True)) == 2


def test_the_sparkline_has_its_width(make_run) -> None:
    assert len(curve(make_run())) == 12
    assert len(curve(make_run(reason=None))) == 12


def test_hostile_labels_are_shown_as_text(make_run) -> None:
    folder = make_run(name="[@click=app.quit]x[/]\x1b[2J")
    folder.set_labels(tags=["[red]", "\u202e"], note="\x9b31m")
    entry = read(folder)
    for shown in columns([], {}, 80):
        assert shown.cell(entry).plain.isprintable()
    name = columns([], {}, 80)[0].cell(entry).plain
    assert name.startswith("[@clic") and name.endswith("[/]\\x1b[2J")


def edit(folder: RunFolder, *, end: str | None = "finished", **changes: object) -> None:
    """Record another attempt in which settings are edited."""
    writer = folder.claim({"device": "cpu"}, seq=99, first_step=601, take_over=True)
    writer.write(Edited(step=600, changes={k.replace("__", "."): v for k, v in changes.items()}))
    if end:
        writer.end(end, 700, end_summary(folder))


def test_settings_are_those_after_edits_and_extensions(make_run, here, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    monkeypatch.setattr(catalog, "WORTH_IT", 1)
    monkeypatch.setattr(catalog, "RACY", -3600 * 10**9)
    run = make_run()
    index = Index(here / "runs")
    list(index.refresh())
    assert index.entries[run.id].settings["training.steps"] == 600
    edit(run, training__steps=700)
    for again in (
        index,
        Index(here / "runs"),
        Index(here / "runs"),
    ):  # the last one reads the catalog
        list(again.refresh())
        assert again.entries[run.id].settings["training.steps"] == 700


def test_an_edit_of_a_live_run_is_read(make_run, here) -> None:
    folder = make_run(reason=None)
    index = Index(here / "runs")
    list(index.refresh())
    edit(folder, end=None, optimizer__lr=0.5)
    for _ in range(2):
        list(index.refresh())
        assert index.entries[folder.id].settings["optimizer.lr"] == 0.5
    edit(folder, end=None, optimizer__lr=0.25)
    list(index.refresh())
    assert index.entries[folder.id].settings["optimizer.lr"] == 0.25
