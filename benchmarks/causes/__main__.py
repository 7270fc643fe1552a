"""Trains runs with planted causes, explains their spikes and scores the named causes; see README.md."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.causes.cases import CASES, SEEDS, Case, LrEdit, planted, preset_of
from memlab.errors import RunError
from memlab.preset.create import create_run
from memlab.preset.schema import Preset
from memlab.record.commands import Edit, send
from memlab.record.events import Spike, Started
from memlab.record.explanation import CODE_VERSION
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.training.explain import explain
from memlab.training.worker import work

REACH = 100
"""maximum number of steps between a defect at one step and the onset of its spike"""


def train(preset: Preset, runs: Path, edit: LrEdit | None = None) -> RunFolder:
    """Train a run, with an edit of its lr."""
    folder = create_run(preset, runs)
    for event in work(folder, device="cpu"):
        if isinstance(event, Started) and edit is not None:
            send(folder, Edit({"optimizer.lr": edit.factor * preset.optimizer.lr}, at=edit.at))
    return folder


def spike_of(case: Case, folder: RunFolder) -> Spike | None:
    """The highest spike that the defect can have caused."""
    recorded = History(folder).until()
    if case.remedy is None and case.protocol > 1:
        return _spike_after(case.at, recorded)
    spikes = recorded.closed_spikes
    if case.remedy is None:
        last = case.at + REACH if case.edit is not None else recorded.last_step
        spikes = tuple(spike for spike in spikes if case.at <= spike.onset <= last)
    return max(spikes, key=lambda spike: spike.peak, default=None)


def _spike_after(defect: int, recorded: Snapshot) -> Spike | None:
    """The spike around the highest loss after a defect, as `memlab explain --at` chooses it."""
    steps, rows = recorded.steps.read(defect, defect + REACH)
    highest = int(steps[np.argmax(rows[:, recorded.steps.columns.index("loss")])])
    try:
        spike = explain.chosen_spike(recorded, at=highest)
    except RunError:
        return None
    return spike if spike.onset >= defect else None


def scored(case: Case, seed: int, runs: Path) -> dict[str, Any]:
    """Train, explain and score one run."""
    known: dict[str, Any] = {"case": case.name, "seed": seed}
    with planted(case, seed):
        folder = train(preset_of(case, seed), runs, case.edit)
        spike = spike_of(case, folder)
        if spike is None:
            return known | {"outcome": "no spike"}
        if case.remedy is not None:
            twin = train(preset_of(case, seed, remedied=True), runs)
            if History(twin).until().closed_spikes:
                return known | {"outcome": "not planted"}
        document = explain.explain_spike(folder, spike, "cpu")
    if not document["recomputed"]["equal"]:
        return known | {"outcome": "rows differ"}
    right = [name for name in document["causes"] if case.named and name.startswith(case.named)]
    outcome = "control" if not case.named else "found" if right else "missed"
    effects = {change["change"]: change["effect"] for change in document["changes"]}
    return known | {
        "rule": CODE_VERSION,
        "outcome": outcome,
        "false": len(document["causes"]) - len(right),
        "causes": document["causes"],
        "spike": {"onset": spike.onset, "base": spike.base, "peak": spike.peak},
        "effects": effects,
    }


def causes_by(rule: int, effects: dict[str, str]) -> list[str]:
    """The changes that a rule of README.md names as causes."""
    information = ("lr halved", *(["gradient clipping"] if rule > 1 else []))
    prevent = [name for name, effect in effects.items() if effect == "prevents"]
    if any(name.startswith("placebo") for name in prevent):
        return []
    return [
        name
        for name in prevent
        if not name.startswith(information) and not name.endswith(" frozen")
    ]


def counted(case: Case, results: list[dict[str, Any]], rule: int) -> dict[str, int]:
    """Numbers of runs of a case by outcome, and of false causes."""
    counts = dict.fromkeys(("runs", "no spike", "not planted", "found", "missed", "false"), 0)
    for result in results:
        if result["case"] != case.name:
            continue
        counts["runs"] += 1
        if "effects" not in result:
            counts[result["outcome"]] += 1
            continue
        named = causes_by(rule, result["effects"])
        right = [name for name in named if case.named and name.startswith(case.named)]
        if case.named:
            counts["found" if right else "missed"] += 1
        counts["false"] += len(named) - len(right)
    return counts


def table(results: list[dict[str, Any]], protocol: int, rule: int) -> str:
    """Counts per case as Markdown."""
    cases = [case for case in CASES if case.protocol == protocol]
    by_case = {case.name: counted(case, results, rule) for case in cases}
    columns = list(by_case[cases[0].name])
    lines = ["| case | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name, counts in by_case.items():
        lines.append(f"| {name} | " + " | ".join(map(str, counts.values())) + " |")
    return "\n".join(lines)


def main(path: Path, names: list[str]) -> None:
    """Score all runs that are not in `path`, and print the tables."""
    known = path.read_text().splitlines() if path.exists() else []
    results: list[dict[str, Any]] = [json.loads(line) for line in known]
    done = {(result["case"], result["seed"]) for result in results}
    for case in CASES:
        for seed in SEEDS:
            if (case.name, seed) in done or (names and case.name not in names):
                continue
            with tempfile.TemporaryDirectory() as runs:
                result = scored(case, seed, Path(runs))
            results.append(result)
            with path.open("a") as file:
                file.write(json.dumps(result) + "\n")
            print(case.name, seed, result["outcome"], result.get("causes", ""), flush=True)
    for protocol, rule in ((1, 1), (1, 2), (2, 2)):
        print(f"\nprotocol {protocol}, rule {rule}\n\n{table(results, protocol, rule)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
