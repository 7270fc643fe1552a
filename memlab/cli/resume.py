"""`memlab resume`: resumes a stopped or killed run, or extends a finished one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.event_command import OnEvent, parse_command
from memlab.cli.options import Device, Json, Overrides, Quiet, RunName, RunsFolder

if TYPE_CHECKING:
    from memlab.record.folder import RunFolder


def resume(
    run: RunName,
    overrides: Overrides = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Take over the run from another process, which then exits."
        ),
    ] = False,
    accept_plugin_change: Annotated[
        bool,
        typer.Option(
            "--accept-plugin-change",
            help="Continue even if the code of a plugin has changed.",
        ),
    ] = False,
    device: Device = "auto",
    on_event: OnEvent = None,
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Resume a run from its newest checkpoint, optionally with changed settings.

    A paused run continues in its process, unless --take-over is given.
    """
    from memlab.cli.training import train_headless
    from memlab.record.runs import find, runs_folder
    from memlab.record.status import Status

    command = parse_command(on_event)
    folder = find(runs_folder(runs), run)
    if folder.status() == Status.PAUSED and not (overrides or take_over):
        _resume_paused(folder, has_command=bool(command), as_json=json)
        return
    code = train_headless(
        folder,
        (),
        device,
        edits=_edits(folder, overrides or ()),
        on_event=command,
        take_over=take_over,
        accept_plugin_change=accept_plugin_change,
        quiet=quiet,
        as_json=json,
    )
    raise typer.Exit(code)


def _resume_paused(folder: "RunFolder", *, has_command: bool, as_json: bool) -> None:
    """Send the process of a paused run the command to continue.

    Raises:
        MemlabError: there is a command for events, which only the process that trains can run.
    """
    from memlab.cli.control import request
    from memlab.errors import MemlabError
    from memlab.record.ask import ANSWER_SECONDS
    from memlab.record.commands import Resume

    if has_command:
        raise MemlabError(
            "another process trains this run and cannot take --on-event",
            where=folder.path.name,
            hint="--take-over stops that process and trains here",
        )
    request(folder, Resume(), ANSWER_SECONDS, as_json)


def _edits(folder: "RunFolder", overrides: Sequence[str]) -> dict[str, Any]:
    """The overrides as edits of the run.

    Raises:
        PresetError: one is not valid, or the edited run would end before its last step.
    """
    from memlab.preset.edit import apply_edits, read_edits
    from memlab.preset.extension import check_extension
    from memlab.preset.run_preset import edited_preset

    preset = edited_preset(folder)
    edits = read_edits(preset, overrides)
    per_epoch = folder.description.get("check", {}).get("updates_per_epoch", 1)
    # Only errors: warnings become events of the run when it applies the edit.
    check_extension(preset, apply_edits(preset, edits), folder.last_step(), per_epoch)
    return edits
