"""Coloured fragments of text in a row of cells. Names come from files: they cannot style or drive."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from memlab.charts.theme import RGB


@dataclass(frozen=True)
class Fragment:
    """Text in one colour."""

    text: str
    colour: RGB
    ground: RGB | None = None
    """the colour behind it; None = that of the terminal"""


def plain(text: str) -> str:
    """Text without control characters, so that it takes the cells that `cells` counts."""
    return "".join(c if c.isprintable() else "·" for c in text)


def cells(text: str) -> int:
    """How many terminal cells a printable text takes."""
    return sum(map(_cell, text))


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


def line(fragments: Iterable[Fragment], width: int, colour: bool) -> str:
    """Fragments side by side in at most `width` cells, without blanks at the end."""
    parts = []
    for fragment in fragments:
        text = cut(plain(fragment.text), width)
        width -= cells(text)
        parts.append(Fragment(text, fragment.colour, fragment.ground))
    return inked(parts, colour)


def inked(fragments: Iterable[Fragment], colour: bool) -> str:
    """Fragments side by side as they are, without blanks at the end."""
    parts = (
        ink(f.text, f.colour, f.ground) if colour and f.text.strip() else f.text for f in fragments
    )
    return "".join(parts).rstrip()


def ink(text: str, colour: RGB, ground: RGB | None = None) -> str:
    """Text in a colour, on another one."""
    behind = ";48;2;{};{};{}".format(*ground) if ground else ""
    return "\x1b[38;2;{};{};{}{}m{}\x1b[0m".format(*colour, behind, text)
