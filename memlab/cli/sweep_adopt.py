"""`memlab sweep adopt`: a sweep, and its tables, from runs that exist."""

from typing import Annotated

import typer

from memlab.cli.options import Json, RunsFolder


def adopt(
    refs: Annotated[
        list[str], typer.Argument(metavar="RUN ...", help="Ids, their beginnings, or paths.")
    ],
    name: Annotated[str, typer.Option(help="Display name of the sweep.")],
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Create a sweep from existing runs; its axes are the settings in which they differ."""
    from memlab.cli.output import print_json, stderr
    from memlab.record.runs import find, runs_folder
    from memlab.sweeps.adopt import adopt_runs

    here = runs_folder(runs)
    made = adopt_runs(here, [find(here, ref) for ref in refs], name)
    if json:
        print_json({"sweep": made.id, "runs": [member.run for member in made.members]})
    else:
        stderr().print(f"{made.id}: {len(made.cells)} cells, {len(made.members)} runs")
