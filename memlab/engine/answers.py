"""What a model answers: completions of prompts, and the samples that a run shows."""

from collections.abc import Sequence
from typing import Any

from memlab.engine.trained import Trained


def complete(
    trained: Trained, prompts: Sequence[str], *, temperature: float, top_k: int | None, seed: int
) -> list[dict[str, Any]]:
    """Completions as `memlab predict --json` prints them.

    Raises:
        DataError: a prompt has a symbol that the task does not know, or leaves no room to answer.
    """
