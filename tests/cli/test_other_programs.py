"""`memlab show` of imported runs: only known facts and applicable commands."""

import json

import numpy as np

import memlab
from memlab.cli.show import show
from memlab.detectors.observer import RunObserver
from memlab.record.events import Evaluated
from memlab.record.folder import RunFolder
from memlab.record.recording import OtherRun, Recording, Source
from memlab.record.runs import reference
from memlab.tui.live.frame import frame


def imported(runs, losses):
    source = Source("log.csv", "csv", "ab", {})
    with Recording.create(runs, "log", OtherRun({}, None, source), RunObserver) as recording:
        steps = 10 * np.arange(len(losses))
        evaluation = Evaluated(step=int(steps[-1]), values={"val_loss": 0.5, "val_accuracy": 0.25})
        recording.add(steps, {"loss": losses}, [evaluation])
    return recording.folder.path


def test_an_imported_run_has_no_length_no_speed_and_no_commands_that_train(tmp_path, capsys):
    losses = [1.0, np.nan, 0.5, np.inf, np.inf, 0.25]
    path = imported(tmp_path, losses)
    show(str(path))
    text = capsys.readouterr().out
    assert "imported at step 50, from log.csv (csv)\n" in text
    assert "a gap at step 10: 1 NaN\n" in text and "in steps 30 to 40: 2 infinite\n" in text
    assert "resume" not in text and "predict" not in text and "steps/s" not in text
    assert f"memlab export {reference(RunFolder(path))} --to csv" in text
    table = text[text.index(" loss  accuracy") :].splitlines()[1]
    assert table.split() == ["val", "0.5", "0.25"]
    show(str(path), json=True)
    shown = json.loads(capsys.readouterr().out)
    assert [(gap["first"], gap["last"]) for gap in shown["gaps"]] == [(10, 10), (30, 40)]
    assert (shown["seconds"], shown["steps_per_second"], shown["device"]) == (None, None, None)


def test_the_first_five_gaps_are_listed_and_the_others_counted(tmp_path, capsys):
    show(str(imported(tmp_path, [1.0, np.nan] * 8 + [1.0])))
    text = capsys.readouterr().out
    assert text.count("a gap at step") == 5 and "3 more gaps" in text


def test_a_tracked_run_shows_answers_without_tokens(tmp_path, capsys):
    with memlab.track("a", steps=4, runs=tmp_path) as run:
        run.log(loss=1.0)
        sample = {"prompt": "1+1=", "target": "2"}
        run.samples([sample | {"answer": "3"}, sample | {"answer": "2"}])
    show(str(run.folder.path))
    text = capsys.readouterr().out
    assert "wrong val   1+1= → 3   target 2\n" in text and "ok    val   1+1= → 2\n" in text
    assert "finished at step 1 of 4 in" in text and "resume" not in text


def test_a_run_without_a_loss_shows_its_other_measures(tmp_path, capsys):
    source = Source("log.csv", "csv", "ab", {})
    with Recording.create(tmp_path, "log", OtherRun({}, None, source), RunObserver) as recording:
        recording.add([0, 10, 20], {"reward": [-1.0, 0.5, 7.0]})
    show(str(recording.folder.path))
    text = capsys.readouterr().out
    assert "reward 7" in text and "no data" not in text and "spikes" not in text
    screen = frame(recording.folder)
    assert "reward ▸" in screen and "· imported" in screen
