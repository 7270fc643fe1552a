"""Phases of learning: which thresholds the evaluations crossed, and between which of them."""

import math
from collections.abc import Iterator
from typing import Any

from memlab.detectors.detector import Context, Detector
from memlab.record.events import Evaluated, Event, Phase

GENERALIZING = 0.5
"""validation accuracy from which a model generalizes, if not yet well"""
NEARLY = 0.95
"""the literature's other threshold of grokking"""
COLLAPSED = 0.9
"""accuracy below which a model has lost what it had"""
MORE = 5
"""evaluations that must follow a crossing and hold, for it to be sustained"""
PATIENCE = 10
"""evaluations in a row at one loss that mean stuck"""
NEAR = 0.02
"""share of a loss that counts as being at it"""


class PhaseDetector(Detector):
    """Folds evaluations into phases. Each is told once; a collapse, each time that it begins."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: dict[str, int] = {}
        """step at which each phase was told"""
        self._last = 0
        self._rows: dict[str, int] = {}
        """evaluations in a row for which a condition has held"""
        self._best: dict[str, float] = {}
        """val_loss at its lowest, train_loss then, and the first train_loss"""

    def see(self, event: Event) -> list[Event]:
        """The phases that an evaluation begins; other events say nothing here."""
        if not isinstance(event, Evaluated):
            return []
        found: list[Event] = []
        for name, threshold, split, details in self._begun(event.step, event.values):
            self._told[name] = event.step
            found.append(
                Phase(
                    step=event.step,
                    name=name,
                    after=self._last,
                    threshold=threshold,
                    split=split,
                    details=details,
                )
            )
        self._last = event.step
        return found

    def _begun(
        self, step: int, values: dict[str, float]
    ) -> Iterator[tuple[str, float | None, str | None, dict[str, Any]]]:
        """(name, threshold, split, details) of what begins here."""
        train, val = values.get("train_accuracy"), values.get("val_accuracy")
        if train is not None:
            yield from self._memorized(train)
        if val is not None:
            yield from self._generalized(step, val)
        loss = values.get("train_loss")
        if loss is not None:
            yield from self._losses(step, loss, values.get("val_loss"))

    def _memorized(self, train: float) -> Iterator[tuple[str, float, str, dict[str, Any]]]:
        threshold = self._context.memorized
        if train >= threshold and self._new("memorized"):
            yield "memorized", threshold, "train", {"accuracy": train}
        if self._begins("lost_train", train < COLLAPSED and "memorized" in self._told):
            yield "collapsed", COLLAPSED, "train", {"accuracy": train}

    def _generalized(
        self, step: int, val: float
    ) -> Iterator[tuple[str, float, str, dict[str, Any]]]:
        threshold = self._context.grokked
        memorized = self._told.get("memorized")
        if val >= GENERALIZING and self._new("generalizing"):
            yield "generalizing", GENERALIZING, "val", {"accuracy": val}
        for name, limit in (("grokked_95", NEARLY), ("grokked", threshold)):
            if memorized is not None and val >= limit and self._new(name):
                delay = {"delay": step - memorized, "ratio": step / max(memorized, 1)}
                yield name, limit, "val", {"accuracy": val} | delay
        held = self._count("held", "grokked" in self._told and val >= threshold)
        if held == 1:
            self._told["held_from"] = step
        if held > MORE and self._new("sustained"):
            yield "sustained", threshold, "val", {"since": self._told["held_from"]}
        if self._begins("lost_val", val < COLLAPSED and "grokked" in self._told):
            yield "collapsed", COLLAPSED, "val", {"accuracy": val}

    def _losses(
        self, step: int, loss: float, val_loss: float | None
    ) -> Iterator[tuple[str, float | None, str | None, dict[str, Any]]]:
        chance, floor = self._context.chance_loss, self._context.floor_loss
        first = self._best.setdefault("first", loss if math.isfinite(loss) else 0.0)
        limit = 2 * max(first, chance or first)
        lost = not math.isfinite(loss) or self._count("high", loss > limit) >= 3
        if lost and self._new("diverged"):
            yield "diverged", limit, "train", {}
        for where, value in (("chance", chance), ("floor", floor)):
            at = bool(value) and abs(loss - (value or 0)) <= NEAR * (value or 0) and step > 0
            if self._count(where, at) >= PATIENCE and self._new(f"stuck_{where}"):
                yield "stuck", value, "train", {"at": where, "loss": loss}
        if val_loss is not None and math.isfinite(val_loss):
            yield from self._overfitting(loss, val_loss)

    def _overfitting(
        self, loss: float, val_loss: float
    ) -> Iterator[tuple[str, float, str, dict[str, Any]]]:
        if val_loss < self._best.get("val_loss", math.inf):
            self._best |= {"val_loss": val_loss, "train_loss": loss}
        limit = 1.1 * self._best["val_loss"] + 0.05
        worse = val_loss > limit and loss < self._best["train_loss"]
        if self._count("worse", worse) >= MORE and self._new("overfitting"):
            yield "overfitting", limit, "val", {"best": self._best["val_loss"]}

    def _new(self, name: str) -> bool:
        """Whether `name` has not been told; tells it."""
        return self._told.setdefault(name, -1) == -1

    def _count(self, name: str, holds: bool) -> int:
        """Evaluations in a row, with this one, for which `name` has held."""
        self._rows[name] = self._rows.get(name, 0) + 1 if holds else 0
        return self._rows[name]

    def _begins(self, name: str, holds: bool) -> bool:
        return self._count(name, holds) == 1

    def state(self) -> dict[str, Any]:
        """What was told, what has held for how long, and the best losses."""
        return {
            "told": dict(self._told),
            "last": self._last,
            "rows": dict(self._rows),
            "best": dict(self._best),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a memory."""
        self._told, self._last = dict(state["told"]), state["last"]
        self._rows, self._best = dict(state["rows"]), dict(state["best"])
