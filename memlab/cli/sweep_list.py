"""`memlab sweep list`: lists sweeps and available sweep files."""

from typing import Any

from memlab.cli.options import Json, RunsFolder


def list_(json: Json = False, runs: RunsFolder = None) -> None:
    """List sweeps, newest first, and the sweep files that `memlab sweep run` finds by name."""
    from memlab.cli.output import print_json, stderr, stdout, table
    from memlab.errors import RunError
    from memlab.record.runs import runs_folder
    from memlab.sweeps.load import names
    from memlab.sweeps.progress import SweepProgress, counts, status_of
    from memlab.sweeps.sweep import Sweep, sweep_paths

    sweeps: list[dict[str, Any]] = []
    for path in sweep_paths(runs_folder(runs)):
        try:
            sweep = Sweep.open(path)
        except RunError as error:
            sweeps.append(
                {"sweep": path.name, "name": "", "status": "damaged", "error": str(error)}
            )
            continue
        totals = counts(SweepProgress(sweep).read())
        status = status_of(sweep, totals)
        sweeps.append({"sweep": sweep.id, "name": sweep.name, "status": status, "members": totals})
    if json:
        print_json({"sweeps": sweeps, "files": {name: str(path) for name, path in names().items()}})
        return
    rows = [
        [
            str(one["sweep"]),
            str(one["name"]),
            str(one["status"]),
            *(str(one.get("members", {}).get(key, "-")) for key in ("total", "finished", "failed")),
        ]
        for one in sweeps
    ]
    headers = ["sweep", "name", "status", "members", "finished", "failed"]
    console = stdout()
    if rows:
        console.print(table(headers, rows, numbers=headers[3:]))
    else:
        stderr().print("no sweeps yet; memlab sweep run NAME trains a sweep file")
    console.print(f"\nsweep files: {', '.join(names()) or 'none'}", markup=False)
