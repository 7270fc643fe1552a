"""`memlab sweep show`: the result tables of a sweep."""

import gc
from typing import Annotated

import typer

from memlab.cli.options import Json, RunsFolder
from memlab.cli.sweep_options import SweepName


def show(
    sweep: SweepName,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure", metavar="M", help="Measure whose final values are shown; repeatable."
        ),
    ] = None,
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            metavar="M>=X",
            help="Additional event, such as 'val_accuracy>=0.95'; repeatable.",
        ),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one row per member as CSV.")] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Print the results of each cell of a sweep."""
    from memlab.cli.output import print_json
    from memlab.cli.sweep_tables import print_csv, print_results
    from memlab.record.runs import runs_folder
    from memlab.sweeps.progress import SweepProgress
    from memlab.sweeps.sweep import find_sweep
    from memlab.sweeps.tables import Results

    gc.disable()  # there are no reference cycles, and the collector would scan the data repeatedly
    opened = find_sweep(runs_folder(runs), sweep)
    results = Results(SweepProgress(opened), event or ())
    results.check_measures(measure or ())
    if json:
        print_json(results.to_json(measure))
    elif as_csv:
        print_csv(results)
    else:
        print_results(results, measure)
