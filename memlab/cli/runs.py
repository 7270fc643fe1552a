"""`memlab runs`: lists the runs with their status."""

import gc
import os
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder

Newest = Annotated[
    int | None,
    typer.Option("--newest", "-n", metavar="N", min=1, max=10**9, help="Only the N newest."),
]
VERIFIED = 200
"""number of newest runs whose rows are verified"""


def runs(newest: Newest = None, json: Json = False, runs: RunsFolder = None) -> None:
    """List the runs, newest first."""
    from memlab.cli.output import number, print_json, stderr, stdout, table
    from memlab.record.folder import RunFolder
    from memlab.record.runs import runs_folder
    from memlab.record.safe_text import safe_text
    from memlab.record.summary import quick_damage

    briefs = _briefs(runs_folder(runs), newest)
    for run in briefs[:VERIFIED]:
        run["damage"] = quick_damage(RunFolder(runs_folder(runs) / run["run"]))
    if json:
        print_json(briefs)
        return
    rows = [
        [
            run["run"],
            run["name"],
            run["status"],
            f"{run['step']:,}",
            *(number(run["final"].get(key), 3) for key in ("val_loss", "val_accuracy")),
        ]
        for run in briefs
    ]
    headers = ["run", "name", "status", "step", "val loss", "val acc"]
    console = stdout()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 1000
    if rows:
        console.print(table(headers, rows, numbers=headers[3:], one_line=True))
    else:
        stderr().print("no runs yet; memlab run quickstart trains one")
    for run in briefs:
        if run.get("damage"):
            text = f"{run['run']}: {run['damage']}; memlab doctor {run['run']}"
            console.print(safe_text(text, 300), markup=False, soft_wrap=True)


def _briefs(runs: Path, newest: int | None) -> list[dict[str, Any]]:
    from memlab.record.catalog import Catalog, stamp
    from memlab.record.folder import RunFolder
    from memlab.record.runs import run_names

    # There are no reference cycles, and garbage collection would take a third of the time.
    gc.disable()
    try:
        with Catalog.of_briefs(runs) as catalog:
            paths = (Path(f"{runs}/{name}") for name in run_names(runs))
            all_briefs = (
                catalog.value_of(RunFolder(path), now) for path in paths if (now := stamp(path))
            )
            return list(islice(all_briefs, newest))
    finally:
        gc.freeze()
        gc.enable()
