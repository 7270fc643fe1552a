"""Finding, extending, overriding and dumping presets."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.errors import PresetError
from memlab.preset.dump import dump
from memlab.preset.load import SHIPPED, available, find, from_json, load
from memlab.preset.schema import Claim, Preset, SkipFirst
from memlab.preset.strict_yaml import parse
from memlab.preset.validate import validated

BASE = """\
name: base
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5}
model: {n_layers: 1, n_heads: 2, d_model: 16}
optimizer: {lr: 1e-2, weight_decay: 1.0}
training: {steps: 10}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "presets" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "presets" / "base.yaml").write_text(BASE)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "presets"


def test_a_bare_name_is_found_at_any_depth(folder):
    (folder / "deep" / "er" / "mine.yaml").write_text(BASE)
    assert find("mine") == Path("presets/deep/er/mine.yaml")
    assert load("mine") == load("presets/deep/er/mine.yaml")


def test_a_name_of_two_files_is_refused(folder):
    (folder / "deep" / "base.yaml").write_text(BASE)
    with pytest.raises(PresetError, match="ambiguous preset name") as caught:
        load("base")
    assert "presets/deep/base.yaml" in caught.value.found


def test_a_name_is_not_a_pattern(folder):
    with pytest.raises(PresetError, match="unknown preset"):
        load("ba*")


def test_presets_in_the_working_folder_take_precedence_over_shipped_ones(folder):
    assert find("quickstart") == SHIPPED / "quickstart.yaml"
    (folder / "deep" / "quickstart.yaml").write_text(BASE)
    assert load("quickstart").name == "base"
    assert [a.path for a in available() if a.name == "quickstart"] == [
        Path("presets/deep/quickstart.yaml")
    ]


def test_an_invalid_preset_is_listed_with_its_problem(folder):
    (folder / "bad.yaml").write_text("name: [")
    invalid = next(a for a in available() if a.name == "bad")
    assert invalid.preset is None and invalid.about == ""
    assert "not valid YAML" in str(invalid.problem)


def test_an_extending_preset_states_only_its_differences(folder):
    (folder / "deep" / "child.yaml").write_text(
        "extends: base\nname: child\noptimizer: {weight_decay: 0.0}\ntask: {modulus: 11}\n"
    )
    child, base = load("child"), load("base")
    assert child.optimizer == base.optimizer.model_copy(update={"weight_decay": 0.0})
    assert child.task == base.task.model_copy(update={"modulus": 11})
    assert (child.name, child.model, child.training) == ("child", base.model, base.training)


def test_another_kind_of_task_replaces_the_task(folder):
    (folder / "child.yaml").write_text("extends: base\ntask: {kind: sentence, text: I am}\n")
    assert load("child").task.model_dump()["text"] == "I am"
    assert load("base", ["task.kind=sentence", "text=I am"]).task == load("child").task


def test_an_error_in_the_extended_preset_is_reported_with_its_position_there(folder):
    (folder / "child.yaml").write_text("extends: worse\nname: child\n")
    (folder / "worse.yaml").write_text(BASE.replace("1e-2", "x"))
    with pytest.raises(PresetError) as caught:
        load("child")
    assert caught.value.where == "presets/worse.yaml:4:13"


def test_a_preset_that_extends_another_cannot_be_extended(folder):
    (folder / "child.yaml").write_text("extends: base\nname: child\n")
    (folder / "grandchild.yaml").write_text("extends: child\nname: grandchild\n")
    with pytest.raises(PresetError, match="extends another preset itself") as caught:
        load("grandchild")
    assert "extend base" in caught.value.hint


def test_extends_finds_a_preset_in_the_same_folder(tmp_path):
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "child.yaml").write_text("extends: base\nname: child\n")
    assert load(str(tmp_path / "child.yaml")).task == load(str(tmp_path / "base.yaml")).task


def test_overrides_apply_in_order(folder):
    changed = load("base", ["lr=1", "optimizer.lr=3e-4", "training.loss_on={skip_first: 3}"])
    assert changed.optimizer.lr == 3e-4
    assert changed.training.loss_on == SkipFirst(skip_first=3)
    assert load("base", ["loss_on={skip_first: 3}", "loss_on=all"]).training.loss_on == "all"
    assert load("base", ["name='a=b: c'"]).name == "a=b: c"


def test_an_override_of_epochs_removes_steps_and_vice_versa(folder):
    by_epochs = load("base", ["epochs=3"]).training
    assert (by_epochs.steps, by_epochs.epochs) == (None, 3)
    again = load("base", ["epochs=3", "steps=5"]).training
    assert (again.steps, again.epochs) == (5, None)


def test_an_override_of_split_removes_train_fraction(folder):
    task = load("base", ["task.split={train: 0.5, val: 0.25}"]).task.model_dump()
    assert task["train_fraction"] is None and task["split"] == {"train": 0.5, "val": 0.25}


def test_files_of_a_task_are_relative_to_the_preset(folder):
    (folder / "deep" / "words.tsv").write_text("a\tb\nc\td\ne\tf\n")
    (folder / "deep" / "mine.yaml").write_text(
        "name: mine\ntask: {kind: pairs, file: words.tsv, train_fraction: 0.7}\ntraining: {steps: 1}\n"
    )
    mine = load("mine")
    assert len(mine.task.dataset(mine.seeds).splits["train"]) == 2
    assert from_json(mine.model_dump(mode="json")) == mine


def test_a_dumped_preset_is_loaded_unchanged(tmp_path):
    for entry in available():
        path = tmp_path / f"{entry.name}.yaml"
        path.write_text(dump(load(entry.name)))
        assert load(str(path)) == load(entry.name)
        assert from_json(load(entry.name).model_dump(mode="json")) == load(entry.name)


awkward = st.sampled_from(
    ["no", "1e3", "0777", "0o17", "12:30", "2026-11-21", ".inf", "~", "null", "- a", "a: b", "#", "x\ny", "\x85x", "a\u2028b", "\ttab ", " é"]
)  # fmt: skip


@given(
    awkward | st.text(st.characters(codec="utf-8"), min_size=1, max_size=50),
    st.floats(1e-300, 100, exclude_min=True),
)
def test_any_name_and_number_are_dumped_and_loaded_unchanged(name, lr):
    claim = Claim(measure="val_loss", at_most=lr, at_end=True, source=name)
    plain = validated(parse(BASE.encode(), "base.yaml"))
    preset = plain.model_copy(
        update={
            "name": name,
            "optimizer": plain.optimizer.model_copy(update={"lr": lr}),
            "claims": [claim],
        }
    )
    assert validated(parse(dump(preset).encode(), "dumped")) == preset


def test_a_stored_preset_that_is_no_longer_valid_is_refused_with_the_name_of_its_file():
    values = validated(parse(BASE.encode(), "base.yaml")).model_dump(mode="json")
    values["model"]["removed"] = 1
    with pytest.raises(PresetError, match="unknown key 'removed' in model") as caught:
        from_json(values, "runs/x/run.json")
    assert caught.value.where == "runs/x/run.json"


def test_seeds_follow_the_preset(folder):
    preset: Preset = load("base", ["seed=5", "training.seeds.init=9"])
    assert preset.seeds.seed == 5 and preset.seeds.chosen == {"init": 9}


def test_the_name_of_a_task_in_place_of_a_preset_gets_a_command_as_hint():
    with pytest.raises(PresetError) as error:
        find("sentence")
    assert error.value.hint == "sentence is a task: `memlab run quickstart task.kind=sentence`"
