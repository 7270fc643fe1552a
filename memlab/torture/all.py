"""All kinds of trials."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

from memlab.torture.damage import Damage
from memlab.torture.fill import Fill
from memlab.torture.kill import Kill
from memlab.torture.small_run import undisturbed
from memlab.torture.trial import FaultTrial


def all_trials(folder: Path, rng: random.Random) -> Iterator[FaultTrial]:
    """Each kind of trial, created on demand, with its own folder in `folder`."""
    undisturbed(folder / "warm")  # load code before the time is measured
    started = time.monotonic()
    expected = undisturbed(folder / "expected")
    seconds = time.monotonic() - started
    yield Kill(folder / "kill", rng, expected, seconds)
    yield Fill(folder / "fill", rng, expected, folder / "expected")
    yield Damage(folder / "damage", rng)
