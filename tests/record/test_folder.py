import hashlib
import json
import multiprocessing
import os
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from memlab.errors import BusyError, RunError
from memlab.record import files, process, sealed_json
from memlab.record import runs as all_runs
from memlab.record.attempt import STANDSTILL, Attempt
from memlab.record.events import COLUMNS, Paused, Resumed
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import find
from memlab.record.status import Status

from .make_run import values, write_rows


def claim(folder, **options):
    return folder.claim({"threads": 1}, **({"seq": 0, "first_step": 1} | options))


def test_a_new_run_has_its_folders_and_its_description(folder):
    assert sorted(p.name for p in folder.path.iterdir()) == [
        "attempts", "checkpoints", "commands", "labels.json", "preset.yaml", "run.json",
    ]  # fmt: skip
    run = json.loads((folder.path / "run.json").read_text())
    assert run["format"] == "memlab-run" and run["version"] == [1, 0] and run["requires"] == []
    assert run["columns"] == list(COLUMNS) and run["preset"] == {"name": "tiny"}
    assert folder.path.name == folder.id == run["id"]
    assert folder.labels().name == "a tiny run" and folder.status() == "queued"


def test_ids_of_one_second_are_unique_and_sorted_by_time(runs):
    made = [RunFolder.create(runs, {}, "", str(i)) for i in range(30)]
    assert [run.id for run in made] == sorted({run.id for run in made})
    assert [run.labels().name for run in all_runs.list_runs(runs)] == [
        str(i) for i in range(29, -1, -1)
    ]


def test_labels_are_set_separately(folder):
    folder.set_labels(tags=["a", "b"])
    folder.set_labels(note="[b]../x")
    found = RunFolder(folder.path).labels()
    assert (found.name, found.tags, found.note) == ("a tiny run", ("a", "b"), "[b]../x")


def test_a_run_without_a_name_is_shown_by_its_id(folder):
    assert folder.display_name == folder.labels().name
    folder.set_labels(name="")
    assert folder.display_name == folder.id


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("where", ["runs", "elsewhere", "."])
def test_a_command_with_the_reference_of_a_run_finds_it(tmp_path, monkeypatch, default, where):
    (tmp_path / "elsewhere").mkdir()
    folder = RunFolder.create(tmp_path / "runs and more" / "runs", {}, "", "")
    monkeypatch.setenv("MEMLAB_RUNS", str(folder.path.parent if default else tmp_path))
    monkeypatch.chdir({"runs": folder.path.parent}.get(where, tmp_path / where))
    (word,) = shlex.split(all_runs.reference(folder))
    assert all_runs.find(all_runs.runs_folder(), word).path == folder.path.resolve()
    assert (word == folder.id) == default


def test_a_run_is_found_by_id_prefix_path_and_last(runs, folder, monkeypatch):
    other = RunFolder.create(runs, {}, "", "")
    assert all_runs.find(runs, folder.id).path == folder.path
    assert all_runs.find(runs, "last").path == other.path
    assert all_runs.find(Path("/nowhere"), str(folder.path)).path == folder.path
    length = next(i for i, (a, b) in enumerate(zip(folder.id, other.id, strict=True)) if a != b)
    assert all_runs.find(runs, folder.id[: length + 1]).path == folder.path
    monkeypatch.chdir(folder.path)
    assert all_runs.find(runs, ".").id == folder.id
    with pytest.raises(RunError, match="several runs"):
        all_runs.find(runs, folder.id[:length])
    for ref in ("zzz", "", "..", "../x", "/"):
        with pytest.raises(RunError, match="run not found"):
            all_runs.find(runs, ref)
    with pytest.raises(RunError, match="no runs"):
        all_runs.find(runs / "none", "last")


def test_the_runs_folder_comes_from_the_option_the_environment_or_the_default(monkeypatch):
    monkeypatch.delenv("MEMLAB_RUNS", raising=False)
    assert all_runs.runs_folder() == Path("runs")
    monkeypatch.setenv("MEMLAB_RUNS", "/a")
    assert all_runs.runs_folder() == Path("/a") and all_runs.runs_folder(Path("b")) == Path("b")


def test_a_run_is_deleted_and_restored(runs, folder):
    where = all_runs.delete(folder)
    assert where == runs.absolute() / ".trash" / folder.id and all_runs.list_runs(runs) == []
    assert all_runs.restore(runs, folder.id).labels().name == "a tiny run"
    with pytest.raises(RunError):
        all_runs.restore(runs, folder.id)


def test_a_live_run_is_neither_claimed_nor_deleted(folder):
    with claim(folder) as writer:
        for action in (lambda: claim(folder), lambda: all_runs.delete(folder)):
            with pytest.raises(BusyError, match="process"):
                action()
        assert not writer.superseded()
        with claim(folder, take_over=True) as second:
            assert writer.superseded() and second.number == 2
            writer.end("superseded", 0, {})
            assert folder.status() == "running"


def test_status_follows_the_events_of_the_attempts(folder):
    with claim(folder) as writer:
        assert folder.status() == "running"
        writer.write(Paused(step=0))
        assert folder.status() == "paused"
        writer.write(Resumed(step=0))
        write_rows(writer, 1, 3)
        writer.beat(3)
        assert folder.status() == "running" and folder.last_step() == 3
        writer.end("early_stop", 3, {"loss": float("nan")})
    assert RunFolder(folder.path).status() == "finished"
    assert (
        folder.attempts()[0].end["summary"]["loss"] != folder.attempts()[0].end["summary"]["loss"]
    )
    claim(folder, seq=3, first_step=2).close()
    assert folder.status() == "died" and folder.attempts()[1].info["resumed_from"] == 1


@pytest.mark.parametrize("reason", ["stopped", "interrupted", "failed", "diverged", "finished"])
def test_the_status_is_the_first_reason_of_the_end(folder, reason):
    with claim(folder) as writer:
        writer.end(reason, 0, {})
        writer.end("failed", 9, {})
    assert folder.status() == reason == Status(reason)


def test_an_exception_ends_the_attempt_as_failed(folder):
    with pytest.raises(ZeroDivisionError), claim(folder) as writer:
        writer.beat(5)
        _ = 1 / 0
    assert folder.status() == "failed" and folder.attempts()[0].end["step"] == 5


def test_the_end_states_the_hashes_of_its_files(folder):
    with claim(folder) as writer:
        write_rows(writer, 1, 2000)
        writer.end("finished", 2000, {})
    for name, digest in folder.attempts()[0].end["sha256"].items():
        assert hashlib.sha256((folder.attempts()[0].path / name).read_bytes()).hexdigest() == digest


def _race(path, gate, results):
    gate.wait()
    try:
        writer = RunFolder(path).claim({}, seq=0, first_step=1)
        results.put(writer.number)
        gate.wait()
    except BusyError:
        results.put(None)
        gate.wait()


def test_one_of_several_concurrent_claims_succeeds(folder):
    context = multiprocessing.get_context("fork")
    gate, results = context.Barrier(4), context.Queue()
    claimers = [context.Process(target=_race, args=(folder.path, gate, results)) for _ in range(4)]
    for claimer in claimers:
        claimer.start()
    found = [results.get(timeout=30) for _ in claimers]
    for claimer in claimers:
        claimer.join()
    assert sorted(found, key=str) == [1, None, None, None]
    assert [a.number for a in folder.attempts()] == [1] and folder.status() == "died"


def test_a_killed_process_is_dead_before_its_parent_waits_for_it(folder):
    code = (
        "import sys, time; from pathlib import Path; from memlab.record.folder import RunFolder\n"
        "w = RunFolder(Path(sys.argv[1])).claim({}, seq=0, first_step=1); print('x', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, folder.path], stdout=subprocess.PIPE
    ) as child:
        child.stdout.read(1)
        assert folder.status() == "running"
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert folder.status() == "died"
        claim(folder).end("stopped", 0, {})


def attempt_of(folder, owner, monkeypatch):
    monkeypatch.setattr(process, "identity", lambda: owner)
    writer = claim(folder)
    return writer, Attempt(folder.attempts()[0].path, folder.id)


def test_a_process_of_another_boot_or_start_time_is_dead(folder, monkeypatch):
    mine = process.identity()
    assert process.is_running(mine) is True
    assert process.is_running(mine | {"pid_start": mine["pid_start"] + 1}) is False
    assert process.is_running(mine | {"pid": None}) is False
    here = process.machine() | {"machine_id": "m"}
    monkeypatch.setattr(process, "machine", lambda: here)
    assert process.is_running(mine | {"machine_id": "m", "boot_id": "other"}) is False
    assert process.is_running(mine | {"machine_id": "m", "pid_namespace": "other"}) is None
    assert process.is_running(mine | {"host": "elsewhere", "machine_id": "n"}) is None


def test_without_process_information_only_the_heartbeat_counts(folder, tmp_path, monkeypatch):
    """Without /proc there is no boot id and no start time of a process."""

    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(process, "Path", lambda path: tmp_path / "missing" / path[1:])
    monkeypatch.setattr(process.os, "readlink", missing)
    here = process.machine.__wrapped__()
    assert [key for key, value in here.items() if value is not None] == ["host"]
    monkeypatch.setattr(process, "machine", lambda: here)
    assert process.is_running(process.identity()) is None
    clock = [0.0]
    monkeypatch.setattr("memlab.record.attempt.time.monotonic", lambda: clock[0])
    with claim(folder):
        assert folder.status() == "running"
        clock[0] += STANDSTILL
        assert folder.status() == "died"


def test_on_another_machine_only_a_stalled_heartbeat_means_death(folder, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("memlab.record.attempt.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(
        "memlab.record.attempt.time.sleep", lambda s: clock.__setitem__(0, clock[0] + s)
    )
    owner = process.identity() | {"host": "elsewhere", "machine_id": "other", "boot_id": "other"}
    writer, attempt = attempt_of(folder, owner, monkeypatch)
    assert attempt.alive()
    clock[0] += STANDSTILL - 1
    writer.beat(7)
    assert attempt.alive()
    clock[0] += STANDSTILL - 1
    assert attempt.alive()
    clock[0] += 2
    assert not attempt.alive()
    writer.beat(8)
    assert attempt.alive()
    assert not attempt.watch()
    writer.beat(9)
    monkeypatch.setattr("memlab.record.attempt.time.sleep", lambda seconds: writer.beat(10))
    assert attempt.watch()
    writer.close()


@pytest.mark.parametrize(
    "change",
    [
        {"version": [2, 0]},
        {"requires": ["magic"]},
        {"format": "x"},
        {"version": 1},
        {"columns": ["loss", "dreams"]},
    ],
)
def test_a_run_of_a_later_format_is_read_but_not_written_to(folder, change):
    document = sealed_json.read(folder.path / "run.json", "run.json") | change
    (folder.path / "run.json").write_bytes(sealed_json.seal(document, "run.json"))
    later = RunFolder(folder.path)
    assert later.labels().name == "a tiny run" and later.description["columns"]
    for action in (lambda: later.set_labels(name="x"), lambda: claim(later)):
        with pytest.raises(RunError, match="cannot be written"):
            action()


def test_a_run_without_its_description_can_be_read(runs, folder):
    (folder.path / "run.json").write_bytes(b"")
    found = all_runs.find(runs, "last")
    assert found.description == {} and "damaged" in found.problem()
    assert found.id == folder.id and found.labels().name == "a tiny run"


def test_a_run_without_attempts_is_queued(folder):
    claim(folder).close()
    shutil.rmtree(folder.path / "attempts")
    found = RunFolder(folder.path)
    assert found.status() == "queued" and found.attempts() == [] and found.last_step() == 0


def test_a_failed_creation_leaves_no_run(runs, monkeypatch):
    class Full(files.Calls):
        def fsync(self, fd):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "calls", Full())
    with pytest.raises(OSError, match="No space"):
        RunFolder.create(runs, {}, "", "")
    assert all_runs.list_runs(runs) == []


def test_a_run_of_an_earlier_version_keeps_its_columns(runs):
    folder = RunFolder.create(runs, {"columns": ["loss", "grad_norm", "lr"]}, "", "old")
    with claim(folder) as writer:
        write_rows(writer, 1, 5)
    with claim(folder, seq=0, first_step=6) as writer:
        write_rows(writer, 6, 9)
    steps = History(RunFolder(folder.path)).until().steps
    assert list(steps) == ["step", "loss", "grad_norm", "lr"]
    assert steps.read(1, 9)[1].tobytes() == values(1, 9)[:, :3].tobytes()


def test_an_end_during_the_check_of_the_process_is_seen(folder, monkeypatch):
    writer = claim(folder)
    reader = RunFolder(folder.path)

    def ends_meanwhile(attempt):
        writer.end("finished", 0, {})
        return False

    monkeypatch.setattr(Attempt, "alive", ends_meanwhile)
    assert reader.status() == "finished"


def test_an_attempt_that_is_being_opened_does_not_count_as_dead(folder, monkeypatch):
    """Another thread reads the status after the folder has its name and before its files open."""
    seen, threads = [], []

    def read_status(path):
        if path.name == "001":
            reader = threading.Thread(target=lambda: seen.append(RunFolder(folder.path).status()))
            reader.start()
            reader.join(0.2)  # it ends at once unless it is blocked
            threads.append(reader)

    monkeypatch.setattr(files, "sync_folder", read_status)
    with claim(folder):
        for reader in threads:
            reader.join()
        assert seen == ["running"]


def test_last_is_the_newest_run_by_creation_for_any_folder_name(runs):
    first = RunFolder.create(runs, {}, "", "first")
    newest = RunFolder.create(runs, {}, "", "newest")
    shutil.copytree(first.path, runs / "fork-1")
    shutil.copytree(newest.path, runs / "zz-copy")
    assert find(runs, "last").path == newest.path
    shutil.rmtree(newest.path)
    assert find(runs, "last").path == runs / "zz-copy"


def test_a_claim_that_expects_an_earlier_attempt_is_refused(folder):
    with folder.claim({}, seq=0, first_step=1, after=0) as writer:
        writer.end("finished", 0, {})
    with pytest.raises(BusyError):
        folder.claim({}, seq=0, first_step=1, after=0)
    assert [attempt.number for attempt in folder.attempts()] == [1]


def test_a_copy_with_the_name_of_a_newer_run_is_not_the_last_run(runs):
    old, newest = (RunFolder.create(runs, {}, "", name) for name in ("old", "newest"))
    shutil.copytree(old.path, runs / "29991231T235959-aaaaaa")
    assert find(runs, "last").path == newest.path


def test_a_member_of_a_sweep_is_the_last_run_only_if_there_is_no_other(runs):
    member = RunFolder.create(runs, {"sweep": {"id": "s"}}, "", "member")
    assert find(runs, "last").path == member.path
    direct = RunFolder.create(runs, {}, "", "direct")
    RunFolder.create(runs, {"sweep": {"id": "s"}}, "", "later")
    assert find(runs, "last").path == direct.path
