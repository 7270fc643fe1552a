"""Functions that train or compute with torch, passed in by the command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memlab.record.folder import RunFolder

if TYPE_CHECKING:
    from memlab.preset.schema import Preset

Train = Callable[[RunFolder, Callable[[], bool]], None]
"""(folder, interrupted): trains a run; saves a checkpoint and ends when interrupted."""


Fork = Callable[[RunFolder, int, Mapping[str, Any]], None]
"""(run, last shared step, changed settings): starts a process that trains the fork."""


@dataclass(frozen=True)
class TrainingFunctions:
    """Functions that may be slow or start a process."""

    train: Train
    """starts or resumes the run in a folder, and returns when it has ended; raises its error"""
    detach: Callable[[RunFolder], object]
    """starts a process that resumes the run; returns at once"""
    probe: "Callable[[Preset], float]"
    """measures seconds per update from a few updates; raises if a run trains here"""
    fork: Fork | None = None
    """forks a run at a step in a separate process; returns at once"""
    resume_sweep: Callable[[Path], None] | None = None
    """starts a process that trains the unfinished members of the sweep in a folder; returns at
    once"""
    is_machine_idle: Callable[[], bool] = lambda: False
    """whether the machine is idle, so that the console may time a few updates automatically"""
    outlive_console: bool = False
    """`train` waits for a separate process, so that runs continue when the console is closed"""


ReportProgress = Callable[[str | None], bool]
"""called with a line of progress, or now and then with None; returns false to stop the process"""


@dataclass(frozen=True)
class Analysis:
    """Computations on a run in a separate process; they return when it has exited."""

    explain: Callable[[RunFolder, int, ReportProgress], None]
    """explains the spike with this onset and stores the explanation in the run's folder; raises
    `MemlabError` if that fails"""
    pictures: Callable[[RunFolder, int, ReportProgress], None]
    """computes pictures of the model at a step and stores them likewise"""
