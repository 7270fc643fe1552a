"""From what is named on a command line to what figures and reports are made from."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlab.figures.source import RunSource


def open_sources(
    refs: Sequence[str], runs: Path, until: int | None = None
) -> "tuple[list[RunSource], Any]":
    """The runs that are named, or those of a sweep and the sweep itself."""
    from memlab.figures.source import RunSource
    from memlab.record.runs import find

    return [RunSource(find(runs, ref), until) for ref in refs], None
