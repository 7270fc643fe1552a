"""Writes `trainer_state.json`; see `trainer_state` for the format.

Training rows have `loss`, `grad_norm` and `learning_rate`, evaluation rows `eval_loss` and more for
the validation split. NaN and Infinity are not quoted, as in files of the Trainer.
"""

import json
from pathlib import Path
from typing import Any

from memlab.formats.partial_file import partial_file
from memlab.formats.run_curves import RunCurves
from memlab.record.row_format import is_missing

NAMES = {"lr": "learning_rate"}
"""memlab's column names -> names of the Trainer, where they differ"""


def write_state(curves: RunCurves, path: Path) -> None:
    """Write the history of a run in the format of the Trainer."""
    rows: list[dict[str, Any]] = []
    n_columns = len(curves.row_names)
    names = [NAMES.get(name, name) for name in curves.row_names]
    names += [_eval_name(name) for name in curves.evaluated_names]
    last = 0
    for steps, table in curves.wide():
        missing = is_missing(table)
        for step, values, none in zip(
            steps.tolist(), table.tolist(), missing.tolist(), strict=True
        ):
            for group in (slice(0, n_columns), slice(n_columns, None)):
                cells = zip(names[group], values[group], none[group], strict=True)
                row = {name: value for name, value, left_out in cells if not left_out}
                if row:
                    rows.append(row | {"step": step})
            last = step
    state = {"global_step": last, "max_steps": curves.planned_steps or last, "log_history": rows}
    with partial_file(path) as part:
        part.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def _eval_name(name: str) -> str:
    """The Trainer's name of an evaluated quantity: `val_loss` becomes eval_loss."""
    return f"eval_{name.removeprefix('val_')}"
