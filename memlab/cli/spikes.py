"""`memlab spikes`: loss spikes in a run, or in a log of any program."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memlab.charts import Chart
    from memlab.detectors.curve import Chunk, Curve
    from memlab.detectors.series import SpikeSearch
    from memlab.formats import Log

FILES = (".csv", ".tsv", ".npy", ".jsonl", ".json", ".txt", ".log", ".wandb")
"""extensions that are not part of a run's name"""
BINS = 512
"""number of x-axis bins whose extremes are drawn: finer than any terminal"""


def spikes(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="RUN_OR_FILE",
            help="A run, a log (CSV, JSON Lines, event files, ...), a 1-D .npy file, or `-` for stdin.",
        ),
    ],
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Column to analyse. Default: the loss."),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Plot the curve with its spikes.")] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Find loss spikes.

    The spikes of a run were recorded during training; other columns and files are analysed now.
    """
    from memlab.cli.log_notes import print_notes
    from memlab.cli.output import print_json, stdout
    from memlab.cli.terminal_chart import print_chart
    from memlab.detectors.curve import find_curve_spikes, iter_column, recorded_spikes
    from memlab.record.history import History
    from memlab.record.runs import find, runs_folder

    path, log = Path(ref), None
    curve: Curve
    if _is_log(path):
        column, curve, log = _file_curve(path, column)
        analysis = find_curve_spikes(curve)
    else:
        folder, column = find(runs_folder(runs), ref), column or "loss"
        snapshot = History(folder).until()
        ref, curve = folder.path.name, partial(iter_column, snapshot, column)
        is_recorded = column == "loss" and column in snapshot.steps.columns
        analysis = recorded_spikes(snapshot) if is_recorded else find_curve_spikes(curve)
    if json:
        print_json(_report(ref, column, analysis, log))
    else:
        if plot:
            print_chart(stdout(), _chart(curve(), analysis, column))
        _print(f"{column} of {ref}", analysis)
        if log is not None:
            print_notes(log)
    if log is not None and log.damage:
        raise typer.Exit(3)


def _is_log(path: Path) -> bool:
    """Whether the argument is a log and not the name or folder of a run."""
    if str(path) == "-" or path.suffix in FILES:
        return True
    if path.is_dir():
        return not (path / "run.json").exists()
    return path.exists()


def _file_curve(path: Path, column: str | None) -> "tuple[str, Curve, Log]":
    from memlab.detectors.curve import series_curve
    from memlab.formats import TableOptions, choose_series, read_log

    log = read_log(path, options=TableOptions(only=column))
    label, series = choose_series(log, column, str(path))
    return label, partial(series_curve, *series.merged()), log


def _report(
    ref: str, column: str | None, analysis: "SpikeSearch", log: "Log | None"
) -> dict[str, Any]:
    from dataclasses import asdict

    from memlab.cli.log_notes import restart_notes
    from memlab.detectors.curve import spike_stats_of
    from memlab.record.events import to_json
    from memlab.record.summary import gap_to_json, spike_to_json

    report: dict[str, Any] = {
        "source": ref,
        "column": column,
        "steps": analysis.steps,
        "how": analysis.how,
        "scale": "linear" if analysis.linear else "log",
        "n": len(analysis.spikes),
        "spikes": [spike_to_json(spike) for spike in analysis.spikes],
        "open": to_json(analysis.open) if analysis.open else None,
        "gaps": [gap_to_json(gap) for gap in analysis.gaps],
        "tally": asdict(spike_stats_of(analysis)),
    }
    if log is not None:
        report |= {
            "format": log.format,
            "notes": [*log.notes, *restart_notes(log)],
            "warnings": [*log.warnings, *([log.damage] if log.damage else [])],
        }
    return report


def _print(title: str, analysis: "SpikeSearch") -> None:
    from memlab.cli.event_text import spike_stats_line
    from memlab.cli.output import number, stdout, table
    from memlab.detectors.curve import spike_stats_of
    from memlab.record.gap_text import gap_text
    from memlab.record.safe_text import safe_text

    console = stdout()
    rows = [
        [
            f"{spike.onset:,}",
            number(spike.base, 3),
            number(spike.peak, 3),
            f"{spike.peak_step:,}",
            "-" if spike.recovered_at is None else f"{spike.recovered_at:,}",
            spike.label,
            str(spike.details.get("answers", "")),
        ]
        for spike in analysis.spikes
    ]
    headers = ["step", "base", "peak", "at step", "recovered", "kind", "answers"]
    if rows:
        console.print(table(headers, rows, numbers=headers[:5]))
    lines = [
        f"{title}: {analysis.steps:,} steps, {spike_stats_line(spike_stats_of(analysis), analysis.linear)}",
        *(gap_text(gap) for gap in analysis.gaps),
    ]
    if analysis.open:
        since, base = f"{analysis.open.step:,}", number(analysis.open.base, 3)
        lines.append(f"a spike that started at step {since}, from base {base}, is still open")
    for line in [*lines, f"Method: {analysis.how}"]:
        console.print(safe_text(line, limit=1000), markup=False, soft_wrap=True)


def _chart(curve: "Iterator[Chunk]", analysis: "SpikeSearch", name: str) -> "Chart":
    """The curve and its spikes; the curve is reduced to extremes in chunks, so that memory stays
    bounded.
    """
    import numpy as np

    from memlab.charts import Chart, Marks, Series
    from memlab.record.bins import Bins
    from memlab.record.safe_text import safe_text

    bins = Bins.over(0, analysis.steps, BINS)
    for steps, values in curve:
        invalid = ~np.isfinite(values)
        low, high = np.where(invalid, np.inf, values), np.where(invalid, -np.inf, values)
        bins.add(np.asarray(steps), low, high, invalid.astype(np.int64))
    bins.closed()
    finite = np.isfinite(bins.low)
    x = ((bins.edges[:-1] + bins.edges[1:] - 1) / 2)[finite]
    both = np.stack([bins.low[finite], bins.high[finite]], axis=1)
    peaks = np.array([(s.peak_step, s.peak) for s in analysis.spikes], np.float64).reshape(-1, 2)
    return Chart(
        series=(Series(safe_text(name, 40), x.repeat(2), both.ravel(), "train"),),
        marks=(Marks("spike", peaks[:, 0], peaks[:, 1], "spike"),),
        y_log=not analysis.linear,
        not_finite=int(bins.nonfinite.sum()),
    )
