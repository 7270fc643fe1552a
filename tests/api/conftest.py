"""A small trained run for tests that only read it."""

import pytest

from memlab.api.run import Run
from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.training.worker import work

TINY = {
    "name": "tiny",
    "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
    "model": {"n_layers": 2, "n_heads": 2, "d_model": 16, "init_std": 0.1},
    "optimizer": {"lr": 0.01, "weight_decay": 0.1},
    "training": {"steps": 30, "checkpoint_every": 10},
    "evaluation": {"every": 5, "samples": 2},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = create_run(from_json(TINY), tmp_path_factory.mktemp("runs"), "a [tiny] run")
    for _ in work(folder):
        pass
    return Run(folder)
