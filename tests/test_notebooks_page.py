"""The code of docs/notebooks.md runs unchanged, on a preset that trains in under a second."""

import re
import warnings
from pathlib import Path

import pytest

from memlab.api import sweep_run
from memlab.api import train as api_train
from memlab.cli.sweep_work import MemberTraining
from memlab.record.folder import RunFolder
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.worker import Worker
from memlab.training.worker import work

PAGE = Path(__file__).parent.parent / "docs" / "notebooks.md"
QUICKSTART = """\
name: quickstart
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5, format: equation}
model: {n_layers: 1, n_heads: 2, d_model: 16, init_std: 0.1}
optimizer: {lr: 0.01, weight_decay: 0.1}
training: {steps: 20, checkpoint_every: 10}
evaluation: {every: 5, samples: 2}
"""
LIVE = "wait=False"
"""contained in the block that needs a second, training process"""


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch) -> None:
    """A folder whose preset `quickstart` takes precedence over the shipped one."""
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "quickstart.yaml").write_text(QUICKSTART)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MEMLAB_RUNS", raising=False)


def run_blocks(chosen: list[str]) -> dict[str, object]:
    names: dict[str, object] = {}
    for block in chosen:
        exec(compile(block, str(PAGE), "exec"), names)
    return names


def check(names: dict[str, object], tmp_path: Path) -> None:
    assert Path("curves.pdf").read_bytes().startswith(b"%PDF")
    assert len(names["sweep"].runs) == 6 and names["sweep"].status == "finished"
    assert names["run"].step == 20 and names["table"]["step"].iloc[-1] == 20


def test_the_code_of_the_page_runs_with_training_in_this_process(tmp_path, monkeypatch, capsys):
    def train(folder: RunFolder, **options: object) -> None:
        list(work(folder))

    def execute(sweep, executor, **options):
        Worker(sweep, MemberTraining("cpu")()).run()
        return SweepProgress(sweep).read()

    monkeypatch.setattr(api_train, "train", train)
    monkeypatch.setattr(sweep_run, "execute", execute)
    chosen = [block for block in blocks() if LIVE not in block]
    assert len(chosen) == len(blocks()) - 1 > 5
    check(run_blocks(chosen), tmp_path)
    assert "optimizer.learning" in capsys.readouterr().out


@pytest.mark.slow
def test_the_code_of_the_page_runs_unchanged(tmp_path):
    with warnings.catch_warnings():
        names = run_blocks(blocks())
    check(names, tmp_path)
    assert names["live"].status == "stopped"
