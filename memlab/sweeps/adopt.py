"""A sweep of runs that exist: its axes are the settings in which they differ."""

import json
from collections.abc import Mapping, Sequence
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
"""settings that may differ from those at the start: the run was extended"""
SEEDS = "training.seed"
"""how the keys of all seeds begin"""


def adopt_runs(runs: Path, folders: Sequence[RunFolder], name: str) -> Sweep:
    """Make a sweep of runs that lie in `runs`.

    Raises:
        MemlabError: a run tells nothing of its settings, lies elsewhere, or is named twice; or two
            differ in nothing.
    """
    ids = [folder.path.name for folder in folders]
    if len(set(ids)) < len(ids):
        raise MemlabError("a run is named twice", where=name)
    presets = [_preset(folder, runs) for folder in folders]
    settings = [flat_settings(preset) for preset in presets]
    differing = _differing(settings)
    vary = [key for key in differing if key.startswith(SEEDS)]
    axes = [key for key in differing if not key.startswith(SEEDS)]
    places = [tuple(json.dumps(own.get(key)) for key in axes) for own in settings]
    cells: list[Cell] = []
    members = []
    numbers: dict[tuple[str, ...], int] = {}
    for folder, preset, own, place in zip(folders, presets, settings, places, strict=True):
        if place not in numbers:
            numbers[place] = len(cells)
            at = {key: own.get(key) for key in axes}
            updates = planned_steps(folder)
            cells.append(Cell(len(cells), at, at, preset, updates))
        changes = {key: own[key] for key in vary if own.get(key) is not None}
        seed = next(iter(changes.values()), own.get(SEEDS, 0))
        members.append(Member(folder.path.name, numbers[place], int(seed), changes))
    _refuse_equal(members)
    plan = Plan(
        name=name,
        about="",
        base=str(presets[0].get("name", "")),
        axes=tuple(
            SweepAxis(key, (key,), tuple(_values(own.get(key) for own in settings))) for key in axes
        ),
        cells=tuple(cells),
        members=tuple(members),
        seeds=tuple(dict.fromkeys(member.seed for member in members)),
        vary=tuple(_child(key) for key in vary) or ("seed",),
    )
    text = json.dumps({"name": name, "adopted": ids}, indent=2) + "\n"
    return Sweep.create(runs, plan, text, adopted=True)


def _preset(folder: RunFolder, runs: Path) -> Mapping[str, Any]:
    preset = folder.description.get("preset")
    if preset is None:
        raise MemlabError("this run does not say how it was made", where=str(folder.path))
    if folder.path.absolute().parent != runs.absolute():
        raise MemlabError("this run lies elsewhere", where=str(folder.path), allowed=str(runs))
    edits = History(folder).until().edits
    changed = {key for edit in edits for key in edit.changes} - LENGTHS
    if changed:
        raise MemlabError(
            "settings of this run were edited while it trained, so it belongs to no cell",
            where=folder.path.name,
            found=", ".join(sorted(changed)),
        )
    return edited(preset, edits)


def _differing(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = dict.fromkeys(key for own in settings for key in own)
    return [key for key in keys if len(_values(own.get(key) for own in settings)) > 1]


def _values(values: Any) -> list[Any]:
    """Distinct values in order; lists are compared by what they hold."""
    return list({json.dumps(value): value for value in values}.values())


def _child(key: str) -> str:
    return "seed" if key == SEEDS else key.rpartition(".")[2]


def _refuse_equal(members: Sequence[Member]) -> None:
    seen: dict[tuple[int, str], str] = {}
    for member in members:
        place = member.cell, json.dumps(dict(member.changes))
        if place in seen:
            raise MemlabError(
                "two runs have the same settings and seeds: one result would count twice",
                where=member.run,
                found=seen[place],
            )
        seen[place] = member.run
