"""All trials, in order."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

from memlab.torture.damage import Damage
from memlab.torture.fill import Fill
from memlab.torture.kill import Kill
from memlab.torture.small_run import undisturbed
from memlab.torture.trial import FaultTrial


def all_trials(folder: Path, chance: random.Random) -> Iterator[FaultTrial]:
    """Each trial, created on demand, in its own folder within `folder`."""
    undisturbed(folder / "warm")
    started = time.monotonic()
    truth = undisturbed(folder / "truth")
    seconds = time.monotonic() - started
    yield Kill(folder / "kill", chance, truth, seconds)
    yield Fill(folder / "fill", chance, truth, folder / "truth")
    yield Damage(folder / "damage", chance)
