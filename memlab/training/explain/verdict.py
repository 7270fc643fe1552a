"""Decides on the causes of a spike from the effects of the trials, and states them in one sentence."""

from collections.abc import Sequence

from memlab.record.explanation import CAUSE, PLACEBO, PREVENTS
from memlab.training.explain.trial import TrialResult
from memlab.training.explain.window import Window


def causes(trials: Sequence[TrialResult]) -> list[str]:
    """Names of the changes that prevent the spike; none if a placebo prevents it as well.

    Only changes of the kind `CAUSE` count.
    """
    placebos = [trial for trial in trials if trial.change.kind == PLACEBO]
    if any(trial.effect == PREVENTS for trial in placebos):
        return []
    return [
        trial.change.name
        for trial in trials
        if trial.change.kind == CAUSE and trial.effect == PREVENTS
    ]


def sentence(window: Window, trials: Sequence[TrialResult]) -> str:
    """The conclusion in one sentence."""
    placebos = [trial for trial in trials if trial.change.kind == PLACEBO]
    vanished = sum(trial.effect == PREVENTS for trial in placebos)
    spike = f"the spike at step {window.spike.onset:,}"
    if vanished:
        return (
            f"Undecided: {spike} vanished in {vanished} of {len(placebos)} placebos, "
            "so that a change that prevents it shows nothing."
        )
    named = causes(trials)
    if not named:
        return f"Undecided: no tested change prevents {spike}."
    prevent = "prevents" if len(named) == 1 else "each prevent"
    return (
        f"Changed alone, from step {window.change_at + 1:,} on, {' and '.join(named)} {prevent} "
        f"{spike}, which occurs in all {len(placebos)} placebos."
    )
