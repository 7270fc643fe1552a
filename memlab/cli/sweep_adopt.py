"""`memlab sweep adopt`: a sweep from existing runs."""

from typing import Annotated

import typer

from memlab.cli.options import Json, RunsFolder


def adopt(
    refs: Annotated[
        list[str], typer.Argument(metavar="RUN", help="Ids, prefixes of ids, or paths.")
    ],
    name: Annotated[str, typer.Option(help="Display name of the sweep.")],
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Create a sweep from existing runs; its axes are the settings in which they differ."""
    from memlab.cli.output import print_json, stderr
    from memlab.record.runs import find, runs_folder
    from memlab.sweeps.adopt import adopt_runs

    folder = runs_folder(runs)
    adopted = adopt_runs(folder, [find(folder, ref) for ref in refs], name)
    if json:
        print_json({"sweep": adopted.id, "runs": [member.run for member in adopted.members]})
    else:
        stderr().print(f"{adopted.id}: {len(adopted.cells)} cells, {len(adopted.members)} runs")
