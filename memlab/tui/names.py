"""Names of runs in little room: shortened in the middle, or only the words that differ."""

from collections.abc import Sequence

from memlab.charts.text import cells
from memlab.record.safe_text import safe_parts

MAX_LENGTH = 1000
"""Number of characters of a name that are read."""
_SHORTEST = 3
"""Number of characters that are left of a word, the ellipsis included."""
_WHOLE = 4
"""Words up to this length are not cut."""


def start_and_end(name: str, width: int) -> str:
    """A name in at most `width` cells, safe to display; no escape is cut in two.

    Settings keep their values: `decay weight_decay=0.1 seed 2` becomes `decay weigh…=0.1 seed 2` or,
    in less room, `…=0.1 seed 2`. If that does not suffice, the middle is left out.
    """
    parts = safe_parts(name[:MAX_LENGTH])
    if sum(map(cells, parts)) <= width:
        return "".join(parts)
    is_plain = all(cells(part) == 1 for part in parts)  # no escapes and no wide characters
    if is_plain and "=" in parts:
        short = _with_short_words(name, width) or _values(name, width)
        if short is not None:
            return short
    room = max(width - 1, 0)
    end = _fitting(parts[::-1], room * 2 // 3)[::-1]
    start = _fitting(parts, room - sum(map(cells, end)))
    return f"{''.join(start)}…{''.join(end)}"


def _with_short_words(name: str, width: int) -> str | None:
    """The name with its longest words and names of settings cut; None if that does not suffice."""
    words = [word.partition("=") for word in name.split()]
    stems = [stem for stem, _, _ in words]
    fixed = sum(len(sign + value) + 1 for _, sign, value in words) - 1
    for longest in range(max(map(len, stems)), _SHORTEST - 1, -1):
        cut = [_cut(stem, longest) for stem in stems]
        if fixed + sum(map(len, cut)) <= width:
            break
    else:
        return None
    return " ".join(c + sign + value for c, (_, sign, value) in zip(cut, words, strict=True))


def _values(name: str, width: int) -> str | None:
    """The values of settings and the short words: `…=1 lr=0.01 seed 2`, else `…1 …0.01 seed 2`."""
    words = [word.partition("=") for word in name.split()]
    kept = [word for word in words if word[1] or len(word[0]) <= _WHOLE]
    for longest, equals in ((_WHOLE, "="), (0, "")):
        short = " ".join(
            (stem if len(stem) <= longest else "…") + equals + value if sign else stem
            for stem, sign, value in kept
        )
        if len(short) <= width:
            return short
    return None


def _cut(word: str, longest: int) -> str:
    return word if len(word) <= max(longest, _WHOLE) else f"{word[: longest - 1]}…"


def _fitting(parts: Sequence[str], width: int) -> Sequence[str]:
    """As many of the first parts as fit in `width` cells."""
    n = 0
    while n < len(parts) and (width := width - cells(parts[n])) >= 0:
        n += 1
    return parts[:n]


def what_differs(names: Sequence[str], width: int = 0) -> list[str]:
    """Each name without the words that all names contain: `sweep lr=1 seed 2` as `… seed 2`.

    If all names fit in `width` cells, they stay whole; so does a name of common words only, after its
    number in the comparison. A number belongs to the word before it.
    """
    if all(cells(name) <= width for name in names):
        return list(names)
    words = [_words(name) for name in names]
    common = set.intersection(*map(set, words)) if len(names) > 1 else set()
    return [_without(one, common) or name for one, name in zip(words, names, strict=True)]


def _words(name: str) -> list[str]:
    """The words of a name, each with the number that follows it."""
    words: list[str] = []
    for word in name.split():
        if words and word.isdecimal():
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _without(words: Sequence[str], common: set[str]) -> str:
    """The words that are not common, with an ellipsis for the others; empty if none is but a number."""
    shown: list[str] = []
    for word in words:
        if word not in common:
            shown.append(word)
        elif shown[-1:] != ["…"]:
            shown.append("…")
    differs = any(word != "…" and not word.isdecimal() for word in shown)
    return " ".join(shown) if differs else ""
