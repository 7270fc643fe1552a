"""Text in the form gives a preset or an error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.preset.load import find, load
from memlab.preset.schema import Preset
from memlab.tasks import kinds
from memlab.tui.lab.draft import Draft, shown
from memlab.tui.lab.save import RULE, problem_with, save

TYPED = [
    ("optimizer.lr", "3e-3", "optimizer.lr=3e-3"),
    ("training.batch_size", "64", "training.batch_size=64"),
    ("training.loss_on", "{skip_first: 2}", "training.loss_on={skip_first: 2}"),
    ("optimizer.betas", "[0.9, 0.99]", "optimizer.betas=[0.9, 0.99]"),
    ("model.biases", "false", "model.biases=false"),
    ("model.d_mlp", "null", "model.d_mlp=null"),
    ("training.epochs", "5", "training.epochs=5"),
]


@pytest.fixture
def draft(here: Path) -> Draft:
    return Draft(load("quickstart"))


@pytest.mark.parametrize(("key", "text", "override"), TYPED)
def test_text_equals_the_same_override_on_the_command_line(draft, key, text, override) -> None:
    assert draft.typed(key, text).preset == load("quickstart", [override])


def test_the_value_of_the_preset_is_not_a_change(draft) -> None:
    there_and_back = draft.typed("optimizer.lr", "1").typed("optimizer.lr", "0.001")
    assert there_and_back == draft
    assert there_and_back.differences == {}


def test_an_invalid_value_is_reported_at_its_key_and_the_text_stays(draft) -> None:
    wrong = draft.typed("optimizer.lr", "fast").typed("training.steps", "0")
    assert wrong.preset is None
    assert set(wrong.problems) == {"optimizer.lr", "training.steps"}
    assert wrong.text("optimizer.lr") == "fast"
    assert wrong.text("training.steps") == "0"


def test_conflicting_settings_report_the_edited_one(draft) -> None:
    wrong = draft.typed("model.n_heads", "5")
    assert set(wrong.problems) == {"model.n_heads"}
    assert wrong.typed("model.d_model", "40").preset is not None


def test_text_that_is_not_yaml_is_an_error_of_its_key(draft) -> None:
    for text in ("[1", "{", "a: b: c", "*x", "0x10"):
        wrong = draft.typed("model.n_layers", text)
        assert set(wrong.problems) == {"model.n_layers"}
        assert wrong.differences["model.n_layers"] == ("1", text)


def test_steps_replace_epochs_and_vice_versa(draft) -> None:
    epochs = draft.typed("training.epochs", "7")
    assert (epochs.text("training.steps"), epochs.text("training.epochs")) == ("null", "7")
    assert epochs.typed("training.steps", "600").differences == {}


@pytest.mark.parametrize("text", ["half", "3"])
def test_an_invalid_value_does_not_affect_other_settings(draft, text) -> None:
    wrong = draft.typed("task.split", text)
    assert set(wrong.problems) == {"task.split"}
    assert wrong.differences == {"task.split": ("null", text)}
    assert wrong.text("task.train_fraction") == "0.5"


def test_another_kind_of_task_brings_its_own_settings(draft) -> None:
    other = draft.typed("task.modulus", "7").typed("task.kind", "sentence")
    assert "task.modulus" not in other.known
    assert "task.text" in other.known
    assert other.preset is not None
    assert other.preset.task.kind == "sentence"


def test_text_settings_are_taken_verbatim(draft) -> None:
    for text in ("123", "null", "a: [b", "# x", " padded "):
        assert draft.typed("name", text).preset.name == text


def test_the_default_name_of_a_run_contains_its_changes(draft) -> None:
    assert draft.name == "quickstart"
    changed = draft.typed("optimizer.lr", "0.01").typed("training.seed", "3")
    assert changed.name == "quickstart lr=0.01 seed=3"


@pytest.mark.parametrize(("key", "text", "override"), TYPED)
def test_a_draft_finds_the_changes_that_lead_to_a_preset(draft, key, text, override) -> None:
    wanted = load("quickstart", [override])
    assert draft.towards(wanted).preset == wanted


def test_the_text_of_every_field_parses_to_its_value(draft) -> None:
    for key in draft.known:
        assert draft.typed(key, draft.text(key)).differences == {}, key


@given(
    st.text(max_size=30), st.sampled_from(["optimizer.lr", "training.loss_on", "name", "task.kind"])
)
def test_no_text_raises(text: str, key: str) -> None:
    draft = Draft(_PRESET).typed(key, text)
    assert (draft.preset is None) == bool(draft.problems)
    assert all(isinstance(draft.text(one), str) for one in draft.known)


_PRESET = Preset.model_validate(
    {
        "name": "p",
        "task": {"kind": "modular", "modulus": 7, "train_fraction": 0.5},
        "training": {"steps": 5},
    }
)


@pytest.mark.parametrize(
    "value", [None, True, 3, 0.1, 1e-8, [0.9, 1], {"a": "x y", "b": [1]}, "word"]
)
def test_shown_values_are_yaml(value) -> None:
    from memlab.preset.strict_yaml import parse

    assert parse(shown(value).encode(), "here").value == value


@pytest.mark.parametrize("kind", kinds())
def test_a_form_shows_lists_but_not_their_items(kind: str) -> None:
    known = Draft(_PRESET).typed("task.kind", kind).known
    assert {"optimizer.betas", *_lists(kind)} <= known.keys()
    assert [key for key in known if key.startswith("claims") or "[]" in key] == []


def _lists(kind: str) -> set[str]:
    own = kinds()[kind].model_fields.items()
    return {f"task.{name}" for name, field in own if "list[" in str(field.annotation)}


def test_a_draft_is_saved_as_a_preset_that_loads(draft, here) -> None:
    changed = draft.typed("optimizer.lr", "0.01").preset
    path = save(changed, "mine/faster")
    assert path == Path("presets/mine/faster.yaml")
    assert load("faster") == changed.model_copy(update={"name": "faster"})


@pytest.mark.parametrize(
    "name",
    ["", "../up", "/etc/x", "a b", "a\x1b", "x.yaml", "x.yml", "x.yaml/a", "a//b", ".hid", "-dash",
     "a/-b", "a/", "é", "a" * 101, "a" * 101 + "/b"],
)  # fmt: skip
def test_invalid_file_names_are_refused(here, name: str) -> None:
    assert problem_with(name) == RULE


@pytest.mark.parametrize("name", ["a", "a" * 100, "A/b-c/_d.e", "0.9", "yaml", "x.yaml-2"])
def test_a_valid_name_can_be_saved_and_loaded(draft, here, name: str) -> None:
    assert problem_with(name) is None
    path = save(draft.base, name)
    assert find(path.stem) == path
    assert problem_with(name) == f"{path.stem} already exists in {path.parent}"


@pytest.mark.parametrize("name", ["{}", "mine/{}", "a/b/{}"])
def test_a_name_used_in_another_folder_is_refused(here, name: str) -> None:
    (here / "shipped" / "quick").mkdir(parents=True)
    (here / "shipped" / "quick" / "shipped-one.yaml").touch()
    for taken, where in (
        ("quickstart", "presets"),
        ("no-decay", "presets/mine"),
        ("shipped-one", "shipped/quick"),
    ):
        assert problem_with(name.format(taken)) == f"{taken} already exists in {where}"


def test_values_with_commas_make_an_axis_and_the_first_is_checked(draft) -> None:
    changed = draft.typed("optimizer.lr", "0.001, 0.01").typed("training.seed", "0,1,2")
    assert changed.axes == {"optimizer.lr": [0.001, 0.01]}
    assert changed.preset.optimizer.lr == 0.001
    assert changed.sweep.file.grid == {"optimizer.lr": [0.001, 0.01]}
    assert changed.sweep.file.seed_list == [0, 1, 2]
    assert changed.differences["optimizer.lr"][1] == "0.001,0.01"
    assert changed.sweep.file.name == changed.name


def test_lists_stay_values_of_an_axis(draft) -> None:
    changed = draft.typed("optimizer.betas", "[0.9, 0.98],[0.9, 0.999]")
    assert changed.axes == {"optimizer.betas": [[0.9, 0.98], [0.9, 0.999]]}
    assert draft.typed("optimizer.betas", "[0.9, 0.97]").sweep is None


@pytest.mark.parametrize(
    ("key", "text", "what"),
    [
        ("optimizer.lr", "0.001,-1", "-1"),
        ("optimizer.lr", "0.001,", "missing"),
        ("optimizer.lr", "0.001,1e-3", "repeated"),
        ("task.modulus", "23,x", "x"),
    ],
)
def test_each_value_of_an_axis_is_checked_in_its_field(draft, key, text, what) -> None:
    changed = draft.typed(key, text)
    assert changed.preset is None and changed.sweep is None
    assert what in str(changed.problems[key])
    assert changed.text(key) == text


def test_commas_in_text_do_not_make_an_axis(draft) -> None:
    assert draft.typed("about", "one, two").sweep is None
