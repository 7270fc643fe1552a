"""For setting names of other tools, the error suggests memlab's name."""

import pytest

from memlab.errors import PresetError
from memlab.preset.fields import fields
from memlab.preset.foreign_names import FOREIGN_NAMES, memlab_key
from memlab.preset.load import load


def test_every_key_exists_and_names_are_unique_and_differ_from_memlabs_own():
    settings = fields("modular")
    names = [name for group in FOREIGN_NAMES.values() for name in group.split()]
    assert set(FOREIGN_NAMES) <= set(settings)
    assert len(names) == len(set(names))
    assert not set(names) & {field.name for field in fields(None).values()}


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("learning_rate=3e-4", "memlab calls it optimizer.lr"),
        ("optimizer.learning_rate=3e-4", "memlab calls it optimizer.lr"),
        ("wd=1", "memlab calls it optimizer.weight_decay"),
        ("bs=64", "memlab calls it training.batch_size"),
        ("n_embd=64", "memlab calls it model.d_model"),
        ("num-epochs=3", "memlab calls it training.epochs"),
        ("op=add", "memlab calls it task.operation"),
        ("training.loss_on={skip_first:3}", "YAML needs a space after the colon: skip_first: 3"),
    ],
)
def test_an_override_with_a_foreign_name_gets_a_hint(override, hint):
    with pytest.raises(PresetError) as raised:
        load("quickstart", [override])
    assert raised.value.hint == hint


def test_a_name_that_the_task_lacks_is_not_suggested():
    with pytest.raises(PresetError) as raised:
        load("sanity-check", ["op=add"])
    assert "memlab calls it" not in (raised.value.hint or "")
    assert memlab_key("nonsense") is None
