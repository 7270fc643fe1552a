"""`memlab doctor`: output and exit codes."""

import json

import pytest
from typer.testing import CliRunner

from memlab.cli.app import app
from memlab.record.folder import RunFolder


@pytest.fixture
def finished(tmp_path):
    folder = RunFolder.create(tmp_path / "runs", {}, "a: 1\n", "finished")
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.end("finished", 0, {})
    return folder.path


def test_the_command_exits_3_on_damage_and_reports_where(finished):
    words = ["doctor", finished.name, "--runs", str(finished.parent)]
    intact = CliRunner().invoke(app, words)
    assert intact.exit_code == 0 and "intact" in intact.stdout
    (finished / "labels.json").write_text("{}")
    damaged = CliRunner().invoke(app, words)
    assert damaged.exit_code == 3 and "labels.json" in damaged.stdout
    report = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert report["healthy"] is False and report["status"] == "finished"
    assert report["symptoms"][0]["where"] == "labels.json"


def test_without_a_run_the_installation_is_checked(tmp_path):
    words = ["doctor", "--runs", str(tmp_path / "not" / "there")]
    report = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert report["healthy"] and report["versions"]["torch"] and report["runs"]["writable"]
    assert "versions: numpy" in CliRunner().invoke(app, words).stdout
