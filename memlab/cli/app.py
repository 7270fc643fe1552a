"""The list of commands."""

from collections.abc import Callable
from typing import Annotated

import typer

from memlab.cli.arrays import arrays
from memlab.cli.bench import bench
from memlab.cli.browser_tab import browser_tab
from memlab.cli.check import check
from memlab.cli.console import console
from memlab.cli.control import checkpoint, edit, pause, stop
from memlab.cli.data import data
from memlab.cli.doctor import doctor
from memlab.cli.eval import evaluate_checkpoint
from memlab.cli.explain import explain
from memlab.cli.export import export
from memlab.cli.fork import fork
from memlab.cli.help_text import help_text
from memlab.cli.import_log import import_log
from memlab.cli.measure import measure
from memlab.cli.new import new, task
from memlab.cli.options import RunsFolder
from memlab.cli.plot import plot
from memlab.cli.plugin_option import PluginFolder, announce_plugins, with_plugin_option
from memlab.cli.predict import predict
from memlab.cli.presets import presets
from memlab.cli.replay import replay
from memlab.cli.report import report
from memlab.cli.resume import resume
from memlab.cli.run import run
from memlab.cli.runs import runs
from memlab.cli.schema import schema
from memlab.cli.serve import serve
from memlab.cli.show import show
from memlab.cli.spikes import spikes
from memlab.cli.sweep import SWEEP_COMMANDS, sweep
from memlab.cli.torture import torture
from memlab.cli.verify import verify
from memlab.cli.watch import watch
from memlab.plugins.folder import use_folder
from memlab.version import __version__

app = typer.Typer(
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
    if plugins:
        use_folder(plugins)
    announce_plugins(context.invoked_subcommand)
    if context.invoked_subcommand is None:
        console(runs)
    elif runs:
        defaults = {"runs": runs}
        is_sweep = context.invoked_subcommand == "sweep"
        nested = dict.fromkeys(SWEEP_COMMANDS, defaults) if is_sweep else defaults
        context.default_map = {context.invoked_subcommand: nested}


PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Train": (
        run,
        resume,
        fork,
    ),
    "Control a live run": (
        pause,
        stop,
        checkpoint,
        edit,
    ),
    "Read runs": (
        runs,
        show,
        replay,
        serve,
    ),
    "Analyze": (
        spikes,
        explain,
        predict,
        evaluate_checkpoint,
        measure,
        arrays,
    ),
    "Figures, reports, other programs": (
        plot,
        report,
        export,
        import_log,
        watch,
        schema,
    ),
    "Presets, data, tasks": (
        presets,
        check,
        verify,
        data,
    ),
    "Reliability and speed": (
        doctor,
        torture,
        bench,
    ),
}
"""commands by the panels of `memlab --help`; a command's name is its function's"""
NAMES = {evaluate_checkpoint: "eval", import_log: "import"}
"""names of commands whose functions have other names"""

for panel, commands in PANELS.items():
    for command in commands:
        register = app.command(NAMES.get(command), help=help_text(command), rich_help_panel=panel)
        register(with_plugin_option(command))
app.command("_tab", hidden=True)(browser_tab)
new.command("task")(task)
app.add_typer(new, name="new", rich_help_panel="Presets, data, tasks")
app.add_typer(sweep, name="sweep", rich_help_panel="Train")
