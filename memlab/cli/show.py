"""`memlab show`: summarizes a run."""

import csv
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from memlab.cli.options import Json, RunName, RunsFolder


def show(
    run: RunName,
    as_csv: Annotated[bool, typer.Option("--csv", help="Rows and evaluations as CSV.")] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Summarize a run, or print its rows and evaluations."""
    from memlab.cli.output import print_json
    from memlab.cli.run_report import run_report
    from memlab.detectors.curve import recorded, spike_stats_of
    from memlab.record.history import History
    from memlab.record.runs import find, runs_folder
    from memlab.record.summary import summarize

    folder = find(runs_folder(runs), run)
    if as_csv:
        _print_csv(folder)
    elif json:
        history = History(folder)
        spike_stats = spike_stats_of(recorded(history.until()))
        print_json(summarize(folder, history) | {"tally": asdict(spike_stats)})
    else:
        run_report(folder, on_stdout=True)


def _print_csv(folder: Any) -> None:
    """One row per step; evaluation results are in the row of their step."""
    from memlab.record.history import History

    snapshot = History(folder).until()
    steps, evaluations = snapshot.steps, snapshot.evaluations
    names = [name for name in evaluations if name != "step"]
    columns = [name for name in steps if name != "step"]
    eval_split = {int(step): i for i, step in enumerate(evaluations["step"])}
    out = csv.writer(sys.stdout)
    out.writerow(["step", *columns, *names])
    rows = {int(step): i for i, step in enumerate(steps["step"])}
    for step in sorted(rows.keys() | eval_split.keys()):
        i, j = rows.get(step), eval_split.get(step)
        out.writerow(
            [
                step,
                *("" if i is None else _cell(c, float(steps[c][i])) for c in columns),
                *("" if j is None else repr(float(evaluations[n][j])) for n in names),
            ]
        )


def _cell(column: str, value: float) -> str:
    """A per-step value as text; empty if it was not measured."""
    from memlab.record.events import SPARSE

    return "" if column in SPARSE and value != value else repr(value)
