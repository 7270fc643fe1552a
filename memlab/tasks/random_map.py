"""Random keys to random digits: there is no structure, only memorization.

    loc(c_2166)=9961,0017
    loc(c_1046)=9676,8645

These are examples of seed 0. Keys are distinct; the validation examples are a subset of the training
examples.
"""

from collections.abc import Sequence
from math import log2
from typing import Literal

import numpy as np
from pydantic import model_validator

from memlab.settings import setting
from memlab.tasks.digits import DIGITS, mean_right_digits
from memlab.tasks.seeds import Seeds
from memlab.tasks.sequences import examples_of, vocabulary_of
from memlab.tasks.splits import share
from memlab.tasks.task import Dataset, Task


class RandomMap(Task):
    """Distinct keys of four digits, mapped to random digits."""

    scores = (DIGITS,)

    kind: Literal["random_map"] = "random_map"
    form: Literal["abcd=efgh", "abcd=efghijkl", "loc(c_abcd)=efgh", "loc(c_abcd)=efgh,ijkl"] = (
        setting("loc(c_abcd)=efgh,ijkl", help="Text format of a key abcd and its digits.")
    )
    examples: int = setting(1000, ge=2, le=10_000, unit="examples", help="Keys to memorize.")
    val_examples: int = setting(
        128, ge=1, le=10_000, unit="examples", help="Number of keys in the validation subset."
    )
    shared_outputs: float = setting(
        0.0, ge=0, le=1, help="Fraction of the keys that share their digits with other keys."
    )
    keys_per_output: int = setting(
        10, ge=2, le=10_000, unit="keys", help="Minimum number of keys per shared output."
    )

    @model_validator(mode="after")
    def _val_within_examples(self) -> "RandomMap":
        if self.val_examples > self.examples:
            raise ValueError(
                f"val_examples {self.val_examples} is more than examples {self.examples}"
            )
        return self

    def dataset(self, seeds: Seeds) -> Dataset:
        """Seed `data` determines keys and digits, seed `split` the validation subset."""
        rng = seeds.rng("data")
        keys = rng.permutation(10_000)[: self.examples]
        outputs = rng.integers(0, 10**self._n_digits, self.examples)
        shared = rng.permutation(self.examples)[: share(self.shared_outputs, self.examples)]
        n_outputs = max(1, len(shared) // self.keys_per_output)
        outputs[shared] = outputs[shared[np.arange(len(shared)) % n_outputs]]

        before, _, after = self.form.partition("=")
        prompts = [before.replace("abcd", f"{key:04}") + "=" for key in keys]
        answers = [f"{output:0{self._n_digits}}" for output in outputs]
        if "," in after:
            answers = [f"{answer[:4]},{answer[4:]}" for answer in answers]
        vocabulary = vocabulary_of(sorted({*"0123456789", *prompts[0], *answers[0]}))
        train = examples_of(vocabulary, prompts, answers, np.isin(np.arange(len(keys)), shared) + 0)
        val = seeds.rng("split").permutation(len(train))[: self.val_examples]
        return Dataset(
            vocabulary,
            {"train": train, "val": train.take(val)},
            groups=("own digits", "shared digits") if self.shared_outputs else ("all",),
            val_within_train=True,
            answer_bits=self._n_digits * log2(10),
        )

    def score(self, answers: Sequence[tuple[str, str]]) -> dict[str, float]:
        """`digits`: mean number of correct digits per answer, 0 to 4 or 8, without the comma."""
        return {"digits": mean_right_digits(answers)}

    @property
    def _n_digits(self) -> int:
        return sum(letter.isalpha() for letter in self.form.partition("=")[2])
