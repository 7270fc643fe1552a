"""Conversion of overrides given as Python values to `KEY=VALUE` texts of the command line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from memlab.errors import PresetError


def override_texts(changes: Mapping[str, Any]) -> list[str]:
    """`{"optimizer.lr": 3e-4}` -> `["optimizer.lr=0.0003"]`; JSON values are valid YAML.

    Raises:
        PresetError: a value cannot be written as JSON.
    """
    return [f"{key}={_json(key, value)}" for key, value in changes.items()]


def sweep_texts(settings: Mapping[str, Any]) -> list[str]:
    """`{"optimizer.lr": [1e-3, 1e-2]}` -> `["optimizer.lr=0.001,0.01"]`; others as overrides.

    A list, tuple, range or array holds the values of an axis; its items may be lists.

    Raises:
        PresetError: a value cannot be written as JSON, or an axis has no value.
    """
    texts = []
    for key, value in settings.items():
        items = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(items, Sequence) or isinstance(items, str):
            texts.append(f"{key}={_json(key, items)}")
            continue
        if not items:
            raise PresetError("an axis needs values", where=f"axis {key}", found="none")
        texts.append(f"{key}={','.join(_json(key, item) for item in items)}")
    return texts


def _json(key: str, value: Any) -> str:
    item = getattr(value, "item", None)  # numpy and torch scalars
    try:
        return json.dumps(item() if callable(item) else value)
    except (TypeError, ValueError):
        raise PresetError(
            "this value cannot be written as YAML",
            where=f"override of {key}",
            found=type(value).__name__,
            allowed="numbers, texts, booleans, None, lists and dictionaries of them",
        ) from None
