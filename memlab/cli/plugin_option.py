"""The option `--plugins DIR` of every command, and the message about each loaded plugin."""

import inspect
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.plugins.folder import use_folder
from memlab.record.safe_text import safe_text

if TYPE_CHECKING:
    from memlab.plugins.load import Plugin

PluginFolder = Annotated[
    Path | None,
    typer.Option(
        "--plugins",
        metavar="DIR",
        help="Folder of .py files with tasks and measures.",
        show_default="$MEMLAB_PLUGINS",
    ),
]
QUIET = (None, "replay", "watch", "_tab")
"""commands that draw on the terminal; the Lab lists plugins itself"""


def with_plugin_option(command: Callable[..., None]) -> Callable[..., None]:
    """The same command with the option `--plugins`."""

    @wraps(command)
    def call(*args: Any, plugins: Path | None = None, **kwargs: Any) -> None:
        if plugins is not None:
            use_folder(plugins)
        command(*args, **kwargs)

    signature = inspect.signature(command)
    kind = inspect.Parameter.KEYWORD_ONLY
    option = inspect.Parameter("plugins", kind, default=None, annotation=PluginFolder)
    parameters = [*signature.parameters.values(), option]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {**command.__annotations__, "plugins": PluginFolder}
    return call


def announce_plugins(command: str | None) -> None:
    """Print a line on stderr for each plugin that the command imports."""
    from memlab.plugins.load import listeners

    if command not in QUIET and _announce not in listeners:
        listeners.append(_announce)


def _announce(plugin: "Plugin") -> None:
    kind = plugin.group.removesuffix("s")
    where = safe_text(plugin.origin, 300)
    print(
        f"plugin: {kind} {plugin.name} from {where}, sha256 {plugin.sha256[:12]}", file=sys.stderr
    )
