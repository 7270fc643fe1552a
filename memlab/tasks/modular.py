"""Operations on a finite set, the standard task for delayed generalization (grokking).

    equation     <bos> 23 + 45 = 68 <eos> <eos>    one token per number
    short        23 45 = 68                        without the sign of the operation
    characters   23+45=68 <eos>                    one token per character, padded on the right

The answer follows "="; in `characters`, if answers vary in length, it includes one <eos>. `compose` has
the 120 permutations of five elements, `01234 o 10234 = 10234`; `sum_of_squares` is x^2 + y^2 with the sign
#; `cube_plus_product` is x^3 + xy with the sign &; `divide` has all a / b with an invertible b.
"""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from memlab.settings import setting
from memlab.tasks.cyclic_group import CyclicTable, cyclic_group
from memlab.tasks.operations import Integers, OperationTable, table_of
from memlab.tasks.seeds import Seeds
from memlab.tasks.sequences import examples_of, vocabulary_of
from memlab.tasks.splits import Split, share, split_rows
from memlab.tasks.task import Dataset, Examples, ExampleTable, Task, Vocabulary

OPERAND_COLUMNS = {"equation": (1, 3), "short": (0, 1)}
"""`format` to the positions of the operands; in `characters` a number is several tokens"""


class Modular(Task):
    """A binary operation mod p, or on permutations."""

    kind: Literal["modular"] = "modular"
    operation: Literal[
        "add",
        "subtract",
        "multiply",
        "divide",
        "sum_of_squares",
        "cube_plus_product",
        "compose",
    ] = setting("add", help="Operation on a and b.")
    modulus: int | None = setting(
        None, ge=2, le=1000, help="Operands are 0 to modulus - 1; null for compose only."
    )
    train_fraction: float | None = setting(
        None,
        gt=0,
        lt=1,
        help="Fraction of the table used for training; the rest is validation. Alternative to split.",
    )
    split: Split | None = setting(
        None,
        help="{train, val} as fractions of the table; the rest is test. Alternative to train_fraction.",
    )
    format: Literal["equation", "short", "characters"] = setting(
        "equation", help="Text format of a problem."
    )
    noise: float = setting(
        0.0, ge=0, le=1, help="Fraction of training answers replaced by random wrong ones."
    )

    @model_validator(mode="after")
    def _complete(self) -> "Modular":
        if (self.operation == "compose") != (self.modulus is None):
            raise ValueError("modulus belongs to every operation but compose")
        if (self.train_fraction is None) == (self.split is None):
            raise ValueError("give exactly one of train_fraction and split")
        return self

    def dataset(self, seeds: Seeds) -> Dataset:
        """The whole table. Seed `data` determines the noise, seed `split` the split."""
        table = table_of(self.operation, self.modulus)
        rows = split_rows(len(table), self._shares, seeds.rng("split"))
        noisy = self._noisy(len(table), rows["train"], seeds)
        table = _with_wrong_answers(table, noisy, seeds.rng("data", 1))
        vocabulary, examples = FORMATS[self.format](table)
        if self.noise:
            examples = replace(examples, noisy=noisy)
        return Dataset(vocabulary, {split: examples.take(chosen) for split, chosen in rows.items()})

    def train_table(self, seeds: Seeds) -> ExampleTable:
        """The table of the operation: one row for each a, one column for each b."""
        table = table_of(self.operation, self.modulus)
        rows = split_rows(len(table), self._shares, seeds.rng("split"))["train"]
        n = len(table.elements)
        return ExampleTable(table.a[rows], table.b[rows], (n, n), "a ↓ b →")

    def cyclic_table(self) -> CyclicTable | None:
        """The group of the operation; None if it has no group or operands are several tokens."""
        group = cyclic_group(self.operation, self.modulus)
        if group is None or self.modulus is None or self.format not in OPERAND_COLUMNS:
            return None
        return CyclicTable(group, OPERAND_COLUMNS[self.format], self.modulus)

    @property
    def _shares(self) -> list[float]:
        if self.split is not None:
            return [self.split.train, self.split.val]
        assert self.train_fraction is not None
        return [self.train_fraction]

    def _noisy(self, n: int, train: Integers, seeds: Seeds) -> NDArray[np.bool_]:
        """(problem,) bool: gets a wrong answer; the first training problems in random order."""
        rank = seeds.rng("data", 0).permutation(n)  # (problem,)
        noisy = np.zeros(n, np.bool_)
        noisy[train[np.argsort(rank[train])[: share(self.noise, len(train))]]] = True
        return noisy


def _with_wrong_answers(
    table: OperationTable, noisy: NDArray[np.bool_], rng: np.random.Generator
) -> OperationTable:
    """The table with each noisy answer replaced by a uniformly drawn different element."""
    n = len(table.elements)
    return replace(table, c=(table.c + noisy * rng.integers(1, n, len(table))) % n)


def _equation(table: OperationTable) -> tuple[Vocabulary, Examples]:
    symbols = (*table.elements, table.sign, "=", "<bos>", "<eos>")
    op, eq, bos, eos = range(len(table.elements), len(symbols))
    vocabulary = Vocabulary(symbols, " ", bos=bos, eos=eos)
    return vocabulary, _columns(bos, table.a, op, table.b, eq, table.c, eos, eos, answer=5)


def _short(table: OperationTable) -> tuple[Vocabulary, Examples]:
    vocabulary = Vocabulary((*table.elements, "="), " ")
    return vocabulary, _columns(table.a, table.b, len(table.elements), table.c, answer=3)


def _columns(*columns: Integers | int, answer: int) -> Examples:
    """Examples of equal length from one array (example,) or constant per position.

    Args:
        answer: position of the answer.
    """
    tokens = np.stack(np.broadcast_arrays(*columns), axis=1)
    n, length = tokens.shape
    in_answer = np.broadcast_to(np.arange(length) == answer, tokens.shape)
    return Examples(tokens, np.full(n, length), in_answer, np.zeros(n, np.int64))


def _characters(table: OperationTable) -> tuple[Vocabulary, Examples]:
    names = table.elements
    prompts = [f"{names[a]}{table.sign}{names[b]}=" for a, b in zip(table.a, table.b, strict=True)]
    answers = [names[c] for c in table.c]
    vary = len(names[0]) != len(names[-1])
    vocabulary = vocabulary_of(
        [*sorted(set("".join(names))), table.sign, "="], *(("eos", "pad") if vary else ())
    )
    return vocabulary, examples_of(vocabulary, prompts, answers)


FORMATS = {"equation": _equation, "short": _short, "characters": _characters}
