"""`memlab import`: logs of other programs as runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder

if TYPE_CHECKING:
    from memlab.formats import Log, LogRun
    from memlab.formats.names import NamedSeries

SourcePath = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A log file, a folder of logs, or `-` for stdin.")
]
Format = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FORMAT", help="Format of the log. Default: detected from its content."
    ),
]
Renamed = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=NAME",
        help="Name of a column; `step` counts the steps, `-` omits the column. Repeatable.",
    ),
]


def import_log(
    source: SourcePath,
    format: Format = None,
    renamed: Renamed = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the detected content without importing it.")
    ] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Import the log of another program as a read-only run.

    Values keep the steps of the log; where steps go back, a new attempt starts. A log of several
    runs is imported as several runs.
    """
    from memlab.cli.output import print_json
    from memlab.errors import DataError
    from memlab.formats import TableOptions, read_log
    from memlab.formats.names import name_series
    from memlab.formats.record_log import record_run
    from memlab.record.runs import runs_folder

    pairs = parse_map(renamed or [])
    log = read_log(Path(source), format, TableOptions(tuple(pairs)))
    if not log.runs:
        found = log.damage or "; ".join(log.notes) or f"format {log.format}"
        raise DataError("it contains no values", where=source, found=found)
    imported: list[dict[str, Any]] = []
    for run in log.runs:
        named = name_series(run, pairs)
        folder = None
        if not dry_run:
            folder = record_run(run, log, named, runs_folder(runs), source).folder.path.name
        imported.append(_report(run, named, folder))
    if json:
        warnings = [*log.warnings, *([log.damage] if log.damage else [])]
        report = {"source": source, "format": log.format, "runs": imported}
        print_json(report | {"notes": list(log.notes), "warnings": warnings})
    else:
        _print(log, imported)
    if log.damage:
        raise typer.Exit(3)


def parse_map(texts: list[str]) -> list[tuple[str, str]]:
    """Pairs (column, name) from COLUMN=NAME; the last `=` separates them.

    Raises:
        DataError: a text has no `=`, or no name.
    """
    from memlab.errors import DataError

    pairs = []
    for text in texts:
        column, equals, name = text.rpartition("=")
        if not (equals and column and name):
            raise DataError(
                "not a column and a name", where="--map", found=text, allowed="COLUMN=NAME"
            )
        pairs.append((column, name))
    return pairs


def _report(run: "LogRun", named: "list[NamedSeries]", folder: str | None) -> dict[str, Any]:
    import numpy as np

    series = []
    for one in named:
        steps, values = run.series[one.source].merged()
        series.append(
            {
                "column": one.source,
                "name": one.name,
                "kind": one.place,
                "values": len(steps),
                "first": int(steps[0]),
                "last": int(steps[-1]),
                "not_finite": int(len(values) - np.isfinite(values).sum()),
            }
        )
    return {
        "run": folder,
        "name": run.name,
        "series": series,
        "attempts": run.attempts,
        "restarts": run.restarts(),
        "replaced": run.n_replaced,
        "planned_steps": run.planned_steps,
        "ended": run.ended,
    }


def _print(log: "Log", imported: list[dict[str, Any]]) -> None:
    from memlab.cli.log_notes import print_notes
    from memlab.cli.output import stdout, table
    from memlab.record.safe_text import safe_text

    console = stdout()
    headers = ["column", "name", "kind", "values", "first", "last", "not finite"]
    for report in imported:
        rows = [
            [
                safe_text(one["column"], 60),
                safe_text(one["name"], 60),
                one["kind"],
                *(f"{one[key]:,}" for key in ("values", "first", "last", "not_finite")),
            ]
            for one in report["series"]
        ]
        title = f"{report['name']}: {log.format}, {report['attempts']} attempt"
        title += "s" * (report["attempts"] > 1)
        console.print(safe_text(title, 200), markup=False)
        console.print(table(headers, rows, numbers=headers[3:]))
        if report["run"]:
            console.print(f"{report['run']}  memlab show {report['run']}", markup=False)
    print_notes(log)
