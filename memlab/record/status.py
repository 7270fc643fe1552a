"""The status of a run, derived from the contents of its folder."""

from enum import StrEnum


class Status(StrEnum):
    """Status of a run or an attempt."""

    QUEUED = "queued"
    """created, but not started"""
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    """it reached its last step, or stopped early as configured"""
    STOPPED = "stopped"
    """ended by the user"""
    INTERRUPTED = "interrupted"
    """its process ended on a signal or when the console was closed, after saving a checkpoint"""
    FAILED = "failed"
    DIVERGED = "diverged"
    DIED = "died"
    """its process exited without end.json"""
    IMPORTED = "imported"
    """imported from the files of another program"""
    SUPERSEDED = "superseded"
    """a later attempt has taken over; never the status of a run"""


ENDED = (
    Status.FINISHED,
    Status.STOPPED,
    Status.INTERRUPTED,
    Status.FAILED,
    Status.DIVERGED,
)
"""Final until another attempt begins: the last attempt recorded why it ended."""

REASONS = {status.value: status for status in Status} | {"early_stop": Status.FINISHED}
"""Reason in `end.json` to status."""
