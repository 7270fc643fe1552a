"""Merging of documents, used by `extends` and overrides."""

from typing import Any

from memlab.preset.strict_yaml import Document, Keys

ONE_OF: dict[Keys, frozenset[str]] = {
    ("training",): frozenset({"steps", "epochs"}),
    ("task",): frozenset({"train_fraction", "split", "val_file"}),
}
"""Mutually exclusive settings: setting one removes the others."""


def merged(under: Document, over: Document) -> Document:
    """`over` merged into `under`: mappings recursively, everything else is replaced.

    Another `task.kind` replaces the whole task.
    """
    places = {
        path: place for path, place in under.places.items() if not _is_replaced(path, over.value)
    }
    return Document(_merge(under.value, over.value, ()), {**places, **over.places})


def _merge(under: Any, over: Any, path: Keys) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    if path == ("task",) and over.get("kind", under.get("kind")) != under.get("kind"):
        return over
    exclusive = ONE_OF.get(path, frozenset())
    dropped = exclusive - set(over) if any(over.get(key) is not None for key in exclusive) else ()
    remaining = {key: value for key, value in under.items() if key not in dropped}
    return remaining | {key: _merge(remaining.get(key), over[key], (*path, key)) for key in over}


def _is_replaced(path: Keys, over: Any) -> bool:
    """Whether `over` replaces the mapping or list that contains `path`."""
    for part in path:
        if not isinstance(over, dict):
            return True
        if part not in over:
            return False
        over = over[part]
    return False
