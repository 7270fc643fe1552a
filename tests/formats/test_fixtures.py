"""Logs that real programs wrote are read with all their values."""

import json
from pathlib import Path

import numpy as np
import pytest

from memlab.formats import read_log

FOLDER = Path(__file__).parent / "fixtures"
TEXT = FOLDER / "text"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


def check(run, expected, exact=True, ignored=()):
    assert set(run.series) - set(ignored) == set(expected)
    for name, values in expected.items():
        steps, found = run.series[name].merged()
        assert steps.tolist() == [int(step) for step in values], name
        target = np.array(list(values.values()), np.float64)
        # TensorBoard stores float32.
        np.testing.assert_array_equal(
            found, target if exact else target.astype(np.float32).astype(float)
        )


def test_tensorboard_files_of_a_run_in_torch_that_was_resumed_are_read():
    log = read_log(FOLDER / "torch")
    (run,) = log.runs
    check(run, EXPECTED["tensorboard"], exact=False)
    assert (log.format, run.attempts, run.restarts()) == ("tensorboard", 2, [51])
    assert (run.n_replaced, log.damage) == (30 + 30 + 3, None)


def test_an_event_file_of_tensorboardx_is_read():
    log = read_log(next((FOLDER / "tensorboardX").iterdir()))
    check(log.runs[0], EXPECTED["tensorboardx"], exact=False)
    assert log.runs[0].attempts == 1 and log.damage is None


def test_an_offline_run_of_wandb_is_read():
    log = read_log(FOLDER / "run-fixture.wandb")
    (run,) = log.runs
    check(run, EXPECTED["wandb"], ignored=("_runtime", "_timestamp"))
    assert (run.name, run.config) == ("first run", {"lr": 1e-3, "model": {"layers": 2}})
    assert run.ended is True and log.damage is None


def test_metrics_of_lightning_with_separate_rows_for_training_and_validation_are_read():
    log = read_log(FOLDER / "lightning")
    (run,) = log.runs
    expected = {name: dict(values.items()) for name, values in EXPECTED["lightning"].items()}
    assert set(run.series) == {"epoch", *expected} or set(run.series) == set(expected)
    for name, values in expected.items():
        steps, found = run.series[name].merged()
        assert steps.tolist() == [int(step) for step in values]
        np.testing.assert_allclose(found, list(values.values()), rtol=1e-6)
    assert (run.config, run.attempts) == ({"width": 4}, 1)


def test_the_state_of_the_hugging_face_trainer_is_read():
    log = read_log(FOLDER / "transformers")
    (run,) = log.runs
    check(run, EXPECTED["transformers"], ignored=("epoch", "eval_runtime"))
    assert (run.planned_steps, run.ended, run.attempts) == (120, True, 1)
    assert run.config["train_loss"] == 1.5
    assert any("logging_nan_inf_filter" in note for note in log.notes)


def test_all_runs_of_a_folder_are_read():
    log = read_log(FOLDER)
    names = {run.name for run in log.runs}
    assert {"torch", "tensorboardX", "first run", "transformers", "lightning/version_0"} <= names


CONSOLES = {
    "nanogpt.txt": (
        "nanogpt",
        {
            "loss": {0: 4.2654, 10: 3.2457, 20: 2.7899, 25: 2.649, 30: 2.5012},
            "train_loss": {0: 4.2874, 25: 2.6521},
            "val_loss": {0: 4.2823, 25: 2.6603},
            "mfu": {10: 21.9, 20: 21.88, 30: 21.9},
        },
        2,
    ),
    "modded_nanogpt.txt": (
        "modded-nanogpt",
        {
            "val_loss": {0: 10.8258, 125: 4.2887},
            "train_time": {0: 0.0, 1: 145.0, 125: 12345.0, 126: 12440.0},
            "step_avg": {0: 0.0, 1: 145.32, 125: 98.76, 126: 98.73},
        },
        1,
    ),
    "llmc_main.log": (
        "llmc-log",
        {
            "val_loss": {0: 10.97, 250: 6.49},
            "hellaswag_accuracy": {0: 0.25},
            "loss": {0: 10.971, 1: 9.5, 250: 6.44},
            "lr": {0: 1e-6, 1: 2e-6, 250: 3e-4},
            "grad_norm": {0: 15.2, 1: 8.0, 250: 1.2},
        },
        2,
    ),
    "llmc_console.txt": (
        "llmc-console",
        {
            "val_loss": {1: 10.97, 3: 6.5, 4: 6.4},
            "loss": {1: 10.971, 2: 9.5, 3: 6.45},
            "grad_norm": {1: 15.2, 2: 8.0, 3: 1.25},
            "lr": {1: 1e-6, 2: 2e-6, 3: 3e-6},
            "time_ms": {1: 2512.1, 2: 180.0, 3: 180.0},
        },
        1,
    ),
    "keras_history.json": (
        "keras-history", {"loss": {0: 2.5, 1: 2.0}, "val_loss": {0: 2.6, 1: np.nan}}, 1
    ),
    "log.jsonl": (
        "jsonl",
        {
            "loss": {0: 2.5, 10: np.nan, 20: np.inf},
            "eval.loss": {0: 2.75},
            "big": {20: np.inf},
        },
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSOLES)
def test_the_output_of_training_scripts_is_read(name):
    format, expected, attempts = CONSOLES[name]
    log = read_log(TEXT / name)
    (run,) = log.runs
    assert (log.format, run.attempts) == (format, attempts)
    check(run, expected, ignored=("time_ms",) if name == "nanogpt.txt" else ())
    assert run.planned_steps == {"modded_nanogpt.txt": 1750, "llmc_console.txt": 3}.get(name)


def test_a_keras_log_that_was_appended_to_has_two_attempts():
    (run,) = read_log(TEXT / "keras.csv").runs
    assert run.attempts == 2 and run.series["loss"].merged()[0].tolist() == [0]
    assert run.series["val_loss"].values.tolist() == [2.25]
