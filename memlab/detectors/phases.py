"""Phases of learning: thresholds crossed by evaluations, and the interval of the crossing."""

import math
from collections.abc import Iterator
from typing import Any

from memlab.detectors.detector import COMPLETE, Context, Detector
from memlab.record.events import Ended, Evaluated, Event, Phase

GENERALIZING = 0.5
"""validation accuracy above which a model counts as generalizing, if not yet well"""
NEARLY = 0.95
"""another threshold for grokking in the literature"""
COLLAPSED = 0.9
"""accuracy below which a model counts as collapsed"""
MORE = 5
"""evaluations after a crossing at which it must still hold, to count as sustained"""
HIGH = 3
"""consecutive evaluations above the limit that count as divergence"""
PATIENCE = 10
"""consecutive evaluations at one loss that count as stuck"""
NEAR = 0.02
"""share of a loss that counts as being at it"""


class PhaseDetector(Detector):
    """Detects phases in evaluations. Each phase is reported once; a collapse, each time it begins."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._step = 0
        """of the current evaluation"""
        self._last = 0
        """step of the previous evaluation"""
        self._reported: dict[str, int] = {}
        """step at which each phase was reported"""
        self._rows: dict[str, int] = {}
        """consecutive evaluations for which a condition has held"""
        self._held_from = 0
        """step of the first of the consecutive evaluations at which the model had grokked"""
        self._first_loss: float | None = None
        self._best: tuple[float, float] | None = None
        """the lowest val_loss, and train_loss at that evaluation"""

    def see(self, event: Event) -> list[Event]:
        """The phases that an evaluation begins, or the end of the run if its loss is not finite."""
        if isinstance(event, Ended) and event.reason in COMPLETE:
            lost = self._rows.get("lost", 0) > 0 and self._new("diverged")
            return [self._phase("diverged", self._limit(), "train")] if lost else []
        if not isinstance(event, Evaluated):
            return []
        self._step = event.step
        phases = list(self._begun(event.values))
        self._last = event.step
        return phases

    def _begun(self, values: dict[str, float]) -> Iterator[Event]:
        train, val = values.get("train_accuracy"), values.get("val_accuracy")
        if train is not None:
            yield from self._memorized(train)
        if val is not None and not self._context.val_within_train:
            yield from self._generalized(val)
        loss, val_loss = values.get("train_loss"), values.get("val_loss", math.nan)
        if loss is not None:
            yield from self._diverged(loss)
            yield from self._stuck(loss)
            if math.isfinite(loss) and math.isfinite(val_loss):
                yield from self._overfitting(loss, val_loss)

    def _memorized(self, train: float) -> Iterator[Event]:
        threshold = self._context.memorized
        if train >= threshold and self._new("memorized"):
            yield self._phase("memorized", threshold, "train", accuracy=train)
        if self._in_a_row("lost_train", train < COLLAPSED and "memorized" in self._reported) == 1:
            yield self._phase("collapsed", COLLAPSED, "train", accuracy=train)

    def _generalized(self, val: float) -> Iterator[Event]:
        threshold, memorized = self._context.grokked, self._reported.get("memorized")
        if val >= GENERALIZING and self._new("generalizing"):
            yield self._phase("generalizing", GENERALIZING, "val", accuracy=val)
        for name, limit in (("grokked_95", NEARLY), ("grokked", threshold)):
            if memorized is not None and val >= limit and self._new(name):
                delay, ratio = self._step - memorized, self._step / max(memorized, 1)
                yield self._phase(name, limit, "val", accuracy=val, delay=delay, ratio=ratio)
        held = self._in_a_row("held", "grokked" in self._reported and val >= threshold)
        if held == 1:
            self._held_from = self._step
        if held > MORE and self._new("sustained"):
            yield self._phase("sustained", threshold, "val", since=self._held_from)
        if self._in_a_row("lost_val", val < COLLAPSED and "grokked" in self._reported) == 1:
            yield self._phase("collapsed", COLLAPSED, "val", accuracy=val)

    def _diverged(self, loss: float) -> Iterator[Event]:
        """Report divergence: the loss is not finite, or stays above `_limit`."""
        if self._first_loss is None and math.isfinite(loss):
            self._first_loss = loss
        limit = self._limit()
        high = self._in_a_row("high", not math.isfinite(loss) or loss > limit > 0)
        self._in_a_row("lost", not math.isfinite(loss))
        if high >= HIGH and self._new("diverged"):
            yield self._phase("diverged", limit, "train")

    def _limit(self) -> float:
        """The loss above which a run diverges."""
        return 2 * max(self._first_loss or 0.0, self._context.chance_loss or 0.0)

    def _stuck(self, loss: float) -> Iterator[Event]:
        levels = {"chance": self._context.chance_loss, "floor": self._context.floor_loss}
        for at, level in levels.items():
            if level and self._step > 0:
                near = self._in_a_row(at, abs(loss - level) <= NEAR * level)
                if near >= PATIENCE and self._new(f"stuck at {at}"):
                    yield self._phase("stuck", level, "train", at=at, loss=loss)

    def _overfitting(self, loss: float, val_loss: float) -> Iterator[Event]:
        """Report overfitting: validation stays worse than its best while training improves."""
        if self._best is None or val_loss < self._best[0]:
            self._best = (val_loss, loss)
        lowest, train_then = self._best
        limit = 1.1 * lowest + 0.05
        worse = self._in_a_row("worse", val_loss > limit and loss < train_then)
        if worse >= MORE and self._new("overfitting"):
            yield self._phase("overfitting", limit, "val", best=lowest)

    def _phase(self, name: str, threshold: float, split: str, **details: Any) -> Phase:
        return Phase(
            step=self._step,
            name=name,
            after=self._last,
            threshold=threshold,
            split=split,
            details=details,
        )

    def _new(self, name: str) -> bool:
        """Whether `name` is reported for the first time."""
        first = name not in self._reported
        self._reported.setdefault(name, self._step)
        return first

    def _in_a_row(self, name: str, holds: bool) -> int:
        """Number of consecutive evaluations, including this one, at which `name` has held."""
        self._rows[name] = self._rows.get(name, 0) + 1 if holds else 0
        return self._rows[name]

    def state(self) -> dict[str, Any]:
        """Reported phases, running conditions, and the first and best losses."""
        return {
            "last": self._last,
            "told": dict(self._reported),
            "rows": dict(self._rows),
            "held_from": self._held_from,
            "first_loss": self._first_loss,
            "best": self._best and list(self._best),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._last, self._held_from = state["last"], state["held_from"]
        self._reported, self._rows = dict(state["told"]), dict(state["rows"])
        self._first_loss = state["first_loss"]
        self._best = tuple(state["best"]) if state["best"] else None
