"""Select cells by their settings: `{optimizer.weight_decay: 1.0, variant: adam}`."""

from collections.abc import Iterable, Mapping
from typing import Any

from memlab.errors import PresetError, nearest
from memlab.record.summary import flat_settings
from memlab.sweeps.plan import VARIANT, Cell


def facts_of(cell: Cell) -> dict[str, Any]:
    """All settings of a cell by dotted key, and its variant."""
    variant = {VARIANT: cell.settings[VARIANT]} if VARIANT in cell.settings else {}
    return flat_settings(cell.preset) | variant


def cell_at(cells: Iterable[Cell], wanted: Mapping[str, Any], where: str) -> Cell:
    """The only cell with these settings; a key can be abbreviated to its last part if unique.

    Raises:
        PresetError: a key is unknown, or the settings select no cell or several.
    """
    cells = list(cells)
    keys = dict.fromkeys(key for cell in cells for key in facts_of(cell))
    resolved = {_full(key, keys, where): value for key, value in wanted.items()}
    matches = [c for c in cells if all(facts_of(c).get(k) == v for k, v in resolved.items())]
    if len(matches) != 1:
        raise PresetError(
            "several cells have these settings" if matches else "no cell has these settings",
            where=where,
            found=", ".join(f"{key}={value}" for key, value in wanted.items()) or "no settings",
            allowed="; ".join(cell.label or "the only cell" for cell in (matches or cells)[:8]),
        )
    return matches[0]


def _full(key: str, keys: Iterable[str], where: str) -> str:
    if key in keys:
        return key
    matches = [full for full in keys if full.rpartition(".")[2] == key]
    if len(matches) == 1:
        return matches[0]
    raise PresetError(f"unknown setting {key!r}", where=where, hint=nearest(key, keys))
