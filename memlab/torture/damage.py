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
from memlab.torture.small_run import child, only_run, processes, train
from memlab.torture.tracked_loop import make_tracked_run
from memlab.torture.trial import FaultTrial

ONE_SEAL = ("steps.", "rows-001.bin")
"""prefixes of files in which a flipped bit loses at most the rows of one seal"""
KINDS = ("flip", "flip", "cut", "zero", "garbage", "append", "swap", "remove", "odd")


def make_specimen(runs: Path) -> RunFolder:
    """A run with two attempts, of which the first was killed, and a pending command."""
    process = child(_make, runs)
    process.join()
    folder = only_run(runs)
    assert process.exitcode == 0 and folder
    send(folder, Pause())
    return folder


def _make(runs: Path) -> None:
    def die(event: Event) -> None:
        if isinstance(event, Checkpoint) and event.step == 100:
            os._exit(0)

    first = processes.Process(target=train, args=(runs, die))
    first.start()
    first.join()
    train(runs)


@final
class _Specimen:
    """A run to damage, its records, and the content of its files before the damage."""

    def __init__(self, folder: RunFolder) -> None:
        self.path, self.expected = folder.path, ExpectedRun(folder)
        contents = {path: path.read_bytes() for path in self.path.rglob("*") if path.is_file()}
        self.files = {path: data for path, data in contents.items() if data}

    def restore(self, path: Path) -> None:
        """Write the original content of a file."""
        if path.is_dir() and not path.is_symlink():
            rmtree(path)
        else:
            path.unlink(missing_ok=True)
        path.write_bytes(self.files[path])


@final
class Damage(FaultTrial):
    """Each trial damages one file, or swaps two, reads the whole run, and restores the files."""

    name = "damaged files"
    guarantee = "no reader fails, no unrecorded value is shown, at most one seal is lost"

    def __init__(self, folder: Path, rng: random.Random) -> None:
        super().__init__(folder, rng)
        runs = (make_specimen(folder / "runs"), make_tracked_run(folder / "tracked"))
        self._specimens = [_Specimen(run) for run in runs]

    def once(self) -> None:
        """Damage one file of a run and read the run."""
        specimen = self.rng.choice(self._specimens)
        kind = self.rng.choice(KINDS)
        path, other = self.rng.sample(list(specimen.files), 2)
        damage(kind, path, other, self.rng)
        self.counts.tried += 1
        try:
            one_bit = kind == "flip" and path.name.startswith(ONE_SEAL)
            wrong = specimen.expected.contradiction(specimen.path, one_bit_of_rows=one_bit)
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
        """The doctor must find every flipped bit, except in a heartbeat, which is only a hint, and in
        a ring buffer of unsealed rows, most of which is empty.
        """
        if kind != "flip" or path.name == "heartbeat" or path.suffix == ".tail":
            return
        self.counts.count("flipped bits that the doctor found", not healthy)
        if healthy:
            self.counts.failures.append(f"the doctor missed a flipped bit in {path.name}")


def damage(kind: str, path: Path, other: Path, rng: random.Random) -> None:
    """Damage the file at `path`; `swap` and `odd` also use `other`."""
    data = path.read_bytes()
    at = rng.randrange(len(data))
    stop = min(len(data), at + 40)
    match kind:
        case "flip":
            flipped = bytes([data[at] ^ 1 << rng.randrange(8)])
            path.write_bytes(data[:at] + flipped + data[at + 1 :])
        case "cut":
            path.write_bytes(data[:at])
        case "zero":
            path.write_bytes(data[:at] + bytes(stop - at) + data[stop:])
        case "garbage":
            path.write_bytes(data[:at] + rng.randbytes(stop - at) + data[stop:])
        case "append":
            path.write_bytes(data + rng.randbytes(rng.randrange(1, 100)))
        case "swap":
            path.write_bytes(other.read_bytes())
            other.write_bytes(data)
        case _:
            path.unlink()
            if kind == "odd":
                _make_odd(path, rng.choice([path, other, None]), rng)


def _make_odd(path: Path, target: Path | None, rng: random.Random) -> None:
    """Create a link to `target`, or a pipe or a folder, in place of a file."""
    if target is not None:
        path.symlink_to(target)
    elif rng.random() < 0.5:
        os.mkfifo(path)
    else:
        path.mkdir()
