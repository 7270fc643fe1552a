"""Overrides as Python values, turned into the `KEY=VALUE` texts that the shell takes."""

import json
from collections.abc import Mapping
from typing import Any

from memlab.errors import PresetError


def override_texts(changes: Mapping[str, Any]) -> list[str]:
    """`{"optimizer.lr": 3e-4}` -> `["optimizer.lr=0.0003"]`; JSON values are valid YAML.

    Raises:
        PresetError: a value has no JSON form.
    """
    return [f"{key}={_json(key, value)}" for key, value in changes.items()]


def _json(key: str, value: Any) -> str:
    item = getattr(value, "item", None)  # numpy and torch scalars
    try:
        return json.dumps(item() if callable(item) else value)
    except (TypeError, ValueError):
        raise PresetError(
            "this value has no form in YAML",
            where=f"override of {key}",
            found=type(value).__name__,
            allowed="numbers, texts, booleans, None, lists and dictionaries of them",
        ) from None
