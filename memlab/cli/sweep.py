"""`memlab sweep`: many runs of one experiment."""

from collections.abc import Callable

import typer

from memlab.cli.plugin_option import with_plugin_option
from memlab.cli.sweep_add import add
from memlab.cli.sweep_adopt import adopt
from memlab.cli.sweep_delete import delete
from memlab.cli.sweep_list import list_
from memlab.cli.sweep_run import resume, run
from memlab.cli.sweep_show import show
from memlab.cli.sweep_stop import stop
from memlab.cli.sweep_work import work

sweep = typer.Typer(
    no_args_is_help=True, help="Many runs of one experiment: execution, statistics, tables."
)
COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
    "list": list_,
    "show": show,
    "resume": resume,
    "stop": stop,
    "work": work,
    "add": add,
    "delete": delete,
    "adopt": adopt,
}
SWEEP_COMMANDS = tuple(COMMANDS)
for name, command in COMMANDS.items():
    sweep.command(name)(with_plugin_option(command))
