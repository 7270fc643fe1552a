"""What trains or computes with torch, as the command line hands it in: the console imports none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder

Train = Callable[[RunFolder, Callable[[], bool]], None]
"""Of a run, and of what says whether it is interrupted: it then saves a checkpoint and ends."""


Fork = Callable[[RunFolder, int, Mapping[str, Any]], None]
"""Of a run, the last shared step, and changed settings: starts a process that trains the fork."""


@dataclass(frozen=True)
class TrainingFunctions:
    """Functions that may be slow or start a process."""

    train: Train
    """begins the run in a folder, or goes on with it, and returns when it has ended; raises what
    went wrong"""
    detach: Callable[[RunFolder], object]
    """starts a process of its own that goes on with the run; returns at once"""
    probe: Callable[[Preset], float]
    """measures a few updates: seconds for one; raises why not, as when a run trains here"""
    fork: Fork | None = None
    """forks a run at a step in a process of its own; returns at once"""
    is_machine_idle: Callable[[], bool] = lambda: False
    """whether a few updates would disturb nobody, so that the console may time them unasked"""
    outlive_console: bool = False
    """`train` waits for a process of its own, so runs continue when the console is closed"""


Report = Callable[[str], bool]
"""called with a line about progress; false asks the process to end"""


@dataclass(frozen=True)
class Analysis:
    """Computations on a run in a process of their own; they return when it has ended."""

    explain: Callable[[RunFolder, int, Report], None]
    """explains the spike with this onset and keeps the explanation in the run's folder; raises
    `MemlabError` why not"""
    pictures: Callable[[RunFolder, int, Report], None]
    """computes pictures of the model at a step and keeps them there; raises likewise"""
