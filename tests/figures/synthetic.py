"""Synthetic runs and sweeps: all numbers are chosen, nothing is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from memlab.preset.create import create_run
from memlab.preset.load import from_json, load
from memlab.record.events import Ended, Evaluated, Phase, Rows, Samples, Spike, Started
from memlab.record.folder import RunFolder
from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep
from memlab.sweeps.plan import with_changes
from memlab.sweeps.sweep import Sweep

COLUMNS = 5
SEALED = 100_000


def synthetic_run(
    runs: Path,
    loss: Sequence[float],
    *,
    name: str = "made up",
    every: int = 10,
    memorized: int | None = None,
    grokked: int | None = None,
    spikes: Sequence[Spike] = (),
    samples: Sequence[Samples] = (),
    folder: RunFolder | None = None,
    ended: bool = True,
) -> RunFolder:
    """A run with `loss[s - 1]` at step s; accuracies are 1 from `memorized` and `grokked` on, else 0."""
    steps = len(loss)
    folder = folder or create_run(load("quickstart", [f"training.steps={steps}"]), runs, name)
    values = np.ones((steps, COLUMNS), np.float32)
    values[:, 0] = loss
    with folder.claim({"device": "cpu", "threads": 1}, seq=0, first_step=1) as writer:
        writer.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
        for first in range(0, steps, SEALED):
            last = min(first + SEALED, steps)
            writer.write(Rows(step=last, values=values[first:last]))
        events = [*samples, *spikes, *_evaluations(loss, every, memorized, grokked)]
        for event in sorted(events, key=lambda event: event.step):
            writer.write(event)
        if not ended:
            writer.beat(steps)
            return folder
        writer.write(Ended(step=steps, reason="finished"))
        final = {"train_loss": float(loss[-1]), "val_accuracy": float(grokked is not None)}
        crossings = {"memorized": memorized, "grokked": grokked}
        writer.end("finished", steps, {"final": final, "n_spikes": len(spikes)} | {
            f"{phase}_at": _crossing(step, every) for phase, step in crossings.items()
        })  # fmt: skip
    return folder


def _evaluations(loss: Sequence[float], every: int, memorized: int | None, grokked: int | None):
    for step in range(0, len(loss) + 1, every):
        here = float(loss[max(step - 1, 0)])
        yield Evaluated(step=step, values={
            "train_loss": here, "val_loss": 2 * here,
            "train_accuracy": float(memorized is not None and step >= memorized),
            "val_accuracy": float(grokked is not None and step >= grokked),
        })  # fmt: skip
    for name, split, step in (("memorized", "train", memorized), ("grokked", "val", grokked)):
        if step is not None:
            yield Phase(step=step, name=name, after=step - every, threshold=0.99, split=split)


def _crossing(step: int | None, every: int) -> Mapping[str, object] | None:
    return None if step is None else {"from": step - every, "to": step}


def synthetic_sweep(
    runs: Path,
    outcomes: Mapping[tuple[float, float], Sequence[int | None]],
    *,
    claims: Sequence[Mapping[str, object]] = (),
    cut_off: int | None = None,
) -> Sweep:
    """A sweep over weight decay and lr.

    Args:
        outcomes: (weight decay, lr) to the steps at which seeds grokked; None = not.
        cut_off: members with this seed have only 300 of 400 steps.
    """
    decays = ",".join(dict.fromkeys(str(decay) for decay, _ in outcomes))
    lrs = ",".join(dict.fromkeys(str(lr) for _, lr in outcomes))
    changes = [f"optimizer.weight_decay={decays}", f"optimizer.lr={lrs}", "training.steps=400"]
    source = load_sweep("quickstart", changes, name="decay and lr")
    seeds = max(map(len, outcomes.values()))
    source.file.__dict__["seeds"] = seeds
    plan = replace(expand(source, runs), claims=tuple(claims))
    sweep = Sweep.create(runs, plan, "made up")
    for member in sweep.members:
        cell = sweep.cells[member.cell]
        at = (
            cell.at["optimizer.weight_decay"],
            cell.at.get("optimizer.lr", float(lrs.partition(",")[0])),
        )
        grokked = outcomes[at][plan.seeds.index(member.seed)]
        preset = from_json(with_changes(cell.preset, member.changes))
        folder = create_run(preset, runs, f"seed {member.seed}", run=member.run)
        loss = np.geomspace(4, 0.01, 400) * (1 + 0.1 * member.seed)
        is_cut_off = member.seed == cut_off
        synthetic_run(
            runs,
            loss[:300] if is_cut_off else loss,
            memorized=100,
            grokked=grokked,
            folder=folder,
            ended=not is_cut_off,
        )
    return sweep
