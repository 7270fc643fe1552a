"""Invalid presets and overrides: each has one message with position, cause and allowed values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import PresetError
from memlab.preset.fields import fields
from memlab.preset.load import load
from memlab.preset.merge import merged
from memlab.preset.override import change as change_of
from memlab.preset.override import overridden
from memlab.preset.strict_yaml import parse
from memlab.preset.validate import validated
from memlab.tasks import kinds

from .hostile import GOOD


def refusal(path, text: str, *overrides: str) -> PresetError:
    path.write_text(text)
    with pytest.raises(PresetError) as caught:
        load(str(path), overrides)
    return caught.value


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


FILES = {
    "a misspelled group": (change("optimizer:", "optimiser:"), "4:1", "unknown key 'optimiser'", "did you mean optimizer?"),
    "a misspelled key": (change("lr: 1e-3", "learning_rat: 1"), "5:3", "unknown key 'learning_rat' in optimizer", "allowed: kind, lr"),
    "a key in the wrong group": (change("steps: 10", "steps: 10\n  lr: 1"), "8:3", "unknown key 'lr' in training", "did you mean optimizer.lr?"),
    "a key of another task": (change("modulus: 7", "modulus: 7, text: hi"), "2:51", "unknown key 'text' in task", "allowed: kind, operation, modulus"),
    "a repeated key": (change("  steps: 10", "  steps: 10\n  steps: 11"), "8:3", "given twice", "first at"),
    "text for a number": (change("1e-3", "fast"), "5:3", "optimizer.lr", "the text 'fast'"),
    "a quoted number": (change("1e-3", "'1e-3'"), "5:3", "optimizer.lr", "write 1e-3 without quotes"),
    "a number with underscores": (change("steps: 10", "steps: 1_000"), "7:3", "training.steps", "write 1000 without"),
    "NaN": (change("1e-3", "nan"), "5:3", "optimizer.lr", "hint: write a finite number"),
    "an infinite number": (change("1e-3", "-Infinity"), "5:3", "optimizer.lr", "hint: write a finite number"),
    "a fraction for a whole number": (change("steps: 10", "steps: 1e5"), "7:3", "training.steps", "write 100000"),
    "null for a required value": (change("1e-3", "null"), "5:3", "optimizer.lr", "found: null"),
    "a list for one value": (change("1e-3", "[1e-3]"), "5:3", "optimizer.lr", "without brackets"),
    "a value for a group": (change("{every: 5}", "often"), "8:1", "evaluation", "a mapping with every, samples"),
    "the text no for false": (change("d_model: 16", "d_model: 16, biases: no"), "3:47", "model.biases", "write true or false: no is text"),
    "a number for true": (change("d_model: 16", "d_model: 16, biases: 1"), "3:47", "model.biases", "true or false"),
    "too small": (change("1e-3", "-1.0"), "5:3", "too small", "above 0 and at most 100"),
    "too large": (change("train_fraction: 0.5", "train_fraction: 1.5"), "2:51", "too large", "below 1"),
    "not finite": (change("1e-3", ".inf"), "5:7", "optimizer.lr", "finite"),
    "an unknown word": (change("operation: add", "operation: ad"), "2:23", "not an allowed value", "did you mean add?"),
    "an unknown task": (change("kind: modular", "kind: modulo"), "2:8", "unknown task", "modular"),
    "no kind of task": (change("kind: modular, ", ""), "2:1", "a task needs a kind", "for example {kind: modular}"),
    "no task": (change("task:", "tusk:"), "2:1", "unknown key 'tusk'", "did you mean task?"),
    "neither steps nor epochs": (change("  steps: 10", "  seed: 1"), "6:1", "neither steps nor epochs is given", "exactly one of steps and epochs"),
    "both steps and epochs": (change("steps: 10", "steps: 10\n  epochs: 3"), "7:3", "both steps and epochs", "exactly one of steps and epochs"),
    "heads that do not divide": (change("n_heads: 2", "n_heads: 3"), "3:22", "not a multiple of n_heads 3", "1, 2, 4, 8, 16"),
    "an odd head size with rotary positions": (change("n_heads: 2", "n_heads: 16, positions: rotary"), "3:35", "even head size", "learned or none"),
    "an invalid item of a list": (change("lr: 1e-3", "betas: [0.9, 1.0]"), "5:16", "optimizer.betas[1]", "found: 1.0"),
    "a list that is too short": (change("lr: 1e-3", "betas: [0.9]"), "5:3", "too few items", "2 items"),
    "an invalid part of a choice": (change("steps: 10", "steps: 10\n  loss_on: {skip_first: -1}"), "8:13", "training.loss_on.skip_first", "at least 0"),
    "an unknown part of a choice": (change("steps: 10", "steps: 10\n  loss_on: {skip: 1}"), "8:13", "unknown key 'skip'", "did you mean skip_first?"),
    "none of the choices": (change("every: 5", "every: often"), "8:14", "evaluation.every", "epoch, or a mapping with ratio"),
    "a claim without a source": (GOOD + "claims: [{measure: val_loss, at_most: 1, at_end: true}]", "9:10", "claims[0].source is missing", "text"),
    "a claim without a measure": (GOOD + "claims: [{source: a page}]", "9:10", "claims[0]", "needs a measure"),
    "not a mapping": ("- a\n- b\n", None, "a preset is a mapping", "name: my-preset"),
    "an empty file": ("", None, "a preset is a mapping", "found: null"),
    "an alias": (change("name: trial", "name: &n trial"), "1:7", "anchors and aliases", "quote"),
    "a tab": (change("  lr", "\tlr"), "5:1", "not valid YAML", "spaces, not tabs"),
    "a missing name": (change("name: trial\n", ""), None, "name is missing", "Name of the preset."),
    "a name that is too long": (change("trial", "x" * 121), "1:1", "too long", "1 to 120 characters"),
    "extends an unknown preset": ("extends: no-such\n" + GOOD, "1:1", "unknown preset 'no-such'", "hint"),
    "extends a list": ("extends: [a]\n" + GOOD, "1:1", "extends names another preset", "a bare name"),
    "extends a path": ("extends: ../a\n" + GOOD, "1:1", "extends names another preset", "a bare name"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_an_invalid_preset_is_refused_with_the_position_of_the_error(case, tmp_path):
    text, place, what, more = FILES[case]
    path = tmp_path / "trial.yaml"
    error = refusal(path, text)
    assert error.where == (f"{path}:{place}" if place else str(path))
    assert what in error.what or what in str(error).splitlines()[0]
    assert more in str(error)
    assert "pydantic" not in str(error)


OVERRIDES = {
    "lr": ("KEY=VALUE", "for example lr=3e-4"),
    "=1": ("unknown setting ''", "allowed: task, model"),
    "optimzer.lr=1": ("unknown setting 'optimzer.lr'", "did you mean optimizer.lr?"),
    "optimizer.lrr=1": ("unknown key 'lrr' in optimizer", "did you mean lr?"),
    "modulos=7": ("unknown setting 'modulos'", "did you mean modulus?"),
    "kind=sentence": ("ambiguous setting 'kind'", "task.kind, optimizer.kind"),
    "lr=fast": ("optimizer.lr", "found: the text 'fast'"),
    "lr=nan": ("optimizer.lr", "write a finite number"),
    "lr=": ("optimizer.lr", "found: null"),
    "lr={": ("not valid YAML", ""),
    "steps=1.5": ("training.steps", "a whole number"),
    "steps=0": ("too small", "from 1 to 1000000000"),
    "steps=null": ("neither steps nor epochs is given", "exactly one of steps and epochs"),
    "seed=99999999999999999999": ("training.seed", "9223372036854775807"),
    "betas=[0.9, 1.5]": ("optimizer.betas[1]", "found: 1.5"),
    "loss_on={skip_first: x}": ("training.loss_on.skip_first", "the text 'x'"),
    "n_heads=5": ("not a multiple of n_heads 5", "1, 2, 4, 8, 16"),
    "task.kind=modulo": ("unknown task", "modular"),
    "training=7": ("training", "a mapping with steps"),
}


@pytest.mark.parametrize("override", OVERRIDES)
def test_an_invalid_override_is_refused_with_its_text(override, tmp_path):
    what, more = OVERRIDES[override]
    error = refusal(tmp_path / "trial.yaml", GOOD, override)
    assert error.where == f"override {override}"
    assert what in str(error).splitlines()[0] + str(error.hint)
    assert more in str(error)


def test_a_missing_file_and_an_unknown_name_are_different_errors(tmp_path):
    with pytest.raises(PresetError, match="preset file not found"):
        load(str(tmp_path / "none.yaml"))
    with pytest.raises(PresetError, match="did you mean quickstart"):
        load("quikstart")


def test_a_folder_is_not_a_preset(tmp_path):
    with pytest.raises(PresetError, match="preset file not found"):
        load(str(tmp_path))


any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=200)
@given(
    key=st.sampled_from([k for task in kinds() for k in fields(task) if "[]" not in k]),
    value=any_value,
)
def test_any_value_of_any_setting_is_accepted_or_refused_with_a_preset_error(key, value):
    document = parse(GOOD.encode(), "good.yaml")
    try:
        validated(merged(document, change_of(key, value, "here")))
    except PresetError as error:
        assert error.where
        assert "Input should" not in str(error)


@given(st.text(max_size=30) | st.text("lr=.123e-[]{}:, axsteps", max_size=30))
def test_any_text_as_override_is_accepted_or_refused_with_a_preset_error(text):
    try:
        validated(overridden(parse(GOOD.encode(), "good.yaml"), text))
    except PresetError as error:
        assert error.where == f"override {text}"
