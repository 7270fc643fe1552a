"""CPU time and memory until hostile presets are refused.

    python benchmarks/hostile_presets.py

Prints a Markdown table, the slowest first: minimum time of five runs, peak memory of one more.
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
    """Load each hostile file, as commands do."""
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
    """Seconds of CPU time."""
    started = time.process_time()
    refuse(path)
    return time.process_time() - started


def peak(path: Path) -> int:
    """Peak memory in bytes."""
    tracemalloc.start()
    refuse(path)
    bytes_at_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return bytes_at_peak


def refuse(path: Path) -> None:
    """Load a hostile file, which must raise an error."""
    try:
        load(str(path))
    except PresetError:
        return
    raise AssertionError("a hostile preset was accepted")


if __name__ == "__main__":
    main()
