"""The table of commands, which are imported when they are used."""

import subprocess
import sys

import pytest
import typer.main

from memlab.cli.app import app
from memlab.cli.commands import PLACES


@pytest.mark.parametrize("name", PLACES)
def test_each_name_leads_to_its_command(name):
    group = typer.main.get_command(app)
    command = group.get_command(typer.Context(group), name)
    assert command.name == name and command.help


def test_a_similar_command_is_suggested(memlab):
    memlab("replya", code=2)
    assert "replay" in memlab.stderr


def test_a_command_imports_no_other():
    code = "import sys; sys.argv = ['memlab', 'runs', '-h']\ntry: import memlab.__main__\nexcept SystemExit: pass\n"
    code += "print([name for name in ('run', 'sweep', 'verify') if f'memlab.cli.{name}' in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
