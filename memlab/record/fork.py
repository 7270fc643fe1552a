"""The parent of a forked run: a key of `run.json`."""

from dataclasses import dataclass

from memlab.record.folder import RunFolder


@dataclass(frozen=True)
class ForkPoint:
    """The parent of a run, and the last step that both share."""

    run: str
    step: int


def fork_point(folder: RunFolder) -> ForkPoint | None:
    """The fork point of a run; None if it was not forked."""
    origin = folder.description.get("fork", {})
    if not {"run", "step"} <= origin.keys():
        return None
    return ForkPoint(origin["run"], origin["step"])
