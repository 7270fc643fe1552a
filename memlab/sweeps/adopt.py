"""Make a sweep of existing runs. Its axes are the settings in which the runs differ."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memlab.errors import MemlabError
from memlab.record.edited_settings import edited
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.summary import flat_settings, planned_steps
from memlab.sweeps.plan import Cell, Member, Plan, SweepAxis
from memlab.sweeps.sweep import Sweep

LENGTHS = {"training.steps", "training.epochs"}
"""Edits of these are accepted: the run was extended."""
SEED_PREFIX = "training.seed"
"""prefix of the keys of all seeds"""


def adopt_runs(runs: Path, folders: Sequence[RunFolder], name: str) -> Sweep:
    """Make a sweep of runs in the folder `runs`.

    Raises:
        MemlabError: a run does not record its settings, is in another folder, or is given twice;
            its settings were edited; or two runs have the same settings and seeds.
    """
    ids = [folder.path.name for folder in folders]
    if len(set(ids)) < len(ids):
        raise MemlabError("a run is given twice", where=name)
    presets = [_preset(folder, runs) for folder in folders]
    settings = [flat_settings(preset) for preset in presets]
    differing = _differing(settings)
    vary = [key for key in differing if key.startswith(SEED_PREFIX)]
    axes = [key for key in differing if not key.startswith(SEED_PREFIX)]
    cells: list[Cell] = []
    members = []
    numbers: dict[str, int] = {}
    for folder, preset, flat in zip(folders, presets, settings, strict=True):
        at = {key: flat.get(key) for key in axes}
        cell_key = json.dumps(at)
        if cell_key not in numbers:
            numbers[cell_key] = len(cells)
            cells.append(Cell(len(cells), at, at, preset, planned_steps(folder)))
        changes = {key: flat[key] for key in vary if flat.get(key) is not None}
        seed = next(iter(changes.values()), flat.get(SEED_PREFIX, 0))
        members.append(Member(folder.path.name, numbers[cell_key], int(seed), changes))
    _check_distinct(members)
    plan = Plan(
        name=name,
        about="",
        base=str(presets[0].get("name", "")),
        axes=tuple(
            SweepAxis(key, (key,), tuple(_distinct(flat.get(key) for flat in settings)))
            for key in axes
        ),
        cells=tuple(cells),
        members=tuple(members),
        seeds=tuple(dict.fromkeys(member.seed for member in members)),
        vary=tuple(_seed_name(key) for key in vary) or ("seed",),
    )
    text = json.dumps({"name": name, "adopted": ids}, indent=2) + "\n"
    return Sweep.create(runs, plan, text, adopted=True)


def _preset(folder: RunFolder, runs: Path) -> Mapping[str, Any]:
    preset = folder.description.get("preset")
    if preset is None:
        raise MemlabError("this run does not record its settings", where=str(folder.path))
    if folder.path.absolute().parent != runs.absolute():
        raise MemlabError(
            "this run is in another folder", where=str(folder.path), allowed=str(runs)
        )
    edits = History(folder).until().edits
    changed = {key for edit in edits for key in edit.changes} - LENGTHS
    if changed:
        raise MemlabError(
            "settings of this run were edited during training, so it belongs to no cell",
            where=folder.path.name,
            found=", ".join(sorted(changed)),
        )
    return edited(preset, edits)


def _differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for flat in settings for key in flat)
    return [key for key in keys if len(_distinct(flat.get(key) for flat in settings)) > 1]


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Distinct values in the order of their first occurrence; lists are compared by content."""
    return list({json.dumps(value): value for value in values}.values())


def _seed_name(key: str) -> str:
    return "seed" if key == SEED_PREFIX else key.rpartition(".")[2]


def _check_distinct(members: Sequence[Member]) -> None:
    seen: dict[tuple[int, str], str] = {}
    for member in members:
        settings = member.cell, json.dumps(dict(member.changes))
        if settings in seen:
            raise MemlabError(
                "two runs have the same settings and seeds: one result would count twice",
                where=member.run,
                found=seen[settings],
            )
        seen[settings] = member.run
