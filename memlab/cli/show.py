"""`memlab show`: summarizes a run."""

import csv
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from memlab.cli.options import Json, RunName, RunsFolder


def show(
    run: RunName,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print rows and evaluations as CSV.")
    ] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Summarize a run, or print its rows and evaluations."""
    from memlab.cli.output import print_json
    from memlab.cli.run_summary import print_run_summary
    from memlab.detectors.curve import recorded_spikes, spike_stats_of
    from memlab.record.history import History
    from memlab.record.runs import find, runs_folder
    from memlab.record.summary import summarize

    folder = find(runs_folder(runs), run)
    if as_csv:
        _print_csv(folder)
    elif json:
        history = History(folder)
        spike_stats = spike_stats_of(recorded_spikes(history.until()))
        print_json(summarize(folder, history).to_json() | {"tally": asdict(spike_stats)})
    else:
        print_run_summary(folder, on_stdout=True)


def _print_csv(folder: Any) -> None:
    """One row per step; evaluation results are in the row of their step."""
    from memlab.formats.curve_tables import wide_rows
    from memlab.formats.run_curves import RunCurves

    csv.writer(sys.stdout).writerows(wide_rows(RunCurves.of(folder)))
