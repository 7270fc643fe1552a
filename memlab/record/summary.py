"""The results of a run without its curves: what `memlab show --json` prints and lists contain."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import zip_longest
from typing import Any, final

import numpy as np

from memlab.record.edited_settings import edited, has_edits
from memlab.record.events import (
    Edited,
    Ended,
    Evaluated,
    Finding,
    Gap,
    Phase,
    Spike,
    Started,
)
from memlab.record.example_history import LearnedExamples, learned
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.missing_rows import MissingRows
from memlab.record.run_facts import edited_steps
from memlab.record.snapshot import Snapshot
from memlab.record.status import Status

QUICK_BYTES = 32 << 20
"""bytes of rows that are read and verified for a list: about 20 ms"""


@final
@dataclass(frozen=True)
class RunSummary:
    """The results of a run without its curves; the fields are the keys of `memlab show --json`."""

    run: str
    """name of its folder"""
    name: str
    tags: tuple[str, ...]
    preset: str
    status: Status
    step: int
    """updates made"""
    steps: int
    """updates planned, edits included; 0 = unknown"""
    seed: int | None
    device: str | None
    engine: str | None
    engine_reason: str | None
    seconds: float | None
    """training time; None for an imported run"""
    steps_per_second: float | None
    parameters: int | None
    final: Mapping[str, float]
    """the latest value of every evaluated measure"""
    best: Mapping[str, float] | None
    """all measures, and the step, at the lowest val_loss"""
    memorized_at: Mapping[str, Any] | None
    grokked_at: Mapping[str, Any] | None
    """from, to: the evaluations between which the threshold was crossed"""
    learned: LearnedExamples | None
    phases: tuple[Phase, ...]
    spikes: tuple[Spike, ...]
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    edits: tuple[Edited, ...]
    attempts: int
    resume_verified: Mapping[str, Any] | None
    """steps that were computed twice, and the first_difference between them"""
    weights_sha256: str | None
    damaged: int
    """damaged seals and lines, which are left out"""
    missing: tuple[MissingRows, ...]

    def to_json(self) -> dict[str, Any]:
        """As `memlab show --json` prints it."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "tags": list(self.tags),
            "status": str(self.status),
            "learned": self.learned and asdict(self.learned),
            "phases": [
                {"name": p.name, "from": p.after, "to": p.step, "threshold": p.threshold}
                | {"split": p.split, "details": p.details}
                for p in self.phases
            ],
            "spikes": [spike_to_json(spike) for spike in self.spikes],
            "gaps": [gap_to_json(gap) for gap in self.gaps],
            "findings": [_finding_to_json(finding) for finding in self.findings],
            "edits": [{"step": edit.step, "changes": edit.changes} for edit in self.edits],
            "missing": [asdict(missing) for missing in self.missing],
        }


def summarize(folder: RunFolder, history: History | None = None) -> RunSummary:
    """Read everything that a run recorded, and verify its rows."""
    history = history or History(folder)
    history.verify()
    now = history.until()
    started, ended = now.of(Started), now.of(Ended)
    labels, facts = folder.labels(), folder.facts
    # Events of an imported run have the time of the import.
    seconds, done = _work(now) if folder.source is None else (None, 0)
    return RunSummary(
        run=folder.path.name,
        name=labels.name,
        tags=tuple(labels.tags),
        preset=facts.preset,
        status=folder.status(),
        step=now.last_step,
        steps=planned_steps(folder, now),
        seed=facts.seed,
        device=(started[-1].device or None) if started else None,
        engine=(started[-1].engine or None) if started else None,
        engine_reason=started[-1].engine_reason if started else None,
        seconds=seconds,
        steps_per_second=done / seconds if seconds else None,
        parameters=facts.parameters,
        final=_last_values(now),
        best=_best(now),
        memorized_at=now.memorized_at,
        grokked_at=now.grokked_at,
        learned=learned(folder),
        phases=tuple(now.phases),
        spikes=tuple(now.spikes),
        gaps=tuple(now.gaps),
        findings=tuple(now.findings),
        edits=tuple(now.edits),
        attempts=len(folder.attempts()),
        resume_verified=history.resume_verified,
        weights_sha256=ended[-1].summary.get("weights_sha256") if ended else None,
        damaged=history.damaged,
        missing=tuple(history.missing),
    )


def brief(folder: RunFolder) -> dict[str, Any]:
    """The state of a run, from files that are quick to read: enough for a list."""
    labels = folder.labels()
    attempts = folder.attempts()
    end = attempts[-1].end if attempts else None
    summary = (end or {}).get("summary", {})
    return {
        "run": folder.path.name,
        "name": labels.name,
        "tags": list(labels.tags),
        "note": labels.note,
        "preset": folder.facts.preset,
        "created": float(folder.description.get("created", 0.0)),
        "sweep": _sweep(folder),
        "status": str(folder.status(attempts)),
        "step": attempts[-1].last_step if attempts else 0,
        "final": summary.get("final", {}),
        "memorized_at": summary.get("memorized_at"),
        "grokked_at": summary.get("grokked_at"),
        "spikes": summary.get("n_spikes"),
    }


def quick_damage(folder: RunFolder) -> str:
    """One line about what cannot be read; rows of long runs are not checked."""
    history = History(folder)
    if history.row_bytes <= QUICK_BYTES:
        history.verify()
    return history.damage


def _sweep(folder: RunFolder) -> dict[str, Any] | None:
    """The sweep that a run is a member of, and its cell there."""
    stored = folder.description.get("sweep")
    if not isinstance(stored, dict):
        return None
    return {key: stored.get(key) for key in ("id", "name", "cell", "at", "seed")}


def settings(folder: RunFolder, now: Snapshot | None = None) -> dict[str, Any]:
    """Dotted keys to values of the preset that a run was created with.

    Name, description and claims of the preset are omitted.
    """
    return flat_settings(current_preset(folder, now))


def current_preset(folder: RunFolder, now: Snapshot | None = None) -> dict[str, Any]:
    """The stored preset of a run with its edits up to `now`; {} if it has none.

    Without `now` events are read only if there was an edit.
    """
    preset = folder.description.get("preset", {})
    if now is None:
        if not any(has_edits(attempt.path) for attempt in folder.attempts()):
            return dict(preset)
        now = History(folder).until()
    return edited(preset, now.edits)


def flat_settings(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as dotted keys to values, without the preset's name and description."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= flat_settings(value, f"{prefix}{key}.")
        elif prefix or key not in ("name", "about", "claims"):
            flat[prefix + key] = value
    return flat


def end_summary(folder: RunFolder) -> dict[str, Any]:
    """The summary in `end.json`, so that a list need not read all events."""
    history = History(folder)
    now = history.until()
    return {
        "final": _last_values(now),
        "memorized_at": now.memorized_at,
        "grokked_at": now.grokked_at,
        "n_spikes": len(now.spikes),
    }


def planned_steps(folder: RunFolder, now: Snapshot | None = None) -> int:
    """The last planned step, edits included; 0 if unknown."""
    steps = folder.facts.planned_steps
    for edit in (now or History(folder).until()).edits:
        steps = edited_steps(edit.changes, folder.facts.updates_per_epoch) or steps
    return steps


def spike_to_json(spike: Any) -> dict[str, Any]:
    """A spike as `show` and `spikes` print it."""
    return {
        "step": spike.onset,
        "base": spike.base,
        "peak": spike.peak,
        "peak_step": spike.peak_step,
        "recovered_at": spike.recovered_at,
        "kind": spike.label,
        "open": spike.label == "open",
        "details": spike.details,
    }


def gap_to_json(gap: Gap) -> dict[str, Any]:
    """A gap as `show` and `spikes` print it."""
    return {"first": gap.first, "last": gap.last, "nan": gap.nan, "infinite": gap.infinite} | {
        "closed": gap.closed
    }


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    return {"step": finding.step, "level": finding.level, "what": finding.what} | {
        "why": finding.why,
        "try": finding.advice,
    }


def _last_values(now: Snapshot) -> dict[str, float]:
    """The latest value of every evaluated measure."""
    values: dict[str, float] = {}
    for event in now.of(Evaluated)[-2:]:
        values |= event.values
    return values


def _best(now: Snapshot) -> dict[str, float] | None:
    """All measures at the lowest val_loss."""
    columns = now.evaluations
    name = "val_loss" if "val_loss" in columns else "train_loss"
    if name not in columns or not np.isfinite(columns[name]).any():
        return None
    best = int(np.nanargmin(columns[name]))
    return {key: float(columns[key][best]) for key in columns if np.isfinite(columns[key][best])}


def _work(now: Snapshot) -> tuple[float, int]:
    """Seconds from the first to the last event of each attempt, and the steps made meanwhile."""
    seconds, steps, start = 0.0, 0, None
    for event, following in zip_longest(now.events, now.events[1:]):
        if isinstance(event, Started):
            start = event
        if start and (following is None or isinstance(following, Started)):
            seconds += max(event.wall - start.wall, 0.0)
            steps += event.step - start.step
    return seconds, steps
