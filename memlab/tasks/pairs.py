"""Pairs of prompt and answer from text files of the user.

    8 minus 3 =<TAB>5                            one pair per line
    {"prompt": "reverse abc:", "answer": "cba"}  the same in a .jsonl file

A sequence is <bos>, the prompt, the answer and <eos>: <bos>8 minus 3 =5<eos>. A separator between
prompt and answer belongs to the prompt. Repeated pairs stay in the same split.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import ValidationInfo, model_validator

from memlab.errors import DataError
from memlab.settings import setting
from memlab.tasks.pair_file import Normalization, Pair, PairFormat, read_pairs
from memlab.tasks.seeds import Seeds
from memlab.tasks.sequences import examples_of, vocabulary_of
from memlab.tasks.splits import Split, split_rows
from memlab.tasks.task import Dataset, Examples, Task, Vocabulary


class Pairs(Task):
    """Prompts and answers from a file.

    When it is validated with the context `{"folder": Path}`, as for presets, `folder` is made absolute and
    `fingerprint` is computed, so that a run can be resumed from any working directory.
    """

    kind: Literal["pairs"] = "pairs"
    file: str = setting(min_length=1, help="The pairs; with val_file, those to train on.")
    val_file: str | None = setting(None, help="Pairs to validate on, instead of a split.")
    test_file: str | None = setting(None, help="Pairs to test on, where there is a val_file.")
    folder: str | None = setting(None, help="Folder of the files; null = the folder of the preset.")
    train_fraction: float | None = setting(
        None,
        gt=0,
        lt=1,
        help="Fraction of the pairs used for training; the rest is validation. Alternative to split.",
    )
    split: Split | None = setting(
        None,
        help="{train, val} as fractions of the pairs; the rest is test. Alternative to train_fraction.",
    )
    tokens: Literal["characters", "words"] = setting(
        "characters", help="Tokens: characters, or words separated by spaces."
    )
    header: bool = setting(False, help="The first line holds column names and is skipped.")
    quotes: bool = setting(
        False, help='Cells may be quoted as spreadsheets do: "a ""b"" c" is read as a "b" c.'
    )
    strip: bool = setting(False, help="Remove white space at both ends of prompts and answers.")
    normalize: Normalization = setting(
        "none",
        help="Unicode normalization: nfc composes characters; nfkc also turns no-break spaces into "
        "spaces and removes zero-width characters.",
    )
    fingerprint: str | None = setting(
        None, help="SHA-256 of the expected files; null = accept any content."
    )

    @model_validator(mode="after")
    def _one_way_to_split(self) -> "Pairs":
        ways = (self.val_file, self.train_fraction, self.split)
        tabbed = [file for file in self._files.values() if not file.endswith(".jsonl")]
        if (self.header or self.quotes) and not tabbed:
            raise ValueError("header and quotes apply to tab-separated files, not to .jsonl")
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of val_file, train_fraction and split")
        if self.test_file is not None and self.val_file is None:
            raise ValueError("test_file needs val_file")
        return self

    @model_validator(mode="after")
    def _located(self, info: ValidationInfo) -> "Pairs":
        try:
            return self._inside(Path((info.context or {}).get("folder", ".")), bool(info.context))
        except (OSError, RuntimeError) as error:
            # Name too long, no permission, or circular links.
            raise ValueError(f"the pairs cannot be read: {error}") from error

    def _inside(self, preset_folder: Path, is_preset: bool) -> "Pairs":
        """A copy with an absolute folder and, for a preset, the hash of the files."""
        folder = (preset_folder / (self.folder or "")).resolve()
        for file in self._files.values():
            if not (folder / file).resolve().is_relative_to(folder):
                raise ValueError(f"{file} lies outside the folder {folder}; name another `folder`")
        if not is_preset:
            return self
        located = self.model_copy(update={"folder": str(folder)})
        if self.fingerprint is not None or not all(p.is_file() for p in located._paths.values()):
            return located
        return located.model_copy(update={"fingerprint": located._sha256()})

    def dataset(self, seeds: Seeds) -> Dataset:
        """Seed `split` chooses the training examples, unless files define the splits."""
        layout = PairFormat(self.header, self.quotes, self.strip, self.normalize)
        files = {split: read_pairs(path, layout) for split, path in self._paths.items()}
        read: dict[str, Sequence[Pair]] = {split: file.pairs for split, file in files.items()}
        if self.fingerprint not in (None, self._sha256()):
            raise DataError(
                "the files of pairs have changed since the preset was resolved",
                where=self.file,
                found=self._sha256(),
                allowed=self.fingerprint,
                hint="restore the old files, or start a new run with task.fingerprint=null",
            )
        parts = read if self.val_file is not None else self._split(read["train"], seeds)
        if not all(parts.values()):
            raise DataError(
                "too few pairs: a split is empty",
                where=self.file,
                found=", ".join(f"{split} {len(pairs)}" for split, pairs in parts.items()),
            )
        vocabulary = self._vocabulary([pair for pairs in parts.values() for pair in pairs])
        splits = {split: _examples(vocabulary, pairs) for split, pairs in parts.items()}
        within = set(parts["val"]) <= set(parts["train"])
        words = self.tokens == "words"
        notes = tuple(note for file in files.values() for note in file.notes(words=words))
        return Dataset(vocabulary, splits, val_within_train=within, notes=notes)

    @property
    def _files(self) -> dict[str, str]:
        files = {"train": self.file, "val": self.val_file, "test": self.test_file}
        return {split: file for split, file in files.items() if file is not None}

    @property
    def _paths(self) -> dict[str, Path]:
        return {split: Path(self.folder or "") / file for split, file in self._files.items()}

    def _sha256(self) -> str:
        digests = (sha256(path.read_bytes()).hexdigest() for path in self._paths.values())
        return sha256(" ".join(digests).encode()).hexdigest()

    def _split(self, pairs: Sequence[Pair], seeds: Seeds) -> dict[str, Sequence[Pair]]:
        shares = [self.train_fraction] if self.split is None else [self.split.train, self.split.val]
        distinct = list(dict.fromkeys(pairs))
        rows = split_rows(len(distinct), [s for s in shares if s], seeds.rng("split"))
        split_of = {distinct[row]: split for split, chosen in rows.items() for row in chosen}
        return {split: [pair for pair in pairs if split_of[pair] == split] for split in rows}

    def _vocabulary(self, pairs: Sequence[Pair]) -> Vocabulary:
        words = self.tokens == "words"
        texts = (text for pair in pairs for text in pair)
        symbols = {symbol for text in texts for symbol in (text.split() if words else text)}
        return vocabulary_of(sorted(symbols), "bos", "eos", "pad", joiner=" " if words else "")


def _examples(vocabulary: Vocabulary, pairs: Sequence[Pair]) -> Examples:
    number_of = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    number = np.array([number_of[pair] for pair in pairs])  # (example,) equal for equal pairs
    prompts, answers = zip(*pairs, strict=True)
    return replace(examples_of(vocabulary, prompts, answers), copies=np.bincount(number)[number])
