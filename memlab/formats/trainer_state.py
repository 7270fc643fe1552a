"""`trainer_state.json` of the Hugging Face Trainer, in every `checkpoint-N/`.

It holds `global_step`, `max_steps` and `log_history`, a list of rows. Rows of training hold `loss`,
`grad_norm`, `learning_rate`, `epoch`; rows of evaluation `eval_loss` and more; the last row means
over the run, which belong to no step. Source: transformers' `trainer_callback.py`.
"""

from collections.abc import Mapping
from typing import Any, final

from memlab.errors import DataError
from memlab.formats.json_file import JsonFileParser
from memlab.formats.json_values import flatten

OF_THE_RUN = "train_runtime"
"""what the last row holds, and no other"""


@final
class TrainerStateParser(JsonFileParser):
    format = "trainer_state"

    def read(self, value: Any) -> None:
        rows = value.get("log_history") if isinstance(value, dict) else None
        if not isinstance(rows, list):
            raise DataError("there is no log_history in it", where=self.where)
        self.notes.append("a loss is the mean since the row before, and not that of one step")
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
        if OF_THE_RUN in row:
            self._builder.config |= {name: value for name, value in row.items() if name != "step"}
            return
        judged = any(name.startswith("eval_") for name in row)
        for name, value in flatten(row):
            # An evaluation repeats the epoch of the training row at its step.
            if name != "step" and not (judged and name == "epoch"):
                self._builder.add(name, step, value)
