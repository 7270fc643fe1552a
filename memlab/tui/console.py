"""What screens and widgets use of the console, so that they need not import it."""

from pathlib import Path
from typing import Any, Protocol

from textual.message import Message

from memlab.tui.console_state import ConsoleState
from memlab.tui.training_functions import TrainingFunctions
from memlab.tui.training_queue import TrainingQueue


class Console(Protocol):
    """The app, as far as its parts know it."""

    runs: Path
    """the folder of runs"""
    training: TrainingQueue
    trainer: TrainingFunctions | None
    state: ConsoleState

    @property
    def current_mode(self) -> str | None:
        """The mode of the screen that is shown."""

    def post_message(self, message: Message) -> Any:
        """Ask the console for something (`memlab.tui.messages`)."""
