"""Messages of screens to the app."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from memlab.record.folder import RunFolder

if TYPE_CHECKING:
    from memlab.preset.schema import Preset
    from memlab.sweeps.load import SweepSource


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

    preset: "Preset"
    name: str
    queue: bool = False


@dataclass
class ResumeRun(Message):
    folder: RunFolder


@dataclass
class ClonePreset(Message):
    """Open a run's settings in the Lab."""

    preset: "Preset"


@dataclass
class EditPreset(Message):
    name: str


@dataclass
class PinBaseline(Message):
    """Pin a run as the baseline; the pinned run itself is unpinned."""

    folder: RunFolder


@dataclass
class CompareRuns(Message):
    folders: Sequence[RunFolder]


@dataclass
class StartSweep(Message):
    """Create a sweep, and train its members in a separate process."""

    source: "SweepSource"


@dataclass
class ShowSweep(Message):
    """Show a sweep."""

    sweep: str
    """its id"""


@dataclass
class ResumeSweep(Message):
    """Train the members of a sweep that are neither finished nor running."""

    path: Path
    """its folder"""


@dataclass
class TrainingEnded(Message):
    """A run of this process has ended; sent from its thread."""

    folder: RunFolder
    problem: Exception | None
