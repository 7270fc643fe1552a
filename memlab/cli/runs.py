"""`memlab runs`: every run and how it stands."""

import gc
from pathlib import Path
from typing import Any

from memlab.cli.options import Json, RunsFolder


def runs(json: Json = False, runs: RunsFolder = None) -> None:
    """List the runs, newest first."""
    from memlab.cli.output import data, number, print_json, table
    from memlab.record.runs import runs_folder

    found = _briefs(runs_folder(runs))
    if json:
        print_json(found)
        return
    rows = [
        [
            run["run"],
            run["name"],
            run["status"],
            f"{run['step']:,}",
            *(number(run["final"].get(key), 3) for key in ("val_loss", "val_accuracy")),
        ]
        for run in found
    ]
    headers = ["run", "name", "status", "step", "val loss", "val accuracy"]
    data().print(table(headers, rows, numbers=headers[3:]))


def _briefs(runs: Path) -> list[dict[str, Any]]:
    from memlab.record.runs import list_runs
    from memlab.record.summary import brief

    # What is read has no cycles, and to look for some in 10,000 runs takes a third of the time.
    gc.disable()
    try:
        return [brief(folder) for folder in list_runs(runs)]
    finally:
        gc.freeze()
        gc.enable()
