"""Damaged and unusual run folders: every reader shows what is readable and never blocks."""

import errno
import json
import os
import shutil
import sys

import pytest
from typer.testing import CliRunner

from memlab.cli import main
from memlab.cli.app import app
from memlab.record import events, files
from memlab.record.commands import Pause, send
from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs

from ..cli.conftest import TINY
from ..record.make_run import write_rows

READERS = {
    "runs": ["runs", "--json"],
    "show": ["show", "last"],
    "show --json": ["show", "last", "--json"],
    "show --csv": ["show", "last", "--csv"],
    "doctor": ["doctor", "last", "--json"],
    "replay": ["replay", "last", "--once"],
}
LIMIT = files.READ_LIMIT + 1


def sparse(path):
    path.touch()
    os.truncate(path, LIMIT)


ODD = {
    "empty": lambda path: path.touch(),
    "pipe": os.mkfifo,
    "loop": lambda path: path.symlink_to(path),
    "sparse": sparse,
    "missing": lambda path: None,
    "link": lambda path: path.symlink_to("/etc/passwd"),
    "root link": lambda path: path.symlink_to("/"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": os.mkdir,
}
KINDS = [kind if kind == "pipe" else pytest.param(kind, marks=pytest.mark.slow) for kind in ODD]


@pytest.fixture(scope="module")
def complete_run(tmp_path_factory):
    """A finished run with every kind of file that a run may have."""
    description = {"preset": {"name": "tiny"}, "check": {"updates": 20, "parameters": 100}}
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), description, "a: 1\n", "complete")
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(events.Started(step=0, attempt=1))
        for step in (10, 20):
            write_rows(writer, step - 9, step)
            writer.write(events.Evaluated(step=step, values={"val_loss": 1 / step}))
        contents = {f"{name}.safetensors": b"x" for name in ("model", "optimizer")}
        writer.commit(20, contents)
        writer.beat(20)
        writer.end("finished", 20, {})
    send(folder, Pause())
    return folder.path


def names(path):
    return sorted(str(child.relative_to(path)) for child in path.rglob("*"))


def read(reader, runs):
    """The output and exit code of a command, which must raise no exception."""
    result = CliRunner().invoke(app, [*READERS[reader], "--runs", str(runs)])
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        reader,
        result.exc_info,
    )
    return result.stdout, result.exit_code


def may_be_unnoticed(kind, name):
    """Whether the doctor may report nothing: hints, commands, and files that a run may lack."""
    optional = ("attempts", "attempts/001", "attempts/001/end.json", "checkpoints")
    absent = kind in ("missing", "empty", "folder") and name in (
        *optional,
        "checkpoints/step-000000020",
    )
    return absent or name.endswith("heartbeat") or name.startswith("commands")


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_tolerates_an_odd_file_in_any_place(complete_run, tmp_path, kind):
    for i, name in enumerate(name for name in names(complete_run) if name != "run.json"):
        path = shutil.copytree(complete_run, tmp_path / str(i) / complete_run.name)
        shutil.rmtree(path / name) if (path / name).is_dir() else (path / name).unlink()
        ODD[kind](path / name)
        for reader in READERS:
            printed, code = read(reader, path.parent)
            if reader == "doctor":
                found = [symptom["where"] for symptom in json.loads(printed)["symptoms"]]
                assert found or may_be_unnoticed(kind, name), name
                recorded = (complete_run / name).is_file()
                assert code == 3 or not recorded or may_be_unnoticed(kind, name), (name, found)
            else:
                assert code == 0, (name, reader)
        shutil.rmtree(path.parent)


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "missing"])
def test_a_run_with_an_odd_description_file_is_listed_and_reported_as_damaged(
    complete_run, tmp_path, kind
):
    path = shutil.copytree(complete_run, tmp_path / complete_run.name)
    (path / "run.json").unlink()
    ODD[kind](path / "run.json")
    assert json.loads(read("runs", tmp_path)[0])[0]["status"] == "finished"
    assert "run.json is missing or damaged" in read("show", tmp_path)[0]
    assert read("show --json", tmp_path)[1] == read("show --csv", tmp_path)[1] == 0
    assert read("doctor", tmp_path)[1] == 3 and read("replay", tmp_path)[1] == 0


def test_a_damaged_run_in_a_folder_with_an_undecodable_name_is_listed(complete_run, tmp_path):
    path = shutil.copytree(complete_run, tmp_path / os.fsdecode(b"20260101T000000-\xff"))
    (path / "run.json").unlink()
    (path / "run.json").touch()
    assert json.loads(read("runs", tmp_path)[0])[0]["run"] == path.name
    for reader in READERS:
        assert read(reader, tmp_path)[1] == 3 * (reader == "doctor")


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_file_in_place_of_the_runs_folder_has_no_runs(tmp_path, kind):
    ODD[kind](tmp_path / "runs")
    for reader, words in READERS.items():
        result = CliRunner().invoke(app, [*words, "--runs", str(tmp_path / "runs")])
        if reader == "runs":
            assert (result.stdout.strip(), result.exit_code) == ("[]", 0)
        else:
            assert "no runs" in str(result.exception)


def test_other_files_in_the_runs_folder_are_not_listed(complete_run, tmp_path):
    shutil.copytree(complete_run, tmp_path / complete_run.name)
    for kind, make in ODD.items():
        make(tmp_path / f"20260101T000000-{kind}")
    assert [run.path.name for run in list_runs(tmp_path)] == [complete_run.name]


class WritesRefused(files.Calls):
    """A disk on which every write fails with the given error."""

    def __init__(self, code):
        def refuse(path, *_):
            raise OSError(code, os.strerror(code), str(path))

        for name in ("open", "pwrite", "fsync", "rename", "mkdir", "unlink", "rmdir"):
            setattr(self, name, refuse)


@pytest.mark.parametrize("reader", READERS)
def test_runs_on_a_read_only_disk_are_readable(complete_run, monkeypatch, reader):
    expected = read(reader, complete_run.parent)
    monkeypatch.setattr(files, "calls", WritesRefused(errno.EROFS))
    assert read(reader, complete_run.parent) == expected and expected[1] == 0


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
@pytest.mark.parametrize("words", [["run", "tiny"], ["resume", "last"]])
def test_a_command_that_cannot_write_ends_with_a_message_of_one_line(
    tiny_run, monkeypatch, capsys, words, code
):
    before = {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*")}
    monkeypatch.setattr(files, "calls", WritesRefused(code))
    monkeypatch.setattr(sys, "argv", ["memlab", *words])
    with pytest.raises(SystemExit) as exit_info:
        main()
    printed = capsys.readouterr().err
    assert exit_info.value.code == 2
    assert os.strerror(code) in printed and "Traceback" not in printed
    assert {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*")} == before


@pytest.mark.parametrize("kind", ["empty", "pipe", "loop", "dangling link"])
def test_no_run_is_created_where_no_folder_can_be_created(tiny_run, monkeypatch, capsys, kind):
    odd = tiny_run / "odd"
    {**ODD, "dangling link": lambda path: path.symlink_to("nothing")}[kind](odd)
    monkeypatch.setattr(sys, "argv", ["memlab", "run", "tiny", "--runs", "odd"])
    with pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 2 and "odd" in capsys.readouterr().err
    assert not odd.is_dir()


@pytest.fixture
def tiny_run(tmp_path, monkeypatch):
    """A folder with a preset and a run of it that was not started."""
    from memlab.preset.create import create_run
    from memlab.preset.load import load

    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "tiny.yaml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMLAB_RUNS", raising=False)
    create_run(load("tiny"), tmp_path / "runs")
    return tmp_path


def test_an_error_within_memlab_keeps_its_traceback(monkeypatch):
    def broken(prog_name):
        raise FileNotFoundError(errno.ENOENT, "a bug", "somewhere")

    monkeypatch.setattr("memlab.cli.app.app", broken)
    with pytest.raises(FileNotFoundError):
        main()
