"""`memlab torture`: crash, disk-full and damage tests of small runs on this disk."""

import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder


def torture(
    minutes: Annotated[
        float, typer.Option(min=0.05, help="Duration, unless counts are given.")
    ] = 1,
    kills: Annotated[int | None, typer.Option(min=1, help="Number of kill -9 trials.")] = None,
    fills: Annotated[int | None, typer.Option(min=1, help="Number of disk-full trials.")] = None,
    damages: Annotated[int | None, typer.Option(min=1, help="Number of damaged files.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the trials.")] = 0,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Crash-test small runs on the disk of your runs; exit 3 if a guarantee does not hold.

    With counts, only those trials run; otherwise each kind of trial gets a third of the time.
    """
    from memlab.cli.output import print_json, stderr, stdout, table
    from memlab.record.runs import runs_folder

    # The processes of the runs are forked, which thread pools do not survive.
    os.environ["OMP_NUM_THREADS"] = "1"
    counts = {"kill -9": kills, "full disk": fills, "damaged files": damages}
    with _temporary_folder(runs_folder(runs)) as folder:
        from memlab.torture.all import all_trials

        results = {}
        started = time.monotonic()
        for trial in all_trials(folder, random.Random(seed)):
            if any(counts.values()) and not counts[trial.name]:
                continue
            stderr().print(f"{trial.name}: {trial.guarantee}", markup=False)
            _try(trial, counts[trial.name], minutes * 20)
            results[trial.name] = trial.counts.to_json()
        seconds = time.monotonic() - started
    if json:
        print_json({"trials": results, "seconds": seconds, "seed": seed})
    else:
        stdout().print(table(["trial", "", ""], _lines(results)))
    if any(result["failures"] for result in results.values()):
        raise typer.Exit(3)


def _try(trial: Any, count: int | None, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while trial.counts.tried < count if count else time.monotonic() < deadline:
        trial.once()
    trial.finish()


def _lines(results: dict[str, dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [row for name, result in results.items() for row in _rows(name, result)]


def _rows(name: str, result: dict[str, Any]) -> list[tuple[str, str, str]]:
    failures = result["failures"]
    figures = {**result, "failures": len(failures)}
    rows = [(name if i == 0 else "", key, f"{figures[key]:,}") for i, key in enumerate(figures)]
    return [*rows, *(("", "failure", failure) for failure in failures[:10])]


@contextmanager
def _temporary_folder(runs: Path) -> Iterator[Path]:
    """A hidden temporary folder on the disk of the runs."""
    folder = runs / f".torture-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        rmtree(folder)
