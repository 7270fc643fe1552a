"""The events of a run: one vocabulary for the file, `--json` and every viewer.

Each kind is a frozen dataclass; `to_json` and `from_json` translate. Events are rare: per-step
values travel as `Rows` and are kept in `steps.bin`, never in a line of text.
"""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from memlab.errors import RunError
from memlab.record.json_types import shape

COLUMNS = ("loss", "grad_norm", "lr", "weight_norm", "update_norm")
"""Per-step values: the objective as optimized (nats), the gradient's 2-norm before clipping, the
learning rate, the 2-norms of all weights and of the update. Row s belongs to
update s and was computed from the weights before it. A run has the columns that its `run.json`
names; those of earlier versions lack the last two."""
SPARSE = ("weight_norm", "update_norm")
"""columns with a value at every `NORMS_EVERY`-th step and NaN at the others"""
NORMS_EVERY = 10
"""Computed at every step, these norms cost 1.2 % on quickstart, but 6.4 to 6.8 % with batches of
64; at this interval, about 1 %
(one thread; a copy of the weights, a difference and two norms)."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened at a step. `wall` and `seq` are stamped when it is written."""

    kind: ClassVar[str] = "event"
    step: int
    """updates done when it happened; 0 = before the first"""
    wall: float = 0.0
    """seconds since the epoch; monotonic within an attempt, even if the clock is set"""
    seq: int = -1
    """index among the run's events"""


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """An attempt began."""

    kind = "started"
    attempt: int
    resumed_from: int | None = None
    """step of the checkpoint it continues from; None = from the beginning"""
    device: str = "cpu"
    engine: str = ""
    engine_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """An evaluation. Losses in nats, accuracies in 0..1, with names like `val_loss`."""

    kind = "evaluated"
    values: dict[str, float]
    """train_loss, train_accuracy, train_token_accuracy, val_..., test_... (at the end only)"""
    groups: dict[str, dict[str, float]] = field(default_factory=dict)
    """the same for each task of a mixture: {"copy": {"val_accuracy": 1.0}}"""


@dataclass(frozen=True, kw_only=True)
class Samples(Event):
    """Greedy answers of the model, always to the same examples."""

    kind = "samples"
    samples: list[dict[str, Any]]
    """[{split, prompt, target, answer, tokens: [{text, target, p, ok}]}]; p = probability"""


@dataclass(frozen=True, kw_only=True)
class SpikeOnset(Event):
    """The loss rose above its base; the spike is still open. `step` is when it began."""

    kind = "spike_onset"
    base: float
    value: float
    z: float
    noticed: int | None = None
    """the step at which it was detected, at a loss of `value`; a few steps after the onset"""


@dataclass(frozen=True, kw_only=True)
class Spike(Event):
    """A closed spike. `step` is when it closed; `onset` is when it began."""

    kind = "spike"
    onset: int
    base: float
    peak: float
    peak_step: int
    recovered_at: int | None
    label: str
    """spike, lingering or divergence; `open` in a snapshot for one that has not closed"""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Gap(Event):
    """The loss was not finite for some steps, which by itself is not a spike.

    Written when the values are finite again, and once before if that takes long: two events with
    the same first step are one gap, and the later one is more complete.
    """

    kind = "gap"
    first: int
    """the first step without a finite value"""
    last: int
    """the last one, so far"""
    nan: int
    """number of NaN values; the others are infinite"""
    infinite: int
    closed: bool = True
    """whether a finite value followed"""


@dataclass(frozen=True, kw_only=True)
class Phase(Event):
    """A threshold was crossed between two evaluations."""

    kind = "phase"
    name: str
    """memorized, generalizing, grokked, sustained, collapsed, overfitting, stuck, diverged"""
    after: int
    """last evaluation before the crossing; the crossing lies in (after, step]"""
    threshold: float | None = None
    split: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """observed values: accuracy; for grokked the delay since memorized in steps, and the ratio"""


@dataclass(frozen=True, kw_only=True)
class Finding(Event):
    """A warning or note for the user."""

    kind = "finding"
    level: str
    """info, warning or error"""
    what: str
    why: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Change(Event):
    """A planned change: a curriculum switch, a drop of the learning rate."""

    kind = "change"
    what: str


@dataclass(frozen=True, kw_only=True)
class Edited(Event):
    """Settings were edited; written after a checkpoint that contains them is committed."""

    kind = "edited"
    changes: dict[str, Any]
    """dotted setting to new value: {"optimizer.lr": 0.0003}"""


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Event):
    """A checkpoint at `step` was committed."""

    kind = "checkpoint"
    best_step: int | None = None
    """the step with the lowest val_loss so far, whose checkpoint is kept as well"""


@dataclass(frozen=True, kw_only=True)
class Paused(Event):
    kind = "paused"


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Training continues after a pause."""

    kind = "resumed"


@dataclass(frozen=True, kw_only=True)
class Ended(Event):
    """The attempt ended."""

    kind = "ended"
    reason: str
    """finished, early_stop, stopped, interrupted, failed, diverged or superseded"""
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rows(Event):
    """Per-step values of the updates up to `step`; exists in memory and in `steps.bin` only."""

    kind = "rows"
    values: NDArray[np.float32]
    """(row, column) in the order of COLUMNS; the last row belongs to `step`"""

    @property
    def first(self) -> int:
        """Step of the first row."""
        return self.step - len(self.values) + 1


@dataclass(frozen=True, kw_only=True)
class Unknown(Event):
    """An event of a kind that this version does not know, unchanged."""

    kind = "unknown"
    raw: dict[str, Any]


KINDS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        Started, Evaluated, Samples, SpikeOnset, Spike, Gap, Phase, Finding, Change, Edited,
        Checkpoint, Paused, Resumed, Ended,
    )
}  # fmt: skip


def to_json(event: Event) -> dict[str, Any]:
    """The event as a plain dictionary, `kind` first.

    Raises:
        RunError: `Rows` cannot be stored as a line of text.
    """
    if isinstance(event, Rows):
        raise RunError("rows are stored in steps.bin, not as lines of text")
    if isinstance(event, Unknown):
        return event.raw
    return {"kind": event.kind} | {f.name: getattr(event, f.name) for f in fields(event)}


def from_json(line: dict[str, Any]) -> Event:
    """The event in a dictionary; fields of later versions are dropped."""
    cls = KINDS.get(str(line.get("kind")))
    if cls is not None:
        checks = _CHECKS[cls]
        members = {name: value for name, value in line.items() if name in checks}
        try:
            if all(checks[name](value) for name, value in members.items()):
                return cls(**members)
        except TypeError:
            pass
    stamp = {k: line[k] for k in ("step", "wall", "seq") if _CHECKS[Event][k](line.get(k))}
    return Unknown(**{"step": 0, **stamp}, raw=line)


_CHECKS = {
    cls: {name: shape(hint) for name, hint in get_type_hints(cls).items() if name != "kind"}
    for cls in (Event, *KINDS.values())
}
