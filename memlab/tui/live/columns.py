"""Samples in columns: sign, split, prompt, target, tokens, and room for the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from textual.content import Content

from memlab.tui.live.answers import RIGHT, WRONG, Answer, format_tokens, shown

_FIXED = 13
"""Width of sign, split, arrow and gaps in cells."""
_MAX_LENGTH = 80


@dataclass(frozen=True)
class SampleColumns:
    """Widths in cells."""

    prompt: int
    target: int
    tokens: int
    history: int
    """the remaining width"""

    @classmethod
    def of(cls, answers: Sequence[Answer], width: int) -> Self:
        """As wide as the samples need; if space is short, tokens get most and targets least."""
        room = max(width - _FIXED, 12)
        tokens = _widest([format_tokens(a.tokens, room * 3 // 5) for a in answers])
        prompt = min(_widest([_text(a.prompt) for a in answers]), (room - tokens) * 2 // 3)
        target = min(_widest([_text(a.target) for a in answers]), room - tokens - prompt)
        tokens = _widest([format_tokens(a.tokens, room - prompt - target) for a in answers])
        return cls(prompt, target, tokens, room - prompt - target - tokens - 1)

    def line(self, answer: Answer) -> Content:
        return Content.assemble(
            RIGHT if answer.ok else WRONG,
            (f" {shown(answer.split, 5):<5} ", "$foreground-muted"),
            _fit(_text(answer.prompt), self.prompt),
            (" → ", "$foreground-muted"),
            _fit(_text(answer.target), self.target),
            "  ",
            _fit(format_tokens(answer.tokens, self.tokens), self.tokens),
        )


def _text(text: str) -> Content:
    return Content(shown(text, _MAX_LENGTH))


def _widest(texts: Sequence[Content]) -> int:
    return max((text.cell_length for text in texts), default=0)


def _fit(text: Content, width: int) -> Content:
    text = text.truncate(width, ellipsis=True)
    return text.pad_right(max(width - text.cell_length, 0))
