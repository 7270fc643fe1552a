"""`memlab runs`: every run and how it stands."""

from memlab.cli.options import Json, RunsFolder


def runs(json: Json = False, runs: RunsFolder = None) -> None:
    """List the runs, newest first."""
    from memlab.cli.output import data, number, print_json, table
    from memlab.record.runs import list_runs, runs_folder
    from memlab.record.summary import brief

    found = [brief(folder) for folder in list_runs(runs_folder(runs))]
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
