"""The settings of a run after its edits."""

import pytest

from memlab.record import edited_settings
from memlab.record.edited_settings import edited, has_edits
from memlab.record.events import Edited, Evaluated
from memlab.record.history import History
from memlab.record.summary import current_preset, settings

PRESET = {
    "name": "small",
    "optimizer": {"lr": 1e-3, "weight_decay": 0.1},
    "training": {"steps": None, "epochs": 5},
}


def edit(**changes):
    return Edited(step=1, changes={key.replace("__", "."): v for key, v in changes.items()})


def test_the_latest_edit_counts_and_the_stored_preset_is_unchanged():
    edits = [edit(optimizer__lr=1e-4), edit(optimizer__lr=1e-5, optimizer__weight_decay=0.2)]
    assert edited(PRESET, edits)["optimizer"] == {"lr": 1e-5, "weight_decay": 0.2}
    assert PRESET["optimizer"] == {"lr": 1e-3, "weight_decay": 0.1}


def test_steps_and_epochs_exclude_each_other():
    by_steps = edited(PRESET, [edit(training__steps=200)])
    assert by_steps["training"] == {"steps": 200, "epochs": None}
    assert edited(by_steps, [edit(training__epochs=9)])["training"] == {"steps": None, "epochs": 9}
    assert edited(by_steps, [edit(training__epochs=None)])["training"] == by_steps["training"]


@pytest.mark.parametrize("key", ["unknown", "optimizer.unknown", "a.b", "name.x", "x." * 9999])
def test_changes_of_unknown_settings_are_ignored(key):
    assert edited(PRESET, [Edited(step=1, changes={key: 1})]) == PRESET


def test_settings_of_a_run_include_its_edits_up_to_a_step(folder):
    folder.description["preset"] = PRESET
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(Evaluated(step=1, values={"val_loss": 1.0}))
        assert settings(folder)["optimizer.lr"] == 1e-3
        writer.write(Edited(step=5, changes={"optimizer.lr": 1e-4}))
        writer.write(Evaluated(step=9, values={"val_loss": 1.0}))
    history = History(folder)
    assert (
        settings(folder)["optimizer.lr"]
        == 1e-4
        == settings(folder, history.until())["optimizer.lr"]
    )
    assert settings(folder, history.until(4))["optimizer.lr"] == 1e-3
    assert current_preset(folder)["name"] == "small" and "name" not in settings(folder)


@pytest.mark.parametrize("place", [0, 7, 8, 60, 1000])
def test_an_edit_is_found_at_any_offset_of_the_log(tmp_path, monkeypatch, place):
    monkeypatch.setattr(edited_settings, "_CHUNK", 16)
    assert not has_edits(tmp_path)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * 1008)
    assert not has_edits(tmp_path)
    path.write_bytes(b"x" * place + b'"edited"' + b"y" * (1000 - place))
    assert has_edits(tmp_path)
