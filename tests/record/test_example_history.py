"""The steps at which examples were learned, read from a checkpoint."""

import numpy as np
import safetensors.numpy

from memlab.record.example_history import BARS, LearnedExamples, learned


def commit(folder, step, first, forgotten=0):
    tensors = {
        "first": np.array(first),
        "forgotten": np.broadcast_to(forgotten, len(first)).copy(),
        "right": np.ones(len(first), bool),
    }
    folder.checkpoints.commit(step, {"examples.safetensors": safetensors.numpy.save(tensors)})


def test_examples_are_counted_by_the_evaluation_of_their_first_correct_answer(folder):
    commit(folder, 10, [-1, 10, 10, 20, 20, 20, 40, -1], forgotten=[0, 1, 2, 0, 0, 0, 0, 0])
    assert learned(folder) == LearnedExamples(
        examples=8,
        median=20.0,
        never=2,
        forgotten=2,
        histogram=[
            {"after": 0, "to": 10, "examples": 2},
            {"after": 10, "to": 20, "examples": 3},
            {"after": 20, "to": 40, "examples": 1},
        ],
    )


def test_many_evaluations_share_bars_and_every_example_is_counted(folder):
    first = np.random.default_rng(0).integers(0, 10_000, 3000)
    commit(folder, 10, first)
    bars = learned(folder).histogram
    assert len(bars) == BARS
    for bar in bars[1:]:
        within = (first > bar["after"]) & (first <= bar["to"])
        assert bar["examples"] == within.sum()
    assert sum(bar["examples"] for bar in bars) == 3000


def test_without_learned_examples_there_is_no_median(folder):
    commit(folder, 10, [-1, -1])
    examples = learned(folder)
    assert (examples.median, examples.never, examples.histogram) == (None, 2, [])


def test_the_newest_checkpoint_with_undamaged_examples_is_read(folder):
    assert learned(folder) is None
    commit(folder, 10, [10])
    commit(folder, 20, [20])
    folder.checkpoints.commit(30, {"model.safetensors": b"weights alone"})
    assert learned(folder).median == 20
    (folder.path / "checkpoints" / "step-000000020" / "examples.safetensors").write_bytes(b"torn")
    assert learned(folder).median == 10
