"""Each command as a user types it: its output on both streams, and its exit code."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from memlab.record.folder import RunFolder
from memlab.record.runs import reference


def test_run_with_json_prints_one_event_per_line_and_nothing_else(memlab):
    lines = [json.loads(line) for line in memlab("run", "tiny", "--json").splitlines()]
    assert lines[0]["kind"] == "started"
    assert lines[-1]["kind"] == "ended"
    assert lines[-1]["reason"] == "finished"
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert memlab.stderr == ""


def test_a_run_without_a_terminal_prints_plain_lines_on_stderr(memlab):
    assert memlab("run", "tiny") == ""
    assert "finished at step 60 of 60" in memlab.stderr
    assert "▬ batch" in memlab.stderr
    assert "\x1b" not in memlab.stderr


def test_a_quiet_run_prints_nothing(memlab):
    assert memlab("run", "tiny", "--quiet") == ""
    assert memlab.stderr == ""


def test_the_same_preset_and_seed_give_the_same_weights(memlab):
    hashes = []
    for seed in ("5", "5", "6"):
        memlab("run", "tiny", "--quiet", "--seed", seed)
        hashes.append(json.loads(memlab("show", "last", "--json"))["weights_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_runs_lists_the_runs(trained):
    (run,) = json.loads(trained("runs", "--json"))
    assert (run["name"], run["status"], run["step"]) == ("first [bold]try", "finished", 300)
    assert "first [bold]try" in trained("runs")


def test_a_copy_of_a_run_is_listed_by_its_folder_name(trained, tmp_path):
    (run,) = json.loads(trained("runs", "--json"))
    for name in ("copy", "moved"):
        shutil.copytree(trained.folder / "runs" / run["run"], tmp_path / name)
    copies = ["--runs", str(tmp_path)]
    named = [one["run"] for one in json.loads(trained("runs", "--json", *copies))]
    assert named == ["moved", "copy"]
    for name in named:
        assert json.loads(trained("show", name, "--json", *copies))["run"] == name
        assert run["run"] not in trained("show", name, *copies)
        assert json.loads(trained("spikes", name, "--json", *copies))["source"] == name
    for part in (tmp_path / "copy" / "run.json", tmp_path / "copy" / "labels.json"):
        part.write_text("")
    command = f"memlab doctor {reference(RunFolder(tmp_path / 'copy'))}"
    assert f"damaged; {command}" in trained("show", "copy", *copies)


def test_the_list_of_runs_has_one_line_per_run_and_whole_names_in_a_pipe(
    trained, tmp_path, monkeypatch
):
    (run,) = json.loads(trained("runs", "--json"))
    name = "a name of many words that does not fit into a terminal of 80 columns"
    RunFolder(shutil.copytree(trained.folder / "runs" / run["run"], tmp_path / "copy")).set_labels(
        name=name
    )
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delitem(trained.environment, "COLUMNS", raising=False)
    assert name in trained("runs", "--runs", str(tmp_path))
    monkeypatch.setitem(trained.environment, "COLUMNS", "80")
    lines = trained("runs", "--runs", str(tmp_path)).splitlines()
    assert len(lines) == 2
    assert max(map(len, lines)) <= 80


def test_without_runs_the_list_says_how_to_train_one(trained, tmp_path):
    assert trained("runs", "--runs", str(tmp_path)) == ""
    assert "memlab run quickstart" in trained.stderr


@pytest.mark.parametrize("words", [[], ["replay", "last"]], ids=["console", "replay"])
def test_without_a_terminal_interactive_commands_report_an_error(trained, words):
    trained(*words, code=2)
    assert "needs a terminal" in trained.stderr


def test_runs_lists_only_the_newest_runs_with_a_limit(trained, tmp_path):
    (run,) = json.loads(trained("runs", "--json"))
    (tmp_path / "other").mkdir()
    for name in ("older", "recent"):
        copy = shutil.copytree(trained.folder / "runs" / run["run"], tmp_path / name)
        RunFolder(copy).set_labels(name=name)
    shown = json.loads(trained("runs", "--json", "-n", "1", "--runs", str(tmp_path)))
    assert [one["name"] for one in shown] == ["recent"]
    assert len(json.loads(trained("runs", "--json", "-n", "9", "--runs", str(tmp_path)))) == 2
    trained("runs", "-n", "0", code=2)


def test_the_option_runs_is_accepted_before_the_command(trained, tmp_path):
    runs = str(trained.folder / "runs")
    assert trained("--runs", runs, "runs", "--json") == trained("runs", "--json", "--runs", runs)
    assert json.loads(trained("--runs", str(tmp_path), "runs", "--json")) == []
    assert trained("--runs", str(tmp_path), "runs", "--runs", runs, "--json") != "[]\n"


def test_a_list_in_a_narrow_terminal_keeps_ids_and_numbers_whole(trained, monkeypatch):
    (run,) = json.loads(trained("runs", "--json"))
    monkeypatch.setitem(trained.environment, "COLUMNS", "70")
    lines = trained("runs").splitlines()
    assert max(map(len, lines)) <= 70
    shown = [
        run["run"],
        "300",
        *(f"{run['final'][key]:.3g}" for key in ("val_loss", "val_accuracy")),
    ]
    assert [cell for cell in lines[1].split() if cell in shown] == shown


def test_show_prints_the_whole_summary(trained):
    shown = json.loads(trained("show", "last", "--json"))
    assert shown["step"] == shown["steps"] == 300
    assert set(shown) >= {
        "run", "name", "tags", "preset", "status", "step", "steps", "seed", "device", "engine",
        "engine_reason", "seconds", "steps_per_second", "parameters", "final", "best",
        "memorized_at", "grokked_at", "phases", "spikes", "findings", "edits", "attempts",
        "resume_verified", "weights_sha256",
    }  # fmt: skip
    assert "finished at step 300" in trained("show", shown["run"][:-3])


def test_show_gives_rows_and_evaluations_as_csv(trained):
    rows = list(csv.DictReader(io.StringIO(trained("show", "last", "--csv"))))
    assert [int(row["step"]) for row in rows] == list(range(301))
    assert rows[0]["loss"] == ""
    assert rows[0]["val_loss"] != ""
    assert float(rows[1]["lr"]) == np.float32(1e-2)
    assert rows[1]["val_loss"] == ""


def test_check_prints_what_will_be_trained(trained):
    report = json.loads(trained("check", "tiny", "--json"))
    assert report["examples"] == {"train": 24, "val": 25}
    assert report["updates"] == 60
    assert "chance loss" in trained("check", "tiny")


def test_check_fails_on_an_error(trained):
    trained("check", "tiny", "model.n_ctx=2", code=3)


def test_presets_lists_names_and_descriptions(trained):
    found = {preset["name"]: preset for preset in json.loads(trained("presets", "--json"))}
    assert found["tiny"]["about"] == "Addition mod 7, for tests."
    assert "quickstart" in found


def test_predict_completes_prompts(trained):
    answer = json.loads(trained("predict", "last", "3 + 4 =", "1 + 1 =", "--json"))
    first, second = answer["completions"]
    assert first["prompt"] == "3 + 4 ="
    assert all(0 <= token["p"] <= 1 for token in first["tokens"])
    assert first["answer"] == "0"
    assert second["answer"] == "2"


def test_predict_without_prompts_reads_them_from_stdin(trained, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("3 + 4 =\nnonsense\n\n"))
    assert "3 + 4 = → 0   p >= " in trained("predict", "last")
    assert "does not know" in trained.stderr


def test_predict_refuses_symbols_that_are_not_in_the_vocabulary(trained):
    trained("predict", "last", "3 + x =", code=2)
    assert "'x'" in trained.stderr


def test_eval_equals_the_evaluation_of_the_run(trained):
    final = json.loads(trained("show", "last", "--json"))["final"]
    values = json.loads(trained("eval", "last", "--json"))["values"]
    assert values["val_loss"] == pytest.approx(final["val_loss"])
    only = json.loads(trained("eval", "last", "--split", "val", "--at", "best", "--json"))
    assert set(only["values"]) == {"val_loss", "val_accuracy", "val_token_accuracy"}


def test_eval_and_predict_refuse_missing_checkpoints(trained):
    trained("eval", "last", "--split", "test", code=2)
    trained("eval", "last", "--at", "7", code=2)
    for at in ("never", "²"):
        trained("predict", "last", "1 + 1 =", "--at", at, code=2)
        assert "unknown checkpoint" in trained.stderr
    trained("predict", "last", "1 + 1 =", "--seed", "9" * 20, code=2)
    trained("show", "nothing", code=2)


@pytest.mark.parametrize("command", ["resume", "eval", "predict", "verify"])
def test_a_run_with_a_truncated_description_is_a_user_error(trained, tmp_path, command):
    (run,) = json.loads(trained("runs", "--json"))
    shutil.copytree(trained.folder / "runs" / run["run"], tmp_path / "cut")
    os.truncate(tmp_path / "cut" / "run.json", 300)
    prompts = ["1 + 1 ="] if command == "predict" else []
    trained(command, "cut", *prompts, "--runs", str(tmp_path), code=2)
    assert "run.json is missing or damaged" in trained.stderr
    assert f"memlab doctor {reference(RunFolder(tmp_path / 'cut'))}`" in trained.stderr


def test_data_writes_every_example_once(trained):
    out = trained.folder / "data"
    trained("data", "tiny", "--out", str(out))
    lines = [json.loads(line) for line in (out / "train.jsonl").read_text().splitlines()]
    assert len(lines) == 24
    for line in lines:
        a, b = (int(word) for word in line["prompt"].removesuffix(" =").split(" + "))
        assert int(line["answer"]) == (a + b) % 7


def test_data_writes_shards_that_llm_c_reads(trained):
    out = trained.folder / "shards"
    trained("data", "tiny", "--out", str(out), "--format", "llmc")
    header = np.fromfile(out / "val.bin", "<i4", 256)
    tokens = np.fromfile(out / "val.bin", "<u2", offset=1024)
    assert header[:3].tolist() == [20240520, 1, len(tokens)]
    assert len(tokens) == 25 * 8
    vocabulary = json.loads((out / "vocabulary.json").read_text())
    assert len(vocabulary) == 11
    assert tokens.max() < len(vocabulary)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_a_checkpoint_and_prints_how_to_resume(memlab, start, number):
    process = start("run", "tiny", "training.steps=100000000", "--json")
    process.until("evaluated")
    process.send(number)
    code, out = process.finish()
    assert code == 130
    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert kinds[-2:] == ["checkpoint", "ended"]
    shown = json.loads(memlab("show", "last", "--json"))
    assert shown["status"] == "interrupted"
    memlab("resume", "last", f"training.steps={shown['step'] + 10}", "--quiet")
    assert "memlab resume" not in memlab.stderr


def test_a_bad_setting_leaves_no_run_behind(memlab):
    memlab("run", "tiny", "optimizer.lr=-1", code=2)
    assert "optimizer.lr" in memlab.stderr
    memlab("run", "tiny", "task.modulus=1", code=2)
    memlab("run", "no-such-preset", code=2)
    memlab("run", "tiny", "--device", "toaster", code=2)
    memlab("verify", "tiny", "--device", "toaster", code=2)
    assert not memlab.runs.exists() or not list(memlab.runs.iterdir())


def test_only_live_settings_may_change_on_resume(memlab):
    memlab("run", "tiny", "training.steps=10", "--quiet")
    memlab("resume", "last", "model.d_model=8", code=2)
    assert "cannot change after a run has started" in memlab.stderr


def test_divergence_has_its_own_exit_code(memlab):
    words = ["optimizer.kind=sgd", "lr=100", "model.norm=none"]
    memlab("run", "tiny", *words, "--quiet", code=3)


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (["--help"], {"torch", "numpy", "pydantic", "textual", "matplotlib", "asyncio"}),
        (["plot"], {"torch", "textual", "matplotlib.pyplot"}),
        (["runs"], {"torch", "textual"}),
        (["check", "tiny"], {"torch", "textual"}),
        (["presets"], {"torch", "textual"}),
    ],
)
def test_commands_that_only_read_import_no_large_library(memlab, words, unwanted):
    code = (
        "import sys; sys.argv = ['memlab', *sys.argv[1:]]\n"
        "from memlab.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"sys.exit(bool({unwanted!r} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=memlab.folder,
        env=memlab.environment,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0
