"""What a run is doing, derived from what lies in its folder."""

from enum import StrEnum


class Status(StrEnum):
    """Status of a run or an attempt."""

    QUEUED = "queued"
    """made, but no process has taken it up"""
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    """it reached its last step, or stopped early as its preset asks"""
    STOPPED = "stopped"
    """a person ended it"""
    INTERRUPTED = "interrupted"
    """its process was told to end, by a signal or on leaving the console; it saved a checkpoint"""
    FAILED = "failed"
    DIVERGED = "diverged"
    DIED = "died"
    """its process is gone without a word"""
    IMPORTED = "imported"
    """read from the files of another program"""
    SUPERSEDED = "superseded"
    """a later attempt has taken over; never the status of a run"""


ENDED = (
    Status.FINISHED,
    Status.STOPPED,
    Status.INTERRUPTED,
    Status.FAILED,
    Status.DIVERGED,
)
"""Of runs whose last attempt has said why it ended: they stay so until another attempt begins."""

REASONS = {status.value: status for status in Status} | {"early_stop": Status.FINISHED}
"""The reason in `end.json` to the status it means."""
