"""What screens ask of the console."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder


@dataclass
class OpenRun(Message):
    """Show a run: live if it is alive, else as a replay."""

    folder: RunFolder
    at: int | None = None
    """the step to begin at"""
    speed: float | None = None
    """play, so many times as fast as it was trained"""


@dataclass
class StartRun(Message):
    """Make a run of a preset and train it, now or after those that wait."""

    preset: Preset
    name: str
    queue: bool = False


@dataclass
class ResumeRun(Message):
    """Go on with a run that ended early."""

    folder: RunFolder


@dataclass
class ClonePreset(Message):
    """Open a run's settings in the Lab."""

    preset: Preset


@dataclass
class CompareRuns(Message):
    """Lay runs over one another."""

    folders: Sequence[RunFolder]


@dataclass
class TrainingEnded(Message):
    """A run of this process has ended; sent from its thread."""

    folder: RunFolder
    problem: Exception | None
