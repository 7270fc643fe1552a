"""What a sweep consists of: axes, cells and members, as plain immutable data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

VARIANT = "variant"
"""The key of the axis of named overrides."""


@dataclass(frozen=True)
class SweepAxis:
    """Something that differs between cells."""

    key: str
    """dotted setting, or "variant"; of linked settings the first"""
    keys: tuple[str, ...]
    """all settings that change along it"""
    values: tuple[Any, ...]
    """values of `key` in the order of the file; names for variants"""


@dataclass(frozen=True)
class Cell:
    """Members that differ in nothing but their seed."""

    number: int
    at: Mapping[str, Any]
    """axis key to the value of this cell"""
    settings: Mapping[str, Any]
    """what it states over the base: dotted setting to value, and "variant" """
    preset: Mapping[str, Any]
    """the complete resolved preset of its first seed"""
    updates: int
    """planned optimizer updates of a member"""

    @property
    def label(self) -> str:
        """Its place in words: `train_fraction=0.3 weight_decay=1.0`; empty for the only cell."""
        return " ".join(f"{key.rpartition('.')[2]}={value}" for key, value in self.at.items())


@dataclass(frozen=True)
class Member:
    """A run of a sweep, made or not."""

    run: str
    """its id, which is the name of its folder"""
    cell: int
    seed: int
    changes: Mapping[str, int]
    """what the seed sets over the preset of the cell: {"training.seed": 3}"""


@dataclass(frozen=True)
class Plan:
    """A sweep before and after it is written down: nothing is ever expanded twice."""

    name: str
    about: str
    base: str
    """name of the preset that all cells start from"""
    axes: tuple[SweepAxis, ...]
    cells: tuple[Cell, ...]
    members: tuple[Member, ...]
    """in the order of execution: every cell's first seed before any cell's second"""
    seeds: tuple[int, ...]
    vary: tuple[str, ...]
    claims: tuple[Mapping[str, Any], ...] = ()
    fork: Mapping[str, Any] | None = None
    """{"run": id or path, "at": step}: what members are forked from, and the last shared step"""
    skipped: int = 0
    """members that `skip` left out"""
    threads: int = 1
    """of each member: other numbers give other bits"""

    @property
    def shared_steps(self) -> int:
        """Steps that forked members share with their parent, so that nobody trains them."""
        return 0 if self.fork is None else int(self.fork["at"])

    @property
    def made_attempts(self) -> int:
        """Attempts that a member has when it is made: that of a fork holds the shared steps."""
        return 0 if self.fork is None else 1

    def to_json(self) -> dict[str, Any]:
        """As `sweep.json` stores it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """From what `to_json` gave, other members left out.

        Raises:
            KeyError, TypeError: it is not of that form.
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
    """The settings that a seed sets: `training.seed`, or single children of it."""
    return {
        "training.seed" if child == "seed" else f"training.seeds.{child}": seed for child in vary
    }


def with_changes(preset: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved preset with dotted settings replaced."""
    changed = dict(preset)
    for key, value in changes.items():
        group, _, rest = key.partition(".")
        changed[group] = with_changes(changed[group] or {}, {rest: value}) if rest else value
    return changed
