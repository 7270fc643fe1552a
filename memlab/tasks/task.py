"""The interface of tasks: settings, data as token sequences, and scores."""

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

    Special symbols (`<bos>`, `<eos>`, `<pad>`) are ordinary entries that `decode` omits.
    """

    symbols: tuple[str, ...]
    joiner: str = ""
    """separator of symbols in text: "" for characters, " " for words"""
    bos: int | None = None
    """id of the first token of every sequence; None = the task has none"""
    eos: int | None = None
    """id of the token that ends an answer if answers vary in length (also a filler in fixed formats)"""
    pad: int | None = None
    """id of the token that pads sequences on the right; never a target"""

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
        """Token ids of `text` as model input, after BOS if the task has it."""
        return ([] if self.bos is None else [self.bos]) + self.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids` without special symbols."""
        return self.joiner.join(self.symbols[i] for i in ids if i not in self.special)


@dataclass(frozen=True)
class Examples:
    """One split of a data set; all sequences are padded on the right to the same length."""

    tokens: NDArray[np.int64]
    """(example, position) token ids"""
    length: NDArray[np.int64]
    """(example,) number of tokens without padding"""
    answer: NDArray[np.bool_]
    """(example, position) bool: the token belongs to the answer. These are consecutive positions after
    the prompt, including one <eos> if answers vary in length"""
    group: NDArray[np.int64]
    """(example,) index into `Dataset.groups`"""
    noisy: NDArray[np.bool_] | None = None
    """(example,) bool: the answer was replaced by a wrong one; None = no noise"""
    copies: NDArray[np.int64] | None = None
    """(example,) number of equal examples in this split; None = 1 for all"""

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
    """number of rows and columns"""
    axes: str
    """meaning of rows and columns: "a ↓ b →" """


@dataclass(frozen=True)
class Dataset:
    """The splits of a task and their vocabulary."""

    vocabulary: Vocabulary
    splits: Mapping[str, Examples]
    """`train`, and optionally `val`, `test` and the out-of-distribution splits `ood-<name>`"""
    groups: tuple[str, ...] = ("all",)
    """names of the tasks of a mixture, which are measured separately"""
    probes: tuple[tuple[str, str], ...] = field(default=())
    """(prompt, target) texts that samples use instead of examples of the splits"""
    val_within_train: bool = False
    """validation examples are drawn from the training examples by design"""
    answer_bits: float | None = None
    """entropy of an answer in bits, if answers are random; otherwise None"""
    stages: tuple[Stage, ...] = ()
    """the mixtures that training draws from (`memlab.tasks.stages`); empty = every example once per epoch"""
    notes: tuple[DataNote, ...] = ()
    """likely mistakes in the files of a user"""

    @property
    def n_ctx(self) -> int:
        """Context length of the model: the longest sequence without its last token, which is no input."""
        return max(int(split.tokens.shape[1]) for split in self.splits.values()) - 1


class Task(Settings, ABC):
    """The settings of a task. A subclass adds its fields, and a `kind` equal to the name of its file."""

    kind: str
    scores: ClassVar[tuple[Measure, ...]] = ()
    """declarations of the measures that `score` returns; empty if exact match is sufficient"""

    @property
    def score_names(self) -> tuple[str, ...]:
        """The keys of the dictionary that `score` returns."""
        return tuple(measure.name for measure in self.scores)

    @abstractmethod
    def dataset(self, seeds: Seeds) -> Dataset:
        """The data, a function of the settings and the seeds `data` and `split` alone.

        Raises:
            DataError: there are no data for the settings.
        """

    def train_table(self, seeds: Seeds) -> ExampleTable | None:
        """Positions of the training examples in a table; None if the task has no table."""
        return None

    def cyclic_table(self) -> CyclicTable | None:
        """The cyclic group of the task; None if Fourier measures are not defined."""
        return None

    def score(self, answers: Sequence[tuple[str, str]]) -> dict[str, float]:
        """The measures in `scores` for at least one (target, answer): name to value."""
        return {}
