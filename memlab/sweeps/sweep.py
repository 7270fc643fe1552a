"""A sweep's folder: `runs/sweeps/<id>/`, with what was planned, added and asked for.

    sweep.json        sealed, never changed: the plan, with every member's run id and settings
    sweep.yaml        the sweep file or command that it came from, for people
    labels.json       name, tags, note
    additions/0001.json   sealed: more seeds, or more steps
    stop.json         while the sweep is stopped
    retries.json      attempts of members that no longer count as failures
    problems/         why a member could not even begin

Members are ordinary runs beside it. What became of them is read from their folders.
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final

from memlab.errors import RunError
from memlab.record import files, labels, sealed_json
from memlab.record.labels import Labels
from memlab.record.run_id import new_id
from memlab.sweeps.plan import Cell, Member, Plan, SweepAxis

FORMAT = "memlab-sweep"
VERSION = (1, 0)
FOLDER = "sweeps"
"""of sweeps within the folder of runs"""
SAME_PROBLEM = 2
"""times that a member fails to begin for one reason until it is set aside"""


@dataclass(frozen=True)
class Addition:
    """What was added to a sweep after it was planned."""

    members: tuple[Member, ...] = ()
    steps: int | None = None
    """all members continue to this step"""


@final
class Sweep:
    """One sweep: its plan and additions. How its members stand: `memlab.sweeps.progress`."""

    def __init__(self, path: Path, plan: Plan, created: float, adopted: bool) -> None:
        self.path, self.id = path, path.name
        self.plan, self.created = plan, created
        self.adopted = adopted
        """made of runs that existed; they were not started by it"""
        self.runs = path.absolute().parent.parent
        """the folder of all runs"""

    @classmethod
    def open(cls, path: Path) -> Self:
        """The sweep in a folder.

        Raises:
            RunError: there is none, or it is damaged.
        """
        document = sealed_json.read(path / "sweep.json", _place(path.name, "sweep.json"))
        if document is None or document.get("format") != FORMAT:
            raise RunError("there is no sweep here, or it is damaged", where=str(path))
        if document["version"][0] != VERSION[0]:
            raise RunError(
                "this sweep is of another format",
                where=str(path),
                found=str(document["version"]),
                allowed=str(list(VERSION)),
            )
        try:
            plan = Plan.from_json(document["plan"])
        except (KeyError, TypeError) as error:
            raise RunError("sweep.json is incomplete", where=str(path), found=str(error)) from None
        return cls(path, plan, document.get("created", 0.0), document.get("adopted", False))

    @classmethod
    def create(cls, runs: Path, plan: Plan, text: str, *, adopted: bool = False) -> Self:
        """Write a sweep down; it appears complete or not at all, and no run is made yet.

        Args:
            text: the sweep file or command, for people.
        """
        folder = runs / FOLDER
        files.make_folder(folder)
        sweep = new_id(folder)
        document = {
            "format": FORMAT,
            "version": list(VERSION),
            "id": sweep,
            "created": time.time(),
            "adopted": adopted,
            "plan": plan.to_json(),
        }
        with files.new_folder(folder / sweep) as made:
            sealed = sealed_json.seal(document, _place(sweep, "sweep.json"))
            files.write_new(made / "sweep.json", sealed)
            files.write_new(made / "sweep.yaml", text.encode())
            labels.write(made, sweep, Labels(name=plan.name))
        return cls.open(folder / sweep)

    @property
    def name(self) -> str:
        """What people call it."""
        return labels.read(self.path, self.id).name or self.plan.name

    @property
    def axes(self) -> tuple[SweepAxis, ...]:
        return self.plan.axes

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Groups of members that differ in their seeds alone."""
        return self.plan.cells

    @property
    def members(self) -> tuple[Member, ...]:
        """All members, added ones included, in the order of execution."""
        return self.plan.members + tuple(m for added in self.additions for m in added.members)

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds, added ones included."""
        return tuple(dict.fromkeys(member.seed for member in self.members))

    @cached_property
    def additions(self) -> tuple[Addition, ...]:
        """What was added, oldest first; read once."""
        found = []
        for path in self._addition_paths():
            stored = sealed_json.read(path, _place(self.id, path.name)) or {}
            members = tuple(Member(**member) for member in stored.get("members", ()))
            found.append(Addition(members, stored.get("steps")))
        return tuple(found)

    @property
    def extended_to(self) -> int | None:
        """The step that all members continue to; None = each as planned."""
        steps = [added.steps for added in self.additions if added.steps is not None]
        return max(steps, default=None)

    def target(self, member: Member) -> int:
        """The step at which a member is complete."""
        return max(self.cells[member.cell].updates, self.extended_to or 0)

    def add(self, addition: Addition) -> Self:
        """The sweep with something added to it.

        Raises:
            FileExistsError: another process added something at the same moment.
        """
        folder = self.path / "additions"
        files.make_folder(folder)
        name = f"{len(self._addition_paths()) + 1:04d}.json"
        files.write_new(
            folder / name, sealed_json.seal(asdict(addition), _place(self.id, name), indent=2)
        )
        files.sync_folder(folder)
        return type(self).open(self.path)

    def stop(self) -> None:
        """Ask all workers to save and leave."""
        self._put("stop.json", {"asked": time.time()})

    @property
    def stopped(self) -> bool:
        """Whether it was stopped and not resumed since."""
        return (self.path / "stop.json").exists()

    def resume(self, forgiven: Mapping[str, int]) -> None:
        """Let workers go on; the first `forgiven[run]` attempts of a member no longer count."""
        self._put("retries.json", {"attempts": {**self.retries, **forgiven}})
        for path in (self.path / "problems").glob("*.json"):
            path.unlink(missing_ok=True)
        (self.path / "stop.json").unlink(missing_ok=True)

    @property
    def retries(self) -> dict[str, int]:
        """Run id to the number of its first attempts that no longer count as failures."""
        stored = sealed_json.read(self.path / "retries.json", _place(self.id, "retries.json")) or {}
        return dict(stored.get("attempts", {}))

    def has_changed(self) -> bool:
        """Whether something was added since this object read it."""
        return len(self._addition_paths()) != len(self.additions)

    def _addition_paths(self) -> list[Path]:
        return sorted((self.path / "additions").glob("*.json"))

    def report_problem(self, run: str, text: str) -> None:
        """Note why a member could not begin; the second time with one reason it is set aside."""
        files.make_folder(self.path / "problems")
        name = f"problems/{run}.json"
        before = sealed_json.read(self.path / name, _place(self.id, name)) or {}
        times = before.get("times", 0) + 1 if before.get("error") == text else 1
        self._put(name, {"run": run, "error": text, "times": times})

    def problems(self) -> dict[str, str]:
        """Run id to the reason, of members that are set aside since they could not begin."""
        found = {}
        for path in (self.path / "problems").glob("*.json"):
            name = f"problems/{path.name}"
            stored = sealed_json.read(path, _place(self.id, name)) or {}
            if stored.get("times", 0) >= SAME_PROBLEM:
                found[path.stem] = str(stored.get("error"))
        return found

    def _put(self, name: str, document: Mapping[str, Any]) -> None:
        files.replace(self.path / name, sealed_json.seal(document, _place(self.id, name), indent=2))


def _place(sweep: str, name: str) -> str:
    return f"{sweep}/{name}"


def sweep_paths(runs: Path) -> list[Path]:
    """The folders of all sweeps, newest first."""
    folder = runs / FOLDER
    return sorted((p.parent for p in folder.glob("*/sweep.json")), reverse=True)


def find_sweep(runs: Path, ref: str) -> Sweep:
    """The sweep that `ref` means: an id, its beginning, a path, a unique name, or "last".

    Raises:
        RunError: there is none, or more than one.
    """
    if "/" in ref and (Path(ref) / "sweep.json").exists():
        return Sweep.open(Path(ref))
    paths = sweep_paths(runs)
    if ref == "last":
        matches = paths[:1]
    else:
        matches = [path for path in paths if ref and path.name.startswith(ref)]
        matches = matches or [p for p in paths if labels.read(p, p.name).name == ref]
    if len(matches) == 1:
        return Sweep.open(matches[0])
    names = ", ".join(path.name for path in (matches or paths)[:5])
    raise RunError(
        "more than one sweep is meant" if matches else "there is no such sweep",
        where=ref,
        found=f"in {runs / FOLDER}: {names or 'nothing'}",
        allowed="an id, its beginning, a name, a path, or `last`",
    )
