"""`memlab pause`, `stop`, `checkpoint`, `edit`: send a command to a live run and wait for the answer."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Json, RunName, RunsFolder

if TYPE_CHECKING:
    from memlab.record.commands import Command
    from memlab.record.folder import RunFolder

Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0.1, help="Seconds to wait for the answer."),
]
Changes = Annotated[
    list[str], typer.Argument(metavar="KEY=VALUE", help="Settings to change: optimizer.lr=3e-4")
]


def pause(run: RunName, wait: Wait = 30.0, json: Json = False, runs: RunsFolder = None) -> None:
    """Pause a live run; `memlab resume RUN` continues it."""
    from memlab.record.commands import Pause
    from memlab.record.runs import find, runs_folder

    request(find(runs_folder(runs), run), Pause(), wait, json)


def stop(run: RunName, wait: Wait = 30.0, json: Json = False, runs: RunsFolder = None) -> None:
    """Save a checkpoint of a live run and stop it."""
    from memlab.record.commands import Stop
    from memlab.record.runs import find, runs_folder

    request(find(runs_folder(runs), run), Stop(), wait, json)


def checkpoint(
    run: RunName, wait: Wait = 30.0, json: Json = False, runs: RunsFolder = None
) -> None:
    """Save a checkpoint of a live run, which continues."""
    from memlab.record.commands import CheckpointNow
    from memlab.record.runs import find, runs_folder

    request(find(runs_folder(runs), run), CheckpointNow(), wait, json)


def edit(
    run: RunName,
    changes: Changes,
    wait: Wait = 30.0,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Change settings of a live run."""
    from memlab.preset.edit import read_edits
    from memlab.preset.run_preset import edited_preset
    from memlab.record.commands import Edit
    from memlab.record.runs import find, runs_folder

    folder = find(runs_folder(runs), run)
    declared = folder.description.get("editable")
    if declared is None:
        values = read_edits(edited_preset(folder), changes)
    else:
        values = _declared(changes, declared)
    request(folder, Edit(values), wait, json)


def _declared(texts: list[str], declared: list[str]) -> dict[str, Any]:
    """The values in `KEY=VALUE` texts, for a training loop that declares its editable settings."""
    from json import loads

    from memlab.errors import PresetError, nearest

    values: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key not in declared:
            raise PresetError(
                "not KEY=VALUE with an editable setting",
                found=text,
                allowed=", ".join(declared)
                or "none: the training loop declares no editable settings",
                hint=nearest(key, declared),
            )
        try:
            values[key] = loads(value)
        except ValueError:
            values[key] = value
    return values


def request(folder: "RunFolder", command: "Command", seconds: float, as_json: bool) -> None:
    """Send a command, wait for the answer, and print it."""
    from memlab.cli.output import print_json, stderr
    from memlab.record import ask
    from memlab.record.events import to_json

    answer = ask.ask(folder, command, seconds)
    if as_json:
        print_json(None if answer is None else to_json(answer))
    elif answer is None:
        stderr().print(f"{folder.path.name} is already {folder.status()}", markup=False)
    else:
        what = {"checkpoint": "checkpoint saved", "ended": "ended"}.get(answer.kind, answer.kind)
        stderr().print(f"{folder.path.name}: {what} at step {answer.step:,}", markup=False)
