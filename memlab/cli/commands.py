"""The commands of `memlab`. The module of a command is imported when the command is used, since
importing all takes longer than most commands.
"""

import importlib
from typing import Any, final

import typer
from typer.core import TyperGroup
from typer.main import get_group

PANELS: dict[str, dict[str, str]] = {
    "Train": {
        "run": "run:run",
        "resume": "resume:resume",
        "fork": "fork:fork",
        "sweep": "sweep:sweep",
    },
    "Control a live run": {
        "pause": "control:pause",
        "stop": "control:stop",
        "checkpoint": "control:checkpoint",
        "edit": "control:edit",
    },
    "Read runs": {
        "runs": "runs:runs",
        "show": "show:show",
        "replay": "replay:replay",
        "serve": "serve:serve",
    },
    "Analyze": {
        "spikes": "spikes:spikes",
        "explain": "explain:explain",
        "predict": "predict:predict",
        "eval": "eval:evaluate_checkpoint",
        "measure": "measure:measure",
        "arrays": "arrays:arrays",
    },
    "Figures, reports, other programs": {
        "plot": "plot:plot",
        "report": "report:report",
        "export": "export:export",
        "import": "import_log:import_log",
        "watch": "watch:watch",
        "schema": "schema:schema",
    },
    "Presets, data, tasks": {
        "presets": "presets:presets",
        "check": "check:check",
        "verify": "verify:verify",
        "data": "data:data",
        "new": "new:new",
    },
    "Reliability and speed": {
        "doctor": "doctor:doctor",
        "torture": "torture:torture",
        "bench": "bench:bench",
    },
}
"""by panel of `memlab --help`, the names of commands and groups, and where each is defined in
`memlab.cli`: "module:name"
"""
WORDS = "memlab.words"
"""key of the command line in the context"""
HIDDEN = {"_tab": "browser_tab:browser_tab"}
PLACES = {name: place for panel in PANELS.values() for name, place in panel.items()} | HIDDEN


@final
class Commands(TyperGroup):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, panel by panel."""
        return list(PLACES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command; None if there is none, with all loaded, from which typer suggests one."""
        wanted = [cmd_name] if cmd_name in PLACES else PLACES
        for name in wanted:
            if name not in self.commands:
                self.commands[name] = _load(name)
        return self.commands.get(cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Store the command line for `invoke`."""
        ctx.meta[WORDS] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a setting that was given as an option is a user error with a hint."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from memlab.cli.setting_option import setting_given_as_option

            problem = setting_given_as_option(error, ctx.meta[WORDS])
            if problem is None:
                raise
            raise problem from None


def _load(name: str) -> Any:
    from memlab.cli.help_text import help_text
    from memlab.cli.plugin_option import with_plugin_option

    module, _, attribute = PLACES[name].partition(":")
    command = getattr(importlib.import_module(f"memlab.cli.{module}"), attribute)
    panel = next((panel for panel, names in PANELS.items() if name in names), None)
    single = typer.Typer()
    if isinstance(command, typer.Typer):
        single.add_typer(command, name=name, rich_help_panel=panel)
    else:
        register = single.command(
            name,
            help=None if name in HIDDEN else help_text(command),
            rich_help_panel=panel,
            hidden=name in HIDDEN,
        )
        register(command if name in HIDDEN else with_plugin_option(command))
    return get_group(single).commands[name]
