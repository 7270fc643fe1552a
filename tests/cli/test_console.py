"""What the console starts besides itself."""

import shutil

from memlab.cli import console
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
