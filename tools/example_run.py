"""Train the run that is shipped in `runs/` anew, keep what is needed of it, and let git see it.

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
    """A finished run with its last and its best checkpoint."""
    folder = create_run(load(PRESET), RUNS, NAME)
    for _ in work(folder):
        pass
    folder.checkpoints.prune({folder.last_step(), int(summarize(folder)["best"]["step"])})
    folder.set_labels(tags=["example"], note=NOTE)
    _forget_the_machine(folder)
    return folder


def _forget_the_machine(folder: RunFolder) -> None:
    """Where it was trained is nobody's business."""
    (attempt,) = folder.attempts()
    document = attempt.info | dict.fromkeys(machine())
    seal = sealed_json.seal(document, place(folder.id, attempt.number, "attempt.json"), indent=2)
    (attempt.path / "attempt.json").write_bytes(seal)


def ship(folder: RunFolder) -> None:
    """Name it as the run that git keeps, and remove the one before."""
    ignored = IGNORED.read_text("utf-8")
    for before in SHIPPED.findall(ignored):
        shutil.rmtree(RUNS / before, ignore_errors=True)
    IGNORED.write_text(SHIPPED.sub(folder.id, ignored), "utf-8")


if __name__ == "__main__":
    ship(make())
