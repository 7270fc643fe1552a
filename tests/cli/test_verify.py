"""`memlab verify` on a very short preset."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memlab.cli.app import app
from memlab.errors import MemlabError

PRESET = """\
name: tiny
about: A moment of training.
task: {kind: sentence, text: to be or not, prompts: [to be]}
model: {n_layers: 1, n_heads: 2, d_model: 16}
optimizer: {lr: 0.01}
training: {steps: 60, batch_size: 8}
evaluation: {every: 10, samples: 0}
claims:
  - {measure: train_loss, at_most: 0.5, by_step: 60, reported: "0.01 | 0.02", source: a test}
  - completes: {prompt: to be, answer: " or not"}
    source: a test
"""
FAILING = PRESET.replace("at_most: 0.5", "at_most: 0.0")


def verify(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["verify", *arguments], catch_exceptions=False)
    assert result.exit_code == code
    return result.stdout


@pytest.fixture
def preset(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("MEMLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("COLUMNS", "200")
    path = tmp_path / "tiny.yaml"
    path.write_text(PRESET)
    return path


def test_a_preset_is_trained_and_its_claims_are_judged(preset):
    (report,) = json.loads(verify(str(preset), "--quiet", "--json"))["runs"]
    loss, completion = report["claims"]
    assert (report["preset"], report["status"], report["step"]) == ("tiny", "finished", 60)
    assert loss["claim"] == "train_loss <= 0.5 by step 60"
    assert (loss["source"], loss["reported"], loss["status"]) == ("a test", "0.01 | 0.02", "met")
    assert loss["measured"] <= 0.5 and loss["at_step"] <= 60
    assert (completion["measured"], completion["status"]) == (" or not", "met")


def test_a_finished_run_is_read_and_not_trained_again(preset):
    first = json.loads(verify(str(preset), "--quiet", "--json"))
    assert json.loads(verify("last", "--json")) == first
    assert json.loads(verify(first["runs"][0]["run"], "--json")) == first
    assert len(list((preset.parent / "runs").glob("2*"))) == 1


def test_a_finished_run_with_the_same_settings_is_reused_for_other_claims(preset):
    verify(str(preset), "--quiet", "--json")
    preset.write_text(FAILING.replace("A moment", "Another moment"))
    (report,) = json.loads(verify(str(preset), "--reuse", "--json", code=3))["runs"]
    assert (report["about"], report["claims"][0]["status"]) == (
        "Another moment of training.",
        "not met",
    )
    assert len(list((preset.parent / "runs").glob("2*"))) == 1


@pytest.mark.parametrize("change", [
    ("lr: 0.01", "lr: 0.02"),
    pytest.param(("steps: 60", "steps: 60, seed: 1"), marks=pytest.mark.slow),
    pytest.param(("name: tiny", "name: small"), marks=pytest.mark.slow),
])  # fmt: skip
def test_a_run_with_other_settings_is_not_reused(preset, change):
    verify(str(preset), "--quiet", "--json")
    preset.write_text(PRESET.replace(*change))
    verify(str(preset), "--reuse", "--quiet", "--json")
    assert len(list((preset.parent / "runs").glob("2*"))) == 2


def test_a_run_that_was_edited_to_the_same_settings_is_not_reused(preset):
    preset.write_text(PRESET.replace("steps: 60", "steps: 30"))
    verify(str(preset), "--quiet", "--json")
    resume = ["resume", "last", "training.steps=60", "--quiet"]
    assert CliRunner().invoke(app, resume, catch_exceptions=False).exit_code == 0
    preset.write_text(PRESET)
    verify(str(preset), "--reuse", "--quiet", "--json")
    assert len(list((preset.parent / "runs").glob("2*"))) == 2


def test_a_run_that_was_stopped_early_is_not_reused(preset):
    verify(str(preset), "--quiet", "--json")
    (run,) = (preset.parent / "runs").glob("2*")
    end = run / "attempts" / "001" / "end.json"
    end.unlink()
    verify(str(preset), "--reuse", "--quiet", "--json")
    assert len(list((preset.parent / "runs").glob("2*"))) == 2


def test_an_unmet_claim_sets_the_exit_code(preset):
    preset.write_text(FAILING)
    out = verify(str(preset), "--quiet", code=3)
    assert "train_loss <= 0 by step 60" in out and "NOT MET" in out
    assert "1 met, 1 not met, 0 open." in out


def test_the_markdown_page_has_every_claim_in_a_table(preset):
    page = verify(str(preset), "--quiet", "--markdown")
    assert page.startswith("# Claims\n") and "memlab verify --markdown tiny\n" in page
    assert "## tiny\n\nA moment of training.\n" in page
    header, rule, *rows = [line for line in page.splitlines() if line.startswith("|")]
    assert rule == "| --- | --- | --- | --- | --- |" and len(rows) == 2
    assert "0.01 \\| 0.02" in rows[0]
    assert {line.replace("\\|", "").count("|") for line in (header, rule, *rows)} == {6}
    assert "2 met, 0 not met, 0 open.\n" in page


def test_an_unknown_name_is_refused_before_training(preset):
    with pytest.raises(MemlabError, match="neither a preset nor a run") as caught:
        verify(str(preset), "quikstart")
    assert caught.value.hint == "did you mean quickstart?"
    assert not (preset.parent / "runs").exists()


def test_an_invalid_preset_is_reported_with_its_error(preset):
    preset.write_text(PRESET.replace("lr: 0.01", "lr: fast"))
    with pytest.raises(MemlabError, match=r"optimizer\.lr"):
        verify(str(preset))


def test_a_run_with_changed_settings_is_reported_and_claims_about_the_end_stay_open(
    preset, monkeypatch
):
    long = PRESET.replace("by_step: 60", "at_end: true").replace("at_most: 0.5", "at_most: 0.0")
    folder = preset.parent / "presets"
    folder.mkdir()
    (folder / "tiny.yaml").write_text(long)
    monkeypatch.chdir(preset.parent)
    runner = CliRunner()
    short = ["run", "tiny", "training.steps=20", "lr=0.02", "--quiet"]
    assert runner.invoke(app, short, catch_exceptions=False).exit_code == 0
    (report,) = json.loads(verify("last", "--json"))["runs"]
    assert [claim["status"] for claim in report["claims"]] == ["open", "open"]
    assert report["settings_changed"] == {
        "training.steps": {"run": 20, "preset": 60},
        "optimizer.lr": {"run": 0.02, "preset": 0.01},
    }
    assert "the run differs in" in verify("last")
    assert runner.invoke(app, ["run", "tiny", "--quiet"]).exit_code == 0
    (report,) = json.loads(verify("last", "--json", code=3))["runs"]
    assert (report["settings_changed"], report["claims"][0]["status"]) == ({}, "not met")
