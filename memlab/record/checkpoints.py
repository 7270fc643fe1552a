"""Checkpoints: folders of files that are either complete and verified, or absent.

Files are written aside, made durable and hashed; `COMMIT.json` with their hashes comes last; then
the folder gets its name by a rename.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, final

from memlab.errors import RunError
from memlab.record import files, json_types, sealed_json

COMMIT = "COMMIT.json"
NEEDED = {
    "resume": {"model.safetensors", "optimizer.safetensors"},
    "weights": {"model.safetensors"},
    "any": set[str](),
}
MODEL_LIMIT = 64 << 30
_NAME = re.compile(r"step-(\d{9,})")


@dataclass(frozen=True)
class Stored:
    """A loaded checkpoint; every file was verified by its hash."""

    step: int
    files: dict[str, bytes]
    refused: list[str] = field(default_factory=list)
    """newer checkpoints that could not be used, with reasons"""


@final
class Checkpoints:
    """The checkpoints of a run; `path` is the folder that holds them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _folder(self, step: int) -> Path:
        return self.path / f"step-{step:09d}"

    def steps(self) -> list[int]:
        """Steps that have a checkpoint, ascending; verified only when loaded."""
        try:
            names = [_NAME.fullmatch(child.name) for child in self.path.iterdir()]
        except OSError:
            return []
        return sorted(int(name[1]) for name in names if name)

    def commit(self, step: int, contents: Mapping[str, bytes]) -> None:
        """Store `contents` (name to bytes) as the checkpoint at `step`.

        An existing checkpoint that contains these files, and possibly more, is kept; any other is replaced.
        """
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
        if hashes.items() <= self._hashes(step).items() and self._verifies(step):
            return
        target = self._folder(step)
        with files.new_folder(target) as folder:
            for name, data in contents.items():
                files.write_new(folder / name, data)
            document = {"step": step, "sha256": hashes}
            files.write_new(folder / COMMIT, sealed_json.seal(document, target.name, indent=2))
            if target.exists():
                files.move(target, files.hidden(target))

    def load(
        self,
        step: int | None = None,
        *,
        need: Literal["resume", "weights", "any"] = "resume",
        until: int | None = None,
    ) -> Stored:
        """The checkpoint at `step`, or the newest that verifies and contains the required files.

        Args:
            need: for "weights" the optimizer's file is not read.
            until: the newest at this step or before, instead of the newest of all.

        Raises:
            RunError: no usable checkpoint.
        """
        refused: list[str] = []
        steps = [s for s in self.steps() if until is None or s <= until]
        for candidate in reversed(steps if step is None else [step]):
            hashes = self._hashes(candidate)
            if step is None and hashes and not NEEDED[need] <= hashes.keys():
                continue
            unread = {"optimizer.safetensors"} if need == "weights" else set()
            contents = self._read(candidate, (NEEDED[need] | hashes.keys()) - unread)
            if isinstance(contents, dict):
                return Stored(candidate, contents, refused)
            refused.append(f"step {candidate}: {contents}")
        raise RunError(
            "no usable checkpoint",
            where=str(self.path),
            found="; ".join(refused) or "none",
            allowed=", ".join(map(str, self.steps())) or None if step is not None else None,
        )

    def has(self, need: Literal["resume", "weights"]) -> bool:
        """Whether any checkpoint with the required files was committed, even if it is damaged now."""
        stated = [self._hashes(step).keys() for step in self.steps()]
        return any(not names or names >= NEEDED[need] for names in stated)

    def newest_to_resume(self, last: int) -> int | None:
        """Newest step, at most `last`, whose checkpoint training can resume from."""
        steps = (step for step in reversed(self.steps()) if step <= last)
        return next((s for s in steps if NEEDED["resume"] <= self._hashes(s).keys()), None)

    def newest(self, name: str) -> tuple[int, bytes] | None:
        """Step and contents of file `name` of the newest checkpoint in which it is undamaged."""
        for step in reversed(self.steps()):
            if name in self._hashes(step) and isinstance(
                contents := self._read(step, [name]), dict
            ):
                return step, contents[name]
        return None

    def _hashes(self, step: int) -> dict[str, str]:
        """Name to hash, as stated in `COMMIT.json`; empty if it is missing or damaged."""
        name = self._folder(step).name
        document = sealed_json.read(self.path / name / COMMIT, name, json_types.COMMIT) or {}
        return dict(document.get("sha256", {}))

    def _verifies(self, step: int) -> bool:
        return isinstance(self._read(step, self._hashes(step)), dict)

    def _read(self, step: int, names: Iterable[str]) -> dict[str, bytes] | str:
        """The files, or the reason why they cannot be used."""
        hashes = self._hashes(step)
        if not hashes:
            return f"{COMMIT} is missing or damaged"
        contents = {}
        for name in names:
            data = files.read(self._folder(step) / name, MODEL_LIMIT)
            if data is None or name not in hashes:
                return f"{name} is missing"
            if hashlib.sha256(data).hexdigest() != hashes[name]:
                return f"{name} is damaged"
            contents[name] = data
        return contents

    def prune(self, keep: Set[int]) -> None:
        """Remove all checkpoints except those at steps in `keep`, and leftovers of interrupted
        commits.
        """
        for step in self.steps():
            if step not in keep:
                files.move(self._folder(step), files.hidden(self._folder(step)))
        for child in self.path.glob(".step-*"):
            files.remove(child)
