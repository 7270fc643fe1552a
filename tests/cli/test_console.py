"""Processes and threads that the console starts."""

import shutil
from functools import partialmethod
from pathlib import Path

import pytest

from memlab.cli import console, detached, main, replay
from memlab.cli.shutdown import Shutdown
from memlab.errors import RunError
from memlab.preset.create import create_run
from memlab.record.folder import RunFolder
from memlab.record.runs import find
from memlab.training import worker
from memlab.tui.app import Memlab

GOLDEN = Path(__file__).parents[1] / "data" / "run-1.0"


def test_resuming_a_copy_does_not_resume_the_original(tmp_path, monkeypatch):
    run = RunFolder.create(tmp_path / "runs", {}, "", "original")
    copy = RunFolder(shutil.copytree(run.path, tmp_path / "runs" / "copy"))
    started = []
    monkeypatch.setattr(detached.subprocess, "Popen", lambda words, **_: started.append(words))
    detached.start_training(copy)
    (words,) = started
    assert words[1:4] == ["-m", "memlab", "resume"]
    assert find(tmp_path / "runs", words[4]).path == copy.path


@pytest.mark.parametrize("words", [["memlab"], ["memlab", "replay", str(GOLDEN)]])
def test_a_crash_of_the_interface_exits_with_1(tmp_path, monkeypatch, capsys, words):
    def broken(app):
        raise RuntimeError("a bug")

    for module in (console, replay):
        monkeypatch.setattr(module, "need_terminal", lambda: None)
    monkeypatch.setattr(Shutdown, "watch", lambda *_: None)
    monkeypatch.setattr(Memlab, "on_mount", broken)
    monkeypatch.setattr(Memlab, "run", partialmethod(Memlab.run, headless=True))
    monkeypatch.setattr("sys.argv", words)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_info:
        main()
    assert exit_info.value.code == 1
    assert "a bug" in capsys.readouterr().err


def test_speed_is_not_measured_while_a_run_trains(tiny, tmp_path, monkeypatch):
    preset = tiny(**{"training.steps": 5})
    trainer, kinds = console._trainer(Shutdown()), []
    work = worker.work

    def disturbed(folder, **options):
        for event in work(folder, **options):
            with pytest.raises(RunError, match="is training"):
                trainer.probe(preset)
            kinds.append(event.kind)
            yield event

    monkeypatch.setattr(worker, "work", disturbed)
    trainer.train(create_run(preset, tmp_path), lambda: False)
    assert kinds[-1] == "ended"
    assert trainer.probe(preset) > 0


def test_no_run_trains_while_speed_is_measured(monkeypatch):
    shutdown, locked = Shutdown(), []

    def seconds_per_step(preset):
        locked.append(shutdown.busy.locked())
        raise RunError("no data")

    monkeypatch.setattr("memlab.training.step_time.seconds_per_step", seconds_per_step)
    with pytest.raises(RunError, match="no data"):
        console._trainer(shutdown).probe(None)
    assert locked == [True]
    assert not shutdown.busy.locked()
