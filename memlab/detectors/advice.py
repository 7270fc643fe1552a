"""Advice during training: what the curves suggest about the settings, each finding once.

To avoid false alarms, every condition must hold for several evaluations.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.detectors.detector import Context, Detector
from memlab.record.events import COLUMNS, Edited, Evaluated, Event, Finding, Rows
from memlab.record.run_facts import edited_steps

LOSS = COLUMNS.index("loss")
QUANTUM = 2.0**-23
"""nats: the smallest positive loss of one example in float32"""
AT_FLOOR = 100
"""consecutive steps below the quantum"""
PATIENCE = 5
"""consecutive evaluations for which a condition must hold"""
NEAR = 0.02
"""share of a loss that counts as being at it"""


@dataclass(frozen=True)
class Advice:
    """Wording of a finding; braces are replaced with the observed values."""

    level: str
    what: str
    why: str
    advice: str


ADVICE = {
    "too few updates": Advice(
        "warning",
        "After {step} of {steps} updates, train accuracy is {accuracy:.2f} and train loss "
        "{loss:.3g}, still falling.",
        "The run will end before the model has memorized; its validation accuracy will not be informative.",
        "More updates: raise training.steps, or lower training.batch_size at the same epochs.",
    ),
    "floor reached": Advice(
        "info",
        "Train loss {loss:.4g} has reached the irreducible loss of the data, {floor:.4g}.",
        "Some targets are not determined by the tokens before them; more training only overfits.",
        "Judge by accuracy, set training.loss_on to answer, or stop here.",
    ),
    "lr too high": Advice(
        "warning",
        "Train loss {loss:.4g} has stayed above chance, {chance:.4g}, for {n} evaluations.",
        "Guessing by token frequency would do better: the updates overshoot.",
        "Lower optimizer.lr three- to tenfold, add warmup_steps, or set clip_grad_norm to 1.",
    ),
    "lr too low": Advice(
        "warning",
        "Half of the updates are done, and train loss fell smoothly from {first:.3g} to only "
        "{loss:.3g} (chance: {chance:.3g}).",
        "A smooth loss curve far from convergence is limited by the step size.",
        "Raise optimizer.lr threefold.",
    ),
    "no gap": Advice(
        "info",
        "Validation accuracy was already {val:.2f} when train accuracy reached {train:.2f}.",
        "There is no generalization gap, and so no delayed generalization: the split is too easy, or "
        "evaluations are too far apart to resolve it.",
        "Lower task.train_fraction, make the task harder, or evaluate more often.",
    ),
    "precision floor": Advice(
        "warning",
        "The loss has been below {quantum:.1e}, the smallest step of float32, for {n} updates.",
        "Correct answers no longer produce a gradient (softmax collapse): learning stops or spikes.",
        "Set training.loss_dtype to float64, add weight decay, or stop here.",
    ),
}


class AdviceDetector(Detector):
    """Folds evaluations and losses into findings; each is reported once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._steps = context.steps
        self._reported: list[str] = []
        self._at_floor = 0
        """steps below the quantum since the loss was last well above it"""
        self._rows: dict[str, int] = {}
        """consecutive evaluations for which a condition has held"""
        self._memorized = False
        self._losses: list[float] = []
        """train losses of the first and the last few evaluations"""
        self._rises = 0
        """evaluations whose train loss was above the one before"""

    def see(self, event: Event) -> list[Event]:
        """The findings that the event triggers; an edit restarts the counts."""
        if isinstance(event, Rows):
            return self._report(event.step, self._precision(event))
        if isinstance(event, Edited):
            self._rows, self._losses, self._rises = {}, [], 0
            per_epoch = self._context.updates_per_epoch or 1
            self._steps = edited_steps(event.changes, per_epoch) or self._steps
        if isinstance(event, Evaluated) and "train_loss" in event.values:
            return self._report(event.step, self._conditions(event))
        return []

    def _report(self, at: int, conditions: Iterator[tuple[str, dict[str, Any]]]) -> list[Event]:
        findings: list[Event] = []
        for name, values in conditions:
            if name not in self._reported:
                self._reported.append(name)
                text = ADVICE[name]
                findings.append(
                    Finding(
                        step=values.get("at", at),
                        level=text.level,
                        what=text.what.format(**values),
                        why=text.why,
                        advice=text.advice,
                    )
                )
        return findings

    def _precision(self, rows: Rows) -> Iterator[tuple[str, dict[str, Any]]]:
        """Losses at the resolution of float32; a loss well above it restarts the count."""
        if self._context.float64_loss or "precision floor" in self._reported:
            return
        loss = rows.values[:, LOSS]
        if not (loss < QUANTUM).any():
            self._at_floor = 0 if (loss > 8 * QUANTUM).any() else self._at_floor
            return
        for i, value in enumerate(loss.tolist()):
            self._at_floor += value < QUANTUM
            self._at_floor *= not value > 8 * QUANTUM
            if self._at_floor == AT_FLOOR:
                values = {"quantum": QUANTUM, "n": AT_FLOOR, "at": rows.first + i}
                yield "precision floor", values
                return

    def _conditions(self, event: Evaluated) -> Iterator[tuple[str, dict[str, Any]]]:
        """(name, observed values) of all conditions that hold at this evaluation."""
        loss = event.values["train_loss"]
        if not math.isfinite(loss):
            return
        if self._losses:
            self._rises += loss >= self._losses[-1]
        self._losses = [*self._losses[:1], *self._losses[1:][-PATIENCE:], loss]
        yield from self._levels(event.step, loss)
        yield from self._progress(event.step, loss, event.values.get("train_accuracy", 1.0))
        yield from self._gap(event.values)

    def _levels(self, step: int, loss: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """Losses at the irreducible loss, or above chance."""
        floor, chance = self._context.floor_loss, self._context.chance_loss
        if floor and self._holds("floor", step > 0 and loss <= (1 + NEAR) * floor):
            yield "floor reached", {"loss": loss, "floor": floor}
        started = step > max(200, 2 * self._context.warmup_steps)
        if chance and self._holds("high", started and loss > 1.1 * chance):
            yield "lr too high", {"loss": loss, "chance": chance, "n": PATIENCE}

    def _progress(
        self, step: int, loss: float, accuracy: float
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Whether the planned updates will suffice; judged after half, or most, of them."""
        steps, chance = self._steps, self._context.chance_loss
        floor = self._context.floor_loss or 0.0
        if not steps or not chance or len(self._losses) <= PATIENCE or step >= steps:
            return
        falling = loss < np.mean(self._losses[-1 - PATIENCE : -1])
        if 0.8 * steps <= step and accuracy < 0.5 and falling and loss > floor + 0.1 * chance:
            values = {"step": step, "steps": steps, "accuracy": accuracy, "loss": loss}
            yield "too few updates", values
        smooth = self._rises == 0 and loss < self._losses[0]
        if 0.5 * steps <= step < 0.6 * steps and smooth and loss > 0.7 * chance:
            yield "lr too low", {"first": self._losses[0], "loss": loss, "chance": chance}

    def _gap(self, values: dict[str, float]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Whether validation was already learned when training was; judged once, at that time."""
        train, val = values.get("train_accuracy"), values.get("val_accuracy")
        if train is None or val is None or self._memorized or self._context.val_within_train:
            return
        self._memorized = train >= self._context.memorized
        if self._memorized and val >= 0.95:
            yield "no gap", {"train": train, "val": val}

    def _holds(self, name: str, condition: bool) -> bool:
        """Whether the condition has held for several consecutive evaluations, including this one."""
        self._rows[name] = self._rows.get(name, 0) + 1 if condition else 0
        return self._rows[name] >= PATIENCE

    def state(self) -> dict[str, Any]:
        """Reported findings, how long conditions have held, and the losses of a few evaluations."""
        return {
            "steps": self._steps,
            "told": list(self._reported),
            "at_floor": self._at_floor,
            "rows": dict(self._rows),
            "memorized": self._memorized,
            "losses": list(self._losses),
            "rises": self._rises,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._steps = state["steps"]
        self._reported, self._at_floor = list(state["told"]), state["at_floor"]
        self._rows, self._losses = dict(state["rows"]), list(state["losses"])
        self._memorized, self._rises = state["memorized"], state["rises"]
