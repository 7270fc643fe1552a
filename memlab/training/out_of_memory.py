"""Out-of-memory errors, reported as an external condition rather than a bug."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from memlab.errors import RunError


@contextmanager
def report_out_of_memory(run: str) -> Iterator[None]:
    """Turn every form of an out-of-memory error into a `RunError`."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        place = "the GPU" if isinstance(error, torch.OutOfMemoryError) else "this machine"
        raise RunError(
            f"out of memory on {place}",
            where=run,
            found=str(error).partition("\n")[0] or None,
            hint="its checkpoints are kept; a smaller training.micro_batch_size needs less memory",
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    # On the CPU torch raises a plain RuntimeError.
    kinds = (MemoryError, torch.OutOfMemoryError)
    return isinstance(error, kinds) or "can't allocate memory" in str(error)
