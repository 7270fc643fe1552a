"""A lab console for memorization and generalization in tiny transformers."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memlab.record.notebook import Run

__version__ = "0.1.0"


def open(ref: str = "last", runs: str | Path | None = None) -> "Run":
    """What a run recorded, as numpy arrays: `open("last").steps["loss"]`. Loads no torch.

    Args:
        ref: an id, a unique beginning of one, a path, or "last".
        runs: where runs lie; None = `$MEMLAB_RUNS`, else `runs` here.
    """
    from memlab.record.notebook import Run

    return Run(ref, None if runs is None else Path(runs))
