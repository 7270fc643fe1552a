"""Train the run that is shipped in `runs/`, and add it to the repository in place of the old one.

python tools/example_run.py
"""

import re
import shutil
from pathlib import Path

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record import sealed_json
from memlab.record.attempt import place
from memlab.record.folder import RunFolder
from memlab.record.process import machine
from memlab.record.summary import summarize
from memlab.training.worker import work

ROOT = Path(__file__).parent.parent
RUNS, IGNORED = ROOT / "runs", ROOT / ".gitignore"
PRESET, NAME = "grok-then-spike", "memorizes, generalizes, spikes"
NOTE = "Shipped with memlab, made by `make example`."
SHIPPED = re.compile(r"(?<=^!/runs/)[0-9]{8}T\w+-\w+(?=/$)", re.MULTILINE)


def make() -> RunFolder:
    """Train the run; only its last and its best checkpoint are kept."""
    folder = create_run(load(PRESET), RUNS, NAME)
    for _ in work(folder):
        pass
    best = summarize(folder).best
    assert best is not None, "every evaluated run has one"
    folder.checkpoints.prune({folder.last_step(), int(best["step"])})
    folder.set_labels(tags=["example"], note=NOTE)
    _remove_machine(folder)
    return folder


def _remove_machine(folder: RunFolder) -> None:
    """Remove the machine from the record of the attempt."""
    (attempt,) = folder.attempts()
    document = attempt.info | dict.fromkeys(machine())
    seal = sealed_json.seal(document, place(folder.id, attempt.number, "attempt.json"), indent=2)
    (attempt.path / "attempt.json").write_bytes(seal)


def ship(folder: RunFolder) -> None:
    """Exempt the run from .gitignore instead of the previous one, which is deleted."""
    patterns = IGNORED.read_text("utf-8")
    for previous in SHIPPED.findall(patterns):
        shutil.rmtree(RUNS / previous, ignore_errors=True)
    IGNORED.write_text(SHIPPED.sub(folder.id, patterns), "utf-8")


if __name__ == "__main__":
    ship(make())
