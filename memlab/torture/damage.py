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
from memlab.torture.trial import Trial

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
class Damage(Trial):
    """Each trial damages one file, or swaps two, reads everything, and restores the file."""

    name = "damaged files"
    promise = "no reader fails, no unrecorded value is shown, at most one seal is lost"

    def __init__(self, folder: Path, chance: random.Random) -> None:
        super().__init__(folder, chance)
        specimen = make_specimen(folder / "runs")
        self._path = specimen.path
        self._truth = ExpectedRun(specimen)
        self._files = {p: p.read_bytes() for p in self._path.rglob("*") if p.is_file()}

    def once(self) -> None:
        """Damage one file and read everything."""
        kind = self.chance.choice(KINDS)
        path, other = self.chance.sample(list(self._files), 2)
        damage(kind, path, other, self.chance)
        self.counts.tried += 1
        try:
            one_bit = kind == "flip" and path.name.startswith("steps.")
            wrong = self._truth.contradiction(self._path, one_bit_of_rows=one_bit)
            RunFolder(self._path).status()
            healthy = examine(RunFolder(self._path)).healthy
            self._note(kind, path, healthy)
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
        if wrong:
            self.counts.failures.append(f"{kind} {path.relative_to(self._path)}: {wrong}")
        for changed in (path, other):
            self._restore(changed)

    def _note(self, kind: str, path: Path, healthy: bool) -> None:
        """The doctor finds every flipped bit, except in the heartbeat, which is only a hint."""
        if kind != "flip" or path.name == "heartbeat":
            return
        self.counts.count("flipped bits that the doctor found", not healthy)
        if healthy:
            self.counts.failures.append(f"the doctor missed a flipped bit in {path.name}")

    def _restore(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.write_bytes(self._files[path])


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
