"""`memlab` without a command: opens the console and passes it the functions that train."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from memlab.cli.detached import resume_sweep, start_fork, start_training
from memlab.cli.streams import need_terminal
from memlab.errors import RunError

if TYPE_CHECKING:
    from memlab.cli.shutdown import Shutdown
    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder
    from memlab.tui.app import Memlab
    from memlab.tui.training_functions import TrainingFunctions


def console(runs: Path | None = None) -> None:
    """Open the console.

    Raises:
        MemlabError: stdin or stderr is not a terminal.
    """
    from memlab.cli.analysis import analysis
    from memlab.cli.shutdown import Shutdown
    from memlab.record.runs import runs_folder
    from memlab.tui.app import Memlab
    from memlab.tui.console_state import ConsoleState, state_file

    need_terminal()
    shutdown = Shutdown()
    state = ConsoleState(state_file())
    app = Memlab(runs_folder(runs), _trainer(shutdown), state=state, analysis=analysis())
    run_console(app, shutdown)


def run_console(app: "Memlab", shutdown: "Shutdown") -> NoReturn:
    """Run the console until it is closed, and exit with its exit code."""
    shutdown.watch(lambda: app.call_from_thread(app.exit))
    app.run()
    sys.exit(app.return_code)


def _trainer(shutdown: "Shutdown") -> "TrainingFunctions":
    """The functions that train. One at a time: concurrent updates are slow and share torch's random
    number generator.
    """
    from memlab.tui.training_functions import TrainingFunctions

    def train(folder: "RunFolder", interrupted: Callable[[], bool]) -> None:
        """Train a run until it ends; torch is imported here, in the training thread."""
        with shutdown.busy:
            from memlab.training.worker import work

            for _ in work(folder, interrupted=lambda: interrupted() or shutdown.requested.is_set()):
                pass

    def probe(preset: "Preset") -> float:
        """Seconds that an update of `preset` takes."""
        if not shutdown.busy.acquire(blocking=False):
            raise RunError("another run is training or being timed in this console")
        try:
            from memlab.training.step_time import seconds_per_step

            return seconds_per_step(preset)
        finally:
            shutdown.busy.release()

    return TrainingFunctions(
        train, start_training, probe, start_fork, resume_sweep, _is_machine_idle
    )


def _is_machine_idle() -> bool:
    """Whether fewer than half of the cores were busy during the last minute."""
    try:
        return os.getloadavg()[0] < (os.cpu_count() or 1) / 2
    except OSError:
        return False
