"""`memlab new`: creates your own task and its test from a template."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from memlab.cli.options import Json
from memlab.cli.plugin_option import PluginFolder

new = typer.Typer(no_args_is_help=True, help="Create your own task and its test from a template.")
DEFAULT_FOLDER = Path("plugins")


@new.callback()
def _group() -> None:
    """Create your own task and its test from a template."""


@new.command("task")
def task(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Kind of the task, as in task.kind=NAME.")
    ],
    plugins: PluginFolder = None,
    json: Json = False,
) -> None:
    """Create a working task and its test in the folder of plugins, by default plugins/."""
    from memlab.cli.output import print_json, stderr, stdout
    from memlab.errors import MemlabError
    from memlab.plugins.create import create_task
    from memlab.plugins.folder import plugin_folder
    from memlab.tasks import kinds

    if name in kinds():
        raise MemlabError("a task of this name exists", where=name, hint="choose another name")
    folder = plugins or plugin_folder() or DEFAULT_FOLDER
    paths = create_task(folder, name)
    if json:
        print_json({"name": name, "files": [str(path) for path in paths]})
        return
    for path in paths:
        stdout().print(str(path), markup=False, soft_wrap=True)
    where = shlex.quote(str(folder))
    stderr().print(
        f"test it:  python -m pytest {shlex.quote(str(paths[1]))}\n"
        f"train it: memlab run quickstart task.kind={name} --plugins {where}",
        markup=False,
    )
