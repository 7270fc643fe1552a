"""Reads pairs of prompt and answer from a text file.

Only the settings change the text. Likely mistakes become a `DataNote` with line numbers and the setting
that fixes them.
"""

import csv
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from memlab.errors import DataError
from memlab.tasks.task import DataNote

Pair = tuple[str, str]
Normalization = Literal["none", "nfc", "nfkc"]

HEADER_WORDS = frozenset(
    [
        "prompt",
        "question",
        "input",
        "key",
        "source",
        "context",
        "x",
        "answer",
        "output",
        "target",
        "label",
        "value",
        "completion",
        "response",
        "y",
    ]
)
LINES_IN_A_NOTE = 5
"""maximum number of line numbers in a note"""


@dataclass(frozen=True)
class PairFormat:
    """How lines of a file are parsed as pairs."""

    header: bool = False
    """the first line holds column names"""
    quotes: bool = False
    """cells may be quoted as spreadsheets do: "a ""b"" c"."""
    strip: bool = False
    """remove white space at both ends of prompt and answer"""
    normalize: Normalization = "none"
    """`nfc`: compose characters; `nfkc`: also replace compatibility characters, replace any white space
    by a space, and remove other invisible characters"""

    def applied(self, text: str) -> str:
        """`text` after the conversions of the format."""
        if self.normalize == "nfkc":
            visible = ((" " if c.isspace() else "") if is_invisible(c) else c for c in text)
            text = unicodedata.normalize("NFKC", "".join(visible))
        elif self.normalize == "nfc":
            text = unicodedata.normalize("NFC", text)
        return text.strip() if self.strip else text


def is_invisible(character: str) -> bool:
    """Whether a character is invisible: white space except space and tab, format and control characters."""
    if character in " \t":
        return False
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class PairFile:
    """The pairs of a file, with their line numbers."""

    name: str
    pairs: tuple[Pair, ...]
    lines: tuple[int, ...]
    tabbed: bool

    def notes(self, *, words: bool) -> Iterator[DataNote]:
        """Likely mistakes in the data; with `words`, white space only separates tokens."""
        if self.tabbed:
            yield from self._header()
            yield from self._quotes()
        if not words:
            yield from self._white_space()
        yield from self._unusual_characters(words)
        yield from self._unnormalized()

    def _header(self) -> Iterator[DataNote]:
        if not self.pairs or self.lines[0] != 1:
            return
        first, *others = self.pairs
        is_named = all(cell.strip().strip('"').lower() in HEADER_WORDS for cell in first)
        numbers = len(others) > 1 and all(_is_number(answer) for _, answer in others)
        if is_named or (numbers and not _is_number(first[1])):
            yield self._note(
                "the first line looks like a header and is learned as an example",
                [0],
                "header=true",
            )

    def _quotes(self) -> Iterator[DataNote]:
        rows = [
            i
            for i, pair in enumerate(self.pairs)
            if any(len(c) > 1 and c[0] == c[-1] == '"' for c in map(str.strip, pair))
        ]
        if rows:
            yield self._note("quotation marks around a cell are learned", rows, "quotes=true")

    def _white_space(self) -> Iterator[DataNote]:
        rows = [i for i, (_, answer) in enumerate(self.pairs) if answer != answer.strip()]
        if rows:
            yield self._note("white space at the ends of an answer is learned", rows, "strip=true")
        prompts = {prompt for prompt, _ in self.pairs}
        rows = [i for i, (p, _) in enumerate(self.pairs) if p != p.strip() and p.strip() in prompts]
        if rows:
            yield self._note("prompts differ only in white space at their ends", rows, "strip=true")

    def _unusual_characters(self, words: bool) -> Iterator[DataNote]:
        def unusual(character: str) -> bool:
            return is_invisible(character) and not (words and character.isspace())

        rows = [i for i, pair in enumerate(self.pairs) if any(map(unusual, "".join(pair)))]
        if rows:
            characters = sorted({c for i in rows for c in "".join(self.pairs[i]) if unusual(c)})
            names = ", ".join(
                f"U+{ord(c):04X} {unicodedata.name(c, '')}".strip() for c in characters
            )
            yield self._note(f"invisible characters are learned ({names})", rows, "normalize=nfkc")

    def _unnormalized(self) -> Iterator[DataNote]:
        rows = [
            i
            for i, pair in enumerate(self.pairs)
            if not unicodedata.is_normalized("NFC", "".join(pair))
        ]
        if rows:
            yield self._note(
                "characters are written as letter and combining mark (not NFC), so that texts that look "
                "equal may differ",
                rows,
                "normalize=nfc",
            )

    def _note(self, what: str, rows: Sequence[int], setting: str) -> DataNote:
        numbers = ", ".join(str(self.lines[row]) for row in rows[:LINES_IN_A_NOTE])
        more = f" and {len(rows) - LINES_IN_A_NOTE:,} more" if len(rows) > LINES_IN_A_NOTE else ""
        lines = "line" if len(rows) == 1 else "lines"
        return DataNote(what, f"{self.name}, {lines} {numbers}{more}", f"task.{setting}")


def read_pairs(path: Path, layout: PairFormat = PairFormat()) -> PairFile:
    """The pairs of a file, in order; empty lines are skipped.

    Raises:
        DataError: the file cannot be read, or a line of it is no pair.
    """
    tabbed = path.suffix != ".jsonl"
    pairs, numbers = [], []
    for number, line in _numbered_lines(path):
        if not line.strip() or (tabbed and layout.header and number == 1):
            continue
        try:
            text = line.rstrip(b"\r").decode("utf-8")
            cells = _cells_of_tabbed(text, layout.quotes) if tabbed else _cells_of_json(text)
            pairs.append(_checked(*(layout.applied(cell) for cell in cells)))
        except (ValueError, RecursionError, csv.Error) as error:
            raise DataError(
                "not a pair of prompt and answer",
                where=f"{path}:{number}",
                found=f"{error}: {line[:80]!r}",
                allowed="prompt<TAB>answer, in UTF-8"
                if tabbed
                else '{"prompt": "...", "answer": "..."}, in UTF-8',
            ) from error
        numbers.append(number)
    return PairFile(path.name, tuple(pairs), tuple(numbers), tabbed)


def _numbered_lines(path: Path) -> Iterable[tuple[int, bytes]]:
    if path.exists() and not path.is_file():
        raise DataError("cannot read the pairs: not a regular file", where=str(path))
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise DataError(f"cannot read the pairs: {error.strerror}", where=str(path)) from error
    return enumerate(text.split(b"\n"), start=1)


def _cells_of_tabbed(line: str, quotes: bool) -> list[str]:
    if quotes:
        cells = next(csv.reader([line], delimiter="\t", strict=True))
    else:
        cells = line.split("\t")
    if len(cells) != 2:
        raise ValueError("no tab" if len(cells) < 2 else "more than one tab")
    return cells


def _cells_of_json(line: str) -> list[str]:
    value = json.loads(line, object_pairs_hook=_object)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    prompt, answer = value.get("prompt"), value.get("answer")
    if not isinstance(prompt, str) or not isinstance(answer, str):
        raise ValueError("prompt or answer is missing or not a string")
    return [prompt, answer]


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("a key occurs twice")
    return value


def _checked(prompt: str, answer: str) -> Pair:
    if not answer.strip():
        raise ValueError("the answer is empty")
    try:
        (prompt + answer).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair is not a character") from None
    return prompt, answer
