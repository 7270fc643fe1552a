"""Gaps: consecutive steps whose value is not finite."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.record.events import Gap, to_json

LASTING = 10
"""number of steps after which a gap is reported although it is still open"""


class GapTracker:
    """Folds values into gaps; its state is the open gap."""

    def __init__(self) -> None:
        self._open: Gap | None = None

    def see(self, first: int, values: NDArray[Any]) -> list[Gap]:
        """The gaps that close, or have lasted long enough to report, in a block that begins at
        `first`.
        """
        invalid = ~np.isfinite(values)
        if not invalid.any() and self._open is None:
            return []
        edges = np.flatnonzero(np.diff(np.concatenate(([False], invalid, [False])).astype(np.int8)))
        begins, ends = edges[::2].tolist(), edges[1::2].tolist()
        gaps: list[Gap] = []
        if self._open is not None and not invalid[0]:
            gaps.append(self._close(first))
        for begin, end in zip(begins, ends, strict=True):
            gaps += self._lengthen(first + begin, values[begin:end])
            if end < len(values):
                gaps.append(self._close(first + end))
        return gaps

    def _lengthen(self, step: int, values: NDArray[Any]) -> list[Gap]:
        """Open a gap at a run of non-finite values, or extend the open one."""
        nan = int(np.isnan(values).sum())
        gap = self._open or Gap(
            step=step, first=step, last=step - 1, nan=0, infinite=0, closed=False
        )
        before = gap.last - gap.first + 1
        last = step + len(values) - 1
        self._open = replace(
            gap, last=last, nan=gap.nan + nan, infinite=gap.infinite + len(values) - nan
        )
        if not before < LASTING <= before + len(values):
            return []
        reported = gap.first + LASTING - 1
        upto = values[: LASTING - before]
        nan = gap.nan + int(np.isnan(upto).sum())
        return [replace(self._open, step=reported, last=reported, nan=nan, infinite=LASTING - nan)]

    def _close(self, step: int) -> Gap:
        """Close the gap at a finite value at `step`."""
        assert self._open is not None
        closed = replace(self._open, step=step, closed=True)
        self._open = None
        return closed

    def end(self) -> Gap | None:
        """The gap that is still open at the end of the series."""
        gap, self._open = self._open, None
        return None if gap is None else replace(gap, step=gap.last)

    def state(self) -> dict[str, Any] | None:
        """The open gap, JSON-compatible."""
        return None if self._open is None else to_json(self._open)

    def restore(self, state: dict[str, Any] | None) -> None:
        self._open = None
        if state is not None:
            self._open = Gap(**{name: value for name, value in state.items() if name != "kind"})
