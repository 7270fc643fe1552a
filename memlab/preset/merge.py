"""One document laid over another: how `extends` and overrides change a preset."""

from typing import Any

from memlab.preset.text import Document, Path

EITHER: dict[Path, tuple[str, str]] = {
    ("training",): ("steps", "epochs"),
    ("task",): ("train_fraction", "split"),
}
"""Of these two settings a preset gives exactly one: giving one takes the other away."""


def merged(under: Document, over: Document) -> Document:
    """`under` with all that `over` states: mappings merge, everything else is replaced.

    Another `task.kind` replaces the whole task.
    """
    kept = {path: place for path, place in under.places.items() if not _hidden(path, over.value)}
    return Document(_laid(under.value, over.value, ()), {**kept, **over.places})


def _laid(under: Any, over: Any, path: Path) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    if path == ("task",) and over.get("kind", under.get("kind")) != under.get("kind"):
        return over
    one, other = EITHER.get(path, ("", ""))
    gone = {a for a, b in ((one, other), (other, one)) if over.get(b) is not None and a not in over}
    kept = {key: value for key, value in under.items() if key not in gone}
    return kept | {key: _laid(kept.get(key), over[key], (*path, key)) for key in over}


def _hidden(path: Path, over: Any) -> bool:
    """Whether `over` has a value in place of the mapping or list that `path` leads into."""
    for part in path:
        if not isinstance(over, dict):
            return True
        if part not in over:
            return False
        over = over[part]
    return False
