"""Folders that are not as they should be: every reader shows what can be read, and waits for nothing."""

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
    "gone": lambda path: None,
    "link": lambda path: path.symlink_to("/etc/passwd"),
    "above": lambda path: path.symlink_to("/"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "folder": os.mkdir,
}
KINDS = [kind if kind == "pipe" else pytest.param(kind, marks=pytest.mark.slow) for kind in ODD]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished run with everything that a run may have."""
    description = {"preset": {"name": "tiny"}, "check": {"updates": 20, "parameters": 100}}
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), description, "a: 1\n", "whole")
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
    """What a command prints and its exit code; no exception leaves it."""
    done = CliRunner().invoke(app, [*READERS[reader], "--runs", str(runs)])
    assert done.exception is None or isinstance(done.exception, SystemExit), (reader, done.exc_info)
    return done.stdout, done.exit_code


def may_be_missed(kind, name):
    """A hint, a command, and what may as well never have been there."""
    optional = ("attempts", "attempts/001", "attempts/001/end.json", "checkpoints")
    absent = kind in ("gone", "empty", "folder") and name in (
        *optional,
        "checkpoints/step-000000020",
    )
    return absent or name.endswith("heartbeat") or name.startswith("commands")


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader_gets_past_an_odd_file_in_any_place(whole, tmp_path, kind):
    for i, name in enumerate(name for name in names(whole) if name != "run.json"):
        path = shutil.copytree(whole, tmp_path / str(i) / whole.name)
        shutil.rmtree(path / name) if (path / name).is_dir() else (path / name).unlink()
        ODD[kind](path / name)
        for reader in READERS:
            printed, code = read(reader, path.parent)
            if reader == "doctor":
                told = [symptom["where"] for symptom in json.loads(printed)["symptoms"]]
                assert told or may_be_missed(kind, name), name
                recorded = (whole / name).is_file()
                assert code == 3 or not recorded or may_be_missed(kind, name), (name, told)
            else:
                assert code == 0, (name, reader)
        shutil.rmtree(path.parent)


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "gone"])
def test_a_run_whose_description_is_odd_is_listed_shown_and_said_to_be_damaged(
    whole, tmp_path, kind
):
    path = shutil.copytree(whole, tmp_path / whole.name)
    (path / "run.json").unlink()
    ODD[kind](path / "run.json")
    assert json.loads(read("runs", tmp_path)[0])[0]["status"] == "finished"
    assert "run.json is missing or damaged" in read("show", tmp_path)[0]
    assert read("show --json", tmp_path)[1] == read("show --csv", tmp_path)[1] == 0
    assert read("doctor", tmp_path)[1] == 3 and read("replay", tmp_path)[1] == 0


def test_a_damaged_run_in_a_folder_whose_name_is_no_text_is_listed(whole, tmp_path):
    path = shutil.copytree(whole, tmp_path / os.fsdecode(b"20260101T000000-\xff"))
    (path / "run.json").unlink()
    (path / "run.json").touch()
    assert json.loads(read("runs", tmp_path)[0])[0]["run"] == path.name
    for reader in READERS:
        assert read(reader, tmp_path)[1] == 3 * (reader == "doctor")


@pytest.mark.parametrize("kind", ODD)
def test_a_folder_of_runs_that_is_none_has_no_runs(tmp_path, kind):
    ODD[kind](tmp_path / "runs")
    for reader, words in READERS.items():
        done = CliRunner().invoke(app, [*words, "--runs", str(tmp_path / "runs")])
        if reader == "runs":
            assert (done.stdout.strip(), done.exit_code) == ("[]", 0)
        else:
            assert "no runs" in str(done.exception)


def test_strangers_among_the_runs_are_no_runs(whole, tmp_path):
    shutil.copytree(whole, tmp_path / whole.name)
    for kind, make in ODD.items():
        make(tmp_path / f"20260101T000000-{kind}")
    assert [run.path.name for run in list_runs(tmp_path)] == [whole.name]


class Refused(files.Calls):
    """A disk that may only be read."""

    def __init__(self, code):
        def refuse(path, *_):
            raise OSError(code, os.strerror(code), str(path))

        for name in ("open", "pwrite", "fsync", "rename", "mkdir", "unlink", "rmdir"):
            setattr(self, name, refuse)


@pytest.mark.parametrize("reader", READERS)
def test_a_disk_that_may_only_be_read_is_read(whole, monkeypatch, reader):
    expected = read(reader, whole.parent)
    monkeypatch.setattr(files, "calls", Refused(errno.EROFS))
    assert read(reader, whole.parent) == expected and expected[1] == 0


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
@pytest.mark.parametrize("words", [["run", "tiny"], ["resume", "last"]])
def test_what_writes_is_refused_in_one_line(tiny_run, monkeypatch, capsys, words, code):
    before = {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*")}
    monkeypatch.setattr(files, "calls", Refused(code))
    monkeypatch.setattr(sys, "argv", ["memlab", *words])
    with pytest.raises(SystemExit) as left:
        main()
    told = capsys.readouterr().err
    assert left.value.code == 2 and os.strerror(code) in told and "Traceback" not in told
    assert {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*")} == before


@pytest.mark.parametrize("kind", ["empty", "pipe", "loop", "nowhere"])
def test_a_run_is_not_made_where_there_can_be_no_folder(tiny_run, monkeypatch, capsys, kind):
    odd = tiny_run / "odd"
    {**ODD, "nowhere": lambda path: path.symlink_to("nothing")}[kind](odd)
    monkeypatch.setattr(sys, "argv", ["memlab", "run", "tiny", "--runs", "odd"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2 and "odd" in capsys.readouterr().err
    assert not odd.is_dir()


@pytest.fixture
def tiny_run(tmp_path, monkeypatch):
    """A folder with a preset and a run of it that nobody began."""
    from memlab.preset.create import create_run
    from memlab.preset.load import load

    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "tiny.yaml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMLAB_RUNS", raising=False)
    create_run(load("tiny"), tmp_path / "runs")
    return tmp_path


def test_a_bug_keeps_its_traceback(monkeypatch):
    def broken(prog_name):
        raise FileNotFoundError(errno.ENOENT, "a bug", "somewhere")

    monkeypatch.setattr("memlab.cli.app.app", broken)
    with pytest.raises(FileNotFoundError):
        main()
