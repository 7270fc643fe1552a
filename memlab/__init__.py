"""A lab console for memorization and generalization in tiny transformers."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memlab.version import __version__ as __version__

if TYPE_CHECKING:
    from memlab.api.run import Run


def open(ref: str = "last", runs: str | Path | None = None) -> "Run":
    """What a run recorded, as numpy arrays: `open("last").steps["loss"]`. Loads no torch.

    Args:
        ref: an id, a unique beginning of one, a path, or "last".
        runs: where runs lie; None = `$MEMLAB_RUNS`, else `runs` here.
    """
    from memlab.api.run import Run

    return Run(ref, None if runs is None else Path(runs))


def __getattr__(name: str) -> Any:
    """`memlab.track`, which is loaded when it is first used."""
    if name == "track":
        return importlib.import_module("memlab.track")
    raise AttributeError(f"module 'memlab' has no attribute {name!r}")
