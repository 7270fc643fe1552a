"""Step arithmetic of a run: number of updates, evaluation and checkpoint schedule."""

from bisect import bisect_right
from functools import lru_cache

from memlab.preset.schema import LogSchedule, Preset

CHECKPOINT_EVERY = 500
"""minimum number of updates between checkpoints: writing one costs as much as several small updates"""


def updates_per_epoch(preset: Preset, n_train: int) -> int:
    """Updates in one pass over `n_train` examples; the incomplete last batch is dropped.

    A batch size of `n_train` or more means full batch.
    """
    batch_size = preset.training.batch_size
    return 1 if batch_size == "full" else max(1, n_train // batch_size)


def total_steps(preset: Preset, per_epoch: int) -> int:
    """Updates of the whole run, with `per_epoch` of them in an epoch."""
    training = preset.training
    if training.steps is not None:
        return training.steps
    assert training.epochs is not None
    return training.epochs * per_epoch


def next_evaluation(preset: Preset, per_epoch: int, steps: int, step: int) -> int:
    """The first step after `step` at which the model is evaluated.

    Steps 0 and `steps` always belong to the schedule; for later steps, `steps` is returned.
    """
    if step < 0:
        return 0
    every = preset.evaluation.every
    if isinstance(every, LogSchedule):
        listed = _geometric_steps(every.ratio, steps)
        due = listed[min(bisect_right(listed, step), len(listed) - 1)]
    else:
        interval = per_epoch if every == "epoch" else every
        due = step - step % interval + interval
    return min(due, steps)


def checkpoint_interval(preset: Preset, steps: int) -> int:
    """Updates between two checkpoints; the last step always has one."""
    return preset.training.checkpoint_every or max(CHECKPOINT_EVERY, -(-steps // 100))


def next_kept(preset: Preset, steps: int, step: int) -> int | None:
    """The first step after `step`, at most `steps`, whose checkpoint `training.keep` selects."""
    keep = preset.training.keep
    if keep is None:
        return None
    listed = _geometric_steps(keep.ratio, steps) if isinstance(keep, LogSchedule) else sorted(keep)
    later = listed[bisect_right(listed, step) :]
    return later[0] if later and later[0] <= steps else None


def kept_steps(preset: Preset, steps: int) -> list[int]:
    """All steps whose checkpoint `training.keep` selects, ascending."""
    steps_kept: list[int] = []
    while (step := next_kept(preset, steps, steps_kept[-1] if steps_kept else 0)) is not None:
        steps_kept.append(step)
    return steps_kept


def evaluations(preset: Preset, per_epoch: int, steps: int) -> int:
    """Number of evaluations of the whole run."""
    every = preset.evaluation.every
    if isinstance(every, LogSchedule):
        return bisect_right(_geometric_steps(every.ratio, steps), steps - 1) + 1
    return 1 + -(-steps // (per_epoch if every == "epoch" else every))


@lru_cache(maxsize=4)
def _geometric_steps(ratio: float, steps: int) -> list[int]:
    """Ascending steps from 0: each about `ratio` times the previous, at least one more; the last is
    `steps` or more.
    """
    steps_reached = [0, 1]
    while steps_reached[-1] < steps:
        steps_reached.append(max(steps_reached[-1] + 1, int(steps_reached[-1] * ratio)))
    return steps_reached
