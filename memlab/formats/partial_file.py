"""Files that appear under their name only when they are complete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def partial_file(path: Path) -> Iterator[Path]:
    """A path to write to, renamed to `path` when the block ends without an error."""
    part = path.with_name(f".{path.name}.part")
    yield part
    part.replace(path)
