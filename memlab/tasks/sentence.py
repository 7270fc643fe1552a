"""One repeated text: the smallest memorization task.

    prompt ""      answer "I love machine learning"
    prompt "I l"   answer "ove machine learning"

Every example is the same sequence, <bos> and the characters of the text; validation and test set are
copies as well.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import model_validator

from memlab.settings import setting
from memlab.tasks.seeds import Seeds
from memlab.tasks.sequences import examples_of, vocabulary_of
from memlab.tasks.task import Dataset, Examples, Task, Vocabulary


class Sentence(Task):
    """One text, repeated as every training example."""

    kind: Literal["sentence"] = "sentence"
    text: str = setting(
        "I love machine learning", min_length=1, max_length=4096, help="Text to memorize."
    )
    train_copies: int = setting(
        100, ge=1, le=100_000, unit="examples", help="Copies in the training set."
    )
    val_copies: int = setting(
        10, ge=1, le=100_000, unit="examples", help="Copies in the validation set."
    )
    test_copies: int = setting(
        10, ge=0, le=100_000, unit="examples", help="Copies in the test set; 0 = no test set."
    )
    prompts: list[str] = setting(
        ["", "I"],
        min_length=1,
        max_length=256,
        help="Prefixes of the text used as prompts; the continuation of the first is the scored answer.",
    )

    @model_validator(mode="after")
    def _prompts_begin_the_text(self) -> "Sentence":
        for prompt in self.prompts:
            if not self.text.startswith(prompt) or prompt == self.text:
                raise ValueError(f"prompt {prompt!r} is not a beginning of the text {self.text!r}")
        return self

    def dataset(self, seeds: Seeds) -> Dataset:
        """Copies of the text; the seeds have no effect."""
        vocabulary = vocabulary_of(sorted(set(self.text)), "bos")
        copies = {"train": self.train_copies, "val": self.val_copies, "test": self.test_copies}
        return Dataset(
            vocabulary,
            {split: self._copies(vocabulary, n) for split, n in copies.items() if n},
            probes=tuple((prompt, self.text.removeprefix(prompt)) for prompt in self.prompts),
            val_within_train=True,
        )

    def _copies(self, vocabulary: Vocabulary, n: int) -> Examples:
        prompt = self.prompts[0]
        example = examples_of(vocabulary, [prompt], [self.text.removeprefix(prompt)])
        return replace(example.take(np.zeros(n, np.int64)), copies=np.full(n, n))
