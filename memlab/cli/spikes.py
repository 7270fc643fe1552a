"""`memlab spikes`: loss spikes in a run, a CSV or an `.npy`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from memlab.charts import Chart
    from memlab.detectors.curve import Chunk
    from memlab.detectors.series import Found

FILES = (".csv", ".npy")
BINS = 512
"""number of x-axis bins whose extremes are drawn: finer than any terminal"""


def spikes(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="RUN_OR_FILE",
            help="A run, a CSV file with a header, or a one-dimensional .npy file.",
        ),
    ],
    column: Annotated[
        str | None,
        typer.Option("--column", metavar="NAME", help="Column to analyse. Default: `loss`."),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Plot the curve with its spikes.")] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Find loss spikes.

    For a run, the spikes recorded during training; another column, or a file, is analysed now.
    Steps of a file count its values from 1.
    """
    from memlab.cli.output import print_json, stdout
    from memlab.cli.terminal_chart import print_chart
    from memlab.detectors.curve import file_curve, judge, recorded, run_curve
    from memlab.record.history import History
    from memlab.record.runs import find, runs_folder

    path = Path(ref)
    if path.is_file() or path.suffix in FILES:
        curve = partial(file_curve, path, column)
        analysis = judge(curve())
    else:
        folder, column = find(runs_folder(runs), ref), column or "loss"
        snapshot = History(folder).until()
        ref, curve = folder.path.name, partial(run_curve, snapshot, column)
        analysis = recorded(snapshot) if column == "loss" else judge(curve())
    if json:
        print_json(_report(ref, column, analysis))
        return
    if plot:
        print_chart(stdout(), _chart(curve(), analysis, column or "loss"))
    _print(f"{column} of {ref}" if column else ref, analysis)


def _report(ref: str, column: str | None, analysis: "Found") -> dict[str, Any]:
    from dataclasses import asdict

    from memlab.detectors.curve import spike_stats_of
    from memlab.detectors.series import HOW
    from memlab.record.events import to_json
    from memlab.record.summary import spike_to_json

    return {
        "source": ref,
        "column": column,
        "steps": analysis.steps,
        "how": HOW,
        "n": len(analysis.spikes),
        "spikes": [spike_to_json(spike) for spike in analysis.spikes],
        "open": to_json(analysis.open) if analysis.open else None,
        "tally": asdict(spike_stats_of(analysis)),
    }


def _print(of: str, analysis: "Found") -> None:
    from memlab.cli.event_text import spike_stats_line
    from memlab.cli.output import number, stdout, table
    from memlab.detectors.curve import spike_stats_of
    from memlab.detectors.series import HOW
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
    lines = [f"{of}: {analysis.steps:,} steps, {spike_stats_line(spike_stats_of(analysis))}"]
    if analysis.open:
        since, base = f"{analysis.open.step:,}", number(analysis.open.base, 3)
        lines.append(f"a spike that started at step {since}, from base {base}, is still open")
    for line in [*lines, f"Method: {HOW}"]:
        console.print(safe_text(line, limit=1000), markup=False, soft_wrap=True)


def _chart(curve: "Iterator[Chunk]", analysis: "Found", name: str) -> "Chart":
    """The curve, folded into extremes chunk by chunk so that memory stays bounded, and its spikes."""
    import numpy as np

    from memlab.charts import Chart, Marks, Series
    from memlab.record.bins import Bins
    from memlab.record.safe_text import safe_text

    bins = Bins.over(1, analysis.steps, BINS)
    for steps, values in curve:
        odd = ~np.isfinite(values)
        low, high = np.where(odd, np.inf, values), np.where(odd, -np.inf, values)
        bins.add(np.asarray(steps), low, high, odd.astype(np.int64))
    bins.closed()
    finite = np.isfinite(bins.low)
    x = ((bins.edges[:-1] + bins.edges[1:] - 1) / 2)[finite]
    both = np.stack([bins.low[finite], bins.high[finite]], axis=1)
    peaks = np.array([(s.peak_step, s.peak) for s in analysis.spikes], np.float64).reshape(-1, 2)
    return Chart(
        series=(Series(safe_text(name, 40), x.repeat(2), both.ravel(), "train"),),
        marks=(Marks("spike", peaks[:, 0], peaks[:, 1], "spike"),),
        y_log=True,
        not_finite=int(bins.nonfinite.sum()),
    )
