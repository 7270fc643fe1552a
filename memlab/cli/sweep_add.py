"""`memlab sweep add`: more seeds, or more steps."""

from typing import Annotated

import typer

from memlab.cli.options import Json, RunsFolder
from memlab.cli.sweep_options import SweepName


def add(
    sweep: SweepName,
    change: Annotated[
        str | None,
        typer.Argument(metavar="training.steps=N", help="All members continue to step N."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N|LIST", help="Number of further seeds, or a list of seeds."),
    ] = None,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Add seeds, or continue all members to a later step; then `memlab sweep resume`."""
    from memlab.cli.output import print_json, stderr
    from memlab.cli.sweep_run import read_seeds
    from memlab.errors import MemlabError
    from memlab.record.runs import runs_folder
    from memlab.sweeps.change import add_seeds, add_steps
    from memlab.sweeps.progress import SweepProgress, counts
    from memlab.sweeps.sweep import find_sweep

    opened = find_sweep(runs_folder(runs), sweep)
    if (change is None) == (seeds is None):
        raise MemlabError(
            "nothing to add" if change is None else "seeds and steps cannot be added at once",
            where="sweep add",
            allowed="--seeds N or training.steps=N",
        )
    number = read_seeds(seeds)
    added = add_steps(opened, change or "") if number is None else add_seeds(opened, number)
    if json:
        print_json({"sweep": added.id, "members": counts(SweepProgress(added).read())})
    else:
        stderr().print(f"{len(added.members)} members; memlab sweep resume {added.id}")
