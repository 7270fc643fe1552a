"""Interface of the app for screens and widgets, which avoids an import cycle."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from textual.message import Message

from memlab.tui.console_state import ConsoleState
from memlab.tui.training_functions import TrainingFunctions
from memlab.tui.training_queue import TrainingQueue

if TYPE_CHECKING:
    from memlab.tui.baseline import BaselineRun


class Console(Protocol):
    """The part of the app that its widgets use."""

    runs: Path
    """the folder of runs"""
    training: TrainingQueue
    trainer: TrainingFunctions | None
    state: ConsoleState
    read_only: bool
    """whether it offers nothing that changes a run or a file"""
    baseline: "BaselineRun | None"
    """the pinned run"""

    @property
    def current_mode(self) -> str | None:
        """Mode of the current screen."""

    def post_message(self, message: Message) -> Any:
        """Send a message (`memlab.tui.messages`) to the app."""
