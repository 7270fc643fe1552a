"""Interface of detectors: a fold over the events of a run whose state is plain data.

The state is part of checkpoints, so a live run, a resumed run and a replayed run give the same events.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from memlab.record.events import Event

COMPLETE = ("finished", "early_stop", "diverged")
"""reasons of an end after which no further value is expected"""


@dataclass(frozen=True)
class Context:
    """Facts about a run that detectors need."""

    chance_loss: float | None = None
    """loss of a model that knows only the token frequencies of the targets, nats"""
    steps: int | None = None
    """updates planned"""
    floor_loss: float | None = None
    """irreducible loss of the data (conflicting or random targets), nats; None = unknown"""
    updates_per_epoch: int | None = None
    warmup_steps: int = 0
    float64_loss: bool = False
    """softmax and loss are computed in float64"""
    val_within_train: bool = False
    """validation examples are training examples, by design"""
    memorized: float = 0.99
    """train accuracy from which a model counts as having memorized"""
    grokked: float = 0.99
    """validation accuracy from which it counts as having generalized"""


class Detector(ABC):
    """A fold from events to detected events."""

    @abstractmethod
    def __init__(self, context: Context) -> None: ...

    @abstractmethod
    def see(self, event: Event) -> list[Event]:
        """Events detected in `event`, ordered by step.

        Rows may come in blocks of any size; block boundaries do not change the result.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The complete state as JSON-compatible data; floats round-trip exactly."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state returned by `state`."""
