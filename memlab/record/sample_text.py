"""The tokens of a sample as text: with the spaces between words, and without special tokens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def spaced(
    tokens: Sequence[Mapping[str, Any]], answer: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each token of the answer's text, with the spaces before it.

    `answer` is the decoded text. Tokens that are not in it (`<eos>`, padding) are left out if
    they are right, and kept if they are wrong: an answer that ends too early is an error to show.
    """
    place = 0
    for token in tokens:
        text = str(token.get("text", ""))
        rest = answer[place:]
        spaces = len(rest) - len(rest.lstrip(" "))
        if text and rest.startswith(text):
            place += len(text)
            yield "", token
        elif text and rest[spaces:].startswith(text):
            place += spaces + len(text)
            yield " " * spaces, token
        elif not token.get("ok", False):
            yield " " if " " in answer else "", token
