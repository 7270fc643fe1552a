"""Edits of the number of steps of a run that has already trained."""

from memlab.errors import PresetError
from memlab.preset.findings import PresetFinding
from memlab.preset.learning_rate import learning_rate
from memlab.preset.schedule import total_steps
from memlab.preset.schema import Preset

LR_JUMP = 0.05
"""change of the lr from one step to the next, as a fraction of its peak, that is reported"""


def check_extension(
    before: Preset, after: Preset, step: int, per_epoch: int
) -> list[PresetFinding]:
    """Findings about an edit of a run's length at `step`.

    Args:
        before: the preset that the run has trained with.
        after: the edited preset.
        step: the last step made.
        per_epoch: updates in an epoch.

    Raises:
        PresetError: the edited run would end before `step`.
    """
    old, new = total_steps(before, per_epoch), total_steps(after, per_epoch)
    if new == old:
        return []
    if new < step:
        key = "training.steps" if after.training.steps is not None else "training.epochs"
        raise PresetError(
            f"{key} is less than the run's current step",
            where=key,
            found=f"{new:,} steps; the run is at step {step:,}",
            allowed=f"{step:,} steps or more",
            hint=f"a run cannot be shortened; `memlab fork RUN --at {new}` continues from step {new:,}",
        )
    # Both with the edited settings: an edit of the lr itself is not an effect of the length.
    last = learning_rate(after.optimizer, step, old) if step else 0.0
    following = learning_rate(after.optimizer, min(step + 1, new), new)
    if not step or abs(following - last) <= LR_JUMP * after.optimizer.lr:
        return []
    return [
        PresetFinding(
            "warning",
            f"the lr jumps from {last:.3g} at step {step:,} to {following:.3g} at step {step + 1:,}",
            f"optimizer.schedule={after.optimizer.schedule} spreads over all {new:,} steps, "
            f"and the run has followed it for {old:,}.",
            f"start a new run with training.steps={new} for one schedule, or lower optimizer.lr as well",
        )
    ]
