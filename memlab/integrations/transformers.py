"""Callback that records training with the Hugging Face Trainer as a run.

    from memlab.integrations.transformers import MemlabCallback
    Trainer(..., callbacks=[MemlabCallback("my run")])

With `logging_steps=1` every step is recorded. By default the Trainer replaces losses that are not
finite with the running mean; set `logging_nan_inf_filter=False` to record them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from memlab.record.commands import CheckpointNow, Edit, Stop
from memlab.track.start import Loop, start
from memlab.track.tracked_run import TrackedRun

SUMMARY = ("train_runtime", "train_loss", "total_flos")
"""names in the Trainer's last entry, which has means over the run"""
TIMES = ("_runtime", "_per_second", "_time")
"""suffixes of quantities that measure the machine, not the model"""


class MemlabCallback(TrainerCallback):
    """Records what the Trainer logs. Commands: pause, stop, checkpoint (saved by the Trainer)."""

    def __init__(
        self, name: str, *, resume: bool | str = False, runs: str | Path | None = None
    ) -> None:
        """See `memlab.track`; the config consists of the Trainer's arguments."""
        self._name, self._resume, self._runs = name, resume, runs
        self.run: TrackedRun | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start recording, in the main process only."""
        if state.is_world_process_zero:
            loop = Loop(
                self._name,
                args.to_sanitized_dict(),
                state.max_steps,
                editable=(),
                resume=self._resume,
                at=state.global_step if self._resume else None,
            )
            self.run = start(loop, None if self._runs is None else Path(self._runs))

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if self.run is None or not logs or any(name in logs for name in SUMMARY):
            return
        numbers = {name: value for name, value in logs.items() if isinstance(value, int | float)}
        evaluated = {
            "val" + name.removeprefix("eval"): value
            for name, value in numbers.items()
            if name.startswith("eval_") and not name.endswith(TIMES)
        }
        if evaluated:
            self.run.evaluated(evaluated, step=state.global_step)
        else:
            self.run.log(numbers, step=state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        for command in self.run.commands() if self.run else ():
            match command:
                case Stop():
                    control.should_training_stop = True
                case CheckpointNow():
                    control.should_save = True
                case Edit():
                    pass  # refused by the run, since no setting is editable

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        if self.run is not None:
            self.run.close("stopped" if self.run.stop_requested else "finished")
