"""What a measure is made of: a declaration, and the function that computes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from memlab.record.measure import Measure

if TYPE_CHECKING:
    from memlab.measures.model_view import ModelView
    from memlab.measures.scores import Predictions


@final
@dataclass(frozen=True)
class SplitMeasure:
    """A quantity of the predictions on a split, recorded at every evaluation."""

    declared: Measure
    compute: "Callable[[Predictions], float | None]"
    """None where it is not defined"""
    only: str | None = None
    """the one split that has it, recorded without the split's name; None = every split"""
    of_parts: bool = False
    """whether it is recorded for noisy, repeated, ... examples too: `train_accuracy_noisy`"""


@final
@dataclass(frozen=True)
class ModelMeasure:
    """A quantity of a model at a step, computed on request from a checkpoint."""

    declared: Measure
    compute: "Callable[[ModelView], Mapping[str, float]]"
    """recorded name to value; empty where it is not defined. A name is that of the measure, with
    a split before it (`train_logit_margin`) or a member after it (`matrix_norm/token.weight`)"""
    version: int = 1
    """changes whenever the same checkpoint would give other values"""
