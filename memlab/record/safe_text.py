"""Text from files, made safe for display: no control, escape, bidirectional or invisible characters."""

import unicodedata


def safe_text(text: str, limit: int = 120, lines: bool = False) -> str:
    """`text` in NFC with every unprintable character as a visible escape, cut to `limit`.

    Args:
        text: anything, such as a run's name or a prompt.
        limit: maximum number of characters; an ellipsis marks a cut.
        lines: keep line breaks.
    """
    shown = unicodedata.normalize("NFC", text[: 2 * limit])
    escaped = "".join(c if _printable(c, lines) else _escape(c) for c in shown)
    return escaped if len(escaped) <= limit else escaped[: limit - 1] + "…"


def _printable(character: str, lines: bool) -> bool:
    return (lines and character == "\n") or character.isprintable()


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"
