"""The documentation agrees with the code."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from memlab.tasks.seeds import Seeds

ROOT = Path(__file__).parent.parent


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_the_tree_in_the_architecture_page_is_up_to_date():
    tree = load(ROOT / "tools" / "tree.py", "project_tree")
    assert "\n".join(["```", *tree.lines(), "```"]) in (ROOT / "docs/architecture.md").read_text(
        "utf-8"
    )


def test_each_guarantee_of_the_trust_page_names_tests_that_exist():
    guarantees = load(ROOT / "tools" / "trust.py", "project_trust").GUARANTEES
    for guarantee in guarantees:
        for path in guarantee.test.split(", "):
            assert (ROOT / path).is_file(), path


def test_only_the_named_section_of_a_page_is_replaced():
    section = load(ROOT / "tools" / "section.py", "project_section")
    page = "a\n<!-- x: made -->\nold\n<!-- end of x -->\nb\n"
    assert section.with_section(page, "x", "new\n") == page.replace("old", "new")
    with pytest.raises(SystemExit):
        section.with_section(page, "y", "new\n")


def test_the_task_in_the_architecture_page_works(tmp_path):
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "parity.py").write_text(code)
    task = load(tmp_path / "parity.py", "parity").Parity(bits=6)
    data = task.dataset(Seeds(0))
    assert sum(len(split) for split in data.splits.values()) == 64
    for i in range(32):
        ones = data.vocabulary.decode(data.splits["val"].prompt(i)).count("1")
        expected = "odd" if ones % 2 else "even"
        assert data.vocabulary.decode(data.splits["val"].target(i)) == expected


@pytest.mark.parametrize(
    "page",
    ["README.md", "docs/tutorial.md", "docs/guide.md", "docs/architecture.md", "CONTRIBUTING.md"],
)
def test_commands_and_targets_that_a_page_names_exist(page):
    from memlab.cli.commands import PLACES as commands

    text = (ROOT / page).read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for word in re.findall(r"bin/memlab +([a-z]+)", text):
        assert word in commands
    for word in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
        assert word in targets


def test_the_arguments_of_every_command_in_the_guide_parse():
    import shlex

    import typer.main

    from memlab.cli.app import app

    text = (ROOT / "docs" / "guide.md").read_text("utf-8")
    lines = re.findall(r"^memlab (.*)$", text, re.MULTILINE)
    assert len(lines) > 20
    for line in lines:
        command, words = typer.main.get_command(app), shlex.split(line, comments=True)
        context = typer.Context(command, info_name="memlab")
        while hasattr(command, "get_command"):
            command = command.get_command(context, words.pop(0))
            assert command is not None, line
        command.make_context(line, words, parent=context)  # raises a UsageError


def test_the_sweep_file_in_the_guide_is_valid(tmp_path, monkeypatch):
    from memlab.sweeps.load import load_sweep

    (text,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "docs/guide.md").read_text("utf-8"), re.DOTALL
    )
    (tmp_path / "sweep.yaml").write_text(text)
    assert load_sweep(str(tmp_path / "sweep.yaml")).file.name == "fraction-by-decay"


PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*/README.md")]


def test_links_between_pages_point_to_existing_files():
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_files_of_the_project_that_a_page_names_exist():
    folders = "(?:benchmarks|docs|memlab|presets|tests|tools)"
    created = {"memlab/tasks/parity.py", "presets/mine"}  # by the reader of the page
    for page in PAGES:
        text = page.read_text("utf-8")
        for name in re.findall(rf"`({folders}/[\w./-]+)`", text):
            if not name.startswith(tuple(created)):
                assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 110


def test_the_presets_and_pairs_in_the_tutorial_work(tmp_path, monkeypatch):
    from memlab.preset.check import check_preset
    from memlab.preset.load import load as load_preset

    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    (script,) = re.findall(r"<<'END'\n(.*?)^END", page, re.DOTALL | re.MULTILINE)
    pairs = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    (tmp_path / "reversed.txt").write_bytes(pairs.stdout)
    monkeypatch.chdir(tmp_path)
    for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        path = tmp_path / "preset.yaml"
        path.write_text(text)
        assert check_preset(load_preset(str(path))).facts.updates > 0


def test_no_page_names_an_absolute_path_or_a_registry():
    for path in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("memlab/**/*.py"),
        *ROOT.glob("presets/**/*.yaml"),
    ]:
        text = path.read_text("utf-8")
        assert not re.search(r"(?<![\w./~])/(home|root|work|Users)/", text), path
        assert "pythonhosted" not in text, path
