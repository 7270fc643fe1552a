"""The program, called in this process or started in a separate one."""

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from ..made_once import made_once
from ..processes import ForkServer, Process

TINY = """\
name: tiny
about: Addition mod 7, for tests.
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5, format: equation}
model: {n_layers: 1, n_heads: 2, d_model: 16, init_std: 0.1}
optimizer: {lr: 1e-2, weight_decay: 0.1}
training: {steps: 60, checkpoint_every: 10}
evaluation: {every: 10, samples: 2}
"""


class Program:
    """`memlab` in a separate folder with the preset `tiny`; calls run in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs = folder, folder / "runs"
        (folder / "presets").mkdir()
        (folder / "presets" / "tiny.yaml").write_text(TINY)
        self.environment = {**os.environ, "MEMLAB_RUNS": str(self.runs), "OMP_NUM_THREADS": "1"}
        self.stderr = ""
        """stderr of the last command"""

    def __call__(self, *words: str, code: int = 0) -> str:
        """Stdout of the command, which must exit with `code`.

        In this process, because loading torch takes longer than most commands.
        """
        from memlab.cli import main

        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self.environment),
            mock.patch.object(sys, "argv", ["memlab", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as exit_info,
        ):
            main()
        self.stderr = err.getvalue()
        actual = exit_info.value.code or 0
        assert actual == code, f"{actual}\n{out.getvalue()}\n{self.stderr}"
        return out.getvalue()


@pytest.fixture
def memlab(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def start(memlab: Program, program: ForkServer) -> Callable[..., Process]:
    """Start a command in the folder of `memlab`, as a process: `start("run", "tiny")`."""
    program.folder = memlab.folder
    return program.start


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one finished run; tests must not change it."""

    def train(folder: Path) -> None:
        words = ("run", "tiny", "training.steps=300", "--quiet", "--name", "first [bold]try")
        Program(folder)(*words)

    return made_once(tmp_path_factory, "finished-run", train) / "runs"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, finished_run: Path) -> Program:
    """The finished run, shared by the tests of a module that only read it."""
    program = Program(tmp_path_factory.mktemp("program"))
    shutil.copytree(finished_run, program.runs)
    return program
