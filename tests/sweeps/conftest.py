"""A tiny base preset and sweeps of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep
from memlab.sweeps.sweep import Sweep

BASE = """\
name: tiny
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5}
model: {n_layers: 1, n_heads: 2, d_model: 16, init_std: 0.1}
optimizer: {lr: 0.01, weight_decay: 0.1}
training: {steps: 20, checkpoint_every: 10}
evaluation: {every: 5, samples: 2}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(BASE)
    return path


@pytest.fixture
def make(base: Path, tmp_path: Path) -> Callable[..., Sweep]:
    """Create a sweep from overrides: `make("lr=0.01,0.02", seeds=2)`."""

    def create(*overrides: str, **options: object) -> Sweep:
        runs = tmp_path / "runs"
        plan = expand(load_sweep(str(base), overrides, **options), runs)
        return Sweep.create(runs, plan, "text")

    return create
