"""The table of commands, which are imported when they are used."""

import subprocess
import sys

import pytest
import typer.main

from memlab.cli.app import app
from memlab.cli.commands import PLACES


@pytest.mark.parametrize("name", PLACES)
def test_each_name_has_its_command(name):
    group = typer.main.get_command(app)
    command = group.get_command(typer.Context(group), name)
    assert command.name == name and command.help


def test_a_similar_command_is_suggested(memlab):
    memlab("replya", code=2)
    assert "replay" in memlab.stderr


def test_a_command_does_not_import_other_commands():
    code = "import sys; sys.argv = ['memlab', 'runs', '-h']\ntry: import memlab.__main__\nexcept SystemExit: pass\n"
    code += "print([name for name in ('run', 'sweep', 'verify') if f'memlab.cli.{name}' in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("run quickstart --steps 20", "training.steps=20"),
        ("run quickstart --lr 1e-3", "optimizer.lr=1e-3"),
        ("run quickstart --lr=-1", "optimizer.lr=-1"),
        ("run quickstart --batch-size 64", "training.batch_size=64"),
        ("run quickstart --optimizer.lr 1", "optimizer.lr=1"),
        ("run quickstart --modulus 7 --seed 1", "task.modulus=7"),
        ("run quickstart --wd --seed 1", "optimizer.weight_decay=VALUE"),
        ("sweep run quickstart --lr 0.1,1", "optimizer.lr=0.1,1"),
        ("resume last --warmup 5", "optimizer.warmup_steps=5"),
    ],
)
def test_a_setting_given_as_an_option_is_named_as_a_setting(memlab, words, hint):
    memlab(*words.split(), code=2)
    assert f"hint: {hint}\n" in memlab.stderr
    assert "settings are given as KEY=VALUE" in memlab.stderr


@pytest.mark.parametrize("words", ["run quickstart --seeed 3", "runs --steps 3", "run q --zzz"])
def test_other_unknown_options_are_reported_as_such(memlab, words):
    memlab(*words.split(), code=2)
    assert "No such option" in memlab.stderr and "KEY=VALUE:" not in memlab.stderr
