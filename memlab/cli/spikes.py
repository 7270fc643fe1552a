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
    from memlab.cli.output import data, print_json
    from memlab.cli.terminal_chart import print_chart
    from memlab.detectors.curve import file_curve, judge, recorded, run_curve
    from memlab.record.history import History
    from memlab.record.runs import find, runs_folder

    path = Path(ref)
    if path.is_file() or path.suffix in FILES:
        curve = partial(file_curve, path, column)
        found = judge(curve())
    else:
        folder, column = find(runs_folder(runs), ref), column or "loss"
        now = History(folder).until()
        ref, curve = folder.path.name, partial(run_curve, now, column)
        found = recorded(now) if column == "loss" else judge(curve())
    if json:
        print_json(_report(ref, column, found))
        return
    if plot:
        print_chart(data(), _chart(curve(), found, column or "loss"))
    _print(f"{column} of {ref}" if column else ref, found)


def _report(ref: str, column: str | None, found: "Found") -> dict[str, Any]:
    from dataclasses import asdict

    from memlab.detectors.curve import spike_stats_of
    from memlab.detectors.series import HOW
    from memlab.record.events import to_json
    from memlab.record.summary import spike_to_json

    return {
        "source": ref,
        "column": column,
        "steps": found.steps,
        "how": HOW,
        "n": len(found.spikes),
        "spikes": [spike_to_json(spike) for spike in found.spikes],
        "open": to_json(found.open) if found.open else None,
        "tally": asdict(spike_stats_of(found)),
    }


def _print(of: str, found: "Found") -> None:
    from memlab.cli.event_text import spike_stats_line
    from memlab.cli.output import data, number, table
    from memlab.detectors.curve import spike_stats_of
    from memlab.detectors.series import HOW
    from memlab.record.safe_text import safe_text

    console = data()
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
        for spike in found.spikes
    ]
    headers = ["step", "base", "peak", "at step", "recovered", "kind", "answers"]
    if rows:
        console.print(table(headers, rows, numbers=headers[:5]))
    said = [f"{of}: {found.steps:,} steps, {spike_stats_line(spike_stats_of(found))}"]
    if found.open:
        since, base = f"{found.open.step:,}", number(found.open.base, 3)
        said.append(f"a spike that started at step {since}, from base {base}, is still open")
    for line in [*said, f"Method: {HOW}"]:
        console.print(safe_text(line, limit=1000), markup=False, soft_wrap=True)


def _chart(curve: "Iterator[Chunk]", found: "Found", name: str) -> "Chart":
    """The curve, folded into extremes chunk by chunk so that memory stays bounded, and its spikes."""
    import numpy as np

    from memlab.charts import Chart, Marks, Series
    from memlab.record.bins import Bins
    from memlab.record.safe_text import safe_text

    bins = Bins.over(1, found.steps, BINS)
    for steps, values in curve:
        odd = ~np.isfinite(values)
        low, high = np.where(odd, np.inf, values), np.where(odd, -np.inf, values)
        bins.add(np.asarray(steps), low, high, odd.astype(np.int64))
    bins.closed()
    there = np.isfinite(bins.low)
    x = ((bins.edges[:-1] + bins.edges[1:] - 1) / 2)[there]
    both = np.stack([bins.low[there], bins.high[there]], axis=1)
    peaks = np.array([(s.peak_step, s.peak) for s in found.spikes], np.float64).reshape(-1, 2)
    return Chart(
        series=(Series(safe_text(name, 40), x.repeat(2), both.ravel(), "train"),),
        marks=(Marks("spike", peaks[:, 0], peaks[:, 1], "spike"),),
        y_log=True,
        not_finite=int(bins.nonfinite.sum()),
    )
