"""Phases of learning: thresholds crossed by evaluations, and the interval of the crossing."""

import math
from collections.abc import Iterator
from typing import Any

from memlab.detectors.detector import COMPLETE, Context, Detector
from memlab.record.events import Ended, Evaluated, Event, Phase

GENERALIZING = 0.5
"""validation accuracy from which a model generalizes, if not yet well"""
NEARLY = 0.95
"""the literature's other threshold of grokking"""
COLLAPSED = 0.9
"""accuracy below which a model counts as collapsed"""
MORE = 5
"""evaluations that must follow a crossing and hold, for it to be sustained"""
HIGH = 3
"""evaluations in a row above the limit that mean divergence"""
PATIENCE = 10
"""evaluations in a row at one loss that mean stuck"""
NEAR = 0.02
"""share of a loss that counts as being at it"""


class PhaseDetector(Detector):
    """Detects phases in evaluations. Each phase is reported once; a collapse, each time it begins."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._step = 0
        """of the evaluation that is being folded in"""
        self._last = 0
        """step of the one before"""
        self._told: dict[str, int] = {}
        """step at which each phase was reported"""
        self._rows: dict[str, int] = {}
        """evaluations in a row for which a condition has held"""
        self._held_from = 0
        """step of the first of those at which the model had grokked"""
        self._first_loss: float | None = None
        self._best: tuple[float, float] | None = None
        """val_loss at its lowest, and train_loss then"""

    def see(self, event: Event) -> list[Event]:
        """The phases that an evaluation begins, or the end after one whose loss is not finite."""
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
        if self._in_a_row("lost_train", train < COLLAPSED and "memorized" in self._told) == 1:
            yield self._phase("collapsed", COLLAPSED, "train", accuracy=train)

    def _generalized(self, val: float) -> Iterator[Event]:
        threshold, memorized = self._context.grokked, self._told.get("memorized")
        if val >= GENERALIZING and self._new("generalizing"):
            yield self._phase("generalizing", GENERALIZING, "val", accuracy=val)
        for name, limit in (("grokked_95", NEARLY), ("grokked", threshold)):
            if memorized is not None and val >= limit and self._new(name):
                delay, ratio = self._step - memorized, self._step / max(memorized, 1)
                yield self._phase(name, limit, "val", accuracy=val, delay=delay, ratio=ratio)
        held = self._in_a_row("held", "grokked" in self._told and val >= threshold)
        if held == 1:
            self._held_from = self._step
        if held > MORE and self._new("sustained"):
            yield self._phase("sustained", threshold, "val", since=self._held_from)
        if self._in_a_row("lost_val", val < COLLAPSED and "grokked" in self._told) == 1:
            yield self._phase("collapsed", COLLAPSED, "val", accuracy=val)

    def _diverged(self, loss: float) -> Iterator[Event]:
        """A loss that is lost, or stays at twice of what it was and of what guessing costs."""
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
        places = {"chance": self._context.chance_loss, "floor": self._context.floor_loss}
        for at, level in places.items():
            if level and self._step > 0:
                near = self._in_a_row(at, abs(loss - level) <= NEAR * level)
                if near >= PATIENCE and self._new(f"stuck at {at}"):
                    yield self._phase("stuck", level, "train", at=at, loss=loss)

    def _overfitting(self, loss: float, val_loss: float) -> Iterator[Event]:
        """Validation has become worse for good while training became better."""
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
        first = name not in self._told
        self._told.setdefault(name, self._step)
        return first

    def _in_a_row(self, name: str, holds: bool) -> int:
        """Evaluations in a row, with this one, for which `name` has held."""
        self._rows[name] = self._rows.get(name, 0) + 1 if holds else 0
        return self._rows[name]

    def state(self) -> dict[str, Any]:
        """Reported phases, running conditions, and the first and best losses."""
        return {
            "last": self._last,
            "told": dict(self._told),
            "rows": dict(self._rows),
            "held_from": self._held_from,
            "first_loss": self._first_loss,
            "best": self._best and list(self._best),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._last, self._held_from = state["last"], state["held_from"]
        self._told, self._rows = dict(state["told"]), dict(state["rows"])
        self._first_loss = state["first_loss"]
        self._best = tuple(state["best"]) if state["best"] else None
