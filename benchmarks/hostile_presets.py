"""What the costliest presets cost: CPU time and memory until they are read or refused.

    python benchmarks/hostile_presets.py

Prints a table in markdown, the slowest first: the least of five times, the peak of one more.
"""

import sys
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

from memlab.errors import PresetError
from memlab.preset.load import load

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "preset"))
from hostile import HOSTILE


def main() -> None:
    """Load each file as a command would."""
    load("quickstart")
    with TemporaryDirectory() as folder:
        path = Path(folder, "hostile.yaml")
        rows = []
        for kind, data in HOSTILE.items():
            path.write_bytes(data)
            rows.append((min(cost(path) for _ in range(5)), peak(path), kind))
    print("| preset | ms | MB |")
    print("|---|--:|--:|")
    for seconds, size, kind in sorted(rows, reverse=True):
        print(f"| {kind} | {1e3 * seconds:.0f} | {size / 1e6:.1f} |")


def cost(path: Path) -> float:
    """Seconds of CPU."""
    started = time.process_time()
    refuse(path)
    return time.process_time() - started


def peak(path: Path) -> int:
    """Bytes that are held at most."""
    tracemalloc.start()
    refuse(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def refuse(path: Path) -> None:
    """Load what nobody should be able to load."""
    try:
        load(str(path))
    except PresetError:
        return
    raise AssertionError("this was to be refused")


if __name__ == "__main__":
    main()
