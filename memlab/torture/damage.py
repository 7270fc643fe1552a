"""Damaged files: readers must neither fail nor show values that were never recorded."""

import os
import random
from pathlib import Path
from shutil import rmtree
from typing import final

from memlab.record.commands import Pause, send
from memlab.record.doctor import examine
from memlab.record.events import Checkpoint, Event
from memlab.record.folder import RunFolder
from memlab.torture.expected import ExpectedRun
from memlab.torture.small_run import child, processes, train, victim
from memlab.torture.tracked_loop import make_tracked_run
from memlab.torture.trial import FaultTrial

ONE_SEAL = ("steps.", "rows-001.bin")
"""files in which a wrong bit costs one seal at most"""
KINDS = ("flip", "flip", "cut", "zero", "garbage", "append", "swap", "remove", "odd")


def make_specimen(runs: Path) -> RunFolder:
    """A run with two attempts, the first of which died, and a pending command."""
    process = child(_make, runs)
    process.join()
    folder = victim(runs)
    assert process.exitcode == 0 and folder
    send(folder, Pause())
    return folder


def _make(runs: Path) -> None:
    def vanish(event: Event) -> None:
        if isinstance(event, Checkpoint) and event.step == 100:
            os._exit(0)

    first = processes.Process(target=train, args=(runs, vanish))
    first.start()
    first.join()
    train(runs)


@final
class _Specimen:
    """A run, what it holds, and its files before they are damaged."""

    def __init__(self, folder: RunFolder) -> None:
        self.path, self.truth = folder.path, ExpectedRun(folder)
        found = {path: path.read_bytes() for path in self.path.rglob("*") if path.is_file()}
        self.files = {path: data for path, data in found.items() if data}

    def restore(self, path: Path) -> None:
        """Put a file back."""
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.write_bytes(self.files[path])


@final
class Damage(FaultTrial):
    """Each trial damages one file, or swaps two, reads everything, and restores the file."""

    name = "damaged files"
    promise = "no reader fails, no unrecorded value is shown, at most one seal is lost"

    def __init__(self, folder: Path, chance: random.Random) -> None:
        super().__init__(folder, chance)
        made = (make_specimen(folder / "runs"), make_tracked_run(folder / "tracked"))
        self._specimens = [_Specimen(run) for run in made]

    def once(self) -> None:
        """Damage one file of a run and read everything."""
        specimen = self.chance.choice(self._specimens)
        kind = self.chance.choice(KINDS)
        path, other = self.chance.sample(list(specimen.files), 2)
        damage(kind, path, other, self.chance)
        self.counts.tried += 1
        try:
            one_bit = kind == "flip" and path.name.startswith(ONE_SEAL)
            wrong = specimen.truth.contradiction(specimen.path, one_bit_of_rows=one_bit)
            RunFolder(specimen.path).status()
            healthy = examine(RunFolder(specimen.path)).healthy
            self._note(kind, path, healthy)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            self.counts.failures.append(f"{kind} {path.relative_to(specimen.path)}: {wrong}")
        for changed in (path, other):
            specimen.restore(changed)

    def _note(self, kind: str, path: Path, healthy: bool) -> None:
        """The doctor finds every flipped bit, except in a heartbeat, which is only a hint, and in
        a ring of waiting rows, most of which is empty.
        """
        if kind != "flip" or path.name == "heartbeat" or path.suffix == ".tail":
            return
        self.counts.count("flipped bits that the doctor found", not healthy)
        if healthy:
            self.counts.failures.append(f"the doctor missed a flipped bit in {path.name}")


def damage(kind: str, path: Path, other: Path, chance: random.Random) -> None:
    """Change what lies at `path`."""
    data = path.read_bytes()
    at = chance.randrange(len(data))
    stop = min(len(data), at + 40)
    match kind:
        case "flip":
            flipped = bytes([data[at] ^ 1 << chance.randrange(8)])
            path.write_bytes(data[:at] + flipped + data[at + 1 :])
        case "cut":
            path.write_bytes(data[:at])
        case "zero":
            path.write_bytes(data[:at] + bytes(stop - at) + data[stop:])
        case "garbage":
            path.write_bytes(data[:at] + chance.randbytes(stop - at) + data[stop:])
        case "append":
            path.write_bytes(data + chance.randbytes(chance.randrange(1, 100)))
        case "swap":
            path.write_bytes(other.read_bytes())
            other.write_bytes(data)
        case _:
            path.unlink()
            if kind == "odd":
                _make_odd(path, chance.choice([path, other, None]), chance)


def _make_odd(path: Path, target: Path | None, chance: random.Random) -> None:
    """Replace a file by a link to `target`, or by a pipe or a folder."""
    if target is not None:
        path.symlink_to(target)
    elif chance.random() < 0.5:
        os.mkfifo(path)
    else:
        path.mkdir()
