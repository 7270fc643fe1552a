"""Hostile names, and the check that a screen shows them as text."""

from typing import Any

from textual.app import App

NAMES = {
    "markup": "[red]loud[/] [@click=app.quit]q[/]",
    "escape sequences": "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "control characters": "a\x00b\tc\rd\x08",
    "line breaks": "one\ntwo\r\nthree\u2028four",
    "right to left": "abc\u202egnp\u2066.exe \u05d0\u05d1",
    "zero width": "ze\u200bro\u2060\ufeff\u00ad",
    "combining": "z" + "\u0301" * 40,
    "wide": "訓練損失" * 20,
    "emoji": "👩\u200d👩\u200d👧 🚀🚀 🇩🇪",
    "long": "w" * 500,
    "backslashes": "\\[bold]\\x1b \\",
}
HARMLESS = "plain"
"""a name that every screen shows unchanged"""


def assert_harmless(app: App[Any]) -> str:
    """Check that names add no control characters, line breaks or actions; the screen as text."""
    lines = app.screen._compositor.render_strips(app.size)
    assert len(lines) == app.size.height
    for strip in lines:
        assert strip.cell_length == app.size.width
        for text, style, control in strip:
            assert control is None
            assert all(c.isprintable() for c in text), text
            assert style is None or "quit" not in str(style.meta.get("@click", ""))
    return "\n".join(strip.text for strip in lines)
