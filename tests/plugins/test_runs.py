"""Runs that use plugins: recorded, resumed only with the same code, shown without it."""

import json
import shlex
import shutil

import pytest

from memlab.cli.sweep_work import MemberTraining
from memlab.plugins.folder import VARIABLE
from memlab.record.runs import find
from memlab.tasks import task_class

from ..cli.conftest import Program

SHORT = ("training.steps=20", "model.d_model=16", "model.n_layers=1", "task.bits=4")


@pytest.fixture
def memlab(folder, monkeypatch) -> Program:
    """`memlab` next to the folder of plugins, which only `--plugins` selects."""
    monkeypatch.delenv(VARIABLE)
    program = Program(folder.parent)
    (folder.parent / "presets" / "mine.yaml").write_text(
        (folder.parent / "presets" / "tiny.yaml").read_text()
        .replace("name: tiny", "name: mine")
        .replace("{kind: modular, operation: add, modulus: 7, train_fraction: 0.5, format: equation}", "{kind: parity}")
    )  # fmt: skip
    return program


def train(memlab: Program, *changes: str) -> None:
    memlab("run", "mine", *SHORT, *changes, "--quiet", "--plugins", "plugins")


def test_a_run_records_and_prints_its_plugins(memlab, folder):
    train(memlab, "evaluation.measures=[half_accuracy]")
    assert "plugin: task parity from" in memlab.stderr
    run = find(memlab.runs, "last")
    recorded = {(one["kind"], one["name"]): one for one in run.description["plugins"]}
    assert set(recorded) == {("task", "parity"), ("measure", "half_accuracy")}
    assert recorded["task", "parity"]["origin"] == str(folder / "parity.py")
    final = json.loads(memlab("show", "last", "--json"))["final"]
    assert final["train_half_accuracy"] == final["train_accuracy"] / 2
    assert run.measures["train_half_accuracy"].meaning.startswith("Half of the accuracy.")


def test_changed_code_is_refused_unless_it_is_accepted(memlab, folder, unload_plugins):
    train(memlab)
    path = folder / "parity.py"
    original = path.read_text()
    path.write_text(original + "# changed\n")
    unload_plugins()
    extend = ("resume", "last", "training.steps=30", "--quiet", "--plugins", "plugins")
    memlab(*extend, code=2)
    assert "--accept-plugin-change" in memlab.stderr
    assert len(find(memlab.runs, "last").attempts()) == 1
    memlab(*extend, "--accept-plugin-change")
    unload_plugins()
    memlab(*extend[:2], "training.steps=40", *extend[3:])
    path.write_text(original)
    unload_plugins()
    memlab(*extend, code=2)


def test_the_suggested_commands_find_the_plugin(memlab, folder, unload_plugins):
    train(memlab)
    summary = memlab("show", "last")
    assert "mine · task parity · seed 0 · 2" in summary.splitlines()[0]
    assert "spikes are detected from step 64 on" in summary
    (resume,) = (line for line in summary.splitlines() if line.startswith("memlab resume"))
    unload_plugins()
    memlab(*shlex.split(resume, comments=True)[1:], "--quiet")
    assert json.loads(memlab("show", "last", "--json"))["step"] == 40


def test_a_run_without_its_plugin_is_listed_shown_and_replayed(memlab, folder, unload_plugins):
    train(memlab)
    shutil.rmtree(folder)
    unload_plugins()
    (listed,) = json.loads(memlab("runs", "--json"))
    assert (listed["status"], listed["step"]) == ("finished", 20)
    assert json.loads(memlab("show", "last", "--json"))["final"]["train_loss"] > 0
    assert "chance 0.6931" in memlab("show", "last")
    assert "20" in memlab("replay", "last", "--once")
    memlab("resume", "last", "training.steps=30", code=2)
    assert "unknown task" in memlab.stderr
    assert "--plugins" in memlab.stderr


def test_a_preset_without_its_plugin_is_listed_with_the_option_that_finds_it(memlab, folder):
    (line,) = (line for line in memlab("presets").splitlines() if line.startswith("mine "))
    assert "unknown task" in line and "--plugins DIR" in line


def test_a_broken_plugin_is_a_user_error_and_leaves_no_run(memlab, folder):
    (folder / "parity.py").write_text("import missing_module\n")
    memlab("run", "mine", "--plugins", "plugins", code=2)
    assert f"{folder}/parity.py:1: plugin parity fails: ModuleNotFoundError" in memlab.stderr
    assert not memlab.runs.exists()


def test_a_measure_of_a_plugin_is_computed_from_checkpoints(memlab, folder, unload_plugins):
    train(memlab)
    words = ("measure", "last", "largest_weight", "--plugins", "plugins", "--json")
    first = json.loads(memlab(*words))["steps"][-1]["values"]["largest_weight"]
    path = folder / "largest_weight.py"
    path.write_text(path.read_text().replace("max(float(", "2 * max(float("))
    unload_plugins()
    assert json.loads(memlab(*words))["steps"][-1]["values"]["largest_weight"] == 2 * first


def test_new_task_writes_into_the_folder_of_plugins(memlab):
    files = json.loads(memlab("new", "task", "copy_twice", "--plugins", "plugins", "--json"))[
        "files"
    ]
    assert all((memlab.folder / name).is_file() for name in files)
    memlab("check", "tiny", "task.kind=copy_twice", "--plugins", "plugins")
    memlab("new", "task", "modular", code=2)
    memlab("new", "task", "further", "--plugins", "a/new/folder")
    assert (memlab.folder / "a/new/folder/further.py").is_file()
    memlab("new", "task", "elsewhere")
    assert (memlab.folder / "plugins" / "elsewhere.py").is_file()


def test_workers_of_a_sweep_get_the_folder_of_plugins(folder, monkeypatch):
    training = MemberTraining("cpu")
    monkeypatch.delenv(VARIABLE)
    assert task_class("parity") is None
    training()
    assert task_class("parity") is not None
