"""Writes `trainer_state.json`; see `trainer_state` for the format.

Training rows hold `loss`, `grad_norm` and `learning_rate`, evaluation rows `eval_loss` and more for
the validation split. Bare NaN and Infinity are what the Trainer writes, too.
"""

import json
from pathlib import Path
from typing import Any

from memlab.formats.run_curves import RunCurves
from memlab.record.row_format import is_missing

NAMES = {"lr": "learning_rate"}
"""memlab's columns that the Trainer calls otherwise"""


def write_state(curves: RunCurves, path: Path) -> None:
    """Write the history of a run as the Trainer would have."""
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
            for part in (slice(0, n_columns), slice(n_columns, None)):
                cells = zip(names[part], values[part], none[part], strict=True)
                row = {name: value for name, value, left_out in cells if not left_out}
                if row:
                    rows.append(row | {"step": step})
            last = step
    state = {"global_step": last, "max_steps": curves.planned_steps or last, "log_history": rows}
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)


def _eval_name(name: str) -> str:
    """The Trainer's name of an evaluated quantity: `val_loss` is eval_loss."""
    return f"eval_{name.removeprefix('val_')}"
