"""Make text from files safe for figures: no markup, no control characters, only known glyphs."""

from functools import cache

from memlab.record.safe_text import safe_text

_MISSING = "\N{WHITE SQUARE}"


def plain(text: str, limit: int = 60) -> str:
    """The text with `$` escaped, so that matplotlib does not parse it as a formula."""
    glyphs = _glyphs()
    lines = safe_text(text, limit, lines=True)
    shown = "".join(c if c == "\n" or ord(c) in glyphs else _MISSING for c in lines)
    return shown.replace("$", r"\$")


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())
