"""Device, threads, and the process-wide settings that make runs reproducible bit by bit."""

import os
import platform
from typing import Any

import torch

from memlab.errors import MemlabError

ONE_THREAD_BELOW = 2e8
"""floating point operations of an update; below this, more threads are slower because of synchronization"""

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
    """Make operations repeat bit for bit."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The same switch as `use_deterministic_algorithms`, which imports the compiler for its settings.
    torch.set_deterministic_debug_mode("error")
    # Filling new tensors costs time, and no code here reads uninitialized memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def set_threads(flop: float, before: int | None = None) -> None:
    """Set the threads of this process: those of the run's first attempt, else by the size of the
    work.

    Args:
        flop: floating point operations of an update's matrix products.
        before: threads of the first attempt, or the requested number; None = chosen by the size of
        the work. The number of threads affects the bits.
    """
    suited = 1 if flop < ONE_THREAD_BELOW else ALL_THREADS
    torch.set_num_threads(before or suited)


def describe(device: torch.device) -> dict[str, Any]:
    """What the bits of a run depend on in addition to its preset."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "device": device.type,
        "device_name": name,
        "threads": torch.get_num_threads(),
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
    }
