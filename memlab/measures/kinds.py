"""The two kinds of measures. Each is a declaration and the function that computes it."""

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
    """returns None if the measure is not defined"""
    only: str | None = None
    """the only split with this measure, recorded without the name of the split; None = every split"""
    of_parts: bool = False
    """whether it is also recorded for parts of a split (noisy, repeated, ...): `train_accuracy_noisy`"""


@final
@dataclass(frozen=True)
class ModelMeasure:
    """A quantity of a model at a step, computed on request from a checkpoint."""

    declared: Measure
    compute: "Callable[[ModelView], Mapping[str, float]]"
    """returns recorded name to value; empty if the measure is not defined. A recorded name is the name
    of the measure, optionally with a split before it (`train_logit_margin`) or a member after it
    (`matrix_norm/token.weight`)"""
    version: int = 1
    """increased whenever the values of a checkpoint change"""
