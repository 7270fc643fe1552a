"""Answers of the model: samples as text with signs and probabilities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual.content import Content

from memlab.record.events import Samples
from memlab.record.safe_text import safe_text

RIGHT, WRONG = ("✓", "$text-success"), ("✗", "$text-error")
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Token:
    text: str
    target: str
    p: float
    """the model's probability of `text`"""
    ok: bool


@dataclass(frozen=True)
class Answer:
    """One sample at one evaluation; its index among the samples never changes."""

    place: int
    split: str
    prompt: str
    target: str
    answer: str
    tokens: tuple[Token, ...]
    ok: bool
    """whether the whole answer is right"""


def answers(samples: Samples) -> list[Answer]:
    """The samples of an evaluation; malformed entries are skipped."""
    read = (_answer(place, raw) for place, raw in enumerate(samples.samples))
    return [answer for answer in read if answer is not None]


def _answer(place: int, raw: Mapping[str, Any]) -> Answer | None:
    words = [raw.get(key) for key in ("split", "prompt", "target", "answer")]
    tokens = raw.get("tokens")
    if not all(isinstance(word, str) for word in words) or not isinstance(tokens, list):
        return None
    split, prompt, target, answer = map(str, words)
    return Answer(place, split, prompt, target, answer, tuple(_tokens(tokens)), was_right(raw))


def _tokens(raw: list[Any]) -> Iterator[Token]:
    for token in raw:
        if isinstance(token, dict):
            p = token.get("p")
            yield Token(
                text=str(token.get("text", "")),
                target=str(token.get("target", "")),
                p=float(p) if isinstance(p, int | float) else float("nan"),
                ok=token.get("ok") is True,
            )


def was_right(raw: Mapping[str, Any]) -> bool:
    """Whether every token of a sample equals its target."""
    tokens = raw.get("tokens")
    if not isinstance(tokens, list):
        return False
    return all(isinstance(token, dict) and token.get("ok") is True for token in tokens)


def format_tokens(tokens: Sequence[Token], width: int) -> Content:
    """Each token with its sign and probability: a number, or a bar if numbers do not fit."""
    for style in (_numbered, _barred):
        line = Content(" " if style is _numbered else "").join(map(style, tokens))
        if line.cell_length <= width:
            break
    return line.truncate(width, ellipsis=True)


def _numbered(token: Token) -> Content:
    sign, style = RIGHT if token.ok else WRONG
    expected = "" if token.ok else f"({shown(token.target)})"
    return Content.assemble(
        (shown(token.text), _word(token, style)),
        (sign, style),
        (f"{percent(token.p)}{expected}", "$foreground-muted"),
    )


def _barred(token: Token) -> Content:
    sign, style = RIGHT if token.ok else WRONG
    bar = _BARS[min(int(token.p * len(_BARS)), 7)] if 0 <= token.p <= 1 else "?"
    wrong = "" if token.ok else sign
    return Content.assemble(
        (shown(token.text) + wrong, _word(token, style)), (bar, "$foreground-muted")
    )


def _word(token: Token, style: str) -> str:
    return f"{style} bold" if token.ok else f"{style} bold underline"


def shown(text: str, limit: int = 40) -> str:
    """Text of a token, prompt or answer; empty text and blanks are made visible."""
    return safe_text(text, limit) if text.strip() else "␣" * len(text) or "∅"


def percent(p: float) -> str:
    """A probability in two digits: .98, 1.0; a question mark if it is not a probability."""
    return f"{p:.2f}".removeprefix("0") if 0 <= p < 0.995 else "1.0" if p <= 1 else "?"
