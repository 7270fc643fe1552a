"""Five small tasks with a common vocabulary: alone, as a mixture, or as a curriculum.

    [copy] a h f j = a h f j <eos>
    [rev] e b c c j = j c c b e <eos>
    [add] 8 1 + 3 3 = 1 1 4 <eos>
    [sort] 9 4 0 = 0 4 9 <eos>
    [rel] f > g d > f ? g d = < <eos>

A problem of `rel` has the facts of a chain of relations in random order, and a query for two names that no
single fact compares.

In addition to train, val and test there are out-of-distribution splits: `ood-length` (longer lists and
chains), `ood-digits` (more digits), `ood-symbols` (letters that do not occur in training), and
`ood-combinations` (pairs of symbols that do not occur together in training: neighbours in a list, digits
of one column, names of one fact).
"""

from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from memlab.settings import setting
from memlab.tasks.drawing import DrawnProblems, combines, distinct, draw, in_distribution
from memlab.tasks.problems import (
    DIGITS,
    DRAW,
    LETTERS,
    Domain,
    Problems,
    pair_code,
    vocabulary_of_tasks,
)
from memlab.tasks.seeds import Seeds
from memlab.tasks.sequences import VOID, padded
from memlab.tasks.splits import share
from memlab.tasks.stages import Stage
from memlab.tasks.task import Dataset, Examples, Task, Vocabulary

Name = Literal["copy", "rev", "add", "sort", "rel"]
Range = Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=2, max_length=2)]


OOD_TASKS: dict[str, tuple[Name, ...]] = {
    "ood-length": ("copy", "rev", "sort", "rel"),
    "ood-digits": ("add",),
    "ood-symbols": ("copy", "rev", "rel"),
}
"""out-of-distribution split to the tasks that have it"""


class Algorithmic(Task):
    """One or several of the five tasks."""

    kind: Literal["algorithmic"] = "algorithmic"
    tasks: list[Name] = setting(
        ["copy", "rev", "add", "sort", "rel"],
        min_length=1,
        help="Which tasks, in the order in which a curriculum introduces them.",
    )
    train_examples: int = setting(
        2000, ge=1, le=100_000, unit="examples", help="Training examples of each task."
    )
    val_examples: int = setting(
        200, ge=1, le=10_000, unit="examples", help="Validation examples of each task."
    )
    test_examples: int = setting(
        200, ge=0, le=10_000, unit="examples", help="Test examples of each task."
    )
    ood_examples: int = setting(
        200, ge=0, le=10_000, unit="examples", help="Examples of each task in each ood set."
    )
    training_set: Literal["normal", "deduplicated", "duplicated"] = setting(
        "normal",
        help="normal: as drawn, chance repeats included; deduplicated: none repeats; "
        "duplicated: none but a chosen share of them.",
    )
    duplicated_share: float = setting(
        0.1,
        gt=0,
        le=1,
        help="Share of the examples that are repeated in a duplicated training set.",
    )
    duplicated_copies: int = setting(
        10, ge=2, le=1000, help="Number of copies of each repeated example."
    )
    weights: dict[Name, Annotated[float, Field(gt=0, le=1000)]] = setting(
        {}, help="Relative sampling weight of each task; default 1."
    )
    curriculum: bool = setting(
        False, help="Introduce the tasks one after another instead of all at once."
    )
    curriculum_share: float = setting(
        0.5, gt=0, lt=1, help="Fraction of the run after which a curriculum includes all tasks."
    )
    length: Range = setting([3, 6], unit="items", help="Minimum and maximum length of a list.")
    letters: int = setting(10, ge=2, le=26, help="Letters of lists and names.")
    digits: Range = setting(
        [1, 2], unit="digits", help="Minimum and maximum number of digits of an operand."
    )
    padded_sums: bool = setting(
        False, help="Pad operands with zeros and write the sum with the lowest digit first."
    )
    names: Range = setting(
        [3, 4], help="Minimum and maximum number of names in a chain of relations."
    )
    ood_length: Range = setting([7, 9], unit="items", help="Same, for ood-length.")
    ood_digits: Range = setting([3, 3], unit="digits", help="Same, for ood-digits.")
    ood_names: Range = setting([5, 6], help="Same, for ood-length.")
    ood_letters: int = setting(3, ge=0, le=24, help="Additional letters for ood-symbols.")
    held_out_pairs: float = setting(
        0.05, ge=0, le=0.5, help="Fraction of symbol pairs reserved for ood-combinations."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Algorithmic":
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError("tasks names a task twice")
        if not set(self.weights) <= set(self.tasks):
            raise ValueError("weights names a task that is not among tasks")
        for name in ("length", "digits", "names"):
            ends = [*getattr(self, name), *getattr(self, f"ood_{name}")]
            if sorted(ends) != ends or ends[1] == ends[2]:
                raise ValueError(f"{name} and ood_{name} must follow each other, not {ends}")
        if self.ood_digits[1] > 12:
            raise ValueError(f"operands have at most 12 digits, not {self.ood_digits[1]}")
        if self.names[0] < 3 or self.ood_names[1] > self.letters:
            raise ValueError("a chain needs at least 3 names, and no more than there are letters")
        if self.letters + self.ood_letters > len(LETTERS):
            raise ValueError(f"letters and ood_letters are more than {len(LETTERS)} together")
        return self

    def dataset(self, seeds: Seeds) -> Dataset:
        """Seed `data` determines the problems, seed `split` which of them are held out from training."""
        vocabulary = vocabulary_of_tasks(self.letters + self.ood_letters)
        domain = self._domain(vocabulary)
        held_out = self._held_out(domain, seeds.rng("data"))
        splits: dict[str, dict[Name, DrawnProblems]] = {}
        for task in self.tasks:
            # The problems of a task do not depend on the other tasks of the mixture.
            number = list(DRAW).index(task)
            usual = self._in_distribution(task, number, domain, held_out, seeds)
            shifted = self._out_of_distribution(task, number, domain, held_out, seeds)
            for split, drawn in (usual | shifted).items():
                splits.setdefault(split, {})[task] = drawn
        examples = {split: self._mixed(vocabulary, parts) for split, parts in splits.items()}
        number_of = distinct(examples["train"].tokens)[1]  # (example,) equal for equal rows
        copies = np.bincount(number_of)[number_of]
        examples["train"] = replace(examples["train"], copies=copies)
        return Dataset(vocabulary, examples, tuple(self.tasks), stages=self._stages())

    def _domain(self, vocabulary: Vocabulary) -> Domain:
        return Domain(
            vocabulary,
            letters=np.array(vocabulary.encode(" ".join(LETTERS[: self.letters]))),
            length=self.length,
            digits=self.digits,
            names=self.names,
            padded_sums=self.padded_sums,
        )

    def _held_out(self, domain: Domain, rng: np.random.Generator) -> NDArray[np.int64]:
        """(pair,) codes of the pairs of letters and of digits that do not occur in training."""
        chosen = []
        for symbols in (domain.letters, domain.tokens(" ".join(DIGITS))[0]):
            codes = pair_code(symbols[:, None], symbols).ravel()
            n = share(self.held_out_pairs, len(codes)) if self.ood_examples else 0
            chosen.append(rng.permutation(codes)[:n])
        return np.concatenate(chosen)

    def _in_distribution(
        self, task: Name, number: int, domain: Domain, held_out: NDArray[np.int64], seeds: Seeds
    ) -> dict[str, DrawnProblems]:
        kept = {"val": self.val_examples, "test": self.test_examples}
        combinations = self.ood_examples if held_out.size else 0
        sizes = {"train": self.train_examples, **kept, "ood-combinations": combinations}
        repeats = self.training_set == "normal"
        parts = draw(
            task,
            domain,
            {split: n for split, n in sizes.items() if n},
            lambda problems: in_distribution(
                problems, held_out, kept, seeds.rng("split", number), repeats=repeats
            ),
            lambda: seeds.rng("data", number, 0),
        )
        if self.training_set == "duplicated":
            repeated = np.arange(share(self.duplicated_share, self.train_examples))
            rows = np.repeat(repeated, self.duplicated_copies - 1)
            parts["train"] = parts["train"].take(np.append(np.arange(self.train_examples), rows))
        return parts

    def _out_of_distribution(
        self, task: Name, number: int, domain: Domain, held_out: NDArray[np.int64], seeds: Seeds
    ) -> dict[str, DrawnProblems]:
        letters = domain.vocabulary.encode(" ".join(LETTERS[: self.letters + self.ood_letters]))
        shifted = {
            "ood-length": replace(domain, length=self.ood_length, names=self.ood_names),
            "ood-digits": replace(domain, digits=self.ood_digits),
            "ood-symbols": replace(domain, letters=np.array(letters)),
        }
        unseen = letters[self.letters :]

        def rows(problems: Problems, split: str) -> dict[str, NDArray[np.int64]]:
            allowed = ~combines(problems, held_out)  # (problem,)
            if split == "ood-symbols":
                allowed &= np.isin(problems.prompt, unseen).any(axis=1)
            chosen = np.flatnonzero(allowed)
            return {split: chosen[distinct(problems.prompt[chosen])[0]]}

        parts: dict[str, DrawnProblems] = {}
        for i, split in enumerate(OOD_TASKS, start=1):
            if (
                task in OOD_TASKS[split]
                and self.ood_examples
                and (unseen or split != "ood-symbols")
            ):
                parts |= draw(
                    task,
                    shifted[split],
                    {split: self.ood_examples},
                    partial(rows, split=split),
                    partial(seeds.rng, "data", number, i),
                )
        return parts

    def _mixed(self, vocabulary: Vocabulary, parts: dict[Name, DrawnProblems]) -> Examples:
        """One split: the first problem of each task, then the second of each task, and so on."""
        width = max(part.tokens.shape[1] for part in parts.values())
        tokens = [
            np.pad(p.tokens, ((0, 0), (0, width - p.tokens.shape[1])), constant_values=VOID)
            for p in parts.values()
        ]
        n_prompt = np.concatenate([part.n_prompt for part in parts.values()])
        group = [np.full(len(p.tokens), self.tasks.index(task)) for task, p in parts.items()]
        index = np.concatenate([np.arange(len(part.tokens)) for part in parts.values()])
        examples = padded(vocabulary, np.concatenate(tokens), n_prompt, np.concatenate(group))
        return examples.take(np.argsort(index, kind="stable"))

    def _stages(self) -> tuple[Stage, ...]:
        weights = [self.weights.get(task, 1.0) for task in self.tasks]
        n = len(self.tasks)
        if not self.curriculum or n == 1:
            return () if len(set(weights)) == 1 else (Stage("all tasks", 0.0, tuple(weights)),)
        return tuple(
            Stage(
                ", ".join(self.tasks[: i + 1]),
                self.curriculum_share * i / (n - 1),
                (*weights[: i + 1], *[0.0] * (n - i - 1)),
            )
            for i in range(n)
        )
