"""Trains runs with planted causes, explains their spikes and scores the named causes; see README.md."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from memlab.preset.create import create_run
from memlab.preset.load import from_json, load
from memlab.preset.schema import Preset
from memlab.record.commands import Edit, send
from memlab.record.events import Spike, Started
from memlab.record.explanation import CODE_VERSION
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.training import step as step_module
from memlab.training import update_plans
from memlab.training.explain import explain, instruments, trial
from memlab.training.worker import work

SEEDS = range(5)
AT = 400
"""step of the defect in the cases batch, edit and control"""
KICK = 0.3
"""relative size of the noise on the weights in the control"""
BASE: dict[str, Any] = {
    "name": "planted",
    "task": {"kind": "modular", "operation": "add", "modulus": 23, "train_fraction": 0.6},
    "model": {"n_layers": 1, "n_heads": 4, "d_model": 32},
    "optimizer": {"lr": 3e-3, "betas": [0.9, 0.98], "weight_decay": 1.0},
    "training": {"steps": 600, "batch_size": "full"},
    "evaluation": {"every": 200, "samples": 0},
}


@dataclass(frozen=True)
class Case:
    """A defect, its remedy, and the name of its cause in explanations."""

    name: str
    defect: dict[str, Any]
    remedy: dict[str, Any] | None
    """settings without the defect; None if the defect is planted by construction"""
    named: str
    """prefix of the name of the planted cause; empty for the control"""


NO_DECAY = {"optimizer.weight_decay": 0.0}
CASES = (
    Case("softmax", {}, {"training.loss_dtype": "float64"}, "float64 softmax"),
    Case("eps", NO_DECAY | {"optimizer.lr": 1e-2, "optimizer.eps": 1e-15}, {"optimizer.eps": 1e-5}, "eps"),
    Case("beta2", NO_DECAY | {"optimizer.betas": [0.9, 0.5]}, {"optimizer.betas": [0.9, 0.999]}, "beta2"),
    Case("decay", {"optimizer.weight_decay": 3.0}, NO_DECAY, "weight decay"),
    Case("batch", NO_DECAY | {"training.batch_size": 64}, None, "other batch order"),
    Case("edit", NO_DECAY, None, "without the edit"),
    Case("control", NO_DECAY, None, ""),
)  # fmt: skip


def preset_of(case: Case, seed: int, *, remedied: bool = False) -> Preset:
    settings = case.defect | {"training.seed": seed} | ((case.remedy or {}) if remedied else {})
    if case.name == "softmax":
        return load("precision-spikes-quick", [f"{key}={value}" for key, value in settings.items()])
    document = json.loads(json.dumps(BASE))
    for key, value in settings.items():
        group, name = key.split(".")
        document[group][name] = value
    return from_json(document)


@contextmanager
def planted(case: Case) -> Iterator[None]:
    """Plant the defect in training and in every recomputation."""
    real_update, real_at = step_module.update, update_plans.UpdatePlans.at

    def update(state: Any, run_data: Any, lr: float, steps: int) -> Any:
        values = real_update(state, run_data, lr, steps)
        if case.name == "control" and state.step == AT:
            kick(state.model)
        return values

    def at(self: Any, step: int, steps: int) -> Any:
        plans = real_at(self, step, steps)
        order = self._batches.seeds.number("batches")
        return [poisoned(plan) for plan in plans] if (step, order) in poison else plans

    poison: set[tuple[int, int]] = set()
    if case.name == "batch":
        poison |= {(AT, preset_of(case, seed).seeds.number("batches")) for seed in SEEDS}
    modules = (step_module, trial, instruments)
    try:
        for module in modules:
            module.update = update  # type: ignore[attr-defined]
        update_plans.UpdatePlans.at = at  # type: ignore[method-assign]
        yield
    finally:
        for module in modules:
            module.update = real_update  # type: ignore[attr-defined]
        update_plans.UpdatePlans.at = real_at  # type: ignore[method-assign]


@torch.no_grad()
def kick(model: torch.nn.Module) -> None:
    """Multiply all weights by 1 + `KICK` times noise, the same noise at every call."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.mul_(1 + KICK * torch.randn(parameter.shape, generator=generator))


def poisoned(plan: Any) -> Any:
    """The plan with its targets rotated by one."""
    if not getattr(plan, "poisoned", False):
        plan.targets, plan.poisoned, plan._cached_counts = plan.targets.roll(1), True, None
    return plan


def train(preset: Preset, runs: Path, *, edit: bool = False) -> RunFolder:
    """Train a run; with `edit`, the lr is multiplied by 20 at step `AT`."""
    folder = create_run(preset, runs)
    for event in work(folder, device="cpu"):
        if isinstance(event, Started) and edit:
            send(folder, Edit({"optimizer.lr": 20 * preset.optimizer.lr}, at=AT))
    return folder


def spike_of(case: Case, folder: RunFolder) -> Spike | None:
    """The highest spike that the defect can have caused."""
    spikes = History(folder).until().closed_spikes
    if case.remedy is None:
        last = AT + 100 if case.name == "edit" else 10**9
        spikes = tuple(spike for spike in spikes if AT <= spike.onset <= last)
    return max(spikes, key=lambda spike: spike.peak, default=None)


def scored(case: Case, seed: int, runs: Path) -> dict[str, Any]:
    """Train, explain and score one run."""
    known: dict[str, Any] = {"case": case.name, "seed": seed}
    with planted(case):
        folder = train(preset_of(case, seed), runs, edit=case.name == "edit")
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


def table(results: list[dict[str, Any]], rule: int) -> str:
    """Counts per case as Markdown."""
    by_case = {case.name: counted(case, results, rule) for case in CASES}
    columns = list(by_case[CASES[0].name])
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
    for rule in (1, 2):
        print(f"\nrule {rule}\n\n{table(results, rule)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
