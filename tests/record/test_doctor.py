"""The doctor finds every fault of a run, reports none for a healthy run, and changes no file."""

import os
import shutil

import pytest

from memlab.record import events, sealed_json
from memlab.record.commands import Pause, send
from memlab.record.doctor import examine
from memlab.record.folder import RunFolder

from .make_run import write_rows


@pytest.fixture
def whole(tmp_path):
    """A run that died and was resumed; its rows are sealed five at a time."""
    folder = RunFolder.create(tmp_path / "runs", {"seed": 3}, "a: 1\n", "whole")
    for seq, first in ((0, 1), (2, 11)):
        with folder.claim({}, seq=seq, first_step=first) as writer:
            for step in range(first, first + 20, 5):
                write_rows(writer, step, step + 4)
                writer.write(events.Evaluated(step=step + 4, values={"val_loss": 1 / step}))
            writer.commit(step + 4, {"model.safetensors": b"m" * step})
            writer.beat(step + 4)
            if first > 1:
                writer.end("finished", step + 4, {})
    send(folder, Pause())
    return folder.path


def problems(path):
    return [(s.where, s.what) for s in examine(RunFolder(path)).symptoms if s.level == "problem"]


def notes(path):
    return [(s.where, s.what) for s in examine(RunFolder(path)).symptoms if s.level == "note"]


def test_a_healthy_run_has_no_symptom_and_everything_is_examined(whole):
    found = examine(RunFolder(whole))
    assert found.symptoms == [] and found.healthy
    assert found.verified == {
        "documents": 10, "seals": 8, "rows": 40, "lines": 8, "hashes": 6, "checkpoints": 2,
    }  # fmt: skip


def test_an_examination_changes_no_file(whole):
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*")}
    examine(RunFolder(whole))
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*")} == before


def test_a_flipped_bit_is_found_in_every_file(whole):
    """Bits throughout each file, more densely in seals and in lines of events."""
    for path in [path for path in whole.rglob("*") if path.is_file()]:
        data = path.read_bytes()
        dense = path.name in ("steps.idx", "events.jsonl")
        for at in range(0, min(len(data), 120) if dense else len(data), 7 if dense else 61):
            path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
            found = problems(whole) if path.name != "heartbeat" else notes(whole)
            assert found, (path, at)
        path.write_bytes(data)
    assert not problems(whole)


@pytest.mark.parametrize("name", ["run.json", "labels.json", "preset.yaml"])
def test_a_missing_document_is_reported(whole, name):
    (whole / name).unlink()
    assert name in [where for where, _ in problems(whole)]


def test_missing_attempts_seals_and_lines_are_reported(whole):
    index = whole / "attempts/001/steps.idx"
    seal = len(index.read_bytes()) // 4
    index.write_bytes(index.read_bytes()[:seal] + index.read_bytes()[2 * seal :])
    log = whole / "attempts/001/events.jsonl"
    first, _, *rest = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([first, *rest]))
    assert problems(whole)[:2] == [
        ("attempts/001", "missing: 5 rows in steps 6 to 10"),
        ("attempts/001/events.jsonl", "lines are missing"),
    ]
    shutil.rmtree(whole / "attempts/001")
    assert ("attempts", "missing: 1") in problems(whole)
    assert any(where.startswith("checkpoints/") for where, _ in problems(whole))


def test_a_file_cut_at_the_end_of_a_record_is_found_by_its_hash(whole):
    log = whole / "attempts/002/events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    assert [where for where, _ in problems(whole)] == ["attempts/002/events.jsonl"]


def test_leftovers_of_a_kill_are_notes_and_not_problems(whole):
    attempt = whole / "attempts/001"
    for name in ("steps.bin", "steps.idx", "events.jsonl"):
        with (attempt / name).open("ab") as file:
            file.write(b'{"kin')
    (whole / "checkpoints/.step-000000030.aa").mkdir()
    (whole / "attempts/001/notes.txt").write_text("mine")
    assert not problems(whole)
    assert sorted(where for where, _ in notes(whole)) == [
        "attempts/001/events.jsonl",
        "attempts/001/notes.txt",
        "attempts/001/steps.idx",
        "checkpoints/.step-000000030.aa",
    ]


def test_links_pipes_and_foreign_files_are_reported(whole):
    (whole / "labels.json").rename(whole / "elsewhere")
    (whole / "labels.json").symlink_to("elsewhere")
    os.mkfifo(whole / "attempts/001/pipe")
    found = dict(problems(whole))
    assert found["labels.json"] == found["attempts/001/pipe"] == "is a link, a pipe or a device"
    assert ("elsewhere", "does not belong to a run") in notes(whole)


def test_a_checkpoint_in_the_folder_of_another_step_is_found(whole):
    shutil.rmtree(whole / "checkpoints/step-000000020")
    shutil.copytree(whole / "checkpoints/step-000000030", whole / "checkpoints/step-000000020")
    assert [where for where, _ in problems(whole)] == ["checkpoints/step-000000020/COMMIT.json"]


def test_events_of_a_later_version_are_a_note(whole):
    log = whole / "attempts/001/events.jsonl"
    line = {"kind": "dream", "step": 20, "wall": 1.0, "seq": 4}
    with log.open("ab") as file:
        file.write(sealed_json.seal(line, f"{whole.name}/attempts/001/events.jsonl"))
    assert not problems(whole)
    assert any("does not know" in what for _, what in notes(whole))


def test_a_live_run_is_healthy(tmp_path):
    folder = RunFolder.create(tmp_path, {}, "", "")
    with folder.claim({}, seq=0, first_step=1) as writer:
        write_rows(writer, 1, 5)
        writer.flush()
        (folder.path / "attempts/001/heartbeat").write_bytes(b"half a bea")
        assert examine(folder).symptoms == []


def test_a_run_without_its_folders_is_examined(folder):
    for name in ("attempts", "checkpoints", "commands"):
        (folder.path / name).rmdir()
    assert examine(RunFolder(folder.path)).symptoms == []


def test_a_file_that_is_not_a_command_is_a_note(whole):
    (whole / "commands/notes.txt").write_text("mine")
    assert notes(whole) == [("commands/notes.txt", "does not belong to a run")]


def test_unknown_features_are_reported(runs):
    folder = RunFolder.create(runs, {"columns": ["loss", "dreams", "awe"]}, "", "later")
    assert problems(folder.path) == [
        ("run.json", "it uses features that this memlab does not know: awe, dreams")
    ]
