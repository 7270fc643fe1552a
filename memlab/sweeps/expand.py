"""A sweep file becomes cells and members. This is done once, and the result is stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from memlab.errors import PresetError
from memlab.preset.merge import merged
from memlab.preset.override import change
from memlab.preset.schedule import total_steps, updates_per_epoch
from memlab.preset.validate import validated
from memlab.record.run_filter import FilterError, Test, parse
from memlab.record.run_id import new_ids
from memlab.sweeps.axes import AxisValue, axes_of
from memlab.sweeps.load import SweepSource
from memlab.sweeps.plan import VARIANT, Cell, Member, Plan, SweepAxis, seed_changes
from memlab.sweeps.select import cell_at, facts_of

MAX_MEMBERS = 20_000


def expand(source: SweepSource, runs: Path, threads: int = 1) -> Plan:
    """The sweep that a file describes, with ids for the runs to be made in `runs`.

    Args:
        threads: of each member.

    Raises:
        PresetError: a cell's settings are not valid, with the place of the value at fault.
        DataError: the task of a cell cannot make its data.
    """
    file, place = source.file, source.document.place
    axes = axes_of(source)
    seeds, vary = tuple(file.seed_list), tuple(file.vary)
    count = len(seeds) * prod(len(values) for _, values in axes)
    if count > MAX_MEMBERS:
        raise PresetError(
            "the sweep has too many members",
            where=place(()),
            found=f"{count:,}",
            allowed=f"at most {MAX_MEMBERS:,}",
        )
    cells = list(_cells(source, axes))
    chosen = _not_skipped(source, cells, [seed_changes(vary, seed) for seed in seeds])
    if not chosen:
        raise PresetError("skip leaves no member", where=place(("skip",)))
    numbers = {old: new for new, old in enumerate(sorted({cell for _, cell in chosen}))}
    runs.mkdir(parents=True, exist_ok=True)
    cells = [replace(cells[old], number=new) for old, new in numbers.items()]
    for i, claim in enumerate(file.claims):
        for wanted in claim.compare or [claim.cell or {}]:
            cell_at(cells, wanted, place(("claims", i)))
    return Plan(
        name=file.name,
        about=file.about,
        base=str(source.base.value.get("name", file.base)),
        axes=tuple(axis for axis, _ in axes),
        cells=tuple(cells),
        members=tuple(
            Member(run, numbers[cell], seeds[i], seed_changes(vary, seeds[i]))
            for run, (i, cell) in zip(new_ids(runs, len(chosen)), chosen, strict=True)
        ),
        seeds=seeds,
        vary=vary,
        claims=tuple(claim.model_dump(mode="json", exclude_defaults=True) for claim in file.claims),
        fork=file.fork.model_dump() if file.fork else None,
        skipped=count - len(chosen),
        threads=threads,
    )


def _cells(
    source: SweepSource, axes: Sequence[tuple[SweepAxis, list[AxisValue]]]
) -> Iterator[Cell]:
    """All combinations of the axes' values, the last axis changing fastest."""
    sizes: dict[str, int] = {}
    """training examples by task"""
    first_seed = seed_changes(tuple(source.file.vary), source.file.seed_list[0])

    for number, values in enumerate(product(*(own for _, own in axes))):
        document, settings = source.base, dict[str, Any]()
        for value in values:
            for key, setting in value.overrides.items():
                document = merged(document, change(key, setting, value.place))
                settings[key] = setting
        for key, seed in first_seed.items():
            document = merged(document, change(key, seed, source.document.place(("seeds",))))
        preset = validated(document, source.folder)
        # To make the data shows that it can be made; once for each task is enough.
        task = preset.task.model_dump_json()
        if task not in sizes:
            sizes[task] = len(preset.task.dataset(preset.seeds).splits["train"])
        resolved = preset.model_dump(mode="json")
        if settings:
            resolved["claims"] = []  # a preset's claims are about its own settings
        at = {axis.key: value.label for (axis, _), value in zip(axes, values, strict=True)}
        if VARIANT in at:
            settings = {VARIANT: at[VARIANT]} | settings
        updates = total_steps(preset, updates_per_epoch(preset, sizes[task]))
        yield Cell(number, at, settings, resolved, updates)


def _not_skipped(
    source: SweepSource, cells: Sequence[Cell], seeds: Sequence[Mapping[str, int]]
) -> list[tuple[int, int]]:
    """(index of the seed, number of the cell) of all members, seeds in the outer loop."""
    facts = [facts_of(cell) for cell in cells]
    known = frozenset(key for own in facts for key in own)
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
        for cell, own in zip(cells, facts, strict=True)
        if not _any(tests, own, changes)
    ]


def _any(tests: Sequence[Test], facts: Mapping[str, Any], changes: Mapping[str, int]) -> bool:
    return any(test({**facts, **changes}) for test in tests)
