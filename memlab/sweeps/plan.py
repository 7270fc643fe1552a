"""The plan of a sweep: axes, cells and members, as plain immutable data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

VARIANT = "variant"
"""The key of the axis of named overrides."""


@dataclass(frozen=True)
class SweepAxis:
    """A setting, or several linked settings, whose values differ between cells."""

    key: str
    """dotted setting, or "variant"; the first of linked settings"""
    keys: tuple[str, ...]
    """all settings that change along this axis"""
    values: tuple[Any, ...]
    """values of `key`, or names of variants, in the order of the file"""


@dataclass(frozen=True)
class Cell:
    """Members that differ only in their seed."""

    number: int
    at: Mapping[str, Any]
    """axis key to the value of this cell"""
    settings: Mapping[str, Any]
    """overrides of the base preset: dotted setting to value, and "variant" """
    preset: Mapping[str, Any]
    """the resolved preset with the first seed"""
    updates: int
    """planned optimizer updates per member"""

    @property
    def label(self) -> str:
        """Axis values as text: `train_fraction=0.3 weight_decay=1.0`; empty without axes."""
        return " ".join(f"{key.rpartition('.')[2]}={value}" for key, value in self.at.items())


@dataclass(frozen=True)
class Member:
    """A run of a sweep. Its folder exists as soon as a worker creates it."""

    run: str
    """run id = name of its folder"""
    cell: int
    seed: int
    changes: Mapping[str, int]
    """overrides of the preset of the cell by the seed: {"training.seed": 3}"""


@dataclass(frozen=True)
class Plan:
    """The complete description of a sweep, as `sweep.json` stores it."""

    name: str
    about: str
    base: str
    """name of the base preset of all cells"""
    axes: tuple[SweepAxis, ...]
    cells: tuple[Cell, ...]
    members: tuple[Member, ...]
    """in the order of execution: the first seed of all cells before the second of any"""
    seeds: tuple[int, ...]
    vary: tuple[str, ...]
    claims: tuple[Mapping[str, Any], ...] = ()
    fork: Mapping[str, Any] | None = None
    """{"run": id or path of the parent, "at": last shared step}; None = not forked"""
    skipped: int = 0
    """number of members that `skip` removed"""
    threads: int = 1
    """per member; the bits of a run depend on the number of threads"""

    @property
    def shared_steps(self) -> int:
        """Steps that forked members share with their parent instead of training them."""
        return 0 if self.fork is None else int(self.fork["at"])

    @property
    def common_settings(self) -> dict[str, Any]:
        """The overrides of the base preset that all cells share."""
        first, *others = (cell.settings for cell in self.cells)
        return {
            key: value
            for key, value in first.items()
            if all(other.get(key) == value for other in others)
            and not any(key in axis.keys for axis in self.axes)
        }

    @property
    def initial_attempts(self) -> int:
        """Attempts of a new member: a fork starts with one that holds the shared steps."""
        return 0 if self.fork is None else 1

    def to_json(self) -> dict[str, Any]:
        """As JSON for `sweep.json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; unknown keys are ignored.

        Raises:
            KeyError, TypeError: a key is missing or a value has another type.
        """
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        axes = (SweepAxis(a["key"], tuple(a["keys"]), tuple(a["values"])) for a in stored["axes"])
        return cls(
            **known
            | {
                "axes": tuple(axes),
                "cells": tuple(Cell(**cell) for cell in stored["cells"]),
                "members": tuple(Member(**member) for member in stored["members"]),
                "seeds": tuple(stored["seeds"]),
                "vary": tuple(stored["vary"]),
                "claims": tuple(stored["claims"]),
            }
        )


def seed_changes(vary: tuple[str, ...], seed: int) -> dict[str, int]:
    """The settings that get the value of a seed: `training.seed`, or some of `training.seeds`."""
    return {"training.seed" if name == "seed" else f"training.seeds.{name}": seed for name in vary}


def with_changes(preset: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved preset with dotted settings replaced."""
    changed = dict(preset)
    for key, value in changes.items():
        group, _, rest = key.partition(".")
        changed[group] = with_changes(changed[group] or {}, {rest: value}) if rest else value
    return changed
