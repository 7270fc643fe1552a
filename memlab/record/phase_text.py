"""The condition that an evaluation met when a phase began, as text."""

from collections.abc import Mapping
from typing import Any

_SHOWED = {
    "diverged": "{split} loss above {threshold:.4g}",
    "stuck": "{split} loss stays at {threshold:.4g}",
    "overfitting": "{split} loss above {threshold:.4g} while train loss falls",
    "collapsed": "{split} accuracy below {threshold:.4g}",
    "sustained": "{split} accuracy >= {threshold:.4g} in the evaluations since",
}
"""phases other than reaching an accuracy"""


def phase_text(
    name: str, split: str | None, threshold: float | None, details: Mapping[str, Any]
) -> str:
    """The threshold that was crossed and its details; empty if they were not recorded."""
    if split is None or threshold is None:
        return ""
    showed = _SHOWED.get(name, "{split} accuracy >= {threshold:.4g}")
    text = showed.format(split=split, threshold=threshold)
    match details:
        case {"delay": int(delay), "ratio": int() | float() as ratio}:
            return f"{text}, {delay:,} steps after memorizing ({ratio:.3g} times as late)"
        case {"since": int(since)}:
            return f"{text} step {since:,}"
        case {"at": str(at)}:
            return f"{text}, which is {at}"
    return text
