"""Rows for tests: a pure function of the step."""

import numpy as np

from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Rows


def values(first: int, last: int) -> np.ndarray:
    """The rows of updates `first` to `last`."""
    steps = np.arange(first, last + 1)
    columns = [np.sin(steps) + 2, np.cos(steps) + 2, 1 / steps, steps, np.sqrt(steps)]
    return np.stack(columns, axis=1).astype(np.float32)


def write_rows(writer: AttemptWriter, first: int, last: int) -> None:
    writer.write(Rows(step=last, values=values(first, last)))
