"""A sign for the state of a member or a sweep."""

from memlab.record.status import Status
from memlab.tui.runs.columns import SIGNS

DAMAGED = "damaged"
"""the status of a sweep that cannot be read"""


def state_sign(state: str) -> tuple[str, str]:
    """The sign of a state and its colour."""
    return SIGNS[Status(state)] if state != DAMAGED else ("✗", "$text-error")
