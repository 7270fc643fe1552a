"""Changes to a sweep that exists: more seeds, more steps, the trash."""

from memlab.errors import BusyError, PresetError
from memlab.preset.fields import fields
from memlab.preset.load import from_json
from memlab.preset.override import read
from memlab.record import files
from memlab.record.run_id import new_ids
from memlab.record.runs import TRASH, delete
from memlab.sweeps.plan import Member, seed_changes
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.sweep import FOLDER, Addition, Sweep


def add_seeds(sweep: Sweep, seeds: int | list[int]) -> Sweep:
    """The sweep with further members: so many seeds after the highest, or these.

    Raises:
        PresetError: a seed is there already, or seeds change nothing in this sweep.
    """
    if not sweep.plan.vary:
        raise PresetError(
            "seeds vary nothing in this sweep: its members are forks",
            where=sweep.id,
            hint="plan another sweep with vary: [batches]",
        )
    first = max(sweep.seeds) + 1
    wanted = list(range(first, first + seeds)) if isinstance(seeds, int) else seeds
    present = sorted(set(wanted) & set(sweep.seeds))
    if present or not wanted or len(set(wanted)) < len(wanted):
        raise PresetError(
            "these seeds cannot be added",
            where=sweep.id,
            found=", ".join(map(str, wanted)),
            allowed=f"seeds other than {', '.join(map(str, sweep.seeds))}, each once",
        )
    # Only cells and seeds whose combination was skipped are missing: a cell is added whole.
    places = [(seed, cell.number) for seed in wanted for cell in sweep.cells]
    return sweep.add(
        Addition(
            members=tuple(
                Member(run, cell, seed, seed_changes(sweep.plan.vary, seed))
                for run, (seed, cell) in zip(new_ids(sweep.runs, len(places)), places, strict=True)
            )
        )
    )


def add_steps(sweep: Sweep, text: str) -> Sweep:
    """The sweep whose members all continue to the N of `training.steps=N`.

    Raises:
        PresetError: it is of another form, not later than now, or a schedule depends on `steps`.
    """
    key, steps = read(text, fields())
    now = max(sweep.target(member) for member in sweep.members)
    if key != "training.steps" or type(steps) is not int or steps <= now:
        raise PresetError(
            "members can only continue to a later step",
            where=f"sweep add {text}",
            found=text,
            allowed=f"training.steps=N with N above {now:,}",
        )
    for cell in sweep.cells:
        preset = from_json(dict(cell.preset))
        if preset.optimizer.schedule != "constant":
            raise PresetError(
                "the lr schedule depends on steps: members would not be what a longer run is",
                where=f"{sweep.id}, cell {cell.label or cell.number}",
                found=f"optimizer.schedule: {preset.optimizer.schedule}",
                hint="plan another sweep with training.steps in its base",
            )
        if preset.training.steps is None:
            raise PresetError(
                "the length of these members is given in epochs",
                where=f"{sweep.id}, cell {cell.label or cell.number}",
                hint="plan another sweep with more epochs",
            )
    return sweep.add(Addition(steps=steps))


def delete_sweep(sweep: Sweep) -> list[str]:
    """Move a sweep and its members to the trash; returns the ids of the runs that went there.

    Raises:
        BusyError: a member is alive; nothing was moved.
    """
    progress = SweepProgress(sweep)
    alive = [s.member.run for s in progress.read() if s.state == "running"]
    if alive:
        raise BusyError(
            "members are alive",
            where=sweep.id,
            found=", ".join(alive[:5]),
            hint=f"memlab sweep stop {sweep.id}",
        )
    sweep.stop()  # a worker that waits must not make members anew
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
