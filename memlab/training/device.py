"""Device, number of threads, and the process-wide settings that make runs reproducible bit by bit."""

import os
import platform
from typing import Any

import torch

from memlab.errors import MemlabError

ONE_THREAD_BELOW = 2e8
"""floating point operations of an update; below this, one thread is faster than several"""

ALL_THREADS = torch.get_num_threads()
"""torch's default: one thread per core, or OMP_NUM_THREADS"""


def choose_device(name: str) -> torch.device:
    """The device for `cpu`, `cuda` or `auto` (a GPU if there is one).

    Raises:
        MemlabError: `cuda` was requested but is not available.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise MemlabError("no CUDA device found", hint="leave out --device, or use --device cpu")
    if name not in ("cpu", "cuda"):
        raise MemlabError("unknown device", found=name, allowed="cpu, cuda, auto")
    return torch.device(name)


def make_deterministic() -> None:
    """Make torch use deterministic algorithms only, and raise an error where there is none."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The same switch as `use_deterministic_algorithms`, which imports the compiler for its settings.
    torch.set_deterministic_debug_mode("error")
    # Filling new tensors costs time, and no code here reads uninitialized memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def set_threads(flop: float, before: int | None = None) -> None:
    """Set the number of threads of this process. It affects the bits of the results.

    Args:
        flop: floating point operations of the matrix products of an update.
        before: number of threads of the first attempt, or the requested number; None = chosen by
            `flop`.
    """
    by_size = 1 if flop < ONE_THREAD_BELOW else ALL_THREADS
    torch.set_num_threads(before or by_size)


def describe(device: torch.device) -> dict[str, Any]:
    """Device, threads and versions: the bits of a run depend on them in addition to its preset."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "device": device.type,
        "device_name": name,
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
    }
