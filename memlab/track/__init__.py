"""Records training loops of other programs as runs.

The package is callable, so that `memlab.track` is both the function and the package.
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
        """Start recording a training loop; close the result, or use it in a `with` block.

        Args:
            name: name of the run.
            config: settings by name: numbers, texts, lists, mappings.
            steps: planned number of updates.
            editable: settings in `config` that can be edited while the loop runs; see
                `TrackedRun.commands`.
            resume: True = resume the newest tracked run with this name, if there is one; a text
                = resume this run, written as for `memlab show`.
            at: number of updates that the resumed loop has done; None = step of the newest
                checkpoint, or of the last recorded row if there is no checkpoint.
            runs: folder of runs; None = `$MEMLAB_RUNS`, else `./runs`.

        Raises:
            RunError: the run to resume is missing or was not created by `track`, or an editable
                setting is not in `config`.
            BusyError: another process records this run.
            OSError: the folder cannot be created. Later disk errors do not raise.
        """
        from memlab.track.start import Loop, start

        loop = Loop(name, dict(config or {}), steps, tuple(editable), resume, at)
        return start(loop, None if runs is None else Path(runs))


sys.modules[__name__].__class__ = _CallableModule
