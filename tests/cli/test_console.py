"""What the console starts besides itself."""

import shutil

import pytest

from memlab.cli import console
from memlab.cli.leaving import Leaving
from memlab.engine import worker
from memlab.errors import RunError
from memlab.preset.create import create_run
from memlab.record.folder import RunFolder
from memlab.record.runs import find


def test_a_copy_that_is_to_go_on_goes_on_and_not_the_run_it_was_made_from(tmp_path, monkeypatch):
    run = RunFolder.create(tmp_path / "runs", {}, "", "original")
    copy = RunFolder(shutil.copytree(run.path, tmp_path / "runs" / "copy"))
    started = []
    monkeypatch.setattr(console.subprocess, "Popen", lambda words, **_: started.append(words))
    console._detach(copy)
    (words,) = started
    assert words[1:4] == ["-m", "memlab", "resume"]
    assert find(tmp_path / "runs", words[4]).path == copy.path


def test_nothing_is_measured_beside_a_run_that_trains(tiny, tmp_path, monkeypatch):
    preset = tiny(**{"training.steps": 5})
    trainer, seen = console._trainer(Leaving()), []
    work = worker.work

    def disturbed(folder, **options):
        for event in work(folder, **options):
            with pytest.raises(RunError, match="trains"):
                trainer.probe(preset)
            seen.append(event.kind)
            yield event

    monkeypatch.setattr(worker, "work", disturbed)
    trainer.train(create_run(preset, tmp_path), lambda: False)
    assert seen[-1] == "ended"
    assert trainer.probe(preset) > 0


def test_no_run_trains_while_something_is_measured(monkeypatch):
    leaving, held = Leaving(), []

    def seconds_per_step(preset):
        held.append(leaving.busy.locked())
        raise RunError("no data")

    monkeypatch.setattr("memlab.engine.probe.seconds_per_step", seconds_per_step)
    with pytest.raises(RunError, match="no data"):
        console._trainer(leaving).probe(None)
    assert held == [True]
    assert not leaving.busy.locked()
