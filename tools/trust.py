"""Write docs/trust.md: each guarantee, its test, and the last measurement.

    python tools/trust.py FOLDER

FOLDER has `torture.json` (from `memlab torture --json`) and `figures.jsonl` (from the slow tests).
Guarantees with a measurement that is missing in these files are marked "not measured this time".
"""

import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Guarantee:
    what: str
    test: str
    """file, or file::test"""
    trial: str | None = None
    """name of a trial of `memlab torture`"""
    figure: str | None = None
    """name of a figure that slow tests record"""


GUARANTEES = [
    Guarantee(
        "kill -9 at any moment: the folder is valid, at most the rows of 10 ms are lost (1,024 rows or 100 "
        "ms where steps are shorter than 1 ms), and the run ends with the bits of an undisturbed one",
        "tests/cli/test_kill.py",
        trial="kill -9",
    ),
    Guarantee(
        "a system call that kills the process, writes less than asked, or fails with ENOSPC, EIO or "
        "EINTR, at any place: the final bits are unchanged",
        "tests/faults/test_trainer_faults.py",
        figure="calls that failed",
    ),
    Guarantee(
        "a power loss loses nothing that was fsynced, whichever of the other writes survive (simulated "
        "from recorded system calls, not tested by cutting power)",
        "tests/faults/test_power_loss.py",
        figure="states after a power loss",
    ),
    Guarantee(
        "a full disk: the run reports it, waits for space, continues, and loses nothing",
        "tests/faults/test_outer_conditions.py",
        trial="full disk",
    ),
    Guarantee(
        "a damaged file: no reader fails, nothing is shown that was not recorded, a flipped bit "
        "loses at most one block of rows, and the checkpoint before a damaged one is used",
        "tests/record/test_damage.py",
        trial="damaged files",
    ),
    Guarantee(
        "`memlab doctor` finds a flipped bit in any file except the heartbeat, and changes nothing",
        "tests/record/test_doctor.py",
    ),
    Guarantee(
        "SIGINT, SIGTERM, SIGHUP, a closed terminal or pipe: a checkpoint and a clean end; a second "
        "SIGINT ends at once and leaves a valid folder",
        "tests/faults/test_signals.py",
    ),
    Guarantee(
        "two processes on one run: the second is refused, or takes over and the first ends with status "
        "superseded",
        "tests/faults/test_signals.py, tests/record/test_folder.py",
    ),
    Guarantee(
        "out of memory: the run ends with this reason and keeps its checkpoints",
        "tests/faults/test_outer_conditions.py",
    ),
    Guarantee(
        "NaN, infinities, very large and denormal numbers are recorded unchanged",
        "tests/faults/test_outer_conditions.py",
    ),
    Guarantee(
        "control characters in names, prompts and presets never reach the terminal, in any command",
        "tests/faults/test_bad_input.py",
    ),
    Guarantee("no file is ever unpickled", "tests/faults/test_bad_input.py"),
    Guarantee(
        "a wall clock that is set back or ahead, or stops: ids, events, commands and rows keep their "
        "order, durations stay correct, and no running attempt is considered dead",
        "tests/record/test_clocks.py",
    ),
    Guarantee(
        "an attempt whose process has ended is taken over at once, even while a forked child of it "
        "still writes",
        "tests/record/test_forks.py",
    ),
    Guarantee(
        "a folder that is read-only or missing, or contains circular links, pipes, devices, empty or "
        "very large files: every reader shows what it can read and never blocks",
        "tests/faults/test_odd_folders.py",
    ),
    Guarantee(
        "a preset of arbitrary bytes is read, or refused with line and column, within 20 MB of memory",
        "tests/preset/test_hostile_presets.py",
    ),
    Guarantee(
        "the cached list of ended runs equals what they recorded; an entry is read again when the run's "
        "files changed or its checksum does not match",
        "tests/record/test_catalog.py",
    ),
    Guarantee(
        "runs of formats 1.0 and 1.1 stay readable; a run of a later format is never modified",
        "tests/faults/test_golden_runs.py, tests/faults/test_golden_runs_1_1.py",
    ),
    Guarantee(
        "a tracked row is on disk when `log` returns: kill -9 of the training loop loses no row",
        "tests/track/test_kills.py",
    ),
    Guarantee(
        "a tab of `memlab serve` without `--control` writes no file and starts no process",
        "tests/web/test_confine.py",
    ),
    Guarantee(
        "rows that a resumed run computes again are compared bit by bit, and the result is shown",
        "tests/training/test_worker.py",
    ),
]


def main() -> None:
    folder = Path(sys.argv[1])
    trials = json.loads((folder / "torture.json").read_text())["trials"]
    figures = _figures(folder / "figures.jsonl")
    lines = [
        "# Trust",
        "",
        "What memlab guarantees, the test of each guarantee, and the figures of the last measurement. "
        "`make torture` writes this page; `memlab torture` runs the same trials on your disk.",
        "",
        f"Measured on {platform.system()} {platform.machine()}, CPython {platform.python_version()}, "
        f"torch {torch.__version__}, one thread.",
        "",
        "| guarantee | test | last measurement |",
        "|---|---|---|",
        *(f"| {g.what} | `{g.test}` | {_measured(g, trials, figures)} |" for g in GUARANTEES),
        "",
    ]
    (ROOT / "docs" / "trust.md").write_text("\n".join(lines))


def _figures(path: Path) -> dict[str, int]:
    """Name to figure, summed over the tests that record it."""
    total: dict[str, int] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        total[entry["figure"]] = total.get(entry["figure"], 0) + entry["value"]
    return total


def _measured(guarantee: Guarantee, trials: dict[str, Any], figures: dict[str, int]) -> str:
    if guarantee.trial in trials:
        trial = dict(trials[guarantee.trial])
        failures = len(trial.pop("failures"))
        parts = [f"{trial.pop('tried'):,} tried", f"**{failures:,} failures**"]
        return ", ".join([*parts, *(f"{name}: {value:,}" for name, value in trial.items())])
    if guarantee.figure in figures:
        return f"{figures[guarantee.figure]:,} {guarantee.figure}, **0 failures**"
    if guarantee.trial or guarantee.figure:
        return "not measured this time"
    return "passes"


if __name__ == "__main__":
    main()
