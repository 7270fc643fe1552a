"""`memlab schema`: real files, events and outputs are validated against the printed schemas."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from memlab.cli.app import app
from memlab.cli.schema import FILES, named_schema
from memlab.cli.schemas.outputs import OUTPUTS
from memlab.preset.load import SHIPPED
from memlab.preset.strict_yaml import parse

GOLDEN = Path(__file__).parents[1] / "data" / "run-1.0"
PRESETS = sorted(path for path in SHIPPED.rglob("*.yaml") if "sweeps" not in path.parts)
SWEEPS = sorted((SHIPPED / "sweeps").glob("*.yaml"))


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(named_schema(name))


def commands(group, prefix: str = ""):
    """All commands by name, those of groups as `sweep run`."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} ")
        else:
            yield prefix + name, command


def test_every_command_with_json_has_a_schema():
    with_json = {
        name
        for name, command in commands(typer.main.get_command(app))
        if any("--json" in parameter.opts for parameter in command.params)
    }
    assert with_json == set(OUTPUTS)


@pytest.mark.parametrize("name", [*FILES, *OUTPUTS])
def test_schemas_are_valid(name):
    schema = named_schema(name)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    Draft202012Validator.check_schema(schema)


def test_shipped_presets_and_sweeps_match_the_schema():
    assert len(PRESETS) > 20
    assert SWEEPS
    for name, paths in (("preset", PRESETS), ("sweep", SWEEPS)):
        schema = validator(name)
        for path in paths:
            values = parse(path.read_bytes(), str(path)).value
            assert [error.message for error in schema.iter_errors(values)] == [], path


@pytest.mark.parametrize(
    "change",
    [
        {"unknown": 1},
        {"name": 5},
        {"name": ""},
        {"task": {"kind": "modluar"}},
        {"task": {"modulus": 7}},
        {"task": {"kind": "modular", "operation": "add", "modulus": 7, "colour": "red"}},
        {"model": {"n_layers": 0}},
        {"optimizer": {"kind": "adamw", "lr": "fast"}},
        {"training": {"steps": 1.5}},
        {"training": None},
        {"claims": [{"measure": "val_loss", "at_most": 1, "at_end": True}]},
    ],
)
def test_invalid_presets_do_not_match_the_schema(change):
    good = {
        "name": "x",
        "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
        "training": {"steps": 5},
    }
    schema = validator("preset")
    assert schema.is_valid(good)
    assert not schema.is_valid(good | change)


def test_a_preset_that_extends_another_may_omit_required_keys():
    schema = validator("preset")
    assert schema.is_valid({"extends": "quickstart", "task": {"modulus": 7}})
    assert not schema.is_valid({"extends": "quickstart", "task": {"modluus": 7}})


def test_events_of_a_recorded_run_match():
    schema = validator("event")
    for path in GOLDEN.glob("attempts/*/events.jsonl"):
        for line in path.read_text().splitlines():
            event = json.loads(line)
            event.pop("crc", None)
            assert schema.is_valid(event), event["kind"]


OUTPUTS_OF_A_RUN = [
    ("show", ["show", "last"]),
    ("runs", ["runs"]),
    ("presets", ["presets"]),
    ("check", ["check", "tiny"]),
    ("spikes", ["spikes", "last"]),
    ("spikes", ["spikes", "loss.csv"]),
    ("predict", ["predict", "last", "1 + 2 ="]),
    ("predict", ["predict", "last", "1 + 2 =", "--repeat", "3"]),
    ("eval", ["eval", "last"]),
    ("measure", ["measure"]),
    ("measure", ["measure", "last", "effective_rank"]),
    ("doctor", ["doctor", "last"]),
    ("doctor", ["doctor"]),
    ("data", ["data", "tiny", "--out", "data"]),
    ("plot", ["plot"]),
    ("plot", ["plot", "last", "-o", "figure.svg"]),
    ("verify", ["verify", "last"]),
    ("export", ["export", "last", "--to", "csv", "-o", "curves.csv"]),
    ("schema", ["schema"]),
    ("schema", ["schema", "show"]),
    ("sweep list", ["sweep", "list"]),
    ("sweep run", ["sweep", "run", "tiny", "optimizer.lr=1e-3,1e-2", "--dry-run"]),
    ("import", ["import", "loss.csv"]),
]


@pytest.mark.parametrize(
    ("name", "words"), OUTPUTS_OF_A_RUN, ids=lambda v: " ".join(v) if isinstance(v, list) else ""
)
def test_outputs_of_commands_match(trained, name, words):
    (trained.folder / "loss.csv").write_text(
        "step,loss\n" + "".join(f"{step},{1 / step}\n" for step in range(1, 200))
    )
    assert_matches(name, trained(*words, "--json"))


def assert_matches(name: str, text: str) -> None:
    schema = validator(name)
    lines = text.splitlines()
    assert lines
    for line in lines:
        error = best_match(schema.iter_errors(json.loads(line)))
        assert error is None, f"{error.json_path}: {error.message[:1000]}"


def test_events_printed_by_run_and_resume_match(memlab):
    assert_matches("run", memlab("run", "tiny", "training.steps=20", "--json"))
    assert_matches("resume", memlab("resume", "last", "training.steps=30", "--json"))
    assert_matches("fork", memlab("fork", "last", "--at", "20", "optimizer.lr=1e-3", "--json"))


def test_an_imported_log_and_the_golden_run_match(memlab):
    shutil.copytree(GOLDEN, memlab.runs / "golden")
    assert_matches("show", memlab("show", "golden", "--json"))
    assert_matches("runs", memlab("runs", "--json"))


@pytest.mark.slow
def test_outputs_of_longer_commands_match(memlab):
    assert_matches("bench", memlab("bench", "tiny", "--json"))
    assert_matches("torture", memlab("torture", "--kills", "1", "--json"))
    assert_matches(
        "sweep run",
        memlab("sweep", "run", "tiny", "optimizer.lr=1e-3,1e-2", "--seeds", "2", "--json"),
    )
    assert_matches("sweep show", memlab("sweep", "show", "last", "--json"))
    assert_matches("sweep add", memlab("sweep", "add", "last", "--seeds", "1", "--json"))
    assert_matches("sweep work", memlab("sweep", "work", "last", "--json"))
    assert_matches("sweep list", memlab("sweep", "list", "--json"))
    assert_matches("sweep stop", memlab("sweep", "stop", "last", "--json"))
    assert_matches("sweep delete", memlab("sweep", "delete", "last", "--json"))


def test_an_unknown_schema_is_a_user_error(memlab):
    memlab("schema", "shwo", code=2)
    assert "did you mean show?" in memlab.stderr
