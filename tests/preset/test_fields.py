"""Settings by key, and edits during training."""

import pytest

from memlab.errors import PresetError
from memlab.preset.edit import apply_edits, read_edits
from memlab.preset.fields import fields, live_keys
from memlab.preset.load import load
from memlab.preset.schema import Optimizer
from memlab.tasks import kinds


@pytest.mark.parametrize("task", kinds())
def test_every_setting_has_a_help_text_and_its_allowed_values(task):
    for key, field in fields(task).items():
        assert field.key == key and field.help.endswith("."), key
        assert field.allowed, key


def test_a_field_has_range_unit_default_and_allowed_words():
    known = fields("modular")
    lr, steps = known["optimizer.lr"], known["training.steps"]
    assert lr.allowed == "a number above 0 and at most 100"
    assert (lr.default, lr.live, lr.required, lr.name) == (1e-3, True, False, "lr")
    assert (steps.unit, steps.live) == ("steps", True)
    assert known["model.norm"].choices == ("layernorm", "rmsnorm", "none")
    assert known["training.loss_on"].choices == ("answer", "all")
    assert known["task.kind"].choices == tuple(kinds())
    assert known["name"].required and known["model"].group


def test_the_settings_of_the_task_follow_its_kind_and_other_tasks_have_none():
    keys = [key for key in fields("modular") if key.startswith("task.")]
    assert keys[0] == "task.kind" and "task.modulus" in keys and "task.text" not in keys


def test_defaults_of_the_fields_are_those_of_the_schema():
    expected = Optimizer().model_dump()
    assert {name: fields()[f"optimizer.{name}"].default for name in expected} == expected


def test_entries_of_a_mapping_with_known_names_can_be_overridden():
    weight = fields("algorithmic")["task.weights.copy"]
    assert weight.allowed == "a number above 0 and at most 1000"
    assert fields("algorithmic")["task.weights"].allowed.startswith("a mapping from copy, rev")


def test_live_settings_can_be_edited_and_are_validated():
    preset = load("quickstart")
    edited = apply_edits(preset, {"optimizer.lr": 3e-4, "training.steps": 99})
    assert (edited.optimizer.lr, edited.training.steps) == (3e-4, 99)
    assert preset.optimizer.lr == 1e-3
    with pytest.raises(PresetError, match="too small"):
        apply_edits(preset, {"optimizer.lr": -1.0})


def test_a_run_of_epochs_can_be_extended_in_steps():
    edited = apply_edits(load("quickstart", ["epochs=3"]), {"training.steps": 99}).training
    assert (edited.steps, edited.epochs) == (99, None)


def test_repeating_edits_after_a_resume_changes_nothing():
    preset = load("quickstart")
    edits = {"optimizer.lr": 3e-4, "optimizer.clip_grad_norm": 1.0}
    assert apply_edits(apply_edits(preset, edits), edits) == apply_edits(preset, edits)


@pytest.mark.parametrize("key", ["model.n_layers", "training.seed", "task.modulus", "name"])
def test_other_settings_cannot_change_after_a_run_has_started(key):
    with pytest.raises(PresetError, match="cannot change") as caught:
        apply_edits(load("quickstart"), {key: 1})
    assert caught.value.allowed == ", ".join(sorted(live_keys()))


def test_an_edit_of_an_unknown_setting_suggests_the_nearest_name():
    with pytest.raises(PresetError, match="unknown") as caught:
        apply_edits(load("quickstart"), {"optimizer.lrr": 1.0})
    assert "lr" in caught.value.hint


def test_overrides_of_a_resume_are_read_and_checked():
    preset = load("quickstart")
    assert read_edits(preset, ["steps=2000", "lr=1e-4"]) == {
        "training.steps": 2000,
        "optimizer.lr": 1e-4,
    }
    for bad in ("batch_size=3", "steps=0", "lr=x", "nothing=1"):
        with pytest.raises(PresetError) as caught:
            read_edits(preset, [bad])
        assert caught.value.where in (
            f"override {bad}",
            "edit of training.steps",
            "edit of optimizer.lr",
        )
