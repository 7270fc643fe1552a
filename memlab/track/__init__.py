"""Runs that another program's training loop writes.

`memlab.track(...)` begins one: this package can be called, since it and the function share a name.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memlab.track.tracked_run import TrackedRun


class _CallableModule(ModuleType):
    def __call__(  # noqa: PLR0913
        self,
        name: str,
        *,
        config: Mapping[str, Any] | None = None,
        steps: int | None = None,
        editable: Sequence[str] = (),
        resume: bool | str = False,
        at: int | None = None,
        runs: str | Path | None = None,
    ) -> "TrackedRun":
        """Begin to record a training loop; close what is returned, or use it in a `with` block.

        Args:
            name: what to call the run.
            config: its settings, shown and compared: names to numbers, texts, lists, mappings.
            steps: updates that are planned.
            editable: settings of `config` that may be edited while the loop runs; see
                `TrackedRun.commands`.
            resume: True = go on with the newest tracked run of this name, if there is one; a text
                = with the run that it means, see `memlab runs`.
            at: updates that the resumed loop has done; None = those of the newest checkpoint,
                without one all that were recorded.
            runs: where runs lie; None = `$MEMLAB_RUNS`, else `runs` here.

        Raises:
            RunError: the run that is to be resumed is missing or was not made by `track`.
            BusyError: another process works on it.
            OSError: the folder cannot be made. Later the disk raises nothing.
        """
        from memlab.track.start import Loop, start

        loop = Loop(name, dict(config or {}), steps, tuple(editable), resume, at)
        return start(loop, None if runs is None else Path(runs))


sys.modules[__name__].__class__ = _CallableModule
