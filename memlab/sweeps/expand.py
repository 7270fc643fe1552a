"""Expand a sweep file into cells and members. This happens once; `sweep.json` stores the result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from memlab.errors import PresetError
from memlab.preset.fork import check_fork
from memlab.preset.merge import merged
from memlab.preset.override import change
from memlab.preset.schedule import total_steps, updates_per_epoch
from memlab.preset.schema import Preset
from memlab.preset.validate import validated
from memlab.record.run_filter import FilterError, Test, parse
from memlab.record.run_id import new_ids
from memlab.sweeps.axes import AxisValue, axes_of
from memlab.sweeps.fork_parent import ForkParent
from memlab.sweeps.load import SweepSource
from memlab.sweeps.plan import VARIANT, Cell, Member, Plan, SweepAxis, seed_changes
from memlab.sweeps.select import cell_at, facts_of

MAX_MEMBERS = 20_000


def expand(source: SweepSource, runs: Path, threads: int | None = None) -> Plan:
    """The plan of a sweep file, with ids for the runs that workers will create in `runs`.

    Args:
        threads: per member; None = 1, or as many as the parent of forked members used.

    Raises:
        PresetError: the settings of a cell are not valid; `where` is the position of the value.
        DataError: the task of a cell cannot generate its data.
    """
    file, place, parent = source.file, source.document.place, source.parent
    axes = axes_of(source)
    seeds, vary = _seeds(source)
    count = len(seeds) * prod(len(values) for _, values in axes)
    check_size(count, place(()))
    cells = list(_cells(source, axes, seed_changes(vary, seeds[0])))
    chosen = _not_skipped(source, cells, [seed_changes(vary, seed) for seed in seeds])
    if not chosen:
        raise PresetError("skip leaves no member", where=place(("skip",)))
    numbers = {old: new for new, old in enumerate(sorted({cell for _, cell in chosen}))}
    runs.mkdir(parents=True, exist_ok=True)
    cells = [replace(cells[old], number=new) for old, new in numbers.items()]
    for i, claim in enumerate(file.claims):
        for settings in claim.compare or [claim.cell or {}]:
            cell_at(cells, settings, place(("claims", i)))
    return Plan(
        name=file.name,
        about=file.about,
        base=str(source.base.value.get("name", file.base)),
        axes=tuple(axis for axis, values in axes if len(values) > 1),
        cells=tuple(cells),
        members=tuple(
            Member(run, numbers[cell], seeds[i], seed_changes(vary, seeds[i]))
            for run, (i, cell) in zip(new_ids(runs, len(chosen)), chosen, strict=True)
        ),
        seeds=seeds,
        vary=vary,
        claims=tuple(claim.model_dump(mode="json", exclude_defaults=True) for claim in file.claims),
        fork={"run": parent.run, "at": parent.at} if parent else None,
        skipped=count - len(chosen),
        threads=_threads(source, threads),
    )


def check_size(members: int, where: str) -> None:
    """Check that a sweep may have this many members.

    Raises:
        PresetError: it would be too many.
    """
    if members > MAX_MEMBERS:
        raise PresetError(
            "the sweep has too many members",
            where=where,
            found=f"{members:,}",
            allowed=f"at most {MAX_MEMBERS:,}",
        )


def _seeds(source: SweepSource) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The seeds of each cell, and the names of the seeds that vary.

    By default, forks keep the seeds of their parent.
    """
    file, parent = source.file, source.parent
    if parent is not None and not {"seeds", "vary"} & file.model_fields_set:
        return (parent.settings.training.seed,), ()
    return tuple(file.seed_list), tuple(file.vary)


def _threads(source: SweepSource, requested: int | None) -> int:
    parent = source.parent
    if parent is None:
        return requested or 1
    if requested not in (None, parent.threads):
        raise PresetError(
            "forks train with as many threads as their parent",
            where="--threads",
            found=str(requested),
            allowed=str(parent.threads),
        )
    return parent.threads


def _cells(
    source: SweepSource,
    axes: Sequence[tuple[SweepAxis, list[AxisValue]]],
    first_seed: Mapping[str, int],
) -> Iterator[Cell]:
    """All combinations of the axes' values, the last axis changing fastest.

    An axis with one value does not distinguish cells: it is a setting of all of them.
    """
    sizes: dict[str, int] = {}
    """number of training examples by task"""

    for number, values in enumerate(product(*(axis_values for _, axis_values in axes))):
        document, settings, places = source.base, dict[str, Any](), dict[str, str]()
        for value in values:
            for key, setting in value.overrides.items():
                document = merged(document, change(key, setting, value.place))
                settings[key], places[key] = setting, value.place
        for key, seed in first_seed.items():
            document = merged(document, change(key, seed, source.document.place(("seeds",))))
        preset = validated(document, source.folder)
        # Generate the data of each task once, to find out whether that is possible.
        task = preset.task.model_dump_json()
        if task not in sizes:
            sizes[task] = len(preset.task.dataset(preset.seeds).splits["train"])
        resolved = preset.model_dump(mode="json")
        if settings:
            resolved["claims"] = []  # a preset's claims are about its own settings
        labels = {axis.key: value.label for (axis, _), value in zip(axes, values, strict=True)}
        if VARIANT in labels:
            settings = {VARIANT: labels[VARIANT]} | settings
        at = {axis.key: labels[axis.key] for axis, axis_values in axes if len(axis_values) > 1}
        updates = total_steps(preset, updates_per_epoch(preset, sizes[task]))
        if source.parent is not None:
            _check_fork(source.parent, preset, updates, places)
        yield Cell(number, at, settings, resolved, updates)


def _check_fork(
    parent: ForkParent, preset: Preset, updates: int, places: Mapping[str, str]
) -> None:
    check_fork(parent.settings, preset, places)
    if updates <= parent.at:
        lengths = (places[key] for key in ("training.steps", "training.epochs") if key in places)
        raise PresetError(
            "members must have steps after the fork",
            where=next(lengths, f"run {parent.run}"),
            found=f"{updates:,} steps in total, forked at step {parent.at:,}",
            hint="increase training.steps: it includes the steps of the parent",
        )


def _not_skipped(
    source: SweepSource, cells: Sequence[Cell], seeds: Sequence[Mapping[str, int]]
) -> list[tuple[int, int]]:
    """(seed index, cell number) of all members, with seeds in the outer loop."""
    facts = [facts_of(cell) for cell in cells]
    known = frozenset(key for cell_facts in facts for key in cell_facts)
    tests = []
    for i, text in enumerate(source.file.skip):
        try:
            tests.append(parse(text, known))
        except FilterError as error:
            error.where = source.document.place(("skip", i))
            raise
    return [
        (i, cell.number)
        for i, changes in enumerate(seeds)
        for cell, cell_facts in zip(cells, facts, strict=True)
        if not _any(tests, cell_facts, changes)
    ]


def _any(tests: Sequence[Test], facts: Mapping[str, Any], changes: Mapping[str, int]) -> bool:
    return any(test({**facts, **changes}) for test in tests)
