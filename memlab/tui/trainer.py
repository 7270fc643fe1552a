"""What trains, as the command line hands it in: the console itself imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass

from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder


@dataclass(frozen=True)
class Trainer:
    """Three functions that may be slow, each called in a thread."""

    train: Callable[[RunFolder], None]
    """begins the run in a folder, or goes on with it, and returns when it has ended; raises what
    went wrong"""
    detach: Callable[[RunFolder], None]
    """starts a process of its own that goes on with the run; returns at once"""
    probe: Callable[[Preset], float]
    """measures a few updates: seconds for one"""
