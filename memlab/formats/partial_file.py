"""Files that appear under their name only when they are complete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from memlab.record.files import hidden


@contextmanager
def partial_file(path: Path) -> Iterator[Path]:
    """A path to write to: renamed to `path` at the end of the block, removed after an error."""
    part = hidden(path)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
