"""The callback for the Hugging Face Trainer, with the Trainer's own state and control objects."""

from types import SimpleNamespace

import pytest

from memlab.record.commands import CheckpointNow, Stop, send
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.track import tracked_run

pytestmark = pytest.mark.slow  # importing transformers takes seconds


@pytest.fixture(autouse=True)
def transformers() -> None:
    pytest.importorskip("transformers")


def test_the_trainers_logs_are_rows_and_evaluations_of_a_run(tmp_path, monkeypatch):
    from transformers import TrainerControl, TrainerState

    from memlab.integrations.transformers import MemlabCallback

    monkeypatch.setattr(tracked_run, "POLL_SECONDS", 0.0)
    args = SimpleNamespace(to_sanitized_dict=lambda: {"learning_rate": 0.1})
    state, control = TrainerState(max_steps=20), TrainerControl()
    callback = MemlabCallback("hf", runs=tmp_path)
    callback.on_train_begin(args, state, control)
    for step in (10, 20):
        state.global_step = step
        callback.on_step_end(args, state, control)
        callback.on_log(args, state, control, logs={"loss": 1 / step, "grad_norm": 2.0, "epoch": 1})
        evaluation = {"eval_loss": 3.0, "eval_runtime": 9.0, "epoch": 1}
        callback.on_log(args, state, control, logs=evaluation)
    send(callback.run.folder, CheckpointNow())
    send(callback.run.folder, Stop())
    callback.on_step_end(args, state, control)
    assert control.should_save and control.should_training_stop
    callback.on_log(args, state, control, logs={"train_runtime": 1.0, "train_loss": 0.5})
    callback.on_train_end(args, state, control)
    folder = RunFolder(callback.run.folder.path)
    now = History(folder).until()
    assert now.steps["step"].tolist() == [10, 20] and now.steps["loss"].tolist() == [0.1, 0.05]
    assert now.evaluations["val_loss"].tolist() == [3.0, 3.0]
    assert list(now.evaluations) == ["step", "val_loss"]
    assert folder.status() == "stopped" and folder.config == {"learning_rate": 0.1}


def test_only_the_first_process_writes(tmp_path):
    from transformers import TrainerControl, TrainerState

    from memlab.integrations.transformers import MemlabCallback

    state, control = TrainerState(is_world_process_zero=False), TrainerControl()
    callback = MemlabCallback("hf", runs=tmp_path)
    callback.on_train_begin(SimpleNamespace(), state, control)
    callback.on_log(SimpleNamespace(), state, control, logs={"loss": 1.0})
    callback.on_step_end(SimpleNamespace(), state, control)
    callback.on_train_end(SimpleNamespace(), state, control)
    assert not tmp_path.exists() or not list(tmp_path.iterdir())
