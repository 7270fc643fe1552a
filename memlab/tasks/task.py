"""What every task provides: settings, data as token sequences, and its own score."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from memlab.errors import DataError
from memlab.record.measure import Measure
from memlab.settings import Settings
from memlab.tasks.cyclic_group import CyclicTable
from memlab.tasks.seeds import Seeds
from memlab.tasks.stages import Stage


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of a task; a token id is an index into them.

    Special symbols (`<bos>`, `<eos>`, `<pad>`) are ordinary entries that `decode` leaves out.
    """

    symbols: tuple[str, ...]
    joiner: str = ""
    """Between symbols in text: "" for characters, " " for whole tokens."""
    bos: int | None = None
    """Starts every sequence, if the task has one."""
    eos: int | None = None
    """Ends an answer, if answers vary in length (also a filler in fixed formats)."""
    pad: int | None = None
    """Fills sequences on the right to equal length; never a target."""

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def special(self) -> frozenset[int]:
        """The ids of symbols without text."""
        return frozenset(i for i in (self.bos, self.eos, self.pad) if i is not None)

    def encode(self, text: str) -> list[int]:
        """Token ids of `text`, without BOS.

        Raises:
            DataError: a symbol is not in the vocabulary.
        """
        ids = {s: i for i, s in enumerate(self.symbols) if i not in self.special}
        pieces: Sequence[str] = text.split() if self.joiner else text
        unknown = [piece for piece in pieces if piece not in ids]
        if unknown:
            raise DataError(
                "the prompt has a symbol that this task does not know",
                found=repr(unknown[0]),
                allowed=self.joiner.join(list(ids)[:100]),
            )
        return [ids[piece] for piece in pieces]

    def encode_prompt(self, text: str) -> list[int]:
        """Token ids of `text` as model input: BOS first, if the task has one."""
        return ([] if self.bos is None else [self.bos]) + self.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`, special symbols left out."""
        return self.joiner.join(self.symbols[i] for i in ids if i not in self.special)


@dataclass(frozen=True)
class Examples:
    """One split of a data set, every sequence padded on the right to one length."""

    tokens: NDArray[np.int64]
    """(example, position) token ids"""
    length: NDArray[np.int64]
    """(example,) tokens before the padding"""
    answer: NDArray[np.bool_]
    """(example, position) true where the token belongs to the answer: one run after the prompt,
    with one terminator when answers vary in length"""
    group: NDArray[np.int64]
    """(example,) index into `Dataset.groups`"""
    noisy: NDArray[np.bool_] | None = None
    """(example,) the answer was replaced by a wrong one; None = nowhere"""
    copies: NDArray[np.int64] | None = None
    """(example,) how often this split holds this very example; None = once each"""

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, rows: NDArray[np.int64]) -> "Examples":
        """The examples at `rows`, in that order."""
        facts = {f.name: getattr(self, f.name) for f in fields(self)}
        columns: dict[str, Any] = {k: None if v is None else v[rows] for k, v in facts.items()}
        return Examples(**columns)

    def prompt(self, i: int) -> list[int]:
        """Token ids of example `i` before its answer."""
        return [int(t) for t in self.tokens[i, : int(self.answer[i].argmax())]]

    def target(self, i: int) -> list[int]:
        """Token ids of the answer of example `i`."""
        return [int(t) for t in self.tokens[i][self.answer[i]]]


@dataclass(frozen=True)
class DataNote:
    """A likely mistake in a user's data."""

    what: str
    where: str
    """file and lines"""
    setting: str
    """KEY=VALUE that fixes it"""


@dataclass(frozen=True)
class ExampleTable:
    """Positions of training examples in a table, such as that of an operation."""

    row: NDArray[np.int64]
    """(example,) in the order of the training split"""
    column: NDArray[np.int64]
    """(example,)"""
    shape: tuple[int, int]
    """rows and columns"""
    axes: str
    """what rows and columns stand for: "a ↓ b →" """


@dataclass(frozen=True)
class Dataset:
    """The splits of a task and their vocabulary."""

    vocabulary: Vocabulary
    splits: Mapping[str, Examples]
    """`train`, and where they exist `val`, `test`, and out-of-distribution `ood-<name>`"""
    groups: tuple[str, ...] = ("all",)
    """the tasks of a mixture, scored apart"""
    probes: tuple[tuple[str, str], ...] = field(default=())
    """(prompt, target) texts to sample instead of examples from the splits"""
    val_within_train: bool = False
    """the validation examples are drawn from the training examples on purpose"""
    answer_bits: float | None = None
    """bits in one answer, where answers are drawn at random and nothing predicts them"""

    stages: tuple[Stage, ...] = ()
    """when training draws from which groups (`memlab.tasks.stages`); empty = every example once an
    epoch"""
    notes: tuple[DataNote, ...] = ()
    """what looks like a mistake in a user's files"""

    @property
    def n_ctx(self) -> int:
        """Context length that a model needs: the last token is never an input."""
        return max(int(split.tokens.shape[1]) for split in self.splits.values()) - 1


class Task(Settings, ABC):
    """Settings of one task. A subclass adds its fields and a `kind` that is its file's name."""

    kind: str
    scores: ClassVar[tuple[Measure, ...]] = ()
    """declarations of what `score` returns; empty when exact match says it all"""

    @property
    def score_names(self) -> tuple[str, ...]:
        """The keys of what `score` returns."""
        return tuple(measure.name for measure in self.scores)

    @abstractmethod
    def dataset(self, seeds: Seeds) -> Dataset:
        """The data, a pure function of the settings and of seeds `data` and `split`.

        Raises:
            DataError: the settings describe no data.
        """

    def train_table(self, seeds: Seeds) -> ExampleTable | None:
        """Positions of the training examples in a table; None where the task has no table."""
        return None

    def cyclic_table(self) -> CyclicTable | None:
        """The cyclic group that the task computes in; None where Fourier measures are undefined."""
        return None

    def score(self, answers: Sequence[tuple[str, str]]) -> dict[str, float]:
        """The task's own measures over at least one (target, answer), named as in `scores`."""
        return {}
