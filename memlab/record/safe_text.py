"""Text from files, made safe for display: no control, escape, bidirectional or invisible characters."""

import unicodedata


def safe_text(text: str, limit: int = 120, lines: bool = False) -> str:
    """`text` in NFC with every unprintable character as a visible escape, cut to `limit`.

    Args:
        text: anything, such as a run's name or a prompt.
        limit: maximum number of characters; an ellipsis marks a cut. No escape is cut in two.
        lines: keep line breaks.
    """
    shown = unicodedata.normalize("NFC", text[: 2 * limit])
    if len(shown) <= limit and shown.isprintable():
        return shown
    parts = safe_parts(shown, lines)
    if sum(map(len, parts)) <= limit:
        return "".join(parts)
    kept, n = 0, 0
    while n + len(parts[kept]) < limit:
        n += len(parts[kept])
        kept += 1
    return "".join(parts[:kept]) + "…"


def safe_parts(text: str, lines: bool = False) -> list[str]:
    """Each character as it is or, if it is unprintable, as a visible escape."""
    return [c if _printable(c, lines) else _escape(c) for c in text]


def _printable(character: str, lines: bool) -> bool:
    return (lines and character == "\n") or character.isprintable()


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"
