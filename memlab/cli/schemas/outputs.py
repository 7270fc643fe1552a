"""What each command prints with `--json`, as types (`memlab.cli.schemas.shape`).

Tests validate real outputs against these types, and check that no command is missing.
"""

from typing import Any, Literal

from memlab.cli.schemas.shape import types_of
from memlab.detectors.spike_stats import SpikeStats
from memlab.record.doctor import Symptom
from memlab.record.events import KINDS, Event, SpikeOnset
from memlab.record.measure import Measure
from memlab.record.missing_rows import MissingRows
from memlab.sweeps.statistics import FinalValues, PairedDifference, StepsToEvent

Level = Literal["info", "warning", "error"]


def event_shape(kind: str, cls: type[Event]) -> dict[str, Any]:
    """An event with its kind, as in `events.jsonl`."""
    return {"kind": Literal[kind]} | types_of(cls)


EVENT = tuple(event_shape(kind, cls) for kind, cls in KINDS.items())
RUN_LINE = tuple({"run": str} | event for event in EVENT)
FORKED = {
    "kind": Literal["forked"], "run": str, "step": int, "recomputed": int,
    "first_difference": int | None,
}  # fmt: skip

CROSSING = (None, {"from": int, "to": int, "threshold": float | None, "split": str | None})
FINDING = {"level": Level, "what": str, "why": str, "try": str}
SPIKE = {
    "step": int, "base": float, "peak": float, "peak_step": int, "recovered_at": int | None,
    "kind": str, "open": bool, "details": dict[str, Any],
}  # fmt: skip
GAP = {"first": int, "last": int, "nan": int, "infinite": int, "closed": bool}
PHASE = {
    "name": str, "from": int, "to": int, "threshold": float | None, "split": str | None,
    "details": dict[str, Any],
}  # fmt: skip
LEARNED = {
    "examples": int, "median": float | None, "never": int, "forgotten": int,
    "histogram": list[dict[str, int]],
}  # fmt: skip
BRIEF = {
    "run": str, "name": str, "tags": list[str], "note": str, "preset": str | None, "created": float,
    "sweep": (None, {"id": Any, "name": Any, "cell": Any, "at": Any, "seed": Any}),
    "status": str, "step": int, "final": dict[str, float], "memorized_at": CROSSING,
    "grokked_at": CROSSING, "spikes": int | None, "damage?": str,
}  # fmt: skip
SHOW = {
    "run": str, "name": str, "tags": list[str], "preset": str | None, "status": str, "step": int,
    "steps": int, "seed": int | None, "device": str | None, "engine": str | None,
    "engine_reason": str | None, "seconds": float, "steps_per_second": float | None,
    "parameters": int | None, "final": dict[str, float], "best": dict[str, float] | None,
    "memorized_at": CROSSING, "grokked_at": CROSSING, "learned": (None, LEARNED),
    "phases": [PHASE], "spikes": [SPIKE], "gaps": [GAP], "findings": [{"step": int} | FINDING],
    "edits": [{"step": int, "changes": dict[str, Any]}], "attempts": int,
    "resume_verified": (None, {"steps": int | None, "first_difference": int | None}),
    "weights_sha256": str | None, "damaged": int, "missing": [MissingRows], "tally": SpikeStats,
}  # fmt: skip
CHECK = {
    "preset": str, "parameters": int, "memory_bytes": int, "disk_bytes": int,
    "examples": dict[str, int], "updates_per_epoch": int, "updates": int, "evaluations": int,
    "chance_loss": float | None, "irreducible_loss": float | None,
    "objective_floor": float | None, "findings": [FINDING],
}  # fmt: skip
SPIKES = {
    "source": str, "column": str | None, "steps": int, "how": str,
    "scale": Literal["linear", "log"], "n": int, "spikes": [SPIKE],
    "open": (None, event_shape("spike_onset", SpikeOnset)),
    "gaps": [GAP],
    "tally": SpikeStats, "format?": str, "notes?": list[str], "warnings?": list[str],
}  # fmt: skip

JUDGED = {
    "claim": str, "source": str, "reported": str | None, "measured": Any, "at_step": int | None,
    "status": str,
}  # fmt: skip
RUN_VERDICTS = {
    "run": str, "preset": str | None, "status": str, "step": int, "steps": int,
    "seed": int | None, "seconds": float, "device": str | None, "about": str,
    "settings_changed": dict[str, Any], "versions": dict[str, Any], "claims": [JUDGED],
}  # fmt: skip
MEMBERS = dict.fromkeys(
    ("total", "finished", "running", "queued", "failed", "diverged", "stopped"), int
)
SWEEP_VERDICTS = {
    "sweep": str, "preset": str, "status": str, "members": MEMBERS, "about": str,
    "settings_changed": dict[str, Any], "versions": dict[str, Any], "claims": [JUDGED],
}  # fmt: skip
BENCH = {
    "preset": str, "engine": str, "reason": str,
    "engines": {"*": {"ms_per_step": float, "times_plain": float, "steps": int}},
    "gradient_error": float, "gflop_left": float, "matrix_gflops": float, "share_of_limit": float,
    "threads": int,
}  # fmt: skip
TOKEN = {"text": str, "p": float, "likeliest?": [{"text": str, "p": float}]}
PREDICT = {
    "run": str, "step": int,
    "completions?": [{"prompt": str, "answer": str, "tokens": [TOKEN]}],
    "repeated?": [{"prompt": str, "answers": dict[str, int], "agreement": float}],
}  # fmt: skip
EVAL = {
    "run": str, "step": int, "values": dict[str, float], "groups": dict[str, dict[str, float]],
    "files?": list[str],
}  # fmt: skip
MEASURE = (
    {"run": str, "keys": list[Any], "undefined": Any,
     "steps": [{"step": int, "values": dict[str, Any]}]},
    {"measures": [types_of(Measure) | {"from": str}]},
)  # fmt: skip
EXPLAINED = {
    "run": str, "spike": SPIKE,
    "recomputed": {"from": int, "equal": bool, "rows?": int, "first_difference": int | None},
    "window?": {"change_at": int, "last": int, "level": float},
    "changes": [{"change": str, "kind": str, "effect": Any, "peak": Any, "peak_step": Any,
                 "first_step": Any, "losses": list[float]}],
    "causes": list[Any], "sentence": str, "instruments?": dict[str, Any], "*": Any,
}  # fmt: skip
SERIES = {
    "column": str, "name": str, "kind": str, "values": int, "first": int, "last": int,
    "not_finite": int,
}  # fmt: skip
IMPORT = {
    "source": str, "format": str, "notes": list[str], "warnings": list[str],
    "runs": [{"run": str | None, "name": str, "series": [SERIES], "attempts": int,
              "restarts": Any, "replaced": int, "planned_steps": int | None, "ended": Any}],
}  # fmt: skip
EXPORT = (
    {"run": str, "format": str, "path": str},
    {"run": str, "format": str, "exports": [
        {"step": int, "path": str, "files": list[str], "largest_difference": float}]},
)  # fmt: skip
DOCTOR = (
    {"run": str, "verified": dict[str, int], "symptoms": [Symptom], "healthy": bool, "status": str},
    {"versions": dict[str, str | None], "system": str, "device": str, "threads": int,
     "terminal": {"interactive": bool, "size": str, "type": str | None, "encoding": str | None},
     "runs": {"path": str, "writable": bool, "free_mib": int},
     "problems": list[str], "healthy": bool},
)  # fmt: skip
TORTURE = {
    "trials": {"*": {"tried": int, "failures": list[str], "*": int | float}},
    "seconds": float, "seed": int,
}  # fmt: skip

AXIS = {"key": str, "values": list[Any], "keys": list[str]}
CELL = {
    "settings": dict[str, Any], "at": dict[str, Any], "runs": list[str], "members": MEMBERS,
    "final": {"*": types_of(FinalValues) | {"geometric_mean?": float, "geometric_std?": float | None}},
    "*": StepsToEvent,
}  # fmt: skip
PAIRED = {
    "axis": str, "from": Any, "to": Any, "settings": dict[str, Any], "measure": str,
} | types_of(PairedDifference)  # fmt: skip
SWEEP_RESULTS = {
    "sweep": str, "name": str, "about": str, "status": str, "members": MEMBERS, "axes": [AXIS],
    "cells": [CELL], "paired": [PAIRED],
    "failed": [{"run": str, "cell": int, "seed": int, "reason": str | None}],
    "footer": {
        "base": str, "settings": dict[str, Any], "seeds": list[int], "vary": list[str],
        "fork": (None, {"run": str, "at": int}), "missing": list[str],
        "budget": list[int], "events": dict[str, str],
        "evaluation_every": list[Any], "unfinished": int, "failed": int, "diverged": int,
        "stopped": int, "threads": list[int], "devices": list[str], "versions": list[str],
    },
}  # fmt: skip
PLAN = {
    "name": str, "members": int, "skipped": int, "seeds": list[int],
    "axes": [{"key": str, "values": list[Any]}],
    "cells": [{"settings": dict[str, Any], "updates": int}],
    "steps": int, "seconds": float | None, "jobs": int, "disk_bytes": int, "*": Any,
}  # fmt: skip
SWEEP_STATE = {"sweep": str, "members": MEMBERS}
SWEEPS = {
    "sweeps": [{"sweep": str, "name": str, "status": str, "members?": MEMBERS, "error?": str}],
    "files": dict[str, str],
}  # fmt: skip
ANSWER = (None, *EVENT)

OUTPUTS: dict[str, Any] = {
    "run": RUN_LINE, "resume": (*RUN_LINE, *ANSWER), "fork": (FORKED, *RUN_LINE),
    "pause": ANSWER, "stop": ANSWER, "checkpoint": ANSWER, "edit": ANSWER,
    "presets": [{"name": str, "path": str, "about": str}],
    "runs": [BRIEF], "show": SHOW, "check": CHECK, "spikes": SPIKES, "bench": BENCH,
    "verify": {"runs": [RUN_VERDICTS], "sweeps?": [SWEEP_VERDICTS]},
    "arrays": {"run": str, "step": int, "file": str, "shapes": dict[str, list[int]]},
    "predict": PREDICT, "eval": EVAL, "measure": MEASURE, "explain": (EXPLAINED, [EXPLAINED]),
    "data": {"preset": str, "files": list[str]},
    "plot": ({"kind": str, "runs": list[str], "files": list[str]},
             [{"kind": str, "draws": str, "about": str}]),
    "report": {"title": str, "files": list[str]},
    "import": IMPORT, "export": EXPORT, "doctor": DOCTOR, "torture": TORTURE,
    "new task": {"name": str, "files": list[str]},
    "serve": {"url": str, "control": bool, "tabs": int},
    "schema": ([{"name": str, "about": str}], dict[str, Any]),
    "sweep run": (SWEEP_RESULTS, PLAN), "sweep resume": SWEEP_RESULTS, "sweep show": SWEEP_RESULTS,
    "sweep list": SWEEPS, "sweep work": SWEEP_STATE, "sweep stop": SWEEP_STATE,
    "sweep add": SWEEP_STATE, "sweep delete": {"sweep": str, "deleted": list[str]},
    "sweep adopt": {"sweep": str, "runs": list[str]},
}  # fmt: skip
"""by command; `run`, `resume` and `fork` print one such value per line"""
