"""`trainer_state.json` of the Hugging Face Trainer, in every `checkpoint-N/`.

It contains `global_step`, `max_steps` and `log_history`, a list of rows. Training rows have `loss`,
`grad_norm`, `learning_rate`, `epoch`; evaluation rows `eval_loss` and more. The last row has means
over the run, which belong to no step. Source: transformers' `trainer_callback.py`.
"""

from collections.abc import Mapping
from typing import Any, final

from memlab.errors import DataError
from memlab.formats.json_file import JsonFileParser
from memlab.formats.json_values import flatten

ONLY_IN_LAST_ROW = "train_runtime"
"""a key of the last row"""


@final
class TrainerStateParser(JsonFileParser):
    """Reads `log_history`."""

    format = "trainer_state"

    def read_value(self, value: Any) -> None:
        rows = value.get("log_history") if isinstance(value, dict) else None
        if not isinstance(rows, list):
            raise DataError("the file has no log_history", where=self.where)
        self.notes.append("a loss is the mean since the previous row, not the loss of one step")
        self.notes.append(
            "logging_nan_inf_filter, which is on by default, replaces losses that are not finite"
        )
        steps, done = value.get("max_steps"), value.get("global_step")
        if isinstance(steps, int) and steps > 0:
            self._builder.planned_steps = steps
            self._builder.ended = isinstance(done, int) and done >= steps
        self._builder.config |= {
            name: setting
            for name, setting in value.items()
            if isinstance(setting, int | float | str) and name not in ("global_step", "max_steps")
        }
        for place, row in enumerate(rows, 1):
            step = row.get("step") if isinstance(row, dict) else None
            if type(step) is not int or abs(step) >= 2**53:
                raise DataError(
                    "a row of log_history has no step that counts updates",
                    where=f"{self.where}, row {place:,}",
                    found=str(row)[:80],
                )
            self._row(step, row)

    def _row(self, step: int, row: Mapping[str, Any]) -> None:
        if ONLY_IN_LAST_ROW in row:
            self._builder.config |= {name: value for name, value in row.items() if name != "step"}
            return
        is_evaluation = any(name.startswith("eval_") for name in row)
        for name, value in flatten(row):
            # An evaluation repeats the epoch of the training row at its step.
            if name != "step" and not (is_evaluation and name == "epoch"):
                self._builder.add(name, step, value)
