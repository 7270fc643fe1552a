"""Settings in which runs differ, and their values as text."""

from collections.abc import Iterable, Mapping
from typing import Any

Settings = Mapping[str, Any]
"""Dotted keys to values."""


def settings_diff(runs: Iterable[tuple[str, Settings]]) -> list[str]:
    """The settings in which runs differ; those that differ within a preset come first.

    Args:
        runs: name of the preset and settings of each run; a missing setting counts as None.
    """
    first: dict[str, Settings] = {}
    within: set[str] = set()
    for preset, settings in runs:
        own = first.setdefault(preset, settings)
        if own != settings:
            within |= _different(own, settings)
    presets = list(first.values())
    among = {key for settings in presets[1:] for key in _different(presets[0], settings)}
    order = dict.fromkeys([*(key for settings in presets for key in settings), *sorted(within)])
    return sorted((k for k in order if k in within | among), key=lambda k: k not in within)


def _different(a: Settings, b: Settings) -> set[str]:
    return {key for key in a.keys() | b.keys() if a.get(key) != b.get(key)}


def shown_setting(value: Any) -> str:
    """A setting's value as written in a preset."""
    return "–" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
