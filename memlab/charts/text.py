"""Lines of coloured fragments. Names come from files, so control characters are replaced."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from memlab.charts.theme import Colour


class Fragment(NamedTuple):
    """Text in one colour: a role of the theme, or RGB."""

    text: str
    colour: Colour
    ground: Colour | None = None
    """background colour; None = that of the terminal"""


_NARROW = re.compile("[ -~\u2500-\u25f0\u2800-\u28ff]*")
"""Text of one cell per character: ASCII, and the glyphs that charts are drawn with."""

Line = list[Fragment]
Lines = list[Line]
"""A drawn chart, from the top."""


def as_text(lines: Lines) -> str:
    """Lines without their colours, joined by newlines."""
    return "\n".join("".join(fragment.text for fragment in line) for line in lines)


def plain(text: str) -> str:
    """Text without control characters, whose width is what `cells` returns."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "·" for c in text)


@lru_cache(maxsize=1024)  # a legend asks several times what fits
def cells(text: str) -> int:
    """Width of printable text in terminal cells."""
    return len(text) if _NARROW.fullmatch(text) else sum(map(_cell, text))


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """The text, or its beginning and an ellipsis, in at most `width` cells."""
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return text + "…" if width > 0 else ""


def clip_to_width(fragments: Iterable[Fragment], width: int) -> Line:
    """Fragments side by side in at most `width` cells, control characters replaced."""
    line = []
    for text, colour, ground in fragments:
        text = cut(plain(text), width)
        width -= cells(text)
        line.append(Fragment(text, colour, ground))
    return stripped(line)


def stripped(line: Line) -> Line:
    """A line without trailing blanks; blanks on a background colour stay."""
    while line and line[-1].ground is None:
        text, whole = line[-1].text.rstrip(), line[-1].text
        if text:
            return line if text == whole else [*line[:-1], line[-1]._replace(text=text)]
        line = line[:-1]
    return line
