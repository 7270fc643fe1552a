"""Vocabularies and padded arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from memlab.tasks.sequences import VOID, examples_of, joined, vocabulary_of

TEXTS = st.lists(
    st.tuples(st.text("abc\N{SNOWMAN}", max_size=6), st.text("xyz", min_size=1, max_size=6)),
    min_size=1,
    max_size=20,
)
SPECIALS = st.sampled_from([("pad",), ("bos", "pad"), ("eos", "pad"), ("bos", "eos", "pad")])


@given(TEXTS, SPECIALS, st.sampled_from(["", " "]))
def test_sequences_equal_those_of_a_plain_loop(pairs, specials, joiner):
    vocabulary = vocabulary_of("abc\N{SNOWMAN}xyz", *specials, joiner=joiner)
    prompts, answers = ([joiner.join(text) for text in side] for side in zip(*pairs, strict=True))
    examples = examples_of(vocabulary, prompts, answers)
    for i, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        end = [vocabulary.eos] if "eos" in specials else []
        assert examples.prompt(i) == vocabulary.encode_prompt(prompt)
        assert examples.target(i) == vocabulary.encode(answer) + end
        assert examples.length[i] == len(examples.prompt(i)) + len(examples.target(i))
        assert (examples.tokens[i, examples.length[i] :] == vocabulary.pad).all()


@given(st.lists(st.lists(st.integers(VOID, 5), min_size=4, max_size=4), min_size=1))
def test_joining_moves_void_to_the_right_and_keeps_the_order(rows):
    block = np.array(rows)
    both = joined(block, block)
    for row, out in zip(rows, both.tolist(), strict=True):
        tokens = [x for x in row + row if x != VOID]
        assert out == tokens + [VOID] * (both.shape[1] - len(tokens))


def test_examples_can_be_taken_by_row():
    vocabulary = vocabulary_of("ab", "pad")
    examples = examples_of(vocabulary, ["a", "b", "ab"], ["b", "bb", "a"])
    taken = examples.take(np.array([2, 0]))
    assert [taken.prompt(i) for i in range(2)] == [examples.prompt(2), examples.prompt(0)]
    assert taken.noisy is None
