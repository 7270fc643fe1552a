"""Plugins in files and installed packages: found by name, imported on use."""

import hashlib
import os
import subprocess
import sys

import pytest

from memlab.errors import MemlabError, PluginError
from memlab.measures import measure_names, named_measures
from memlab.measures.kinds import ModelMeasure, SplitMeasure
from memlab.plugins import load
from memlab.plugins.create import create_task
from memlab.plugins.folder import OFF, VARIABLE, use_folder
from memlab.plugins.load import load_plugin, plugin_names
from memlab.preset.load import from_json
from memlab.tasks import kinds, task_class, task_names
from memlab.tasks.seeds import Seeds

from .conftest import MEASURES


def line_of(path, text: str) -> str:
    """`file:line` of the first line that contains a text."""
    lines = path.read_text().splitlines()
    return f"{path}:{next(i for i, line in enumerate(lines, 1) if text in line)}"


def test_plugins_are_imported_only_when_they_are_used(folder):
    (folder / "failing.py").write_text("raise SystemExit('imported')  # (Task) Measure(")
    assert task_names() == (*kinds(), "failing", "parity")
    assert plugin_names("measures") == ("failing", "half_accuracy", "largest_weight")
    assert load._loaded == {}
    assert task_class("parity")(bits=3).dataset(Seeds()).vocabulary.symbols[-1] == "odd"
    assert [plugin.name for plugin in load.loaded_plugins()] == ["parity"]


def test_a_plugin_is_recorded_with_the_hash_of_its_file(folder):
    path = folder / "parity.py"
    assert load_plugin("tasks", "parity").to_json() == {
        "name": "parity",
        "kind": "task",
        "origin": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def test_measures_are_found_by_name(folder):
    half, largest = named_measures(["half_accuracy", "largest_weight"])
    assert isinstance(half, SplitMeasure)
    assert half.declared.meaning == "Half of the accuracy."
    assert isinstance(largest, ModelMeasure)
    assert largest.version != 1
    (folder / "other.py").write_text(MEASURES)
    with pytest.raises(PluginError, match="plugin other defines no measure of this name"):
        named_measures(["other"])
    with pytest.raises(PluginError, match="not a measure of a model") as caught:
        named_measures(["largest_wight"])
    assert caught.value.hint == "did you mean largest_weight?"
    assert {"half_accuracy", "matrix_norm"} <= set(measure_names())


@pytest.mark.parametrize(
    ("text", "what", "at"),
    [
        ("x = 1\nif x\n    pass\n", "SyntaxError: expected ':'", 2),
        ("x = 1\n\ny = x / 0\n", "ZeroDivisionError: division by zero", 3),
        ("\nimport no_such_package\n", "ModuleNotFoundError: No module named", 2),
        ("from memlab.settings import setting\nsetting()\n", "TypeError: setting", 2),
    ],
)
def test_a_file_that_cannot_be_imported_is_reported_with_its_line(folder, text, what, at):
    path = folder / "broken.py"
    path.write_text(text)
    with pytest.raises(PluginError) as caught:
        task_class("broken")
    assert what in caught.value.what
    assert caught.value.where == f"{path}:{at}"


def test_an_error_in_the_code_of_a_task_or_a_measure_is_reported_with_its_line(folder):
    path = folder / "parity.py"
    path.write_text(path.read_text().replace("half = np.arange(n // 2)", "half = [][n]"))
    task = task_class("parity")()
    with pytest.raises(PluginError, match="IndexError") as caught:
        task.dataset(Seeds())
    assert caught.value.where == line_of(path, "[][n]")
    (half,) = named_measures(["half_accuracy"])
    with pytest.raises(PluginError, match="AttributeError") as caught:
        half.compute(None)
    assert caught.value.where == line_of(folder / "half_accuracy.py", "predictions.exact")


def test_the_error_for_a_file_without_the_task_of_its_name_says_what_is_missing(folder):
    (folder / "parity.py").rename(folder / "other.py")
    with pytest.raises(PluginError) as caught:
        task_class("other")
    assert 'Literal["other"]' in caught.value.allowed


def test_memlabs_own_tasks_take_precedence(folder):
    (folder / "modular.py").write_text("raise SystemExit")
    assert task_class("modular") is kinds()["modular"]


def test_no_plugins_are_available_when_they_are_off(folder, monkeypatch):
    monkeypatch.setenv(VARIABLE, OFF)
    assert task_names() == tuple(kinds())
    assert task_class("parity") is None


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(MemlabError, match="plugin folder not found"):
        use_folder(tmp_path / "missing")


def test_settings_of_a_plugin_are_validated_like_all_others(folder, tiny):
    document = tiny().model_dump(mode="json") | {"task": {"kind": "parity", "bits": 40}}
    with pytest.raises(MemlabError, match=r"task.bits is too large"):
        from_json(document)
    assert from_json(document | {"task": {"kind": "parity", "bits": 4}}).task.bits == 4


@pytest.fixture
def installed(tmp_path, monkeypatch, unload_plugins):
    """An installed package with a task and a measure."""
    site = tmp_path / "site"
    create_task(site / "memlab_demo", "parity")
    (site / "memlab_demo" / "__init__.py").write_text("")
    (site / "memlab_demo" / "extra.py").write_text("X = 1\n")
    info = site / "memlab_demo-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: memlab-demo\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(
        "[memlab.tasks]\nparity = memlab_demo.parity:Parity\nmodule = memlab_demo.parity\n"
    )
    monkeypatch.syspath_prepend(site)
    monkeypatch.delenv(VARIABLE, raising=False)
    yield site / "memlab_demo"
    for name in [name for name in sys.modules if name.startswith("memlab_demo")]:
        del sys.modules[name]


def test_a_task_of_an_installed_package(installed, monkeypatch):
    assert {"parity", "module"} <= set(task_names())
    assert "memlab_demo" not in sys.modules
    task = task_class("parity")
    assert task.__module__ == "memlab_demo.parity"
    plugin = load_plugin("tasks", "parity")
    assert plugin.origin == "memlab-demo 1.5"
    with pytest.raises(PluginError, match="defines no task of this kind"):
        task_class("module")
    monkeypatch.setenv(VARIABLE, OFF)
    assert task_class("parity") is None


def test_the_hash_of_a_package_covers_all_its_files(installed, unload_plugins):
    before = load_plugin("tasks", "parity").sha256
    unload_plugins()
    assert load_plugin("tasks", "parity").sha256 == before
    (installed / "extra.py").write_text("X = 2\n")
    unload_plugins()
    assert load_plugin("tasks", "parity").sha256 != before


@pytest.mark.parametrize("name", ["Parity", "two words", "_x", "test_x", "", "../x", "1x"])
def test_a_task_needs_a_name_that_python_can_import(tmp_path, name):
    with pytest.raises(MemlabError, match="invalid name of a task"):
        create_task(tmp_path, name)


def test_an_existing_file_is_never_overwritten(folder):
    (folder / "test_other.py").write_text("mine")
    with pytest.raises(MemlabError, match="the file exists"):
        create_task(folder, "other")
    assert not (folder / "other.py").exists()


def test_the_template_passes_its_own_test(folder):
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_parity.py"]
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    run = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout
    assert "2 passed" in run.stdout
