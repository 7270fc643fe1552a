"""A trained model as a function from a prompt to its answer."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memlab.record.folder import RunFolder
    from memlab.training.trained_model import TrainedModel


def completion(folder: "RunFolder", device: str) -> Callable[[str], str]:
    """Greedy completion by the last checkpoint of a run, which is loaded on the first call."""

    @cache
    def model() -> "TrainedModel":
        from memlab.training.trained_model import load_model

        return load_model(folder, "last", device)

    def complete(prompt: str) -> str:
        from memlab.training import predictions

        return predictions.complete(model(), [prompt])[0].answer

    return complete
