"""Identity of the process that trains a run, and whether it is still running."""

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any


def _text(path: str) -> str | None:
    try:
        return Path(path).read_text().strip() or None
    except OSError:
        return None


def _namespace() -> str | None:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


@cache
def machine() -> dict[str, str | None]:
    """Identifies this machine and its current boot."""
    return {
        "host": socket.gethostname(),
        "machine_id": _text("/etc/machine-id"),
        "boot_id": _text("/proc/sys/kernel/random/boot_id"),
        "pid_namespace": _namespace(),
    }


def identity() -> dict[str, Any]:
    """Identifies this process, so that another one can check whether it is still running."""
    return {**machine(), "pid": os.getpid(), "pid_start": start_time(os.getpid())}


def start_time(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None if it has exited or is not visible."""
    try:
        # The name, in parentheses, may contain spaces; state is field 3, start time field 22.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])


def is_running(owner: dict[str, Any]) -> bool | None:
    """Whether the process that `identity` described is still running; None if that is
    unknown on this machine.
    """
    this_machine = machine()
    owner_machine = {key: owner.get(key) for key in this_machine}
    if owner_machine == this_machine and this_machine["boot_id"] is not None:
        pid = owner.get("pid")
        return isinstance(pid, int) and start_time(pid) == owner.get("pid_start") is not None
    rebooted = this_machine["machine_id"] is not None and all(
        owner_machine[key] == this_machine[key] for key in ("host", "machine_id")
    )
    return False if rebooted and owner_machine["boot_id"] != this_machine["boot_id"] else None
