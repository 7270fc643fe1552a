"""Requirements that every task must meet."""

import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from memlab.errors import DataError
from memlab.tasks import kinds
from memlab.tasks.seeds import Seeds

HERE = str(Path(__file__).parent)
SEEDS = Seeds(0)
HALF = {"train_fraction": 0.5}
CASES = [
    # (settings, an example that the task's docstring shows)
    ({"kind": "sentence"}, "I love machine learning"),
    ({"kind": "sentence", "prompts": ["I l"], "test_copies": 0}, "I love machine learning"),
    ({"kind": "modular", "modulus": 97, **HALF}, "23 + 45 = 68"),
    ({"kind": "modular", "modulus": 97, "format": "short", **HALF}, "23 45 = 68"),
    ({"kind": "modular", "modulus": 97, "format": "characters", **HALF}, "23+45=68"),
    ({"kind": "modular", "operation": "compose", **HALF}, "01234 o 10234 = 10234"),
    ({"kind": "modular", "modulus": 11, "noise": 0.3, "split": {"train": 0.5, "val": 0.2}}, None),
    ({"kind": "random_map"}, "loc(c_2166)=9961,0017"),
    ({"kind": "random_map", "form": "abcd=efgh", "shared_outputs": 0.5}, None),
    ({"kind": "algorithmic"}, "[rev] e b c c j = j c c b e"),
    (
        {
            "kind": "algorithmic",
            "tasks": ["add", "copy"],
            "padded_sums": True,
            "curriculum": True,
            "training_set": "duplicated",
        },
        None,
    ),
    (
        {
            "kind": "algorithmic",
            "tasks": ["rel"],
            "test_examples": 0,
            "ood_examples": 0,
            "training_set": "deduplicated",
        },
        None,
    ),
    ({"kind": "pairs", "folder": HERE, "file": "minus.tsv", **HALF}, "8 minus 3 =5"),
    ({"kind": "pairs", "folder": HERE, "file": "minus.tsv", "tokens": "words", **HALF}, None),
    ({"kind": "location"}, "loc(c_0421)=6067,7030"),
    ({"kind": "location", "validation": "held_out"}, "loc(c_0421)=6067,7030"),
]


def create(settings, seeds=SEEDS):
    task = kinds()[settings["kind"]].model_validate(settings)
    return task, task.dataset(seeds)


@pytest.fixture(params=CASES, ids=lambda case: case[0]["kind"])
def case(request):
    return request.param


@pytest.fixture
def task(case):
    return create(case[0])[0]


@pytest.fixture
def data(case):
    return create(case[0])[1]


def sequences(examples):
    return [tuple(row[:n]) for row, n in zip(examples.tokens, examples.length, strict=True)]


def same(a, b):
    return a.keys() == b.keys() and all(
        np.array_equal(getattr(a[s], f.name), getattr(b[s], f.name))
        for s in a
        for f in fields(a[s])
        if getattr(a[s], f.name) is not None
    )


def test_every_kind_has_a_case():
    assert {case[0]["kind"] for case in CASES} == set(kinds())


def test_the_data_depend_only_on_the_seeds(case, data):
    assert same(data.splits, create(case[0])[1].splits)


@pytest.mark.parametrize("child", ["init", "batches", "dropout"])
def test_seeds_of_training_do_not_affect_the_data(case, data, child):
    assert same(data.splits, create(case[0], Seeds(0, {child: 99}))[1].splits)


def test_the_data_seed_does_not_change_the_split_of_a_table():
    for settings, _ in CASES:
        if settings["kind"] == "modular":
            one, other = (
                create(settings, Seeds(0, {"data": n}))[1].splits["train"] for n in (1, 2)
            )
            assert [one.prompt(i) for i in range(9)] == [other.prompt(i) for i in range(9)]


def test_training_and_validation_share_no_example_unless_declared(data):
    splits = {name: set(sequences(examples)) for name, examples in data.splits.items()}
    for name in splits.keys() - {"train"}:
        if data.val_within_train:
            assert splits[name] <= splits["train"]
        else:
            assert not splits[name] & splits["train"]
    assert data.val_within_train or not splits["val"] & splits.get("test", set())


def test_training_and_validation_are_not_empty(data):
    assert len(data.splits["train"]) and len(data.splits["val"])


def test_tokens_are_in_the_vocabulary_and_symbols_are_unique(data):
    assert len(set(data.vocabulary.symbols)) == len(data.vocabulary)
    for examples in data.splits.values():
        assert examples.tokens.dtype == np.int64
        assert examples.tokens.min() >= 0 and examples.tokens.max() < len(data.vocabulary)


def test_arrays_agree_in_shape(data):
    for examples in data.splits.values():
        n = len(examples)
        assert examples.answer.shape == examples.tokens.shape
        assert examples.length.shape == examples.group.shape == (n,)
        assert examples.length.max() == examples.tokens.shape[1] <= data.n_ctx + 1
        assert examples.group.min() >= 0 and examples.group.max() < len(data.groups)
        assert all(fact is None or fact.shape == (n,) for fact in (examples.noisy, examples.copies))


def test_the_answer_is_contiguous_and_does_not_include_the_first_token(data):
    for examples in data.splits.values():
        answer = examples.answer.astype(int)
        assert (np.diff(answer, axis=1) == 1).sum(axis=1).tolist() == [1] * len(answer)
        assert not answer[:, 0].any()
        position = np.arange(answer.shape[1])
        assert not (examples.answer & (position >= examples.length[:, None])).any()


def test_padding_occurs_only_after_the_sequence(data):
    for examples in data.splits.values():
        padding = np.arange(examples.tokens.shape[1]) >= examples.length[:, None]
        if data.vocabulary.pad is None:
            assert not padding.any()
        else:
            assert np.array_equal(examples.tokens == data.vocabulary.pad, padding)


def test_answers_that_vary_in_length_end_in_one_terminator(data):
    lengths = {int(n) for e in data.splits.values() for n in e.answer.sum(axis=1)}
    eos = data.vocabulary.eos
    for examples in data.splits.values():
        for i in range(0, len(examples), 97):
            target = examples.target(i)
            assert eos not in target[:-1]
            assert len(lengths) == 1 or target[-1] == eos


def test_prompts_are_unchanged_by_decoding_and_encoding(data):
    for examples in data.splits.values():
        for i in range(0, len(examples), 97):
            prompt = examples.prompt(i)
            assert data.vocabulary.encode_prompt(data.vocabulary.decode(prompt)) == prompt


def test_an_unknown_symbol_is_an_error(data):
    with pytest.raises(DataError, match="symbol"):
        data.vocabulary.encode("\N{SNOWMAN}")


def test_the_example_in_the_docstring_occurs_in_the_data(case, data):
    example = case[1]
    if example is not None:
        doc = sys.modules[type(create(case[0])[0]).__module__].__doc__
        texts = {data.vocabulary.decode(s) for e in data.splits.values() for s in sequences(e)}
        assert example in doc and example in texts


def test_correct_answers_have_better_scores_than_wrong_ones(task, data):
    examples = data.splits["train"]
    targets = [data.vocabulary.decode(examples.target(i)) for i in range(min(len(examples), 50))]
    correct_score = task.score([(t, t) for t in targets])
    wrong_score = task.score([(t, "") for t in targets])
    assert correct_score.keys() == wrong_score.keys() == set(task.score_names)
    assert all(correct_score[name] != wrong_score[name] for name in task.score_names)


def test_probes_can_be_encoded(data):
    for prompt, target in data.probes:
        data.vocabulary.encode_prompt(prompt)
        data.vocabulary.encode(target)


def test_every_setting_has_a_help_text(task):
    for name, field in type(task).model_fields.items():
        assert name == "kind" or (field.description or "").endswith(".")


def test_settings_are_unchanged_by_storing_and_loading(task):
    assert type(task).model_validate(task.model_dump(mode="json")) == task
