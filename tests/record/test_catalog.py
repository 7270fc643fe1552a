"""The catalog returns the same values as reading the runs."""

import contextlib
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from memlab.record import catalog, files, user_folders
from memlab.record.catalog import Catalog, stamp
from memlab.record.events import Ended, Evaluated
from memlab.record.folder import RunFolder
from memlab.record.runs import delete, restore, run_names
from memlab.record.summary import brief, end_summary, settings

from .faulty import Dead, Faulty

PRESET = {"name": "tiny", "about": "x", "task": {"kind": "sort"}, "training": {"steps": 9}}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """A new cache for each test: no run is too recent, and one new run is worth a write."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(catalog, "WORTH_IT", 1)
    monkeypatch.setattr(catalog, "RACY", -3600 * 10**9)
    return tmp_path / "cache/memlab/runs"


def make(runs: Path, name: str = "a name", reason: str | None = "finished") -> RunFolder:
    folder = RunFolder.create(runs, {"preset": PRESET}, "", name)
    if reason:
        end(folder, reason, val_loss=float("nan"), val_accuracy=0.1)
    return folder


def end(folder: RunFolder, reason: str, **values: float) -> None:
    first = 1 + folder.last_step()
    with folder.claim({}, seq=10 * len(folder.attempts()), first_step=first) as writer:
        writer.write(Evaluated(step=first, values=values))
        writer.write(Ended(step=first, reason=reason))
        writer.end(reason, first, end_summary(folder))


def look_up(runs: Path) -> tuple[list[str], list[str]]:
    """The values of all runs, as text because NaN != NaN, and the runs that were read."""
    values, read = [], []

    def read_brief(folder: RunFolder) -> dict:
        read.append(folder.path.name)
        return brief(folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "brief", read_brief)
        with Catalog.of_briefs(runs) as briefs:
            for name in run_names(runs):
                if seen := stamp(runs / name):
                    values.append(repr(briefs.value_of(RunFolder(runs / name), seen)))
    return values, read


def truth(runs: Path) -> list[str]:
    return [repr(brief(RunFolder(runs / name))) for name in run_names(runs) if stamp(runs / name)]


@pytest.mark.parametrize("reason", ["finished", "stopped", "interrupted", "failed", "diverged"])
def test_an_ended_run_is_read_once(runs, reason):
    folder = make(runs, reason=reason)
    assert look_up(runs) == (truth(runs), [folder.id])
    assert look_up(runs) == (truth(runs), [])


def test_settings_are_read_from_the_catalog(runs):
    folder = make(runs, reason=None)
    for _ in range(2):
        with Catalog.of_settings(runs) as stored:
            found = stored.value_of(RunFolder(folder.path), stamp(folder.path))
        assert found == settings(folder) == {"task.kind": "sort", "training.steps": 9}
        shutil.rmtree(folder.path / "checkpoints", ignore_errors=True)


def test_version_3_has_these_keys(runs):
    """Increase VERSION when the keys of `brief` change: older catalogs hold other values."""
    assert catalog.VERSION == 3
    assert list(brief(make(runs))) == [
        "run", "name", "tags", "note", "preset", "created", "sweep", "status", "step", "final",
        "memorized_at", "grokked_at", "spikes",
    ]  # fmt: skip


def test_entries_of_an_older_version_are_ignored(runs, monkeypatch):
    folder = make(runs)
    look_up(runs)
    monkeypatch.setattr(catalog, "VERSION", 4)
    assert look_up(runs)[1] == [folder.id]


CHANGES = {
    "renamed": lambda f: f.set_labels(name="b name"),
    "name of equal length written in place": lambda f: overwrite_label(f, b"a name", b"b name"),
    "labels truncated": lambda f: os.truncate(f.path / "labels.json", 9),
    "labels removed": lambda f: (f.path / "labels.json").unlink(),
    "run.json truncated": lambda f: os.truncate(f.path / "run.json", 9),
    "run.json removed": lambda f: (f.path / "run.json").unlink(),
    "resumed": lambda f: f.claim({}, seq=10, first_step=2),
    "ended a second time": lambda f: end(f, "stopped", val_loss=0.5),
    "one attempt removed": lambda f: shutil.rmtree(f.path / "attempts/001"),
    "all attempts removed": lambda f: shutil.rmtree(f.path / "attempts"),
    "deleted": delete,
    "deleted and restored": lambda f: (delete(f), restore(f.path.parent, f.id)),
    "replaced by another run": lambda f: replace(f),
}


def overwrite_label(folder: RunFolder, old: bytes, new: bytes) -> None:
    path = folder.path / "labels.json"
    with path.open("r+b") as file:
        text = file.read().replace(old, new)
        file.seek(0)
        file.write(text)


def replace(folder: RunFolder) -> None:
    other = make(folder.path.parent, "another", "diverged")
    shutil.rmtree(folder.path)
    other.path.rename(folder.path)


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_detected(runs, change):
    """Also a change in place and a change by hand."""
    folder, other = make(runs), make(runs, "other")
    before = look_up(runs)[0]
    tick(folder.path)
    CHANGES[change](folder)
    values, read = look_up(runs)
    assert values == truth(runs)
    assert other.id not in read
    assert change == "deleted and restored" or values != before
    assert look_up(runs)[0] == values


def tick(path: Path) -> None:
    """Wait until the clock of the file system advances, as RACY requires."""
    probe = path.with_name(".probe")
    probe.touch()
    first = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == first:
        probe.touch()


@pytest.mark.parametrize(
    ("name", "reason"), [("queued", None), ("", "finished"), ("superseded", "superseded")]
)
def test_queued_unnamed_and_superseded_runs_are_always_read(runs, name, reason):
    folder = make(runs, name, reason)
    assert look_up(runs)[1] == look_up(runs)[1] == [folder.id]


def test_live_and_died_runs_are_always_read(runs):
    live, dead = make(runs, reason=None), make(runs, reason=None)
    with live.claim({}, seq=0, first_step=1):
        dead.claim({"pid": 2**22 + 1}, seq=0, first_step=1)
        for _ in range(2):
            assert look_up(runs) == (truth(runs), [dead.id, live.id])


def test_runs_that_changed_recently_are_not_kept(runs, monkeypatch):
    monkeypatch.setattr(catalog, "RACY", 2 * 10**9)
    folder = make(runs)
    changed = stamp(folder.path).newest
    for clock, kept in ((-(10**15), False), (0, False), (2 * 10**9, False), (2 * 10**9 + 1, True)):
        monkeypatch.setattr(time, "time_ns", lambda now=changed + clock: now)
        look_up(runs)
        assert (look_up(runs)[1] == []) == kept


def test_the_file_is_written_only_after_several_new_runs(runs, cache, monkeypatch):
    make(runs)
    look_up(runs)
    (file,) = cache.iterdir()
    before = file.stat()
    monkeypatch.setattr(catalog, "WORTH_IT", 3)
    for new in (1, 2, 3):
        make(runs)
        assert len(look_up(runs)[1]) == new
        assert (file.stat().st_ino == before.st_ino) == (new < 3)
    assert look_up(runs)[1] == []


def test_deleted_runs_are_removed_from_the_catalog(runs, cache):
    deleted = make(runs)
    look_up(runs)
    delete(deleted)
    kept = make(runs)
    look_up(runs)
    (file,) = cache.iterdir()
    assert deleted.id not in file.read_text() and kept.id in file.read_text()


def test_each_folder_of_runs_has_its_catalog_and_a_link_uses_the_same(tmp_path):
    here, there = make(tmp_path / "here"), make(tmp_path / "there", "b", "failed")
    there.path.rename(there.path.with_name(here.id))
    for runs in (here.path.parent, there.path.parent):
        assert look_up(runs) == (truth(runs), [here.id])
        assert look_up(runs) == (truth(runs), [])
    (tmp_path / "link").symlink_to(here.path.parent)
    assert look_up(tmp_path / "link")[1] == []


def test_a_line_of_another_run_is_not_used(runs, cache):
    """Even if both runs have the same stamp."""
    first, second = make(runs, "first"), make(runs, "second")
    look_up(runs)
    (file,) = cache.iterdir()
    other, own = file.read_bytes().splitlines(keepends=True)
    assert first.id.encode() in own
    file.write_bytes(other.replace(second.id.encode(), first.id.encode(), 1) + other)
    values, read = look_up(runs)
    assert values == truth(runs) and read == [first.id]


@pytest.mark.parametrize(
    "name", ['"', "a, b", "\\", "two\nlines", "\u2028", "ü", os.fsdecode(b"\xff")]
)
def test_unusual_folder_names_are_distinguished(runs, name):
    make(runs).path.rename(runs / name)
    make(runs, "another")
    look_up(runs)
    assert look_up(runs)[0] == truth(runs)


def test_values_nested_too_deeply_for_json_are_not_kept(runs):
    folder, deep = make(runs), []
    for _ in range(2000):
        deep = [deep]
    with Catalog(runs, "brief", lambda run: {"deep": deep}, bool) as kept:
        assert kept.value_of(folder, stamp(folder.path)) == {"deep": deep}
    assert look_up(runs) == (truth(runs), [folder.id])


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory) -> Path:
    runs = tmp_path_factory.mktemp("two")
    make(runs, "first"), make(runs, "second", "diverged")
    return runs


@examples(max_examples=150)
@given(data=st.data())
def test_a_damaged_catalog_never_returns_wrong_values(two_runs, tmp_path_factory, data):
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("XDG_CACHE_HOME", str(home))
        patch.setattr(catalog, "WORTH_IT", 1)
        patch.setattr(catalog, "RACY", -3600 * 10**9)
        look_up(two_runs)
        (file,) = (home / "memlab/runs").iterdir()
        text = file.read_bytes()
        at = data.draw(st.integers(0, len(text) - 1))
        match data.draw(
            st.sampled_from(["flip", "cut", "zero", "insert", "swap", "twice", "special"])
        ):
            case "flip":
                flipped = text[at] ^ 1 << data.draw(st.integers(0, 7))
                text = text[:at] + bytes([flipped]) + text[at + 1 :]
            case "cut":
                text = text[:at]
            case "zero":
                text = text[:at] + bytes(40) + text[at + 40 :]
            case "insert":
                text = text[:at] + data.draw(st.binary(min_size=1)) + text[at:]
            case "swap":
                text = b"".join(reversed(text.splitlines(keepends=True)))
            case "twice":
                text = text[at:] + text
            case "special":
                file.unlink()
                data.draw(st.sampled_from([os.mkfifo, os.mkdir, lambda p: p.symlink_to(p)]))(file)
        if file.is_file():
            file.write_bytes(text)
        assert look_up(two_runs)[0] == truth(two_runs)
        assert look_up(two_runs)[0] == truth(two_runs)


@pytest.mark.parametrize("home", ["file", "loop", "none", "read-only"])
def test_without_a_cache_folder_runs_are_always_read(runs, tmp_path, monkeypatch, home):
    folder, place = make(runs), tmp_path / home
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    if home == "file":
        place.write_text("")
    if home == "loop":
        place.symlink_to(place)
    if home == "read-only":
        monkeypatch.setattr(files.calls, "mkdir", Faulty(1, "EROFS").mkdir)
    if home == "none":
        monkeypatch.setattr(user_folders, "user_cache_path", lambda *_: Path("~/.cache/memlab"))
    for _ in range(2):
        assert look_up(runs) == (truth(runs), [folder.id])


@pytest.mark.parametrize("fault", ["dies", "short", "EINTR", "ENOSPC", "EIO", "EROFS"])
def test_values_are_correct_after_any_failed_call_of_a_write(runs, cache, monkeypatch, fault):
    make(runs, "first")
    look_up(runs)
    expected, at = truth(runs), 0
    while True:
        at += 1
        make(runs, f"name {at}")
        expected = truth(runs)
        calls = Faulty(at, fault)
        with monkeypatch.context() as patch, contextlib.suppress(Dead):
            patch.setattr(files, "calls", calls)
            assert look_up(runs)[0] == expected
        assert look_up(runs)[0] == expected
        if calls.count < at:
            break
    assert at > 4
    assert look_up(runs)[1] == []
