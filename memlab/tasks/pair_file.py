"""Reading pairs of prompt and answer from a text file."""

import json
from pathlib import Path

from memlab.errors import DataError

Pair = tuple[str, str]


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file, in order; empty lines do not count.

    Raises:
        DataError: the file cannot be read, or a line of it is no pair.
    """
    if path.exists() and not path.is_file():
        raise DataError("cannot read the pairs: not a regular file", where=str(path))
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise DataError(f"cannot read the pairs: {error.strerror}", where=str(path)) from error
    pair_of = _pair_of_json if path.suffix == ".jsonl" else _pair_of_tabbed
    pairs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            pairs.append(pair_of(line.rstrip(b"\r").decode("utf-8")))
        except (ValueError, RecursionError) as error:
            raise DataError(
                "not a pair of prompt and answer",
                where=f"{path}:{number}",
                found=f"{error}: {line[:80]!r}",
                allowed=_ALLOWED[pair_of],
            ) from error
    return pairs


def _pair_of_tabbed(line: str) -> Pair:
    prompt, tab, answer = line.partition("\t")
    if not tab:
        raise ValueError("no tab")
    if "\t" in answer:
        raise ValueError("more than one tab")
    return _with_answer(prompt, answer)


def _pair_of_json(line: str) -> Pair:
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    prompt, answer = value.get("prompt"), value.get("answer")
    if not isinstance(prompt, str) or not isinstance(answer, str):
        raise ValueError("prompt or answer is missing or not a string")
    return _with_answer(prompt, answer)


def _with_answer(prompt: str, answer: str) -> Pair:
    if not answer.strip():
        raise ValueError("the answer is empty")
    return prompt, answer


_ALLOWED = {
    _pair_of_tabbed: "prompt<TAB>answer, in UTF-8",
    _pair_of_json: '{"prompt": "...", "answer": "..."}, in UTF-8',
}
