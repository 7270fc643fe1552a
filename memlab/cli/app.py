"""The application and its common options."""

import gc
from typing import Annotated

import typer

from memlab.cli.commands import Commands
from memlab.cli.options import RunsFolder
from memlab.cli.plugin_option import PluginFolder, announce_plugins
from memlab.plugins.folder import use_folder
from memlab.version import __version__

app = typer.Typer(
    cls=Commands,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"memlab {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    runs: RunsFolder = None,
    plugins: PluginFolder = None,
) -> None:
    """A lab console for memorization and generalization in tiny transformers.

    Without a command, the console opens in the terminal. `memlab run quickstart` trains a first run.
    """
    gc.freeze()
    gc.enable()
    if plugins:
        use_folder(plugins)
    announce_plugins(context.invoked_subcommand)
    if context.invoked_subcommand is None:
        from memlab.cli.console import console

        console(runs)
    elif runs:
        defaults = {"runs": runs}
        nested: dict[str, object] = dict(defaults)
        if context.invoked_subcommand == "sweep":
            from memlab.cli.sweep import SWEEP_COMMANDS

            nested = dict.fromkeys(SWEEP_COMMANDS, defaults)
        context.default_map = {context.invoked_subcommand: nested}
