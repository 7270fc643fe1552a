"""What every detector is: a fold over a run's events whose whole memory is plain data.

The memory lies in checkpoints, so that a run that is watched, one that was killed and resumed,
and one that is read again all give the same list.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from memlab.record.events import Event


@dataclass(frozen=True)
class Context:
    """What detectors may know of a run before it starts."""

    chance_loss: float | None = None
    """loss of a model that knows only how often each target occurs, nats"""
    steps: int | None = None
    """updates planned"""
    floor_loss: float | None = None
    """the lowest loss that the data allow (conflicting or random targets), nats; None = unknown"""
    updates_per_epoch: int | None = None
    warmup_steps: int = 0
    float64_loss: bool = False
    """softmax and loss are computed in float64"""
    val_within_train: bool = False
    """validation examples are training examples, on purpose"""
    memorized: float = 0.99
    """train accuracy from which a model counts as having memorized"""
    grokked: float = 0.99
    """validation accuracy from which it counts as having generalized"""


class Detector(ABC):
    """A fold: events in, the events that it noticed out."""

    @abstractmethod
    def __init__(self, context: Context) -> None: ...

    @abstractmethod
    def see(self, event: Event) -> list[Event]:
        """What `event` lets the detector notice, in the order of steps.

        Rows may come in blocks of any size: where they are cut changes nothing.
        """

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The whole memory as JSON-able data; floats survive JSON to the last bit."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a memory that `state` returned."""
