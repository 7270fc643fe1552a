"""Writes docs/trust.md: each promise, the test that holds it, the figure last measured.

    python tools/trust.py FOLDER

FOLDER holds `torture.json` (from `memlab torture --json`) and `figures.jsonl` (from the slow tests).
A figure that was not measured is left out, and the promise says so.
"""

import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Promise:
    """What a user may rely on."""

    what: str
    test: str
    """file, or file::test"""
    trial: str | None = None
    """of `memlab torture`"""
    figure: str | None = None
    """as a slow test records it"""


PROMISES = [
    Promise(
        "kill -9 at any moment: the folder is valid, at most one flush (1,024 rows or 100 ms) is lost, "
        "and the run ends with the bits of an undisturbed one",
        "tests/cli/test_kill.py",
        trial="kill -9",
    ),
    Promise(
        "a call to the disk that dies, writes short, or fails with ENOSPC, EIO or EINTR, whichever "
        "call it is, costs no bit",
        "tests/faults/test_trainer_faults.py",
        figure="calls that failed",
    ),
    Promise(
        "a power loss takes nothing that was promised: what was fsynced is there, in any mixture "
        "with the rest (a model on recorded calls, not a pulled plug)",
        "tests/faults/test_power_loss.py",
        figure="states after a power loss",
    ),
    Promise(
        "a full disk: the run says so and waits, goes on when there is room, and loses nothing",
        "tests/faults/test_outer_conditions.py",
        trial="full disk",
    ),
    Promise(
        "a damaged file: no reader fails, nothing is shown that was not recorded, a flipped bit "
        "costs at most one seal, a damaged checkpoint is refused and the one before is used",
        "tests/record/test_damage.py",
        trial="damaged files",
    ),
    Promise(
        "`memlab doctor` finds a flipped bit in any file but the heartbeat, which is a hint, and "
        "changes nothing",
        "tests/record/test_doctor.py",
    ),
    Promise(
        "INT, TERM, HUP, a closed terminal, a reader that leaves: a checkpoint and a clean end; a "
        "second INT leaves at once, and what lies there is valid",
        "tests/faults/test_signals.py",
    ),
    Promise(
        "two processes on one run: the second is refused, or takes over and the first ends as "
        "superseded",
        "tests/faults/test_signals.py, tests/record/test_folder.py",
    ),
    Promise(
        "out of memory: an end with its reason, the checkpoints kept",
        "tests/faults/test_outer_conditions.py",
    ),
    Promise(
        "NaN, infinities, huge and denormal numbers are recorded as they are and obey the preset",
        "tests/faults/test_outer_conditions.py",
    ),
    Promise(
        "names, prompts and presets from strangers reach no terminal raw, in any command",
        "tests/faults/test_bad_input.py",
    ),
    Promise("nothing is ever unpickled", "tests/faults/test_bad_input.py"),
    Promise(
        "a wall clock that is set back or ahead, or stands still: ids, events, commands and rows "
        "keep their order, durations stay right, and no live attempt is taken for dead",
        "tests/record/test_clocks.py",
    ),
    Promise(
        "a dead attempt is taken over at once, even while a forked child of it lives and goes on "
        "writing",
        "tests/record/test_forks.py",
    ),
    Promise(
        "a folder that may only be read, is missing or holds links in a circle, pipes, devices, "
        "empty or huge files, in any place: every reader shows what can be read and waits for "
        "nothing",
        "tests/faults/test_odd_folders.py",
    ),
    Promise(
        "a preset from a stranger, whatever its bytes, is read or refused with its line and "
        "column, in less than 20 MB",
        "tests/preset/test_hostile_presets.py",
    ),
    Promise(
        "what is kept to list ended runs quickly is what they recorded; it is read anew when a "
        "description, labels or attempts have changed, and where its own seal does not fit",
        "tests/record/test_catalog.py",
    ),
    Promise(
        "a run of format 1.0 stays readable; one of a later format is never written over",
        "tests/faults/test_golden_runs.py",
    ),
    Promise(
        "rows that a resumed run computes again are compared bit by bit, and the result is shown",
        "tests/engine/test_worker.py",
    ),
]


def main() -> None:
    """Write docs/trust.md into docs/."""
    folder = Path(sys.argv[1])
    trials = json.loads((folder / "torture.json").read_text())["trials"]
    figures = _figures(folder / "figures.jsonl")
    lines = [
        "# Trust",
        "",
        "What memlab promises, the test that holds each promise, and the figure last measured. "
        "This page is made by `make torture`; `memlab torture` makes the same trials on your disk.",
        "",
        f"Measured on {platform.system()} {platform.machine()}, CPython {platform.python_version()}, "
        f"torch {torch.__version__}, one thread.",
        "",
        "| promise | held by | last measured |",
        "|---|---|---|",
        *(f"| {p.what} | `{p.test}` | {_measured(p, trials, figures)} |" for p in PROMISES),
        "",
    ]
    (ROOT / "docs" / "trust.md").write_text("\n".join(lines))


def _figures(path: Path) -> dict[str, int]:
    """Figures by name; those of several tests are added up."""
    added: dict[str, int] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        entry = json.loads(line)
        added[entry["figure"]] = added.get(entry["figure"], 0) + entry["value"]
    return added


def _measured(promise: Promise, trials: dict, figures: dict[str, int]) -> str:
    if promise.trial in trials:
        trial = dict(trials[promise.trial])
        failures = len(trial.pop("failures"))
        parts = [f"{trial.pop('tried'):,} tried", f"**{failures:,} failures**"]
        return ", ".join([*parts, *(f"{name}: {value:,}" for name, value in trial.items())])
    if promise.figure in figures:
        return f"{figures[promise.figure]:,} {promise.figure}, **0 failures**"
    if promise.trial or promise.figure:
        return "not measured this time"
    return "passes"


main()
