"""Messages of screens to the app."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder


@dataclass
class OpenRun(Message):
    """Show a run: live if it is running, else as a replay."""

    folder: RunFolder
    at: int | None = None
    """the initial step"""
    speed: float | None = None
    """playback speed as a multiple of the training speed"""


@dataclass
class StartRun(Message):
    """Create a run of a preset and train it, now or after the queued ones."""

    preset: Preset
    name: str
    queue: bool = False


@dataclass
class ResumeRun(Message):
    folder: RunFolder


@dataclass
class ClonePreset(Message):
    """Open a run's settings in the Lab."""

    preset: Preset


@dataclass
class EditPreset(Message):
    name: str


@dataclass
class CompareRuns(Message):
    folders: Sequence[RunFolder]


@dataclass
class TrainingEnded(Message):
    """A run of this process has ended; sent from its thread."""

    folder: RunFolder
    problem: Exception | None
