"""Changes to an existing sweep: add seeds, add steps, delete."""

from memlab.errors import BusyError, PresetError
from memlab.preset.fields import fields
from memlab.preset.load import from_json
from memlab.preset.override import read
from memlab.record import files
from memlab.record.run_id import new_ids
from memlab.record.runs import TRASH, delete
from memlab.sweeps.expand import check_size
from memlab.sweeps.plan import Member, seed_changes
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.schema import MAX_SEED
from memlab.sweeps.sweep import FOLDER, Addition, Sweep


def add_seeds(sweep: Sweep, seeds: int | list[int]) -> Sweep:
    """The sweep with more members.

    Args:
        seeds: how many seeds after the highest present one, or a list of seeds.

    Raises:
        PresetError: a seed is already present or not valid, there are too many members, or the sweep
            varies no seed.
    """
    if not sweep.plan.vary:
        raise PresetError(
            "this sweep varies no seed: its members are forks",
            where=sweep.id,
            hint="create another sweep with vary: [batches]",
        )
    count = seeds if isinstance(seeds, int) else len(seeds)
    check_size(len(sweep.members) + count * len(sweep.cells), sweep.id)
    first = max(sweep.seeds) + 1
    added = list(range(first, first + seeds)) if isinstance(seeds, int) else seeds
    new = {seed for seed in added if 0 <= seed <= MAX_SEED} - set(sweep.seeds)
    if not added or len(new) < len(added):
        raise PresetError(
            "these seeds cannot be added",
            where=sweep.id,
            found=", ".join(map(str, added)) or f"{seeds} seeds",
            allowed=f"seeds from 0 on other than {', '.join(map(str, sweep.seeds))}, each once",
        )
    # Every cell gets every added seed, also combinations that `skip` would leave out.
    combinations = [(seed, cell.number) for seed in added for cell in sweep.cells]
    return sweep.add(
        Addition(
            members=tuple(
                Member(run, cell, seed, seed_changes(sweep.plan.vary, seed))
                for run, (seed, cell) in zip(
                    new_ids(sweep.runs, len(combinations)), combinations, strict=True
                )
            )
        )
    )


def add_steps(sweep: Sweep, text: str) -> Sweep:
    """The sweep with all members extended to N steps, where `text` is `training.steps=N`.

    Raises:
        PresetError: `text` has another form, N is not above the present number of steps, or a
            learning rate schedule depends on `training.steps`.
    """
    key, steps = read(text, fields())
    planned = max(sweep.target(member) for member in sweep.members)
    if key != "training.steps" or type(steps) is not int or steps <= planned:
        raise PresetError(
            "members can only be extended to a later step",
            where=f"sweep add {text}",
            found=text,
            allowed=f"training.steps=N with N above {planned:,}",
        )
    for cell in sweep.cells:
        preset = from_json(dict(cell.preset))
        if preset.optimizer.schedule != "constant":
            raise PresetError(
                "the lr schedule depends on steps: extended members would differ from longer runs",
                where=f"{sweep.id}, cell {cell.label or cell.number}",
                found=f"optimizer.schedule: {preset.optimizer.schedule}",
                hint="create another sweep with training.steps in its base",
            )
        if preset.training.steps is None:
            raise PresetError(
                "the length of these members is given in epochs",
                where=f"{sweep.id}, cell {cell.label or cell.number}",
                hint="create another sweep with more epochs",
            )
    return sweep.add(Addition(steps=steps))


def delete_sweep(sweep: Sweep) -> list[str]:
    """Move a sweep and its members to the trash; returns the ids of the moved runs.

    Members of an adopted sweep stay.

    Raises:
        BusyError: a member is running; nothing was moved.
    """
    progress = SweepProgress(sweep)
    running = [s.member.run for s in progress.read() if s.state == "running"]
    if running:
        raise BusyError(
            "members are running",
            where=sweep.id,
            found=", ".join(running[:5]),
            hint=f"memlab sweep stop {sweep.id}",
        )
    sweep.stop()  # a waiting worker must not create the members again
    moved = []
    for member in () if sweep.adopted else sweep.members:
        folder = progress.folder(member)
        if (folder.path / "run.json").exists():
            delete(folder)
            moved.append(member.run)
    trash = sweep.runs / TRASH / FOLDER
    files.make_folder(trash)
    files.move(sweep.path, trash / sweep.id)
    return moved
