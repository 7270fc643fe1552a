"""Commands to a live run, which are files in its folder, and the form of a fork."""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen

from memlab.errors import MemlabError
from memlab.record.commands import Command, Edit, send
from memlab.record.folder import RunFolder
from memlab.record.snapshot import Snapshot
from memlab.record.summary import planned_steps
from memlab.tui.safe_content import one_line
from memlab.tui.training_functions import Fork

_TEXTS = {
    "pause": "pause",
    "resume": "resume",
    "stop": "save a checkpoint and stop",
    "checkpoint": "save a checkpoint",
    "edit": "change settings",
}


def ask(screen: Screen[Any], folder: RunFolder, command: Command) -> None:
    """Send a command and confirm it."""
    try:
        send(folder, command)
    except (MemlabError, OSError) as error:
        _show_error(screen, error)
    else:
        screen.notify(f"command sent: {_TEXTS[command.kind]}", timeout=2)


def ask_for_edits(screen: Screen[Any], folder: RunFolder, view: Snapshot) -> None:
    """Show the form for edits during training and send the result."""

    def edit(changes: dict[str, Any] | None) -> None:
        if changes:
            ask(screen, folder, Edit(changes=changes))
        elif changes is not None:
            screen.notify("no setting was changed")

    _show_form(screen, folder, view, ("edit during training", "apply"), edit)


def ask_for_fork(
    screen: Screen[Any], folder: RunFolder, view: Snapshot, at: int, fork: Fork
) -> None:
    """Show the same form for a fork at step `at`, and start it with the changes.

    Args:
        view: the run as of that step.
    """

    def start(changes: dict[str, Any] | None) -> None:
        if not changes:
            if changes is not None:
                screen.notify("no fork was started: it needs a changed setting")
            return
        steps = changes.get("training.steps", planned_steps(folder, view))
        if steps <= at and "training.epochs" not in changes:
            screen.notify(
                f"no fork was started: at step {at:,} it needs more than {steps:,} training.steps"
            )
            return
        try:
            fork(folder, at, changes)
        except (MemlabError, OSError) as error:
            _show_error(screen, error)
        else:
            screen.notify(f"forking at step {at:,}: the new run appears in Runs (3) when it starts")

    _show_form(screen, folder, view, (f"fork at step {at:,}", "start the fork"), start)


def _show_form(
    screen: Screen[Any],
    folder: RunFolder,
    view: Snapshot,
    texts: tuple[str, str],
    then: Callable[[dict[str, Any] | None], None],
) -> None:
    """Show the settings as of `view` for editing, with these texts as title and button."""
    # The form needs the schema, which takes a fifth of a second to load; no picture does.
    from memlab.preset.run_preset import edited_preset
    from memlab.tui.live.edit_form import EditForm

    try:
        preset = edited_preset(folder, view.edits)
    except MemlabError as error:
        _show_error(screen, error)
        return
    screen.app.push_screen(EditForm(preset, *texts), then)


def _show_error(screen: Screen[Any], error: Exception) -> None:
    screen.notify(one_line(error), severity="error", markup=False)
