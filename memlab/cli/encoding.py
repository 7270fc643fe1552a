"""Output on streams that are not UTF-8: missing characters become ASCII of equal width."""

import codecs
import sys
from io import TextIOWrapper
from unicodedata import combining, normalize

from rich.cells import cell_len

HANDLER = "memlab-ascii"
UTF_8 = ("utf-8", "utf8", "utf_8")

_GLYPHS = {
    "─━╌╍┄┅┈┉═▬▔‾–—−": "-", "│┃╎╏┆┇┊┋║▏▕▎▍": "|", "┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬╞╡╪╷╵╶╴": "+",
    "▼▾↓⇣": "v", "▲▴↑⇡": "^", "▶▸►→⇢›»▹": ">", "◀◂◄←⇠‹«◃": "<", "●•◉⬤■◆▪": "*", "○◦◯□◇▫": "o",
    "█▓▉▊▋▇▆▐▌": "#", "▒▅▄": "=", "░▃▂": "-", "▁": "_", "▀": '"', "✓✔": "+", "✗✘×✖": "x", "‖": "|",
    "≥": ">", "≤": "<", "≈~": "~", "…": ".", "·⋅∙": ".", "“”„": '"', "‘’‚": "'", "µμ": "u", "Δ": "d", "★☆": "*",
}  # fmt: skip
_ASCII = {glyph: ascii_ for glyphs, ascii_ in _GLYPHS.items() for glyph in glyphs}
_BRAILLE = 0x2800
_ROWS = ((0, 3), (1, 4), (2, 5), (6, 7))
"""bits of a braille cell by row, top first"""
_LEVELS = ("'", "-", "-", ".")
"""dots as the ASCII character at the height of their lowest row"""


def replace_missing_characters() -> None:
    """Replace characters that the encoding of stdout or stderr lacks, instead of raising."""
    codecs.register_error(HANDLER, _handle)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in UTF_8:
            stream.reconfigure(errors=HANDLER)


def to_ascii(character: str) -> str:
    """ASCII text as wide as `character`; letters lose their accents."""
    dots = ord(character) - _BRAILLE
    if 0 <= dots < 256:
        return _braille(dots)
    if character in _ASCII:
        return _ASCII[character]
    parts = normalize("NFKD", character)
    letters = "".join(_ASCII.get(c, c) for c in parts if not combining(c))
    width = cell_len(character)
    return letters if letters.isascii() and len(letters) == width else "?" * width


def _braille(dots: int) -> str:
    filled = [sum(dots >> bit & 1 for bit in row) for row in _ROWS]
    if not dots:
        return " "
    if sum(filled) >= 6:
        return "#"
    if sum(map(bool, filled)) >= 3:
        return ":" if max(filled) > 1 else "|"
    return _LEVELS[max(i for i, n in enumerate(filled) if n)]


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(map(to_ascii, missing)), error.end
